//! A node of one, whose services answer by rote.

mod cfg;
mod cmap;
mod cpg;
mod quorum;
mod votequorum;

use quorate_ipc::Service;
use quorate_ipc::server::{ConnId, Limits, Occurrence, Server};
use quorate_proto::BadRequest;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) const NODEID: u32 = 1;
pub(crate) const SERVICES: [Service; 5] = [
    Service::Cmap,
    Service::Cfg,
    Service::Cpg,
    Service::Quorum,
    Service::VoteQuorum,
];

/// A running node.
pub(crate) struct Node {
    pub(crate) dir: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Services {
    clients: BTreeMap<ConnId, Service>,
    votequorum: votequorum::State,
    quorum: quorum::State,
    cmap: cmap::State,
    cfg: cfg::State,
    cpg: cpg::State,
}

/// What a service does with a request: sends events and, mostly, a reply.
type Outcome = Result<(), BadRequest>;

impl Node {
    pub(crate) fn start(name: &str) -> Self {
        let base = Path::new("/dev/shm");
        let base = if base.is_dir() {
            base.to_owned()
        } else {
            std::env::temp_dir()
        };
        let dir = base.join(format!("node-of-quorate-{}-{name}", std::process::id()));
        for dir in [&dir, &dir.join("run"), &dir.join("rings")] {
            DirBuilder::new().mode(0o700).create(dir).unwrap();
        }
        let mut server = Server::new(&dir.join("rings"), Limits::default()).unwrap();
        for service in SERVICES {
            server.bind_dir(&dir.join("run"), service).unwrap();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut services = Services::default();
                while !stop.load(Ordering::Acquire) {
                    services.serve(&mut server);
                }
            }
        });
        Self {
            dir,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let ended = self.thread.take().unwrap().join();
        let left = fs::read_dir(self.dir.join("rings")).unwrap().count();
        fs::remove_dir_all(&self.dir).unwrap();
        if !std::thread::panicking() {
            ended.unwrap();
            assert_eq!(left, 0, "files are left over");
        }
    }
}

impl Services {
    fn serve(&mut self, server: &mut Server) {
        let limit = Some(Duration::from_millis(20));
        for occurrence in server.poll(limit, |_| Ok(())).unwrap() {
            match occurrence {
                Occurrence::Connected { conn, service, .. } => {
                    self.clients.insert(conn, service);
                }
                Occurrence::Disconnected { conn, .. } => {
                    self.clients.remove(&conn);
                    self.forget(conn);
                }
                Occurrence::Request { conn, bytes } => {
                    if let Err(bad) = self.answer(server, conn, &bytes) {
                        match bad.reply() {
                            Some(reply) => server.reply(conn, reply),
                            None => server.dismiss(conn),
                        }
                    }
                }
            }
        }
    }

    fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        match self.clients[&conn] {
            Service::Cmap => self.cmap.answer(server, conn, bytes),
            Service::Cfg => self.cfg.answer(server, conn, bytes),
            Service::Cpg => self.cpg.answer(server, conn, bytes),
            Service::Quorum => self.quorum.answer(server, conn, bytes),
            Service::VoteQuorum => self.votequorum.answer(server, conn, bytes),
        }
    }

    fn forget(&mut self, conn: ConnId) {
        self.votequorum.trackers.remove(&conn);
        self.cmap.forget(conn);
        self.cfg.trackers.remove(&conn);
        self.cpg.forget(conn);
    }
}
