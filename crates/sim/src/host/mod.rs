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
mod cpg;
mod faults;
mod keys;
mod map;
mod quorum;
mod station;
mod votequorum;
mod witness;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_engine::{ClientId, NodeId};
use quorate_ipc::server::{ConnId, Knock, Limits, ListenerId, Occurrence, Server};
use quorate_ipc::{Error, Service};
use quorate_proto::{BadRequest, status};
use thiserror::Error;

use crate::fault::{Call, Function};
use crate::log::What;
use crate::{Cluster, Cpg, Output, OutputKind, Running};
use cfg::Cfg;
use cpg::Flow;
use faults::HeldUp;
use station::Station;
use witness::Witness;

/// `EAGAIN`: corosync is starting.
const TRY_AGAIN: i32 = 11;
/// `CS_ERR_ACCESS`.
const ACCESS: i32 = 11;

/// `CS_ERR_NO_RESOURCES`, corosync's answer when totem takes no more messages.
const NO_RESOURCES: i32 = 18;
/// Messages of a node that may wait for the token. While programs work, virtual time may stand
/// still, and the token with it.
const BACKLOG: usize = 4096;
/// Bytes that may wait for one connection: some rounds of messages of a large group. Corosync has no
/// limit.
const QUEUED: usize = 64 << 20;
/// How long more connections of a program that ends are waited for.
const SETTLING: Duration = Duration::from_millis(1);

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

    /// Has [`wait`](Self::wait) end also when this descriptor is readable, until it is closed.
    ///
    /// # Errors
    ///
    /// If the system can't watch it.
    pub fn watch(&self, fd: BorrowedFd<'_>) -> Result<(), HostError> {
        Ok(self.server.watch(fd)?)
    }

    /// Waits until programs want something, no longer than `limit`, and no longer than until a
    /// signal; [`serve`](Self::serve) then answers. Says whether a watched descriptor is readable.
    ///
    /// # Errors
    ///
    /// If the system refuses to wait.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<bool, HostError> {
        Ok(self.server.wait(limit)?)
    }

    /// Waits for programs to want something, and answers; no longer than `limit`, and no longer
    /// than until a signal. Says whether anything came.
    ///
    /// # Errors
    ///
    /// If the system refuses sockets, or to wait.
    pub fn serve(&mut self, limit: Option<Duration>) -> Result<bool, HostError> {
        self.serve_and(limit, |_, _| Ok(()))
    }

    /// As [`serve`](Self::serve); when a program calls a function, something can be done with the
    /// cluster before that is heard.
    ///
    /// # Errors
    ///
    /// As `serve`, or what `on_call` returns.
    pub fn serve_and<E: From<HostError>>(
        &mut self,
        limit: Option<Duration>,
        mut on_call: impl FnMut(&mut Cluster, &Call) -> Result<(), E>,
    ) -> Result<bool, E> {
        // Connections of a program that ends hang up at once, in an order of the system's own: all
        // of them are waited for, and taken in theirs.
        let some_gone = !self.gone.is_empty();
        let limit = if some_gone { Some(SETTLING) } else { limit };
        let occurrences = self.poll(limit)?;
        let anything = some_gone || !occurrences.is_empty();
        if occurrences.is_empty() {
            self.take_leave()?;
        }
        for occurrence in occurrences {
            if !matches!(occurrence, Occurrence::Disconnected { .. }) {
                self.take_leave()?;
            }
            match occurrence {
                Occurrence::Connected {
                    conn,
                    listener,
                    service,
                    ..
                } => {
                    self.connected(conn, listener, service);
                    self.called(conn, Some(Function::connecting(service)), &mut on_call)?;
                }
                Occurrence::Request { conn, bytes } => {
                    let service = self.links.get(&conn).map(|link| link.service);
                    let function = service.and_then(|s| Function::of_request(s, &bytes));
                    self.called(conn, function, &mut on_call)?;
                    self.hear(conn, &bytes)?;
                }
                Occurrence::Disconnected { conn, unread, .. } => self.gone.push((conn, unread)),
            }
            self.tell()?;
        }
        Ok(anything)
    }

    /// Connections that have hung up end, in the order in which they began.
    fn take_leave(&mut self) -> Result<(), HostError> {
        let mut gone = std::mem::take(&mut self.gone);
        gone.sort_by_key(|(conn, _)| self.links.get(conn).map(|link| link.number));
        for (conn, unread) in gone {
            self.hear_the_rest(conn)?;
            self.disconnected(conn, unread);
            self.tell()?;
        }
        Ok(())
    }

    /// What is done on a call is told before the call is heard.
    fn called<E: From<HostError>>(
        &mut self,
        conn: ConnId,
        function: Option<Function>,
        on_call: &mut impl FnMut(&mut Cluster, &Call) -> Result<(), E>,
    ) -> Result<(), E> {
        if let (Some(link), Some(function)) = (self.links.get(&conn), function) {
            let node = link.node;
            on_call(&mut self.cluster, &Call { node, function })?;
            self.tell()?;
        }
        Ok(())
    }

    fn poll(&mut self, limit: Option<Duration>) -> Result<Vec<Occurrence>, HostError> {
        let stations = &self.stations;
        let owner = self.owner;
        let cluster = &mut self.cluster;
        let admit = |knock: &Knock| {
            let mut stations = stations.iter();
            match stations.find(|(_, station)| station.has(knock.listener)) {
                Some((node, station)) if station.ready => {
                    admission::admit(&station.cmap.map, &knock.credentials, owner)?;
                    faults::connecting(cluster, *node, knock.service).map_or(Ok(()), Err)
                }
                _ => Err(TRY_AGAIN),
            }
        };
        Ok(self.server.poll(limit, admit)?)
    }

    /// Whether anything has come out of the cluster since the last call that concerns connected
    /// programs.
    pub fn has_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    /// Whether a program may be asking again and again for something that only needs time, as when
    /// cpg has told it to try again.
    pub fn wants_time(&mut self) -> bool {
        self.flow.wants_time(&self.cluster)
    }

    /// Whether no request is under way, and programs have taken every reply and every event.
    pub fn is_idle(&mut self) -> bool {
        let (server, links) = (&mut self.server, &self.links);
        let (held_up, cluster) = (&self.held_up, &self.cluster);
        server.idle_but(|conn| waits(links, held_up, cluster, conn))
    }

    /// The same without the connections of some processes.
    pub fn is_idle_without(&mut self, processes: &[u32]) -> bool {
        let server = &mut self.server;
        let counts = |conn: &ConnId| {
            let knock = server.describe(*conn);
            let process = knock.and_then(|knock| u32::try_from(knock.credentials.pid).ok());
            process.is_none_or(|process| !processes.contains(&process))
        };
        let others: Vec<_> = server.connections().into_iter().filter(counts).collect();
        let (links, held_up, cluster) = (&self.links, &self.held_up, &self.cluster);
        let mut others = others.into_iter();
        others.all(|conn| waits(links, held_up, cluster, conn) || server.is_idle(conn))
    }

    /// All connections of programs, oldest first.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        let program = |conn: ConnId| {
            let link = self.links.get(&conn)?;
            let knock = self.server.describe(conn)?;
            Some(Program {
                node: link.node,
                service: link.service,
                process: u32::try_from(knock.credentials.pid).unwrap_or(0),
            })
        };
        self.server
            .connections()
            .into_iter()
            .filter_map(program)
            .collect()
    }

    fn connected(&mut self, conn: ConnId, listener: ListenerId, service: Service) {
        let mut stations = self.stations.iter_mut();
        let Some((node, station)) = stations.find(|(_, station)| station.has(listener)) else {
            self.server.close(conn);
            return;
        };
        let mut client = None;
        match service {
            Service::VoteQuorum => client = self.cluster.attach(*node).ok(),
            Service::Quorum => station.quorum.connect(conn),
            Service::Cmap => station.cmap.connect(conn),
            Service::Cpg => {
                client = self.cluster.attach_cpg(*node).ok();
                self.flow.connected(&mut self.server, conn, *node);
            }
            Service::Cfg => {}
        }
        if let Some(client) = client {
            self.conns.insert(client, conn);
        }
        let node = *node;
        let number = client.map_or_else(|| self.cluster.number(), |client| client.0);
        let link = Link {
            node,
            service,
            number,
            client,
        };
        self.links.insert(conn, link);
        self.hold_events_of(conn);
        let (client, service) = (number, service.name().into());
        self.cluster
            .record_on(node, What::ClientConnected { client, service });
    }

    /// What a program has asked that is gone now, and had to wait.
    fn hear_the_rest(&mut self, conn: ConnId) -> Result<(), HostError> {
        while let Some((conn, bytes)) = self.flow.next(&self.links, Some(conn)) {
            self.heard(conn, &bytes)?;
        }
        for bytes in self.held_up.take_delayed(conn) {
            self.heard(conn, &bytes)?;
        }
        Ok(())
    }

    fn disconnected(&mut self, conn: ConnId, unread: usize) {
        self.note_sent();
        let Some(link) = self.links.remove(&conn) else {
            return;
        };
        self.witness.ended(conn, unread);
        self.held_up.forget(conn);
        let client = link.number;
        self.cluster
            .record_on(link.node, What::ClientGone { client });
        if let Some(client) = link.client {
            self.conns.remove(&client);
            match link.service {
                Service::Cpg => {
                    self.flow.disconnected(conn, link.node);
                    self.cluster.detach_cpg(client);
                }
                _ => self.cluster.detach(client),
            }
        }
        if let Some(station) = self.stations.get_mut(&link.node) {
            station.quorum.disconnect(conn);
            station.cmap.disconnect(conn);
        }
        if link.service == Service::Cfg {
            self.with_cfg(link.node, |cfg, desk| cfg.disconnect(desk, conn));
        }
    }

    /// Lets the service cfg of a node that runs do something.
    fn with_cfg<R>(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut Cfg, &mut cfg::Desk<'_, Cpg>) -> R,
    ) -> Option<R> {
        let Station {
            cfg, cmap, members, ..
        } = self.stations.get_mut(&node)?;
        let mut desk = cfg::Desk {
            server: &mut self.server,
            cluster: &mut self.cluster,
            local: node,
            map: &cmap.map,
            members,
            file: self.config_file.as_deref(),
        };
        Some(act(cfg, &mut desk))
    }

    fn request(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        let link = self.links.get(&conn).copied();
        let mut cpg = link.iter().filter(|link| link.service == Service::Cpg);
        if cpg.any(|link| self.flow.keeps(conn, link.node, bytes)) {
            return Ok(());
        }
        self.heard(conn, bytes)
    }

    fn heard(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        let Some(link) = self.links.get(&conn).copied() else {
            return Ok(());
        };
        self.note_request(link, bytes);
        match self.answer(conn, link, bytes) {
            Ok(None) => {}
            Ok(Some(change)) => {
                let result = self.cluster.set_key(link.node, &change.key, change.value);
                // Who tracks the key is told before the answer.
                self.tell()?;
                let error = result.map_or(ACCESS, |()| quorate_proto::OK);
                self.server.reply(conn, status(change.reply, error));
            }
            Err(bad) => match bad.reply() {
                Some(reply) => self.server.reply(conn, reply),
                None => self.server.dismiss(conn),
            },
        }
        Ok(())
    }

    fn answer(
        &mut self,
        conn: ConnId,
        link: Link,
        bytes: &[u8],
    ) -> Result<Option<cmap::Change>, BadRequest> {
        let server = &mut self.server;
        let Some(station) = self.stations.get_mut(&link.node) else {
            return Ok(None);
        };
        match (link.service, link.client) {
            (Service::VoteQuorum, Some(client)) => {
                let request = votequorum::decode(bytes)?;
                let old = self.cluster.compat().no_extra_info;
                let full = self.cluster.backlog(link.node) >= BACKLOG;
                match votequorum::unknown_to_old_daemons(&request).filter(|_| old) {
                    Some(refusal) => server.reply(conn, refusal),
                    None if full && votequorum::is_told_to_others(&request) => {
                        server.reply(conn, status(0, NO_RESOURCES));
                    }
                    // The answer comes out of the cluster. A closed connection gets none.
                    None => drop(self.cluster.request(client, request)),
                }
            }
            (Service::Quorum, _) => station.quorum.answer(server, conn, bytes)?,
            (Service::Cmap, _) => return station.cmap.answer(server, conn, bytes),
            (Service::Cfg, _) => {
                let answered = self.with_cfg(link.node, |cfg, desk| cfg.answer(desk, conn, bytes));
                answered.unwrap_or(Ok(()))?;
            }
            (Service::Cpg, Some(client)) => {
                let cluster = &mut self.cluster;
                self.flow.answer((server, conn), (cluster, client), bytes)?;
            }
            (Service::VoteQuorum | Service::Cpg, None) => {}
        }
        Ok(None)
    }

    /// Tells programs what has come out of the cluster, or waited for its time to pass, and hears
    /// those that had to wait for it.
    fn tell(&mut self) -> Result<(), HostError> {
        loop {
            self.pass_on_all()?;
            self.flow.follow(&mut self.server, &self.cluster);
            if let Some((conn, bytes)) = self.flow.next(&self.links, None) {
                self.heard(conn, &bytes)?;
            } else if !self.attend_faults()? {
                return Ok(());
            }
        }
    }

    fn pass_on_all(&mut self) -> Result<(), HostError> {
        for output in self.cluster.outputs() {
            self.told |= !self.links.is_empty();
            self.pass_on(output)?;
        }
        self.note_sent();
        Ok(())
    }

    fn pass_on(&mut self, output: Output) -> Result<(), HostError> {
        let node = output.node;
        match output.kind {
            OutputKind::Started => {
                let dir = self.run_dir(node);
                let (config, configured) = (self.cluster.config(), self.cluster.keys(node));
                let keys = configured.unwrap_or(config.keys());
                let station = Station::start(&mut self.server, &dir, config, keys, node)?;
                self.stations.insert(node, station);
                return Ok(());
            }
            OutputKind::Stopped => {
                self.stopped(node);
                return Ok(());
            }
            _ => {}
        }
        let Some(station) = self.stations.get_mut(&node) else {
            return Ok(());
        };
        let server = &mut self.server;
        match output.kind {
            OutputKind::Reply { client, reply } => {
                if let Some(conn) = self.conns.get(&client) {
                    votequorum::reply(server, *conn, reply);
                }
            }
            OutputKind::Notify {
                client,
                context,
                notification,
            } => {
                if let Some(conn) = self.conns.get(&client) {
                    votequorum::notify(server, *conn, context, notification);
                }
            }
            OutputKind::Quorum {
                ring,
                members,
                quorate,
            } => station.decided(server, self.cluster.config(), (ring, &members, quorate)),
            OutputKind::RuntimeKey { name, value } => station.runtime_key(server, name, value),
            OutputKind::ConfigKey { key, value } => {
                station.config_key(server, &key, value.as_ref());
            }
            OutputKind::Reloaded { number, keys } => {
                station.reloaded(server, self.cluster.config(), node, keys.as_deref());
                station.cfg.reloaded(server, number, keys.is_some());
            }
            OutputKind::Reminder(number) => {
                self.with_cfg(node, |cfg, desk| cfg.reminded(desk, number));
            }
            OutputKind::Event { client, message } => {
                if let Some(conn) = self.conns.get(&client) {
                    server.event(*conn, message);
                }
            }
            OutputKind::Paused(paused) => station.freeze(server, paused)?,
            // Its connections hang up when it has stopped, all together.
            OutputKind::Disconnected { .. } | OutputKind::Started | OutputKind::Stopped => {}
        }
        Ok(())
    }

    fn stopped(&mut self, node: NodeId) {
        self.note_sent();
        let Some(station) = self.stations.remove(&node) else {
            return;
        };
        station.stop(&mut self.server);
        let here = |(conn, link): (&ConnId, &Link)| (link.node == node).then_some(*conn);
        for conn in self.links.iter().filter_map(here).collect::<Vec<_>>() {
            let unread = self.server.unread_events(conn);
            self.witness.ended(conn, unread);
            self.links.remove(&conn);
            self.held_up.forget(conn);
            self.flow.disconnected(conn, node);
            self.server.close(conn);
        }
        self.conns.retain(|_, conn| self.links.contains_key(conn));
    }
}

/// Whether what a program has asked has to wait, for a fault or for a paused node.
fn waits(
    links: &BTreeMap<ConnId, Link>,
    held_up: &HeldUp,
    cluster: &Cluster,
    conn: ConnId,
) -> bool {
    let node = links.get(&conn).map(|link| link.node);
    let state = node.and_then(|node| cluster.running(node));
    state == Some(Running::Paused) || held_up.delays(conn)
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
