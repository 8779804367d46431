//! The shortest and simplest history that still fails.

use std::collections::BTreeSet;
use std::time::Duration;

use super::base::listed;
use super::history::History;
use super::nodes::with_nodes;
use crate::scenario::{Operation, Step, When};

/// Leaves out steps and makes the others simpler, again and again, until nothing can be left out
/// or made simpler without `fails` saying no. Asks it about no history twice.
///
/// What fails by chance may not have failed when it was asked about; the result is what failed
/// last.
#[must_use]
pub fn shrink(history: &History, fails: &mut dyn FnMut(&History) -> bool) -> History {
    let mut search = Shrinking {
        best: history.clone(),
        asked: BTreeSet::from([history.to_toml()]),
        fails,
    };
    loop {
        let before = search.best.to_toml();
        search.leave_out();
        search.simplify();
        if search.best.to_toml() == before {
            return search.best;
        }
    }
}

struct Shrinking<'a> {
    best: History,
    asked: BTreeSet<String>,
    fails: &'a mut dyn FnMut(&History) -> bool,
}

impl Shrinking<'_> {
    fn attempt(&mut self, steps: Vec<Step>, seed: u64) -> bool {
        let candidate = History {
            steps,
            seed,
            ..self.best.clone()
        };
        let candidate = candidate.possible();
        let better = self.asked.insert(candidate.to_toml()) && (self.fails)(&candidate);
        if better {
            self.best = candidate;
        }
        better
    }

    /// Large pieces first, then step by step, the last ones first.
    fn leave_out(&mut self) {
        let mut piece = self.best.steps.len();
        while piece > 0 {
            let mut end = self.best.steps.len();
            while end > 0 {
                let start = end.saturating_sub(piece);
                let mut steps = self.best.steps.clone();
                steps.drain(start..end);
                self.attempt(steps, self.best.seed);
                // What is possible after that may be shorter still.
                end = start.min(self.best.steps.len());
            }
            piece /= 2;
        }
    }

    fn simplify(&mut self) {
        self.attempt(self.best.steps.clone(), 0);
        let mut at = 0;
        while at < self.best.steps.len() {
            let simpler = simpler(&self.best.steps[at]);
            let found = simpler.into_iter().any(|step| {
                let mut steps = self.best.steps.clone();
                steps[at] = step;
                self.attempt(steps, self.best.seed)
            });
            // What was made simpler may become simpler still.
            at += usize::from(!found);
        }
    }
}

/// The step in all ways that are simpler, the simplest first. They cannot go round in circles.
fn simpler(step: &Step) -> Vec<Step> {
    let mut all = Vec::new();
    let whens = match &step.when {
        When::After(wait) => {
            let shorter = [1, 10, 100, 1000].map(Duration::from_millis);
            let shorter = shorter.into_iter().filter(|short| short < wait);
            [When::Idle]
                .into_iter()
                .chain(shorter.map(When::After))
                .collect()
        }
        _ => Vec::new(),
    };
    for when in whens {
        let operation = step.operation.clone();
        all.push(Step {
            when,
            operation,
            ..step.clone()
        });
    }
    for operation in step.operation.iter().flat_map(simpler_operations) {
        all.push(Step {
            operation: Some(operation),
            ..step.clone()
        });
    }
    all
}

fn simpler_operations(operation: &Operation) -> Vec<Operation> {
    let mut all = Vec::new();
    match operation {
        Operation::Leave(nodes) | Operation::Pause(nodes) | Operation::Restart(nodes) => {
            all.push(Operation::Kill(nodes.clone()));
        }
        Operation::Partition(groups) => {
            // One group fewer, or a node that joins the first group.
            for (at, group) in groups.iter().enumerate().skip(1) {
                let mut fewer = groups.clone();
                fewer.remove(at);
                if groups.len() > 2 {
                    fewer[0].extend(group);
                    fewer[0].sort_unstable();
                    all.push(Operation::Partition(fewer));
                }
            }
            for (at, group) in groups.iter().enumerate().skip(1) {
                for (place, node) in group.iter().enumerate().filter(|_| group.len() > 1) {
                    let mut moved = groups.clone();
                    moved[at].remove(place);
                    moved[0].push(*node);
                    moved[0].sort_unstable();
                    all.push(Operation::Partition(moved));
                }
            }
        }
        Operation::SetVotes { on, node, votes } => {
            let fewer = [0, 1].into_iter().filter(|fewer| fewer < votes);
            all.extend(fewer.map(|votes| Operation::SetVotes {
                on: *on,
                node: *node,
                votes,
            }));
            if on != node {
                let on = *node;
                all.push(Operation::SetVotes {
                    on,
                    node: *node,
                    votes: *votes,
                });
            }
        }
        _ => {}
    }
    if let Some(nodes) = listed(operation).filter(|nodes| nodes.len() > 1) {
        for left_out in 0..nodes.len() {
            let mut fewer = nodes.clone();
            fewer.remove(left_out);
            all.push(with_nodes(operation, fewer));
        }
    }
    all
}
