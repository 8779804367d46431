//! Random histories: the same seed always gives the same one.
//!
//! The cluster is stable before every operation: in between, who missed whom first is chance.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::configurations::Configuration;

const STEPS: usize = 7;

/// One step of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    StartAll,
    Start(u32),
    Kill(u32),
    /// A clean stop.
    Stop(u32),
    Partition(Vec<Vec<u32>>),
    Heal,
    SetExpected {
        on: u32,
        expected: u32,
    },
    SetVotes {
        on: u32,
        /// 0 is the quorum device.
        node: u32,
        votes: u32,
    },
    /// A quorum device starts and registers.
    Register {
        on: u32,
        vote: bool,
    },
    Vote {
        on: u32,
        vote: bool,
    },
    MasterWins {
        on: u32,
        allow: bool,
    },
    Unregister(u32),
    /// A quorum device's process is gone; and, before anybody has noticed, a node.
    LoseDevice {
        on: u32,
        and: Option<u32>,
    },
}

/// Who runs, who reaches whom, and whose quorum device votes.
#[derive(Clone)]
pub(crate) struct World {
    nodes: u32,
    pub(crate) running: BTreeSet<u32>,
    groups: Vec<Vec<u32>>,
    devices: BTreeMap<u32, bool>,
}

impl World {
    pub(crate) fn new(nodes: u32) -> Self {
        World {
            nodes,
            running: BTreeSet::new(),
            groups: vec![(1..=nodes).collect()],
            devices: BTreeMap::new(),
        }
    }

    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::StartAll => self.running = (1..=self.nodes).collect(),
            Operation::Start(node) => drop(self.running.insert(*node)),
            Operation::Kill(node) | Operation::Stop(node) => self.gone(*node),
            Operation::Partition(groups) => self.groups.clone_from(groups),
            Operation::Heal => self.groups = vec![(1..=self.nodes).collect()],
            Operation::Register { on, vote } | Operation::Vote { on, vote } => {
                self.devices.insert(*on, *vote);
            }
            Operation::Unregister(on) => drop(self.devices.remove(on)),
            Operation::LoseDevice { on, and } => {
                self.devices.remove(on);
                if let Some(node) = and {
                    self.gone(*node);
                }
            }
            Operation::SetExpected { .. }
            | Operation::SetVotes { .. }
            | Operation::MasterWins { .. } => {}
        }
    }

    fn gone(&mut self, node: u32) {
        self.running.remove(&node);
        self.devices.remove(&node);
    }

    /// The running nodes that will be in one ring with this one.
    pub(crate) fn members(&self, node: u32) -> Vec<u32> {
        let group = self.groups.iter().find(|group| group.contains(&node));
        let group = group.expect("every node is in a group");
        let running = |node: &u32| self.running.contains(node);
        group.iter().copied().filter(running).collect()
    }

    fn together(&self) -> bool {
        let first = self.running.first().map(|&node| self.members(node));
        first.is_some_and(|members| members.len() == self.running.len())
    }
}

struct Dice(u64);

impl Dice {
    /// Xorshift, with a multiplication to mix small seeds.
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        u32::try_from(mixed % u64::from(limit)).expect("it is below 2^32")
    }

    fn one_of(&mut self, nodes: &[u32]) -> Option<u32> {
        if nodes.is_empty() {
            return None;
        }
        let last = u32::try_from(nodes.len()).expect("few nodes");
        Some(nodes[self.below(last) as usize])
    }
}

impl Configuration {
    /// The history of this seed.
    pub(crate) fn history(&self, seed: u64) -> Vec<Operation> {
        if let Some(fixed) = self.fixed {
            return fixed();
        }
        let mut dice = Dice(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut world = World::new(self.nodes());
        let mut history = vec![Operation::StartAll];
        world.apply(&history[0]);
        while history.len() <= STEPS {
            let with_device = self.has_device() && dice.below(2) == 0;
            let drawn = match with_device {
                true => self.draw_for_device(&mut dice, &world),
                false => self.draw(&mut dice, &world),
            };
            if let Some(operation) = drawn {
                world.apply(&operation);
                history.push(operation);
            }
        }
        history
    }

    /// An operation that fits the state; `None` if the one that was drawn does not.
    fn draw(&self, dice: &mut Dice, world: &World) -> Option<Operation> {
        let all: Vec<u32> = (1..=self.nodes()).collect();
        let running: Vec<u32> = world.running.iter().copied().collect();
        let is_down = |node: &u32| !running.contains(node);
        let down: Vec<u32> = all.iter().copied().filter(is_down).collect();
        let sum = self.votes.iter().sum::<u32>();
        match dice.below(10) {
            0 if running.len() > 1 => Some(Operation::Kill(dice.one_of(&running)?)),
            1 if running.len() > 1 => Some(Operation::Stop(dice.one_of(&running)?)),
            2 | 3 => Some(Operation::Start(dice.one_of(&down)?)),
            4 | 8 if world.together() && running.len() > 1 => {
                let (left, right): (Vec<u32>, Vec<u32>) =
                    all.iter().partition(|_| dice.below(2) == 0);
                let cuts = |side: &[u32]| side.iter().any(|node| running.contains(node));
                (cuts(&left) && cuts(&right)).then(|| Operation::Partition(vec![left, right]))
            }
            5 | 9 if !world.together() => Some(Operation::Heal),
            6 => Some(Operation::SetExpected {
                on: dice.one_of(&running)?,
                expected: 1 + dice.below(sum + 2),
            }),
            7 => Some(Operation::SetVotes {
                on: dice.one_of(&running)?,
                node: match self.has_device() && dice.below(3) == 0 {
                    true => 0,
                    false => dice.one_of(&running)?,
                },
                votes: 1 + dice.below(4),
            }),
            _ => None,
        }
    }

    fn draw_for_device(&self, dice: &mut Dice, world: &World) -> Option<Operation> {
        let has_device = |node: &u32| world.devices.contains_key(node);
        let running = world.running.iter().copied();
        let (with, without): (Vec<u32>, Vec<u32>) = running.partition(has_device);
        match dice.below(8) {
            0..3 => Some(Operation::Register {
                on: dice.one_of(&without)?,
                vote: dice.below(4) > 0,
            }),
            3 | 4 => {
                let on = dice.one_of(&with)?;
                let vote = !world.devices[&on];
                Some(Operation::Vote { on, vote })
            }
            5 => Some(Operation::MasterWins {
                on: dice.one_of(&with)?,
                allow: dice.below(3) > 0,
            }),
            6 => Some(Operation::Unregister(dice.one_of(&with)?)),
            _ => {
                let on = dice.one_of(&with)?;
                let others = world.running.iter().copied().filter(|&node| node != on);
                let others: Vec<u32> = others.collect();
                let and = match dice.below(2) {
                    0 => None,
                    _ => dice.one_of(&others),
                };
                Some(Operation::LoseDevice { on, and })
            }
        }
    }
}
