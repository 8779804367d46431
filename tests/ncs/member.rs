//! The C program that does what Novell's guide tells programs to do, run on a node.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use quorate_testkit::{Cluster, Node, Process, wait_until};

use crate::program;

/// How a member's callbacks are run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Callbacks {
    Thread,
    Poll,
}

/// A running `ncs_member`.
pub(crate) struct Member {
    pub(crate) node: u32,
    pub(crate) process: Process,
    log: PathBuf,
}

impl Member {
    pub(crate) fn start(node: &Node, callbacks: Callbacks) -> Self {
        let log = node
            .directory()
            .join(format!("member-{callbacks:?}-{}.log", logs_of(node)));
        let mode = match callbacks {
            Callbacks::Thread => "thread",
            Callbacks::Poll => "poll",
        };
        let mut command = node.command(program("ncs_member")).with_args([mode]);
        command
            .stdin(Stdio::piped())
            .stdout(File::create(&log).expect("a file can be made"));
        let process = command.spawn().expect("the program starts");
        Self {
            node: node.id(),
            process,
            log,
        }
    }

    /// One on each node, all admitted.
    pub(crate) fn on_all(cluster: &Cluster, callbacks: Callbacks) -> Vec<Self> {
        let members: Vec<_> = cluster
            .nodes()
            .iter()
            .map(|node| Self::start(node, callbacks))
            .collect();
        for member in &members {
            member.wait_line("its first callback", |line| line.starts_with("epoch="));
        }
        members
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.log).expect("text")
    }

    /// The lines of the callbacks, in order.
    pub(crate) fn callbacks(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.starts_with("epoch="));
        lines.map(str::to_owned).collect()
    }

    /// Waits for a line, among all that there are, and returns it.
    pub(crate) fn wait_line(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        wait_until(&format!("node {}: {what}", self.node), || {
            let text = self.text();
            let found = text.lines().find(|line| wanted(line)).map(str::to_owned);
            found.ok_or(text)
        })
    }

    /// Waits until the last callback is this one, and returns the whole sequence.
    pub(crate) fn wait_last(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        wait_until(&format!("node {}: {what}", self.node), || {
            let callbacks = self.callbacks();
            match callbacks.last() {
                Some(last) if wanted(last) => Ok(callbacks),
                _ => Err(self.text()),
            }
        })
    }

    /// Says a line to the program.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{line}").expect("the program listens");
    }
}

fn logs_of(node: &Node) -> usize {
    fs::read_dir(node.directory()).map_or(0, Iterator::count)
}
