//! `sbd` watches the cluster through `votequorum_getinfo`, with both libraries alike.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use quorate_testkit::library::LoaderTrace;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{
    CProgram, Cluster, Library, Load, Process, Requirements, Signal, Suite, wait_until,
};

use crate::compare::assert_same;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().program("sbd").ours();
    suite.test_with("sbd/cluster_watch", &needs, || {
        let [original, ours] = Library::BOTH.map(history);
        assert_same("what sbd was told", &original, &ours);
    });
}

/// A running `sbd` with its cluster watcher and nothing else: no disk, no watchdog, no pacemaker.
struct Sbd {
    process: Process,
    trace: LoaderTrace,
    spied: PathBuf,
}

impl Sbd {
    fn start(cluster: &Cluster, library: Library) -> Self {
        let spy = CProgram::new("spy.so")
            .source("tests/c/spy.c")
            .flag("-shared")
            .flag("-fPIC")
            .build();
        let directory = cluster.scratch().path();
        let spied = directory.join("spied");
        fs::write(&spied, "").expect("a file can be made");
        let trace = LoaderTrace::new(&directory.join("trace"));
        let mut command = cluster.node(1).command("sbd");
        library.apply(&mut command, Load::Path);
        trace.apply(&mut command);
        // Debug level 2: sbd says that it would have fenced instead of fencing.
        command.args([
            "-w",
            "/dev/null",
            "-Z",
            "-Z",
            "-P",
            "-P",
            "-c",
            "-n",
            "node1",
            "watch",
        ]);
        command
            .env("SBD_SYNC_RESOURCE_STARTUP", "no")
            .env("SBD_PACEMAKER", "no");
        command.env("LD_PRELOAD", spy).env("QUORATE_SPY", &spied);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().expect("sbd starts");
        Self {
            process,
            trace,
            spied,
        }
    }

    fn spied(&self) -> String {
        fs::read_to_string(&self.spied).expect("text")
    }

    /// Waits until what was spied after the first `from` bytes has a line with this in it.
    fn wait_after(&self, from: usize, part: &str) {
        wait_until(&format!("sbd to be told {part:?}"), || {
            let text = self.spied();
            if text[from..].contains(part) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }
}

fn history(library: Library) -> String {
    let cluster = Cluster::builder()
        .nodes(2)
        .quorum("wait_for_all: 0")
        .start();
    let mut sbd = Sbd::start(&cluster, library);
    // sbd asks with a handle it has not opened yet, and opens one on the error.
    sbd.wait_after(0, "getinfo(0) = 1 node=1 state=1 total=2 flags=0x2\n");
    cluster.partition(&[&[1], &[2]]);
    sbd.wait_after(0, "getinfo(0) = 1 node=1 state=1 total=1 flags=0\n");
    cluster.heal();
    let so_far = sbd.spied().len();
    sbd.wait_after(so_far, "total=2 flags=0x2\n");
    let steady = without_repetitions(&sbd.spied());

    // From here on sbd's own timers decide how often and in which order it fails before it
    // succeeds again, so the end of it is compared, not every line.
    let node = cluster.node(1);
    node.kill();
    let so_far = sbd.spied().len();
    node.start();
    cluster.wait_all_members();
    sbd.wait_after(
        so_far,
        "initialize callbacks=0 = 1\ngetinfo(0) = 1 node=1 state=1",
    );

    let so_far = sbd.spied().len();
    sbd.process.signal(Signal::SIGTERM);
    let status = sbd.process.wait_for(LIMIT).expect("sbd ends when asked to");
    sbd.trace.check(library);
    let last: Vec<String> = sbd.spied()[so_far..].lines().map(str::to_string).collect();
    format!(
        "{steady}...\n{status}, finalized {}\n",
        last.iter().any(|l| l == "finalize = 1")
    )
}

/// sbd asks as often as its timer says; how often that is is not the library's doing.
fn without_repetitions(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    lines.join("\n") + "\n"
}
