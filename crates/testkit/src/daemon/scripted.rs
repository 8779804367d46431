//! A daemon without a server: a function of the test's own sees to each client.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use quorate_ipc::Service;

use super::fault::Whim;
use super::link::Link;
use super::services::Honest;
use crate::scratch::Scratch;

/// What messages travel through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shared memory.
    Rings,
    /// Datagrams.
    Sockets,
    /// Nothing: no client gets as far.
    Nothing,
}

impl Kind {
    /// Those that corosync has.
    pub const BOTH: [Self; 2] = [Self::Rings, Self::Sockets];
}

/// Services that are played by functions. Each serves one client after the other.
#[derive(Debug)]
pub struct Scripted {
    scratch: Scratch,
    stop: Arc<AtomicBool>,
    services: Vec<(Service, JoinHandle<()>)>,
}

impl Scripted {
    /// Calls the function with each client; when it returns, the connection is closed.
    ///
    /// # Panics
    ///
    /// When the sockets can't be made.
    #[must_use]
    pub fn start(
        services: &[Service],
        kind: Kind,
        script: impl Fn(Service, Link) + Send + Sync + 'static,
    ) -> Self {
        let scratch = Scratch::new("scripted");
        private(&scratch.path().join("run"));
        let home = private(&scratch.path().join("rings"));
        let stop = Arc::new(AtomicBool::new(false));
        let script = Arc::new(script);
        let services = services.iter().map(|service| {
            let path = scratch.path().join("run").join(service.name());
            let listener = UnixListener::bind(path).expect("a new socket");
            let (stop, script) = (Arc::clone(&stop), Arc::clone(&script));
            let (home, service) = (home.clone(), *service);
            let serve = move || {
                while let Ok((stream, _)) = listener.accept() {
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                    if let Some(link) = Link::hear(stream, &home, service.name(), kind) {
                        script(service, link);
                    }
                }
            };
            (service, std::thread::spawn(serve))
        });
        let services = services.collect();
        Self {
            scratch,
            stop,
            services,
        }
    }

    /// The directory of its sockets.
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.scratch.path().join("run")
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for (service, thread) in std::mem::take(&mut self.services) {
            // Wakes the thread.
            let _ = UnixStream::connect(self.run_dir().join(service.name()));
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the script does not panic");
            }
        }
    }
}

/// Serves an admitted client honestly but for the faults that `whim` thinks of, until it leaves.
pub fn converse(link: &mut Link, service: Service, whim: &mut Whim<'_>) {
    let mut honest = Honest::default();
    while let Some(request) = link.next_request() {
        for (place, message) in honest.answer(service, &request) {
            match whim(place, &message) {
                None => link.send(place, &message),
                Some(fault) if fault.commit(link, place, &message) => {}
                Some(_) => return,
            }
        }
    }
}

/// Makes a directory for this user alone.
pub(super) fn private(path: &Path) -> PathBuf {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    path.to_path_buf()
}
