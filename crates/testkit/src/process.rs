//! A started program that never outlives its owner.

use std::io::Read;
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
            // Ends the pipes as well.
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
