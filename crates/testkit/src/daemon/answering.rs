//! Our own server with a service that answers as a test wants.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use quorate_ipc::Service;
use quorate_ipc::server::{ConnId, Limits, Occurrence, Server};

use super::scripted::private;
use crate::scratch::Scratch;

/// A running server with the service votequorum.
#[derive(Debug)]
pub struct Answering {
    scratch: Scratch,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    /// Calls this function for each request.
    ///
    /// # Panics
    ///
    /// When the server can't be made.
    #[must_use]
    pub fn start(answer: impl FnMut(&mut Server, ConnId, &[u8]) + Send + 'static) -> Self {
        Self::start_admitting(|| Ok(()), answer)
    }

    /// The same, and asks for each client whether it is let in, or turned away with an errno.
    ///
    /// # Panics
    ///
    /// When the server can't be made.
    #[must_use]
    pub fn start_admitting(
        admit: impl Fn() -> Result<(), i32> + Send + 'static,
        mut answer: impl FnMut(&mut Server, ConnId, &[u8]) + Send + 'static,
    ) -> Self {
        let scratch = Scratch::new("answering");
        let [run, rings] = ["run", "rings"].map(|name| private(&scratch.path().join(name)));
        let mut server = Server::new(&rings, Limits::default()).expect("a server can be made");
        server
            .bind_dir(&run, Service::VoteQuorum)
            .expect("a private directory has room for a socket");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                let limit = Some(Duration::from_millis(20));
                for occurrence in server.poll(limit, |_| admit()).expect("the server works") {
                    if let Occurrence::Request { conn, bytes } = occurrence {
                        answer(&mut server, conn, &bytes);
                    }
                }
            }
        });
        Self {
            scratch,
            stop,
            thread: Some(thread),
        }
    }

    /// The directory of its socket.
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.scratch.path().join("run")
    }

    /// Ends it as corosync ends: its clients hear of it.
    ///
    /// # Panics
    ///
    /// When the service has panicked, or something was left behind.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else {
            return;
        };
        let ended = thread.join();
        if !std::thread::panicking() {
            ended.expect("the service does not panic");
            for name in ["run", "rings"] {
                let left = std::fs::read_dir(self.scratch.path().join(name));
                assert_eq!(left.map(Iterator::count).ok(), Some(0), "left in {name}");
            }
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.stop();
    }
}
