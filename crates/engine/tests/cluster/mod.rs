//! A small cluster of engines: rings, ordered delivery, the phases of synchronisation, timers.

#![allow(dead_code, reason = "every test program uses another part of it")]

mod membership;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate_engine::{
    ClientId, Compat, Effect, Engine, Input, Message, NodeId, NodeInfo, NodeState, Notification,
    QuorumConfig, Reply, Request, RingId, StartRefused, Status, Timer,
};

/// A ring and what is under way on it.
#[derive(Clone, PartialEq, Debug, Default)]
struct Ring {
    id: RingId,
    members: Vec<u32>,
    queue: VecDeque<(u32, Message)>,
    syncing: bool,
    waiting: BTreeSet<u32>,
}

#[derive(Clone, PartialEq, Debug)]
struct Peer {
    engine: Engine,
    timers: BTreeMap<u8, u64>,
    events: Vec<Effect>,
}

/// The cluster. Every operation runs until nothing is left to deliver.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Cluster {
    peers: BTreeMap<u32, Peer>,
    rings: Vec<Ring>,
    barriers: BTreeMap<u32, u32>,
    compat: Compat,
    order: Order,
    now_ms: u64,
    /// Which node of a new ring speaks first; the others follow as the token goes round.
    pub(crate) first_speaker: usize,
}

/// When a synchronisation ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// Once all nodes have said their part and heard all others.
    Corosync,
    /// As soon as a node has said its own part, before it hears the others.
    Vqsim,
}

fn timer_key(timer: Timer) -> u8 {
    match timer {
        Timer::LastManStanding => 0,
        Timer::Qdevice => 1,
    }
}

fn timer_of(key: u8) -> Timer {
    if key == 0 {
        Timer::LastManStanding
    } else {
        Timer::Qdevice
    }
}

impl Cluster {
    pub(crate) fn empty(compat: Compat, order: Order) -> Self {
        Cluster {
            peers: BTreeMap::new(),
            rings: Vec::new(),
            barriers: BTreeMap::new(),
            compat,
            order,
            now_ms: 0,
            first_speaker: 0,
        }
    }

    /// All nodes of the configuration's node list, in one ring.
    pub(crate) fn of(config: &QuorumConfig) -> Self {
        Cluster::with_compat(config, Compat::default())
    }

    pub(crate) fn with_compat(config: &QuorumConfig, compat: Compat) -> Self {
        let mut cluster = Cluster::empty(compat, Order::Corosync);
        let nodes: Vec<_> = config.nodelist.iter().map(|entry| entry.node.0).collect();
        for &node in &nodes {
            cluster
                .start(node, config.clone())
                .expect("a good configuration");
        }
        cluster.heal();
        cluster
    }

    /// Starts a node, alone in its ring.
    pub(crate) fn start(&mut self, node: u32, config: QuorumConfig) -> Result<(), StartRefused> {
        self.boot(node, config)?;
        self.form(
            RingId {
                node: NodeId(node),
                seq: 4,
            },
            &[node],
            &[vec![node]],
        );
        self.settle();
        Ok(())
    }

    /// Starts a node that is to join others before it forms a ring of its own.
    pub(crate) fn boot(&mut self, node: u32, config: QuorumConfig) -> Result<(), StartRefused> {
        let barrier = self.barriers.get(&node).copied().unwrap_or(0);
        let (engine, effects) = Engine::start(NodeId(node), config, self.compat, barrier)?;
        let peer = Peer {
            engine,
            timers: BTreeMap::new(),
            events: Vec::new(),
        };
        self.peers.insert(node, peer);
        self.rings.push(Ring {
            members: vec![node],
            ..Ring::default()
        });
        self.carry_out(node, effects);
        Ok(())
    }

    pub(crate) fn is_up(&self, node: u32) -> bool {
        self.peers.contains_key(&node)
    }

    pub(crate) fn nodes(&self) -> Vec<u32> {
        self.peers.keys().copied().collect()
    }

    pub(crate) fn partitions(&self) -> Vec<Vec<u32>> {
        self.rings.iter().map(|ring| ring.members.clone()).collect()
    }

    /// The node's process is gone; its ring forms anew.
    pub(crate) fn crash(&mut self, node: u32) {
        let rest = self.kill(node);
        if !rest.is_empty() {
            self.partition(&[&rest]);
        }
    }

    /// The node's process is gone, and its ring does not know yet. Who is left there?
    pub(crate) fn kill(&mut self, node: u32) -> Vec<u32> {
        self.peers.remove(&node);
        let ring = self.ring_of(node);
        self.rings[ring].members.retain(|&id| id != node);
        let rest = self.rings[ring].members.clone();
        self.rings.retain(|ring| !ring.members.is_empty());
        rest
    }

    /// The node stops cleanly.
    pub(crate) fn leave(&mut self, node: u32) {
        self.input(node, Input::Leave);
        self.crash(node);
    }

    fn deliver(&mut self, from: u32, to: u32, message: &Message) {
        if self.peers.contains_key(&to) {
            self.feed(
                to,
                Input::Deliver {
                    from: NodeId(from),
                    message: message.clone(),
                },
            );
        }
    }

    /// Feeds one event to one node, without delivering what it multicasts.
    pub(crate) fn feed(&mut self, node: u32, input: Input) -> Vec<Effect> {
        let effects = self
            .peers
            .get_mut(&node)
            .expect("the node is up")
            .engine
            .handle(input);
        self.carry_out(node, effects.clone());
        effects
    }

    /// Feeds one event to one node and runs until all is quiet.
    pub(crate) fn input(&mut self, node: u32, input: Input) -> Vec<Effect> {
        let effects = self.feed(node, input);
        self.settle();
        effects
    }

    /// A request, and the answer to it, which may come after others.
    pub(crate) fn request(&mut self, node: u32, client: u64, request: Request) -> Reply {
        self.feed(
            node,
            Input::Request {
                client: ClientId(client),
                request,
            },
        );
        self.settle();
        let events = &self.peers[&node].events;
        events
            .iter()
            .rev()
            .find_map(|event| match event {
                Effect::Reply { client: to, reply } if *to == ClientId(client) => {
                    Some(reply.clone())
                }
                _ => None,
            })
            .expect("an answer")
    }

    pub(crate) fn status(&mut self, node: u32, request: Request) -> Status {
        match self.request(node, 1, request) {
            Reply::Status(status) => status,
            other => panic!("not a status: {other:?}"),
        }
    }

    fn carry_out(&mut self, node: u32, effects: Vec<Effect>) {
        let ring = self.ring_of(node);
        let peer = self.peers.get_mut(&node).expect("the node is up");
        let mut retry = false;
        for effect in effects {
            match effect {
                Effect::Multicast(message) => self.rings[ring].queue.push_back((node, message)),
                Effect::SetTimer { timer, after_ms } => {
                    peer.timers
                        .insert(timer_key(timer), self.now_ms + u64::from(after_ms));
                }
                Effect::CancelTimer(timer) => {
                    peer.timers.remove(&timer_key(timer));
                }
                Effect::SyncDone => {
                    self.rings[ring].waiting.remove(&node);
                }
                Effect::SyncReleased => retry = true,
                Effect::PersistBarrier(barrier) => {
                    self.barriers.insert(node, barrier);
                }
                other => peer.events.push(other),
            }
        }
        if retry && self.rings[ring].syncing {
            self.feed(node, Input::SyncProcess);
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        loop {
            let due = self
                .peers
                .iter()
                .flat_map(|(&node, peer)| {
                    peer.timers.iter().map(move |(&key, &at)| (at, node, key))
                })
                .min()
                .filter(|&(at, ..)| at <= until);
            let Some((at, node, key)) = due else { break };
            self.now_ms = at;
            self.peers
                .get_mut(&node)
                .expect("the node is up")
                .timers
                .remove(&key);
            self.input(node, Input::TimerExpired(timer_of(key)));
        }
        self.now_ms = until;
    }

    fn ring_of(&self, node: u32) -> usize {
        let here = |ring: &Ring| ring.members.contains(&node);
        self.rings
            .iter()
            .position(here)
            .expect("every node is in a ring")
    }

    pub(crate) fn engine(&self, node: u32) -> &Engine {
        &self.peers[&node].engine
    }

    pub(crate) fn is_stable(&self) -> bool {
        self.rings
            .iter()
            .all(|ring| !ring.syncing && ring.queue.is_empty())
    }

    pub(crate) fn quorate(&self, node: u32) -> bool {
        self.engine(node).is_quorate()
    }

    pub(crate) fn info(&self, node: u32) -> NodeInfo {
        self.engine(node)
            .node_info(NodeId(node))
            .expect("the local node is known")
    }

    /// `(expected votes, total votes, quorum, quorate)`.
    pub(crate) fn votes(&self, node: u32) -> (u32, u32, u32, bool) {
        let info = self.info(node);
        (
            info.expected_votes,
            info.total_votes,
            info.quorum,
            self.quorate(node),
        )
    }

    pub(crate) fn barrier(&self, node: u32) -> Option<u32> {
        self.barriers.get(&node).copied()
    }

    /// What has been reported on this node since the last call.
    pub(crate) fn events(&mut self, node: u32) -> Vec<Effect> {
        std::mem::take(&mut self.peers.get_mut(&node).expect("the node is up").events)
    }

    pub(crate) fn forget_events(&mut self) {
        for peer in self.peers.values_mut() {
            peer.events.clear();
        }
    }

    /// The notifications among the events since the last call.
    pub(crate) fn notifications(&mut self, node: u32) -> Vec<Notification> {
        let events = self.events(node).into_iter();
        events
            .filter_map(|event| match event {
                Effect::Notify { notification, .. } => Some(notification),
                _ => None,
            })
            .collect()
    }
}

/// A quorum notification as trackers get it.
pub(crate) fn quorum(quorate: bool, nodes: &[(u32, NodeState)]) -> Notification {
    let entry = |&(node, state): &(u32, NodeState)| quorate_engine::NodeEntry {
        node: NodeId(node),
        state,
    };
    Notification::Quorum {
        quorate,
        nodes: nodes.iter().map(entry).collect(),
    }
}

/// A node list notification as trackers get it.
pub(crate) fn node_list(node: u32, seq: u64, members: &[u32]) -> Notification {
    let ring = RingId {
        node: NodeId(node),
        seq,
    };
    Notification::NodeList {
        ring,
        members: members.iter().copied().map(NodeId).collect(),
    }
}
