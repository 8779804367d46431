//! A small cluster of engines: rings, ordered delivery, the phases of synchronisation, timers.

#![allow(dead_code, reason = "every test program uses another part of it")]

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

    /// Forms one ring of each group; nodes not named stay where they are, without those named.
    pub(crate) fn partition(&mut self, groups: &[&[u32]]) {
        self.form_groups(groups);
        self.settle();
    }

    /// As `partition`, with all messages of the new rings still under way.
    pub(crate) fn form_groups(&mut self, groups: &[&[u32]]) {
        let named: BTreeSet<u32> = groups
            .iter()
            .flat_map(|group| group.iter().copied())
            .collect();
        let mut wanted: Vec<Vec<u32>> = groups.iter().map(|group| group.to_vec()).collect();
        for ring in &self.rings {
            let rest: Vec<_> = ring
                .members
                .iter()
                .copied()
                .filter(|id| !named.contains(id))
                .collect();
            if !rest.is_empty() && rest.len() < ring.members.len() {
                wanted.push(rest);
            }
        }
        self.scatter_queues(&wanted);
        for mut group in wanted {
            group.sort_unstable();
            let seq = group
                .iter()
                .map(|&node| self.engine(node).ring().seq)
                .max()
                .unwrap_or(0);
            let ring = RingId {
                node: NodeId(group[0]),
                seq: seq + 4,
            };
            self.form(ring, &group, std::slice::from_ref(&group));
        }
    }

    pub(crate) fn heal(&mut self) {
        let all = self.nodes();
        if !all.is_empty() {
            self.partition(&[&all]);
        }
    }

    /// A message still under way when its ring breaks reaches those who stay with its sender.
    fn scatter_queues(&mut self, wanted: &[Vec<u32>]) {
        for ring in 0..self.rings.len() {
            let queue = std::mem::take(&mut self.rings[ring].queue);
            let members = self.rings[ring].members.clone();
            for (from, message) in queue {
                let stays = |id: u32| wanted.iter().position(|group| group.contains(&id));
                for &to in members.iter().filter(|&&to| stays(to) == stays(from)) {
                    self.deliver(from, to, &message);
                }
            }
        }
    }

    /// Forms a ring with this id and members, up to the point where its messages are under way.
    ///
    /// The nodes speak in waves: those of a wave have heard all earlier waves and not each other.
    /// On a real ring there is one wave: corosync's process phase runs when a node has passed the
    /// token on, and what it says there goes out when the token has been round.
    pub(crate) fn form(&mut self, id: RingId, members: &[u32], waves: &[Vec<u32>]) {
        let mut queue = VecDeque::new();
        for ring in &mut self.rings {
            if ring.members.iter().any(|member| members.contains(member)) {
                queue.extend(ring.queue.drain(..));
                ring.members.retain(|member| !members.contains(member));
            }
        }
        self.rings.retain(|ring| !ring.members.is_empty());
        let waiting = members.iter().copied().collect();
        self.rings.push(Ring {
            id,
            members: members.to_vec(),
            queue,
            syncing: true,
            waiting,
        });
        let ring = self.rings.len() - 1;
        let ids: Vec<_> = members.iter().copied().map(NodeId).collect();
        for &node in members {
            if self.engine(node).is_syncing() {
                self.feed(node, Input::SyncAbort);
            }
            self.feed(
                node,
                Input::SyncInit {
                    ring: id,
                    members: ids.clone(),
                },
            );
        }
        for wave in waves {
            while self.deliver_on(ring) {}
            for &node in wave {
                self.feed(node, Input::SyncProcess);
                if self.order == Order::Vqsim {
                    self.feed(node, Input::SyncActivate);
                }
            }
        }
        self.rings[ring].syncing = self.order == Order::Corosync;
    }

    /// Delivers everything, and activates what has been synchronised.
    pub(crate) fn settle(&mut self) {
        loop {
            while self.deliver_one() {}
            let ready = self
                .rings
                .iter()
                .position(|ring| ring.syncing && ring.waiting.is_empty());
            let Some(ready) = ready else { return };
            self.rings[ready].syncing = false;
            for node in self.rings[ready].members.clone() {
                self.feed(node, Input::SyncActivate);
            }
        }
    }

    /// Delivers the first message of one ring to all its members.
    pub(crate) fn deliver_one(&mut self) -> bool {
        (0..self.rings.len()).any(|ring| self.deliver_on(ring))
    }

    fn deliver_on(&mut self, ring: usize) -> bool {
        let Some((from, message)) = self.rings[ring].queue.pop_front() else {
            return false;
        };
        for to in self.rings[ring].members.clone() {
            self.deliver(from, to, &message);
        }
        true
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
