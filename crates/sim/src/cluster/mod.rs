//! The cluster: its state, its clock, and the step from one event to the next.

mod administration;
mod clients;
mod cpg;
mod delivery;
mod device;
mod effects;
mod error;
mod faults;
mod invariants;
mod operations;
mod orders;
mod outgoing;
mod peer;
mod queue;
mod replay;
mod token;
mod topology;

pub use clients::{Output, OutputKind};
pub use device::{DEVICE_NAME, DeviceAction};
pub use error::OperationError;
pub use invariants::{Violation, ViolationKind};
pub use peer::Running;
pub use replay::RecordedRing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quorate_engine::{ClientId, Compat, Engine, NodeId, QuorumConfig, Reply};

use crate::config::{ClusterConfig, Keys, Timing, quorum_config};
use crate::cpg::Cpg;
use crate::fault::Faults;
use crate::log::{Record, What};
use crate::rng::Rng;
use crate::transport::Services;
use invariants::Watch;
use orders::Order;
use peer::{Peer, RingKey};
use queue::{Event, Queue};
use replay::Replay;
use topology::{Contact, Ring};

/// A cluster of simulated nodes. See the [crate's documentation](crate) for the model.
#[derive(Clone, Debug)]
pub struct Cluster<S = Cpg> {
    now: Duration,
    seed: u64,
    rng: Rng,
    /// Apart from the other chance, so that this one does not move points in time.
    order_rng: Rng,
    compat: Compat,
    /// The corosync.conf that all nodes have on disk, and what votequorum makes of it.
    file: ClusterConfig,
    file_keys: Arc<Keys>,
    file_quorum: QuorumConfig,
    timing: Timing,
    /// Ascending by id.
    peers: Vec<Peer>,
    rings: BTreeMap<RingKey, Ring>,
    contacts: BTreeMap<usize, Contact>,
    /// When the nodes of a group will form a ring.
    due: BTreeMap<usize, Duration>,
    replay: Replay,
    queue: Queue,
    /// Numbers rings, timers, clients: never used twice.
    numbers: u64,
    clients: BTreeMap<ClientId, usize>,
    outputs: Vec<Output>,
    asked: Option<(ClientId, Option<Reply>)>,
    log: Vec<Record>,
    watch: Watch,
    faults: Faults,
    /// Requests that faults hold up.
    alarms: usize,
    /// Nodes whose machines have died since somebody asked.
    powered_off: Vec<NodeId>,
    /// What nodes have just been told to do.
    orders: Vec<(usize, Order)>,
    services: S,
}

impl Cluster {
    /// A cluster with votequorum and cpg. All nodes are down; see [`start_all`](Self::start_all).
    #[must_use]
    pub fn new(config: ClusterConfig, compat: Compat, seed: u64) -> Self {
        Cluster::with_services(config, compat, seed, Cpg::default())
    }
}

impl<S: Services> Cluster<S> {
    /// A cluster whose nodes run these services besides votequorum. All nodes are down.
    #[must_use]
    pub fn with_services(config: ClusterConfig, compat: Compat, seed: u64, services: S) -> Self {
        let keys = Arc::new(config.keys().clone());
        let quorum = quorum_config(&keys);
        let mut peers: Vec<_> = config
            .nodes()
            .iter()
            .map(|node| Peer::new(node.id, Arc::clone(&keys)))
            .collect();
        // totem orders ids as unsigned numbers, votequorum as signed ones.
        peers.sort_unstable_by_key(|peer| peer.id.0);
        Cluster {
            now: Duration::ZERO,
            seed,
            rng: Rng::new(seed),
            order_rng: Rng::new(!seed),
            compat,
            timing: config.timing(),
            watch: Watch::new(&quorum),
            file: config,
            file_keys: keys,
            file_quorum: quorum,
            peers,
            rings: BTreeMap::new(),
            contacts: BTreeMap::new(),
            due: BTreeMap::new(),
            replay: Replay::default(),
            queue: Queue::default(),
            numbers: 0,
            clients: BTreeMap::new(),
            outputs: Vec::new(),
            asked: None,
            log: Vec::new(),
            faults: Faults::new(Vec::new(), seed),
            alarms: 0,
            powered_off: Vec::new(),
            orders: Vec::new(),
            services,
        }
    }

    /// Virtual time since the cluster was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The seed of all chance in this cluster.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Behaviour of the original that is turned on.
    #[must_use]
    pub fn compat(&self) -> Compat {
        self.compat
    }

    /// The configuration on the nodes' disks.
    #[must_use]
    pub fn config(&self) -> &ClusterConfig {
        &self.file
    }

    /// The other services.
    #[must_use]
    pub fn services(&self) -> &S {
        &self.services
    }

    /// The other services, to change them.
    pub fn services_mut(&mut self) -> &mut S {
        &mut self.services
    }

    /// All nodes of the configuration, ascending.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().map(|peer| peer.id)
    }

    /// votequorum on a node; `None` if the node is down or unknown. It shows the node's own view,
    /// which may be outdated, as with a real node.
    #[must_use]
    pub fn engine(&self, node: NodeId) -> Option<&Engine> {
        self.peers[self.index(node)?].engine.as_ref()
    }

    /// Whether a node's corosync runs; `None` if the node is unknown.
    #[must_use]
    pub fn running(&self, node: NodeId) -> Option<Running> {
        Some(self.peers[self.index(node)?].running)
    }

    /// The cmap keys of a node's configuration as they are now; those of the file while it is
    /// down. `None` if the node is unknown.
    #[must_use]
    pub fn keys(&self, node: NodeId) -> Option<&Keys> {
        Some(&self.peers[self.index(node)?].keys)
    }

    /// What has happened so far.
    #[must_use]
    pub fn log(&self) -> &[Record] {
        &self.log
    }

    /// What has happened since the last call. Later calls of [`log`](Self::log) begin here.
    pub fn take_log(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.log)
    }

    /// When the next thing will happen by itself.
    #[must_use]
    pub fn next_event_at(&self) -> Option<Duration> {
        self.queue.next_at()
    }

    /// Goes to the next event and lets it happen. `false` if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some((at, event)) = self.queue.pop() else {
            return false;
        };
        self.now = at;
        match event {
            Event::Rotate(ring) => self.rotate(ring),
            Event::Form { group } => self.form_if_due(group),
            Event::Recorded(number) => self.form_recorded(number),
            Event::Timer {
                peer,
                timer,
                generation,
            } => self.timer_expired(peer, timer, generation),
            Event::Stop { peer, generation } => self.stop_now(peer, generation),
            Event::Reminder { peer, life, number } => self.remind_now(peer, life, number),
            Event::Poll { peer, generation } => self.device_polls(peer, generation),
            Event::Alarm => self.alarms -= 1,
        }
        self.obey();
        self.check_invariants();
        true
    }

    /// Lets everything happen up to this time, its own instant included; it is that time then. A
    /// time in the past changes nothing.
    pub fn run_until(&mut self, until: Duration) {
        while self.next_event_at().is_some_and(|at| at <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Lets time pass until all rings stand and nothing is under way. Timers of votequorum that
    /// run out later do not count: neither `last_man_standing_window` nor a device's timeout,
    /// except while a synchronisation waits for the device. What a simulated device is about to
    /// say does.
    pub fn run_until_quiet(&mut self) {
        while !self.is_quiet() && self.step() {}
    }

    /// Whether all rings stand and nothing is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.due.is_empty()
            && self.alarms == 0
            && self.replay.is_over()
            && self.rings.values().all(Ring::is_quiet)
            && !(0..self.peers.len()).any(|peer| {
                self.peers[peer].running == Running::Leaving || self.device_thinks(peer)
            })
    }

    fn index(&self, node: NodeId) -> Option<usize> {
        self.peers
            .binary_search_by_key(&node.0, |peer| peer.id.0)
            .ok()
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn record(&mut self, peer: Option<usize>, what: What) {
        self.log.push(Record {
            at: self.now,
            node: peer.map(|peer| self.peers[peer].id),
            what,
        });
    }
}
