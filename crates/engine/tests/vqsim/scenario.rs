//! Random configurations and commands, and what the engine makes of them.

use std::collections::BTreeSet;
use std::fmt::Write;

use quorate_engine::{Compat, Input, NodeId, NodelistEntry, QuorumConfig, RingId};

use crate::cluster::{Cluster, Order};
use crate::simulator::State;

/// Kinds of configurations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Group {
    Plain,
    Votes,
    ExpectedVotes,
    LowExpectedVotes,
    TwoNode,
    TieBreaker,
    WaitForAll,
    TieBreakerWaitForAll,
    LastManStanding,
}

/// vqsim is faithful for these, and agrees with itself.
pub(crate) const GATED: [Group; 5] = [
    Group::Plain,
    Group::Votes,
    Group::ExpectedVotes,
    Group::TwoNode,
    Group::TieBreaker,
];
/// In these, who is quorate depends on who hears whom first. With fewer expected votes than there
/// are votes, a node learns the real number only by meeting others; with the other options,
/// vqsim's order of events shows.
pub(crate) const REPORTED: [Group; 4] = [
    Group::LowExpectedVotes,
    Group::WaitForAll,
    Group::TieBreakerWaitForAll,
    Group::LastManStanding,
];

const PARTITIONS: usize = 4;
const WINDOW_MS: u32 = 300;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// vqsim's partitions: each counts its own rings, and lists its nodes in the order they came.
#[derive(Clone, Debug, Default)]
struct Partition {
    seq: u64,
    nodes: Vec<u32>,
}

/// What a command does to the cluster.
#[derive(Clone, Debug)]
enum Action {
    Boot(u32),
    Kill(u32),
    Form(RingId, Vec<u32>),
}

/// A run of random commands.
///
/// vqsim's nodes are processes that race: whether a node hears another one before it speaks itself
/// is up to the scheduler, and sometimes decides who is quorate. So there is not one cluster but
/// all those that are possible after what vqsim has shown so far; mostly that is one.
pub(crate) struct Scenario {
    random: Random,
    group: Group,
    config: QuorumConfig,
    worlds: Vec<Cluster>,
    partitions: Vec<Partition>,
}

impl Scenario {
    pub(crate) fn new(group: Group, seed: u64) -> Self {
        let mut random = Random(seed);
        let config = random_config(group, &mut random);
        let order = if GATED.contains(&group) {
            Order::Corosync
        } else {
            Order::Vqsim
        };
        let mut scenario = Scenario {
            random,
            group,
            config,
            // vqsim's corosync cuts quorum to 8 bits.
            worlds: vec![Cluster::empty(Compat::COROSYNC_3_1, order)],
            partitions: vec![Partition::default(); PARTITIONS],
        };
        for node in scenario.all_nodes() {
            let actions = scenario.up(node, 0);
            scenario.carry_out(&actions);
        }
        scenario
    }

    pub(crate) fn config_file(&self) -> String {
        let mut text = String::from("totem {\n version: 2\n cluster_name: x\n}\nquorum {\n");
        text += " provider: corosync_votequorum\n";
        let config = &self.config;
        if let Some(votes) = config.expected_votes {
            writeln!(text, " expected_votes: {votes}").unwrap();
        }
        for (key, on) in [
            ("two_node", config.two_node),
            ("auto_tie_breaker", config.auto_tie_breaker),
            ("last_man_standing", config.last_man_standing),
        ] {
            if on {
                writeln!(text, " {key}: 1").unwrap();
            }
        }
        if let Some(on) = config.wait_for_all {
            writeln!(text, " wait_for_all: {}", u8::from(on)).unwrap();
        }
        if let Some(node) = &config.auto_tie_breaker_node {
            writeln!(text, " auto_tie_breaker_node: {node}").unwrap();
        }
        writeln!(text, " last_man_standing_window: {WINDOW_MS}").unwrap();
        text += "}\nnodelist {\n";
        for NodelistEntry { node, quorum_votes } in &config.nodelist {
            write!(
                text,
                " node {{\n  ring0_addr: 127.0.0.{node}\n  nodeid: {node}\n"
            )
            .unwrap();
            if let Some(votes) = quorum_votes {
                writeln!(text, "  quorum_votes: {votes}").unwrap();
            }
            text += " }\n";
        }
        text + "}\n"
    }

    /// How long vqsim has to be left alone before its state counts.
    pub(crate) fn settle_ms(&self) -> u64 {
        if self.group == Group::LastManStanding {
            2 * u64::from(WINDOW_MS)
        } else {
            120
        }
    }

    /// Carries out a random command and returns it as vqsim wants it.
    pub(crate) fn step(&mut self) -> String {
        let up: Vec<_> = self
            .partitions
            .iter()
            .flat_map(|part| part.nodes.clone())
            .collect();
        let down: Vec<_> = self
            .all_nodes()
            .into_iter()
            .filter(|id| !up.contains(id))
            .collect();
        let used: Vec<_> = (0..PARTITIONS)
            .filter(|&part| !self.partitions[part].nodes.is_empty())
            .collect();
        let (actions, command) = match self.random.below(100) {
            0..=24 if up.len() > 1 => {
                let node = self.random.pick(&up);
                (self.down(node), format!("down {node}"))
            }
            25..=49 if !down.is_empty() => {
                let node = self.random.pick(&down);
                let into = self.random.pick(&used);
                (self.up(node, into), format!("up {into}:{node}"))
            }
            50..=69 if used.len() > 1 => {
                let into = self.random.pick(&used);
                let others: Vec<_> = used.into_iter().filter(|&part| part != into).collect();
                let from = self.random.pick(&others);
                let nodes = std::mem::take(&mut self.partitions[from].nodes);
                self.partitions[into].nodes.extend(nodes);
                (self.renew_all(), format!("join {into} {from}"))
            }
            _ => {
                let into = self.random.below(PARTITIONS);
                let mut nodes: Vec<_> = up
                    .iter()
                    .copied()
                    .filter(|_| self.random.chance(40))
                    .collect();
                if nodes.is_empty() {
                    nodes.push(self.random.pick(&up));
                }
                for part in &mut self.partitions {
                    part.nodes.retain(|id| !nodes.contains(id));
                }
                self.partitions[into].nodes.extend(&nodes);
                let list: Vec<_> = nodes.iter().map(u32::to_string).collect();
                (self.renew_all(), format!("move {into}:{}", list.join(",")))
            }
        };
        self.carry_out(&actions);
        command
    }

    /// What vqsim may show now.
    pub(crate) fn states(&self) -> BTreeSet<State> {
        self.worlds.iter().map(state).collect()
    }

    /// vqsim has shown this: whatever does not look like it was not so.
    pub(crate) fn observe(&mut self, shown: &State) {
        self.worlds.retain(|world| state(world) == *shown);
    }

    fn all_nodes(&self) -> Vec<u32> {
        self.config
            .nodelist
            .iter()
            .map(|entry| entry.node.0)
            .collect()
    }

    fn up(&mut self, node: u32, into: usize) -> Vec<Action> {
        self.partitions[into].nodes.push(node);
        [Action::Boot(node)]
            .into_iter()
            .chain(self.renew(into))
            .collect()
    }

    fn down(&mut self, node: u32) -> Vec<Action> {
        let has_it = |part: &Partition| part.nodes.contains(&node);
        let from = self
            .partitions
            .iter()
            .position(has_it)
            .expect("the node is up");
        self.partitions[from].nodes.retain(|&id| id != node);
        [Action::Kill(node)]
            .into_iter()
            .chain(self.renew(from))
            .collect()
    }

    fn renew_all(&mut self) -> Vec<Action> {
        (0..PARTITIONS)
            .filter_map(|part| self.renew(part))
            .collect()
    }

    /// A new ring, named after the node that has been there longest.
    fn renew(&mut self, part: usize) -> Option<Action> {
        let Partition { seq, nodes } = &mut self.partitions[part];
        *seq += 4;
        let ring = RingId {
            node: NodeId(*nodes.first()?),
            seq: *seq,
        };
        Some(Action::Form(ring, nodes.clone()))
    }

    /// In every possible world, in every order in which one node is earlier or later than the rest.
    fn carry_out(&mut self, actions: &[Action]) {
        let mut worlds: Vec<Cluster> = Vec::new();
        for world in &self.worlds {
            for race in 0..=2 * self.config.nodelist.len() {
                let mut world = world.clone();
                for action in actions {
                    act(&mut world, action, &self.config, race);
                }
                world.settle();
                world.advance(2 * u64::from(WINDOW_MS));
                world.forget_events();
                if !worlds.contains(&world) {
                    worlds.push(world);
                }
            }
        }
        self.worlds = worlds;
    }
}

fn act(world: &mut Cluster, action: &Action, config: &QuorumConfig, race: usize) {
    match action {
        Action::Boot(node) => {
            world
                .boot(*node, config.clone())
                .expect("a good configuration");
            let ring = RingId {
                node: NodeId(*node),
                seq: 1,
            };
            world.feed(
                *node,
                Input::SyncInit {
                    ring,
                    members: vec![NodeId(*node)],
                },
            );
        }
        Action::Kill(node) => {
            world.kill(*node);
        }
        Action::Form(ring, members) => world.form(*ring, members, &waves(members, race)),
    }
}

/// 0: all together; then, for each member, that one before and after the rest.
fn waves(members: &[u32], race: usize) -> Vec<Vec<u32>> {
    let Some(race) = race.checked_sub(1) else {
        return vec![members.to_vec()];
    };
    let odd_one = members[race / 2 % members.len()];
    let rest = members
        .iter()
        .copied()
        .filter(|&id| id != odd_one)
        .collect();
    if race % 2 == 0 {
        vec![vec![odd_one], rest]
    } else {
        vec![rest, vec![odd_one]]
    }
}

fn state(world: &Cluster) -> State {
    let view = |node: u32| {
        let engine = world.engine(node);
        let members = engine.members().iter().map(|id| id.0).collect();
        (
            engine.is_quorate(),
            engine.ring().node.0,
            engine.ring().seq,
            members,
        )
    };
    world
        .nodes()
        .into_iter()
        .map(|node| (node, view(node)))
        .collect()
}

fn random_config(group: Group, random: &mut Random) -> QuorumConfig {
    let count = match group {
        Group::TwoNode => 2,
        Group::LastManStanding => 3 + random.below(4),
        _ => 2 + random.below(5),
    };
    let mut ids: Vec<u32> = (1..=9).collect();
    while ids.len() > count {
        ids.remove(random.below(ids.len()));
    }
    let mut config = QuorumConfig::with_nodes(ids.clone());
    match group {
        Group::Plain => {}
        Group::Votes => {
            for entry in &mut config.nodelist {
                let votes = if random.chance(20) { 100 } else { 4 };
                entry.quorum_votes = Some(u32::try_from(random.below(votes)).unwrap());
            }
        }
        Group::ExpectedVotes => {
            let votes = count + random.below(count + 2);
            config.expected_votes = Some(u32::try_from(votes).unwrap());
        }
        Group::LowExpectedVotes => {
            let votes = 1 + random.below(count - 1);
            config.expected_votes = Some(u32::try_from(votes).unwrap());
        }
        Group::TwoNode => {
            config.two_node = true;
            config.wait_for_all = Some(random.chance(50)).filter(|&on| !on);
        }
        Group::TieBreaker | Group::TieBreakerWaitForAll => {
            config.auto_tie_breaker = true;
            config.auto_tie_breaker_node = match random.below(4) {
                0 => None,
                1 => Some("lowest".to_owned()),
                2 => Some("highest".to_owned()),
                _ => {
                    let list: Vec<_> = (0..=random.below(3)).map(|_| random.pick(&ids)).collect();
                    Some(
                        list.iter()
                            .map(u32::to_string)
                            .collect::<Vec<_>>()
                            .join(" "),
                    )
                }
            };
        }
        Group::WaitForAll => {}
        Group::LastManStanding => {
            config.last_man_standing = true;
            config.last_man_standing_window = WINDOW_MS;
        }
    }
    if matches!(
        group,
        Group::WaitForAll | Group::TieBreakerWaitForAll | Group::LastManStanding
    ) {
        config.wait_for_all = Some(true);
    }
    config
}
