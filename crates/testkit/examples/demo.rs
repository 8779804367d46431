//! `make demo-real`: a C program on our library sees a real cluster of three lose and regain quorum.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use quorate_testkit::{CProgram, Cluster, Library, Load, Requirements, source_root, wait};

fn main() -> ExitCode {
    if let Err(why) = Requirements::cluster().ours().program("cc").check() {
        eprintln!("demo: cannot start a private corosync here: {why}");
        eprintln!(
            "demo: it wants root and Debian's packages corosync, libvotequorum-dev, iproute2"
        );
        eprintln!("demo: 'make deps' installs them");
        return ExitCode::FAILURE;
    }
    let program = build_watcher();
    println!("* starting corosync on three nodes, each in namespaces of its own");
    let cluster = Cluster::builder().nodes(3).start();

    let mut command = cluster.node(1).command(&program);
    Library::Ours.apply(&mut command, Load::Path);
    command.stdout(Stdio::piped());
    let mut watcher = command.spawn().expect("the watcher starts");
    let said = listen(watcher.stdout.take().expect("stdout is piped"));
    println!(
        "* examples/watcher.c runs on node 1, with {}",
        Library::Ours.file().display()
    );

    expect(&said, "QUORATE: 3 of 3");
    println!("* killing node 3");
    cluster.node(3).kill();
    expect(&said, "QUORATE: 2 of 3");
    println!("* cutting node 1 off from node 2");
    cluster.partition(&[&[1], &[2]]);
    expect(&said, "NOT QUORATE: 1 of 3");
    println!("* mending the network, starting node 3");
    cluster.heal();
    cluster.node(3).start();
    expect(&said, "QUORATE: 3 of 3");
    println!("* killing node 1, where the program runs");
    cluster.node(1).kill();
    expect(&said, "no corosync (CS_ERR_LIBRARY)");
    println!("* done; nothing is left behind");
    ExitCode::SUCCESS
}

fn build_watcher() -> PathBuf {
    let root = source_root();
    CProgram::new("watcher")
        .source("examples/watcher.c")
        .include(&root.join("include"))
        .flag(&format!("-L{}", root.join("build/lib").display()))
        .link("votequorum")
        .link("corosync_common")
        .build()
}

fn listen(stdout: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Prints what the program says until it says this.
fn expect(said: &Receiver<String>, start: &str) {
    loop {
        let line = said.recv_timeout(wait::LIMIT);
        let line = line.unwrap_or_else(|_| panic!("the program never said {start:?}"));
        println!("    {line}");
        if line.starts_with(start) {
            return;
        }
    }
}
