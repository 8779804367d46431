//! The driver programs: one that stays for each library, beside the same daemon.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};

use quorate_testkit::{CProgram, Library, Load, Node, NodeCommand, Process};

/// The program, compiled with the original's header and linked with whatever the loader finds.
pub(crate) fn program() -> PathBuf {
    ["driver", "latency", "memory", "scale"]
        .into_iter()
        .fold(CProgram::new("bench-client"), |program, part| {
            program.source(&format!("benches/client/{part}.c"))
        })
        .link("votequorum")
        .build()
}

/// A command on a node that will load this library.
pub(crate) fn command(node: &Node, program: &Path, library: Library) -> NodeCommand {
    let mut command = node.command(program);
    library.apply(&mut command, Load::Path);
    command
}

/// Has a daemon, with all its threads, run on these processors from now on.
pub(crate) fn pin(node: &Node, processors: &str) {
    let status = std::process::Command::new("taskset")
        .args(["-a", "-p", "-c", processors, &node.daemon_pid().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "taskset");
}

/// What was measured: a kind, and a number.
pub(crate) type Sample = (String, f64);

/// The numbers of one kind.
pub(crate) fn of_kind(samples: &[Sample], kind: &str) -> Vec<f64> {
    let found: Vec<f64> = samples
        .iter()
        .filter(|(name, _)| name == kind)
        .map(|&(_, number)| number)
        .collect();
    assert!(!found.is_empty(), "the driver measured no {kind}");
    found
}

/// Reads one line of a driver.
pub(crate) fn parse(line: &str) -> Option<Sample> {
    let (kind, number) = line.split_once(' ')?;
    Some((kind.into(), number.trim().parse().ok()?))
}

/// A driver that waits for commands.
pub(crate) struct Driver {
    process: Process,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Driver {
    pub(crate) fn start(node: &Node, program: &Path, library: Library) -> Self {
        Self::spawn(command(node, program, library), library)
    }

    /// On the first processor only.
    pub(crate) fn start_pinned(node: &Node, program: &Path, library: Library) -> Self {
        let mut command = command(node, "taskset".as_ref(), library);
        command.args(["-c", "0"]).arg(program);
        Self::spawn(command, library)
    }

    fn spawn(mut command: NodeCommand, library: Library) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the driver starts");
        let commands = process.stdin.take().expect("it was piped");
        let answers = BufReader::new(process.stdout.take().expect("it was piped"));
        let driver = Self {
            process,
            commands,
            answers,
        };
        driver.check(library);
        driver
    }

    /// That it has the library it was to have.
    fn check(&self, library: Library) {
        let maps = format!("/proc/{}/maps", self.process.pid());
        let wanted = library.file();
        quorate_testkit::wait_until("the driver to load its library", || {
            let maps = std::fs::read_to_string(&maps).map_err(|why| why.to_string())?;
            if maps.contains(&*wanted.to_string_lossy()) {
                Ok(())
            } else {
                Err(maps)
            }
        });
    }

    /// Has it measure something.
    pub(crate) fn ask(&mut self, command: &str) -> Vec<Sample> {
        self.tell(command);
        self.hear()
    }

    /// Has it begin to measure something.
    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the driver reads commands");
    }

    /// What it has measured.
    pub(crate) fn hear(&mut self) -> Vec<Sample> {
        let mut samples = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).expect("text");
            assert!(read > 0, "the driver has ended");
            if line == "end\n" {
                return samples;
            }
            samples.push(parse(&line).unwrap_or_else(|| panic!("the driver wrote: {line}")));
        }
    }
}
