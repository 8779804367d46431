//! The programs that run in the cluster.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command as Process, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};
use quorate_engine::NodeId;

use super::arguments::Command;
use super::ends::End;
use crate::node;
use quorate_control::idle::family;

/// How long programs may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_secs(2);

/// Becomes a program that ends with the process it comes from, and with no signal held back: that
/// one holds some back, which programs would inherit.
#[derive(Debug, clap::Args)]
pub(crate) struct Launch {
    /// The process it comes from.
    #[arg(long)]
    parent: u32,
    /// The node it is for, if errors are to name it.
    #[arg(long)]
    node: Option<u32>,
    #[arg(last = true, required = true)]
    words: Vec<OsString>,
}

/// The command that does it.
const LAUNCH: &str = "launch";

/// Where this program is found, whatever has become of its file.
const SELF: &str = "/proc/self/exe";

pub(crate) const NOT_RUNNABLE: u8 = 126;
pub(crate) const NOT_FOUND: u8 = 127;

pub(crate) fn launch(arguments: &Launch) -> ExitCode {
    let program = &arguments.words[0];
    // As with its machine. Where that can't be arranged, the program runs all the same.
    let _ = set_pdeathsig(Signal::SIGKILL);
    if getppid().as_raw() as u32 != arguments.parent {
        return NOT_RUNNABLE.into();
    }
    let error = match super::held_back().thread_unblock() {
        Ok(()) => Process::new(program).args(&arguments.words[1..]).exec(),
        Err(error) => error.into(),
    };
    let place = arguments
        .node
        .map_or(String::new(), |node| format!("node {node}: "));
    eprintln!("quorate: {place}{}: {error}", program.to_string_lossy());
    match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND.into(),
        _ => NOT_RUNNABLE.into(),
    }
}

#[derive(Debug)]
struct Program {
    node: NodeId,
    name: String,
    child: Child,
    /// What it ended with, and the virtual time.
    ended: Option<(ExitStatus, Duration)>,
    /// It died with its machine.
    killed: bool,
}

/// All programs; the one whose exit status counts comes first. They are ended when dropped.
#[derive(Debug, Default)]
pub(super) struct Programs(Vec<Program>);

impl Programs {
    /// Starts a program that finds its node in a directory.
    pub(super) fn start(
        &mut self,
        command: &Command,
        run_dir: &Path,
        preload: &Path,
    ) -> io::Result<()> {
        let child = Process::new(SELF)
            .args([LAUNCH, "--parent", &std::process::id().to_string()])
            .args(["--node", &command.node.to_string(), "--"])
            .args(&command.words)
            .envs(node::environment(run_dir, preload))
            .spawn()?;
        let name = command.words.first().map(|word| word.to_string_lossy());
        self.0.push(Program {
            node: command.node,
            name: name.unwrap_or_default().into_owned(),
            child,
            ended: None,
            killed: false,
        });
        Ok(())
    }

    /// Whether there is a program to wait for.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Takes note of those that have ended, at this virtual time; the status of the one that counts
    /// if it has.
    pub(super) fn reap(&mut self, at: Duration) -> io::Result<Option<ExitStatus>> {
        for program in self.0.iter_mut().filter(|program| program.ended.is_none()) {
            program.ended = program.child.try_wait()?.map(|status| (status, at));
        }
        let ended = self.0.first().and_then(|main| main.ended);
        Ok(ended.map(|(status, _)| status))
    }

    /// Sends a signal to all that run.
    pub(super) fn signal(&self, signal: Signal) {
        for pid in self.running() {
            // It may have ended, and not yet been waited for: nothing is lost then.
            let _ = kill(Pid::from_raw(pid as i32), signal);
        }
    }

    /// Kills all that run on a node, and what they have started.
    pub(super) fn kill_on(&mut self, node: NodeId) {
        let here = |program: &&mut Program| program.node == node && program.ended.is_none();
        let here = self.0.iter_mut().filter(here).map(|program| {
            program.killed = true;
            program.child.id()
        });
        for pid in family(here) {
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
        }
    }

    /// Asks all that run to end, and what they have started.
    pub(super) fn stop(&self, signal: Signal) {
        for pid in family(self.running()) {
            let _ = kill(Pid::from_raw(pid as i32), signal);
        }
    }

    /// Returns when each of them has begun to be what it shall be, or could not.
    pub(super) fn wait_launched(&mut self, at: Duration) -> io::Result<()> {
        let launch = format!("{SELF}\0{LAUNCH}\0");
        let own = std::fs::metadata(SELF)?;
        let launches = |pid: u32| match std::fs::metadata(format!("/proc/{pid}/exe")) {
            Ok(file) if (file.dev(), file.ino()) == (own.dev(), own.ino()) => {
                let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                // It has none yet while the system starts it.
                words.is_empty() || words.starts_with(launch.as_bytes())
            }
            Ok(_) => false,
            // One that is ending has none.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        loop {
            self.reap(at)?;
            if !self.running().any(launches) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How all ended, the one that counts first; none if that has not.
    pub(super) fn ends(&self) -> Vec<End> {
        let end = |program: &Program| End {
            node: program.node,
            program: program.name.clone(),
            ended: program.ended,
            killed: program.killed,
        };
        match self.0.first() {
            Some(main) if main.ended.is_some() => self.0.iter().map(end).collect(),
            _ => Vec::new(),
        }
    }

    /// Process ids of all that run.
    pub(super) fn running(&self) -> impl Iterator<Item = u32> {
        let running = self.0.iter().filter(|program| program.ended.is_none());
        running.map(|program| program.child.id())
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        self.stop(Signal::SIGTERM);
        let start = Instant::now();
        while self.reap(Duration::ZERO).is_ok() && self.running().next().is_some() {
            if start.elapsed() > PATIENCE {
                self.stop(Signal::SIGKILL);
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        for program in &mut self.0 {
            // Killed, or waited for already.
            let _ = program.child.wait();
        }
    }
}
