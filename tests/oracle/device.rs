//! A quorum device's process on a real node.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdout, Stdio};

use quorate_testkit::{Library, Load, Node, Process};

/// Gone with its value, without a word to the daemon.
pub(crate) struct Device {
    process: Process,
    answers: BufReader<ChildStdout>,
}

impl Device {
    /// Starts it, and waits until it is registered and has polled.
    pub(crate) fn start(node: &Node, program: &Path, vote: bool) -> Self {
        let mut command = node.command(program);
        command
            .arg(u32::from(vote).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Library::Original.apply(&mut command, Load::Path);
        let mut process = command.spawn().expect("the device can be started");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut device = Device { process, answers };
        assert_eq!(device.answer(), "done", "node {}", node.id());
        device
    }

    /// Tells it to do something, and waits for the answer.
    pub(crate) fn tell(&mut self, what: &str) -> String {
        let input = self.process.stdin.as_mut().expect("it is piped");
        writeln!(input, "{what}").expect("the device reads");
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it can be read");
        line.trim().to_owned()
    }
}
