//! Whom programs ask and attackers attack.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use quorate_testkit::{Node, Process};

use crate::parts;

/// A daemon, and how to be near it.
pub(crate) trait Daemon {
    /// Starts this program, with these arguments, as a client of it.
    fn client(&self, arguments: &[&str]) -> Process;

    /// Its process, as it is called where its clients are.
    fn process(&self) -> String;
}

/// One node of a cluster of two, with its daemon in a process of its own.
pub(crate) struct Simulated {
    process: Process,
    run_dir: String,
}

/// Of whom the system thinks first.
pub(crate) enum Class {
    Normal,
    /// As corosync: round robin.
    RealTime,
}

const REAL_TIME: [&str; 3] = ["--reset-on-fork", "--rr", "1"];

pub(crate) fn may_be_real_time() -> bool {
    let status = Command::new("chrt").args(REAL_TIME).arg("true").status();
    status.is_ok_and(|status| status.success())
}

impl Simulated {
    pub(crate) fn start(class: Class) -> Self {
        let this = env::current_exe().expect("a running program has a path");
        let mut command = match class {
            Class::Normal => Command::new(this),
            Class::RealTime => {
                let mut command = Command::new("chrt");
                command.args(REAL_TIME).arg(this);
                command
            }
        };
        command.args([parts::PART, parts::SERVE]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::new(command.spawn().expect("this program can be run"));
        let mut run_dir = String::new();
        let output = process.stdout.as_mut().expect("it is piped");
        let read = BufReader::new(output).read_line(&mut run_dir);
        assert!(read.is_ok() && run_dir.ends_with('\n'), "no daemon");
        Self {
            process,
            run_dir: run_dir.trim_end().to_owned(),
        }
    }
}

/// In good order, so that no files are left.
impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn start(mut command: Command) -> Process {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Process::new(command.spawn().expect("this program can be run"))
}

impl Daemon for Simulated {
    fn client(&self, arguments: &[&str]) -> Process {
        let this = env::current_exe().expect("a running program has a path");
        let mut command = Command::new(this);
        command.args([&[parts::PART], arguments].concat());
        command.env("QUORATE_RUN_DIR", &self.run_dir);
        start(command)
    }

    fn process(&self) -> String {
        self.process.pid().to_string()
    }
}

impl Daemon for Node {
    fn client(&self, arguments: &[&str]) -> Process {
        let this = env::current_exe().expect("a running program has a path");
        let mut command = self.command(this).with_args([parts::PART]);
        command = command.with_args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().expect("this program can be run")
    }

    fn process(&self) -> String {
        self.daemon_pid().to_string()
    }
}
