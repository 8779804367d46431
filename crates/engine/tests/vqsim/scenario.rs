//! Random commands, and what the engine makes of them.

use std::collections::BTreeSet;

use quorate_engine::{Compat, Input, NodeId, QuorumConfig, RingId};

use crate::cluster::{Cluster, Order};
use crate::configuration::{self, Group, Random, WINDOW_MS};
use crate::simulator::State;

const PARTITIONS: usize = 4;
/// Beyond so many possible clusters the next steps take more and more time, and show less.
const MOST_WORLDS: usize = 64;

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
        let config = configuration::random(group, &mut random);
        let order = match group {
            Group::WaitForAll | Group::TieBreakerWaitForAll | Group::LastManStanding => {
                Order::Vqsim
            }
            _ => Order::Corosync,
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
        configuration::file_of(&self.config)
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

    /// Whether too much is possible by now to go on.
    pub(crate) fn is_lost_in_worlds(&self) -> bool {
        self.worlds.len() > MOST_WORLDS
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
