//! Programs in a simulated cluster: corosync's sockets and services on every node.
//!
//! A [`Host`] has a [`Cluster`] and a [`Server`], and joins them: what a program asks goes to the
//! node whose sockets it uses, and what comes out of the cluster goes to the programs, in order.
//!
//! ```no_run
//! use quorate_engine::{Compat, NodeId};
//! use quorate_sim::Cluster;
//! use quorate_sim::config::ClusterConfig;
//! use quorate_sim::host::Host;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = Cluster::new(ClusterConfig::with_nodes(1..=3), Compat::default(), 42);
//! let mut host = Host::new(cluster, "/dev/shm".as_ref())?;
//! host.act(Cluster::start_all)??;
//! host.act(Cluster::run_until_quiet)?;
//! println!("QUORATE_RUN_DIR={}", host.run_dir(NodeId(1)).display());
//! loop {
//!     host.serve(None)?;
//! }
//! # }
//! ```
//!
//! The cluster writes a log (`Cluster::log`). Programs can make it long: who keeps a host for long
//! takes it away now and then, with `host.act(Cluster::take_log)`.
//!
//! # What programs see
//!
//! The services votequorum, quorum, cmap, cfg and cpg. They look as those of corosync 3.1.7 do, with
//! votequorum 8.1 unless `Compat` says otherwise.
//!
//! **A node that is down** has no sockets: connecting is refused. Connections of a node that is
//! killed or has stopped hang up. **Until its first synchronisation** is over, a node tells who
//! connects to try again. **A paused node** is as a stopped process: connections stay, requests and
//! those who connect wait until it goes on.
//!
//! **Who may connect.** The sockets are in a directory of the user's own. Nobody but this user and
//! root can reach them, and to both of them corosync would talk. Root can let in others as well:
//! [`Host::open_to_others`].
//!
//! **cmap** has the keys of the configuration and those that corosync adds by itself, except its
//! monitors' (`resources.*`) and statistics. `runtime.members` changes at the end of a
//! synchronisation, a few milliseconds after corosync would change it; how many messages were
//! received and sent (`runtime.services.*.rx`, `tx`) is always 0.
//!
//! **cfg.** A node's links are up or down at once, as the network is; corosync first waits for
//! answers for a while. They carry as much as corosync finds on Ethernet without encryption. A
//! vote about a shutdown ends after `cfg.shutdown_timeout` of virtual time. There are no log files
//! to be opened again.

mod admission;
mod cfg;
mod cmap;
mod connections;
mod cpg;
mod faults;
mod idle;
mod keys;
mod map;
mod outputs;
mod quorum;
mod requests;
mod serving;
mod station;
mod votequorum;
mod witness;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use quorate_engine::{ClientId, NodeId};
use quorate_ipc::server::{ConnId, Limits, Server};
use quorate_ipc::{Error, Service};
use thiserror::Error;

use crate::Cluster;
use cpg::Flow;
use faults::HeldUp;
use station::Station;
use witness::Witness;

/// `EAGAIN`: corosync is starting.
const TRY_AGAIN: i32 = 11;

/// Bytes that may wait for one connection: some rounds of messages of a large group. Corosync has no
/// limit.
const QUEUED: usize = 64 << 20;

/// Why a cluster cannot have programs, or not any more. No program can bring this about.
#[derive(Debug, Error)]
pub enum HostError {
    /// A directory for sockets.
    #[error("{}: {error}", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// Sockets and what the system has to do with them.
    #[error(transparent)]
    Server(#[from] Error),
}

/// What a connection of a program is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    /// The node.
    pub node: NodeId,
    /// The service.
    pub service: Service,
    /// The program's process id; 0 for one of a foreign namespace.
    pub process: u32,
}

/// A connection of a program.
#[derive(Clone, Copy, Debug)]
struct Link {
    node: NodeId,
    service: Service,
    /// What the log calls it.
    number: u64,
    /// For votequorum and cpg.
    client: Option<ClientId>,
}

/// A cluster with the sockets of its nodes.
#[derive(Debug)]
pub struct Host {
    cluster: Cluster,
    server: Server,
    stations: BTreeMap<NodeId, Station>,
    links: BTreeMap<ConnId, Link>,
    /// Connections that have hung up, with how many events were unread, and have not been taken
    /// leave of.
    gone: Vec<(ConnId, usize)>,
    conns: BTreeMap<ClientId, ConnId>,
    flow: Flow,
    told: bool,
    held_up: HeldUp,
    witness: Witness,
    /// The user who runs the simulation.
    owner: u32,
    config_file: Option<PathBuf>,
}

impl Host {
    /// Gives a cluster, all of whose nodes are down, a directory of its own in `base`, usually
    /// `/dev/shm`: sockets and shared memory will be there. It goes with the host; what a host
    /// that was killed has left there is removed now.
    ///
    /// # Errors
    ///
    /// If there is no place for the files.
    pub fn new(cluster: Cluster, base: &Path) -> Result<Self, HostError> {
        Self::with_server(cluster, Server::new(base, limits())?)
    }

    /// The same, but the directory's name is `quorate-{name}`, so that it can be found.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`]; also if a living host has the name.
    pub fn named(cluster: Cluster, base: &Path, name: &str) -> Result<Self, HostError> {
        Self::with_server(cluster, Server::named(base, name, limits())?)
    }

    fn with_server(mut cluster: Cluster, mut server: Server) -> Result<Self, HostError> {
        server.keep_sent();
        let owner = std::fs::metadata(server.home()).map(|home| home.uid());
        let owner = owner.map_err(|error| HostError::Directory {
            path: server.home().to_path_buf(),
            error,
        })?;
        for node in cluster.nodes().collect::<Vec<_>>() {
            let path = node_dir(&server, node);
            let made = DirBuilder::new().mode(0o700).create(&path);
            made.map_err(|error| HostError::Directory { path, error })?;
            // It is one of the cluster's own.
            let _ = cluster.watch(node);
        }
        Ok(Self {
            cluster,
            server,
            stations: BTreeMap::new(),
            links: BTreeMap::new(),
            gone: Vec::new(),
            conns: BTreeMap::new(),
            flow: Flow::default(),
            told: false,
            held_up: HeldUp::default(),
            witness: Witness::default(),
            owner,
            config_file: None,
        })
    }

    /// Lets other users in, as corosync does: those that `uidgid` in the configuration or in cmap
    /// names, by their real ids. To be called before any node starts, and by root alone: what is
    /// a program's own must belong to its user.
    ///
    /// # Errors
    ///
    /// If this is not root.
    pub fn open_to_others(&mut self) -> Result<(), HostError> {
        self.server.open_to_others()?;
        for node in self.cluster.nodes() {
            let path = self.run_dir(node);
            let passable = std::fs::Permissions::from_mode(0o711);
            std::fs::set_permissions(&path, passable)
                .map_err(|error| HostError::Directory { path, error })?;
        }
        Ok(())
    }

    /// What nodes read when a program tells them to reload their configuration
    /// (`corosync-cfgtool -R`). Without it they read again what the cluster was made of.
    pub fn set_config_file(&mut self, file: &Path) {
        self.config_file = Some(file.to_path_buf());
    }

    /// The directory of a node's sockets: what programs on that node need as `QUORATE_RUN_DIR`.
    #[must_use]
    pub fn run_dir(&self, node: NodeId) -> PathBuf {
        node_dir(&self.server, node)
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The nodes whose machines have died since the last call: programs on them die as well.
    pub fn take_powered_off(&mut self) -> Vec<NodeId> {
        self.cluster.take_powered_off()
    }

    /// The sockets and connections.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Does something with the cluster, and tells programs what comes of it.
    ///
    /// # Errors
    ///
    /// If the system refuses sockets.
    pub fn act<R>(&mut self, act: impl FnOnce(&mut Cluster) -> R) -> Result<R, HostError> {
        self.take_leave()?;
        let result = act(&mut self.cluster);
        self.tell()?;
        Ok(result)
    }
}

fn limits() -> Limits {
    Limits {
        queued_bytes: QUEUED,
        ..Limits::default()
    }
}

fn node_dir(server: &Server, node: NodeId) -> PathBuf {
    server.home().join(format!("node{node}"))
}
