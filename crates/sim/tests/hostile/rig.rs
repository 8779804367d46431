//! A cluster of two nodes with its sockets, in a thread, and programs that keep to the rules.

#![allow(dead_code, reason = "tests and the benchmark each use their part")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quorate_engine::{Compat, NodeId};
use quorate_ipc::{Connection, Endpoint, Options, Service};
use quorate_proto::{cfg, cmap, quorum, votequorum};
use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;
use quorate_sim::host::Host;
use zerocopy::IntoBytes;

use crate::raw::Hostile;

/// A host that serves until it is dropped.
pub(crate) struct Rig {
    run_dir: PathBuf,
    home: PathBuf,
    /// Connections that there are.
    connections: Arc<AtomicUsize>,
    /// Whether virtual time passes.
    time: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    /// Virtual time passes at once.
    pub(crate) fn start() -> Self {
        let rig = Self::start_without_time();
        rig.let_time_pass();
        rig
    }

    pub(crate) fn start_without_time() -> Self {
        let mut host = two_nodes();
        let run_dir = host.run_dir(NodeId(1));
        let home = host.server().home().to_owned();
        let (stop, time) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        let connections = Arc::new(AtomicUsize::new(0));
        let thread = std::thread::spawn({
            let (stop, time) = (Arc::clone(&stop), Arc::clone(&time));
            let connections = Arc::clone(&connections);
            move || {
                while !stop.load(Ordering::Acquire) {
                    host.serve(Some(Duration::from_millis(2))).unwrap();
                    if time.load(Ordering::Acquire) {
                        host.act(Cluster::run_until_quiet).unwrap();
                    }
                    host.act(Cluster::take_log).unwrap();
                    let there = host.server().connections().len();
                    connections.store(there, Ordering::Release);
                }
            }
        });
        Self {
            run_dir,
            home,
            connections,
            time,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn let_time_pass(&self) {
        self.time.store(true, Ordering::Release);
    }

    pub(crate) fn run_dir(&self) -> &PathBuf {
        &self.run_dir
    }

    pub(crate) fn client(&self, service: Service) -> Connection {
        connect(&self.endpoint(), service)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::RunDir(self.run_dir.clone())
    }

    pub(crate) fn hostile(&self, service: Service) -> Hostile {
        Hostile::connect(&self.run_dir, service, 1 << 20)
    }

    /// Waits until the host has noticed that there are this many.
    pub(crate) fn wait_for_connections(&self, count: usize) {
        eventually("connections", || self.connections() == count);
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Directories with rings.
    pub(crate) fn ring_dirs(&self) -> usize {
        let entries = std::fs::read_dir(&self.home).unwrap().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().parse::<u64>().is_ok())
            .count()
    }

    /// Waits until no connections are left but these, and nothing of the others.
    pub(crate) fn wait_for_the_end_of_others(&self, own: usize) {
        eventually("the others' end", || {
            self.connections() == own && self.ring_dirs() == own
        });
    }
}

pub(crate) fn two_nodes() -> Host {
    let config = ClusterConfig::with_nodes(1..=2);
    let cluster = Cluster::new(config, Compat::default(), 1);
    let mut host = Host::new(cluster, "/dev/shm".as_ref()).unwrap();
    host.act(Cluster::start_all).unwrap().unwrap();
    host.act(Cluster::run_until_quiet).unwrap();
    host
}

fn connect(endpoint: &Endpoint, service: Service) -> Connection {
    let options = Options {
        max_msg_size: 8192,
        timeout: Some(Duration::from_secs(60)),
    };
    Connection::connect(service, endpoint, options).unwrap()
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
            assert!(!self.home.exists(), "files are left over");
        }
    }
}

/// A program that uses all services and looks at every answer.
pub(crate) struct Witness {
    connections: [(Service, Connection); 4],
    count: u32,
}

impl Witness {
    pub(crate) fn new(rig: &Rig) -> Self {
        Self::at(&rig.endpoint())
    }

    pub(crate) fn at(endpoint: &Endpoint) -> Self {
        let services = [
            Service::VoteQuorum,
            Service::Quorum,
            Service::Cmap,
            Service::Cfg,
        ];
        Self {
            connections: services.map(|service| (service, connect(endpoint, service))),
            count: 0,
        }
    }

    /// Connections that it has.
    pub(crate) const CONNECTIONS: usize = 4;

    /// Asks each service something whose answer differs from those before and after, and checks
    /// that it is the answer to just that. Says how long the slowest took.
    pub(crate) fn is_served(&mut self) -> Duration {
        self.count += 1;
        let (count, mut slowest) = (self.count, Duration::ZERO);
        for (service, connection) in &self.connections {
            let start = Instant::now();
            match service {
                Service::VoteQuorum => {
                    let node = 1 + count % 2;
                    let request = votequorum::GetInfo::new(node);
                    let reply = ask(connection, request.as_bytes());
                    assert_eq!((word(&reply, 0), word(&reply, 16)), (1, 1));
                    assert_eq!(word(&reply, 24), node, "an answer to another request");
                }
                Service::Quorum => {
                    let reply = ask(connection, quorum::GetQuorate::message().as_bytes());
                    assert_eq!((word(&reply, 0), word(&reply, 16)), (0, 1));
                }
                Service::Cmap => {
                    let value = count.to_ne_bytes();
                    let reply = ask(connection, &cmap::Set::message(b"witness.count", 6, &value));
                    assert_eq!((word(&reply, 0), word(&reply, 16)), (0, 1));
                    let request = cmap::Get::new(b"witness.count", 4);
                    let reply = ask(connection, request.as_bytes());
                    assert_eq!((word(&reply, 0), word(&reply, 16)), (2, 1));
                    assert_eq!(word(&reply, 40), count);
                }
                _ => {
                    let reply = ask(connection, cfg::bare(cfg::request_id::LOCAL_GET).as_bytes());
                    assert_eq!((word(&reply, 0), word(&reply, 24)), (12, 1));
                }
            }
            slowest = slowest.max(start.elapsed());
        }
        slowest
    }
}

fn ask(connection: &Connection, request: &[u8]) -> Vec<u8> {
    let mut reply = vec![0; 512];
    let len = connection.call(request, reply.as_mut_slice()).unwrap();
    reply.truncate(len);
    reply
}

pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}
