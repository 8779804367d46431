//! Random histories.

use std::sync::Arc;
use std::time::Duration;

use quorate_engine::NodeId;

use super::base::Base;
use super::history::{History, step};
use super::kind::{FAULTS, Kind};
use super::nodes::Nodes;
use crate::cluster::Running;
use crate::rng::Rng;
use crate::scenario::{Operation, When};

/// Makes histories.
#[derive(Clone, Debug)]
pub struct Generator {
    base: Arc<Base>,
    kinds: Vec<Kind>,
    faults: Arc<[(String, String)]>,
    steps: usize,
}

impl Generator {
    /// Adds up to so many steps of these kinds to a scenario. With what administrators do,
    /// violations of the invariants do not count unless the scenario says so: who lowers the
    /// expected votes on one side of a partition makes both sides quorate.
    #[must_use]
    pub fn new(mut base: Base, kinds: &[Kind], steps: usize) -> Self {
        if kinds
            .iter()
            .any(|kind| matches!(kind, Kind::SetVotes | Kind::SetExpected))
        {
            base.allow_violations();
        }
        let faults = FAULTS.iter().map(|(name, text)| {
            (
                (*name).to_owned(),
                format!("[[fault]]\nname = \"{name}\"\non = false\n{text}\n"),
            )
        });
        Generator {
            base: Arc::new(base),
            kinds: kinds.to_vec(),
            faults: faults.collect(),
            steps,
        }
    }

    /// The history in which nothing happens.
    #[must_use]
    pub fn nothing(&self) -> History {
        History {
            base: Arc::clone(&self.base),
            seed: self.base.scenario().seed,
            faults: Arc::clone(&self.faults),
            steps: Vec::new(),
        }
    }

    /// A history, always the same for the same seed. The cluster has that seed as well.
    #[must_use]
    pub fn history(&self, seed: u64) -> History {
        let mut draw = Draw(Rng::new(seed));
        let mut history = self.nothing();
        // What TOML can hold.
        history.seed = seed >> 1;
        let mut nodes = self.base.nodes();
        let mut on = Vec::new();
        let steps = 1 + draw.below(self.steps.max(1));
        // With some kinds there may be nothing left to do.
        for _ in 0..100 * steps {
            if history.steps.len() == steps {
                break;
            }
            let operation = draw.kind(&self.kinds);
            let operation = operation.and_then(|kind| draw.operation(kind, &nodes, &mut on));
            if let Some(operation) = operation {
                nodes.carry_out(&operation);
                history.steps.push(step(draw.when(), operation));
            }
        }
        history.possible()
    }
}

struct Draw(Rng);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        // No limit here is larger than any usize.
        self.0.under(limit as u64) as usize
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let at = self.below(list.len());
        list.get(at).copied()
    }

    fn kind(&mut self, kinds: &[Kind]) -> Option<Kind> {
        let total = kinds.iter().map(|kind| kind.weight()).sum();
        let mut left = self.0.under(total);
        kinds.iter().copied().find(|kind| {
            let found = left < kind.weight();
            left = left.saturating_sub(kind.weight());
            found
        })
    }

    /// Mostly when all is quiet; otherwise in the middle of what the step before has begun.
    fn when(&mut self) -> When {
        if self.below(5) < 3 {
            return When::Idle;
        }
        let digits = 1 + self.0.under(9);
        let unit = [1, 10, 100, 1000][self.below(4)];
        When::After(Duration::from_millis(digits * unit))
    }

    /// One of these nodes, or seldom several.
    fn some(&mut self, nodes: &[NodeId]) -> Option<Vec<NodeId>> {
        let first = self.one(nodes)?;
        let more = self.below(4) == 0;
        let mut chosen = vec![first];
        for &node in nodes.iter().filter(|node| **node != first) {
            if more && self.below(2) == 0 {
                chosen.push(node);
            }
        }
        chosen.sort_unstable();
        Some(chosen)
    }

    fn operation(&mut self, kind: Kind, nodes: &Nodes, on: &mut Vec<String>) -> Option<Operation> {
        let up = nodes.that_are(Running::Up);
        Some(match kind {
            Kind::Up => Operation::Up(self.some(&nodes.that_are(Running::Down))?),
            Kind::Kill => Operation::Kill(self.some(&up)?),
            Kind::Leave => Operation::Leave(vec![self.one(&up)?]),
            Kind::Restart => Operation::Restart(vec![self.one(&up)?]),
            Kind::Pause => {
                let paused = nodes.that_are(Running::Paused);
                match self.one(&paused) {
                    Some(node) if self.below(3) > 0 => Operation::Resume(vec![node]),
                    _ => Operation::Pause(vec![self.one(&up)?]),
                }
            }
            Kind::Partition if self.below(2) == 0 => Operation::Heal,
            Kind::Partition => self.partition(&nodes.all())?,
            Kind::SetVotes => Operation::SetVotes {
                on: self.one(&up)?,
                node: self.one(&up)?,
                votes: self.0.under(4) as u32,
            },
            Kind::SetExpected => Operation::SetExpected {
                on: self.one(&up)?,
                votes: 1 + self.0.under(2 * nodes.all().len() as u64) as u32,
            },
            Kind::Fault => {
                let name = FAULTS[self.below(FAULTS.len())].0.to_owned();
                let was_on = on.contains(&name);
                match was_on {
                    true => on.retain(|other| *other != name),
                    false => on.push(name.clone()),
                }
                let on = !was_on;
                Operation::Fault { name, on }
            }
        })
    }

    fn partition(&mut self, all: &[NodeId]) -> Option<Operation> {
        let count = 2 + usize::from(self.below(4) == 0);
        let mut groups = vec![Vec::new(); count];
        for &node in all {
            let group = self.below(count);
            groups[group].push(node);
        }
        groups.retain(|group| !group.is_empty());
        groups.sort();
        (groups.len() > 1).then_some(Operation::Partition(groups))
    }
}
