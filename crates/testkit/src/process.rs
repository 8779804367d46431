//! A started program that never outlives its owner.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::ops::{Deref, DerefMut};
use std::process::{Child, ExitStatus, Output};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait::{LIMIT, eventually};

/// A child process that is killed and waited for when dropped.
///
/// The waiting matters as much as the killing: a process namespace cannot end while one of its
/// members is a zombie.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Takes over a child.
    #[must_use]
    pub fn new(child: Child) -> Self {
        Self { child }
    }

    /// The process id as this process sees it.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("process ids fit an i32"))
    }

    /// Sends a signal.
    ///
    /// # Panics
    ///
    /// When the process was waited for already, or may not be signalled.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap_or_else(|why| panic!("{signal} to {}: {why}", self.pid()));
    }

    /// Waits for the process to end.
    ///
    /// # Errors
    ///
    /// When it still runs after `limit`.
    pub fn wait_for(&mut self, limit: Duration) -> Result<ExitStatus, String> {
        let pid = self.pid();
        eventually(limit, || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err(format!("process {pid} still runs")),
            Err(why) => Err(format!("waiting for process {pid}: {why}")),
        })
    }

    /// Waits for the end and collects what was piped.
    ///
    /// # Panics
    ///
    /// When the process does not end, with what it has written so far.
    #[must_use]
    pub fn output(mut self) -> Output {
        drop(self.child.stdin.take());
        let stdout = collect(self.child.stdout.take());
        let stderr = collect(self.child.stderr.take());
        let status = self.wait_for(LIMIT);
        if status.is_err() {
            // One that has started others is to end them, for they have the pipes as well.
            self.signal(Signal::SIGTERM);
            let _ = self.wait_for(LIMIT);
            drop(self);
        }
        let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().expect("a reader ends"));
        let status = status.unwrap_or_else(|why| {
            let text = String::from_utf8_lossy;
            panic!("{why}; so far it wrote: {}{}", text(&stdout), text(&stderr))
        });
        Output {
            status,
            stdout,
            stderr,
        }
    }
}

/// Reads a pipe in the background, so that a program that fills it can go on.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}

impl Process {
    /// Lets a program, whose standard input and output are piped, run to its end, and returns
    /// what it printed. `obey` carries out the lines that are orders, and says which are; the
    /// program is told when that is done.
    ///
    /// # Panics
    ///
    /// If the program fails.
    pub fn converse(&mut self, mut obey: impl FnMut(&str) -> bool) -> String {
        let mut orders = self.child.stdin.take().expect("stdin is piped");
        let lines = BufReader::new(self.child.stdout.take().expect("stdout is piped")).lines();
        let mut printed = String::new();
        for line in lines {
            let line = line.expect("the program prints text");
            if obey(&line) {
                orders.write_all(b"done\n").expect("the program listens");
            } else {
                printed.push_str(&line);
                printed.push('\n');
            }
        }
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}: {printed}");
        printed
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It may end by itself in between: either way there is nothing left to do about it.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
