//! A daemon without a server: a function of the test's own sees to each client.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use quorate_ipc::{Endpoint, Service};

use super::fault::Whim;
use super::link::Link;
use super::services::Honest;
use super::sockets::abstract_name;
use crate::namespace::in_own_network;
use crate::requirements::Requirements;
use crate::scratch::Scratch;

/// What messages travel through, and where the daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shared memory, at the place of the system's corosync: to be started by root, in a
    /// network of its own.
    SystemRings,
    /// Shared memory, in a run directory.
    Rings,
    /// Datagrams.
    Sockets,
    /// Nothing: no client gets as far.
    Nothing,
}

impl Kind {
    /// Those that clients tell apart, with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::SystemRings, "system_rings"),
        (Self::Rings, "rings"),
        (Self::Sockets, "sockets"),
    ];

    /// What a test needs that starts such a daemon.
    pub fn needs(self) -> Requirements {
        match self {
            Self::SystemRings => Requirements::none().root(),
            _ => Requirements::none(),
        }
    }

    /// Does something where such a daemon can be started.
    pub fn surround(self, act: impl FnOnce() + Send) {
        match self {
            Self::SystemRings => in_own_network(act),
            _ => act(),
        }
    }

    /// Whether messages travel through rings.
    #[must_use]
    pub fn has_rings(self) -> bool {
        matches!(self, Self::SystemRings | Self::Rings)
    }

    /// Whether a client outlives it that its files are cut short.
    #[must_use]
    pub fn may_cut(self) -> bool {
        matches!(self, Self::Rings | Self::Sockets)
    }
}

/// Services that are played by functions. Each serves one client after the other.
#[derive(Debug)]
pub struct Scripted {
    _scratch: Scratch,
    stop: Arc<AtomicBool>,
    endpoint: Endpoint,
    services: Vec<(SocketAddr, JoinHandle<()>)>,
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
        let run_dir = scratch.path().join("run");
        let services = services.iter().map(|service| {
            let address = match kind {
                Kind::SystemRings => abstract_name(service.name().as_bytes()),
                _ => SocketAddr::from_pathname(run_dir.join(service.name())).expect("it fits"),
            };
            let listener = UnixListener::bind_addr(&address).expect("a new socket");
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
            (address, std::thread::spawn(serve))
        });
        let services = services.collect();
        let endpoint = match kind {
            Kind::SystemRings => Endpoint::Corosync,
            _ => Endpoint::RunDir(run_dir),
        };
        Self {
            _scratch: scratch,
            stop,
            endpoint,
            services,
        }
    }

    /// Where clients find it.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    /// Leads a program there.
    pub fn lead(&self, command: &mut Command) {
        match &self.endpoint {
            Endpoint::RunDir(run_dir) => command.env("QUORATE_RUN_DIR", run_dir),
            _ => command.env_remove("QUORATE_RUN_DIR"),
        };
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for (address, thread) in std::mem::take(&mut self.services) {
            // Wakes the thread.
            let _ = UnixStream::connect_addr(&address);
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
