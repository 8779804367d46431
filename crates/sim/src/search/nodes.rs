//! Which nodes are up, down or paused while a history goes on, and what that allows.

use std::collections::BTreeMap;

use quorate_engine::NodeId;

use super::base::listed;
use crate::cluster::Running;
use crate::scenario::Operation;

/// The state of all nodes.
#[derive(Clone, Debug)]
pub(super) struct Nodes(BTreeMap<NodeId, Running>);

impl Nodes {
    pub(super) fn new(all: Vec<NodeId>, up: bool) -> Self {
        let state = if up { Running::Up } else { Running::Down };
        Nodes(all.into_iter().map(|node| (node, state)).collect())
    }

    pub(super) fn all(&self) -> Vec<NodeId> {
        self.0.keys().copied().collect()
    }

    pub(super) fn that_are(&self, state: Running) -> Vec<NodeId> {
        let found = self.0.iter().filter(|(_, now)| **now == state);
        found.map(|(node, _)| *node).collect()
    }

    /// The operation as far as these nodes can have it; `None` if nothing is left of it.
    pub(super) fn possible(&self, operation: &Operation) -> Option<Operation> {
        let up = |node: &NodeId| self.0.get(node) == Some(&Running::Up);
        let running = |node: &NodeId| self.0.get(node).is_some_and(|s| *s != Running::Down);
        let down = |node: &NodeId| self.0.get(node) == Some(&Running::Down);
        let paused = |node: &NodeId| self.0.get(node) == Some(&Running::Paused);
        let allowed: &dyn Fn(&NodeId) -> bool = match operation {
            Operation::Up(_) => &down,
            Operation::Kill(_) | Operation::Restart(_) | Operation::PowerOff(_) => &running,
            Operation::Leave(_) | Operation::Pause(_) => &up,
            Operation::Resume(_) => &paused,
            Operation::SetVotes { on, .. } | Operation::SetExpected { on, .. } => {
                return up(on).then(|| operation.clone());
            }
            other => return Some(other.clone()),
        };
        let nodes = listed(operation)?.iter().copied().filter(allowed);
        let nodes: Vec<_> = nodes.collect();
        (!nodes.is_empty()).then(|| with_nodes(operation, nodes))
    }

    pub(super) fn carry_out(&mut self, operation: &Operation) {
        let state = match operation {
            Operation::Up(_) | Operation::Restart(_) | Operation::Resume(_) => Running::Up,
            Operation::Kill(_) | Operation::Leave(_) | Operation::PowerOff(_) => Running::Down,
            Operation::Pause(_) => Running::Paused,
            _ => return,
        };
        for node in listed(operation).into_iter().flatten() {
            self.0.insert(*node, state);
        }
    }
}

/// The same with other nodes, for operations that have a list of them.
pub(super) fn with_nodes(operation: &Operation, nodes: Vec<NodeId>) -> Operation {
    match operation {
        Operation::Up(_) => Operation::Up(nodes),
        Operation::Kill(_) => Operation::Kill(nodes),
        Operation::Leave(_) => Operation::Leave(nodes),
        Operation::Restart(_) => Operation::Restart(nodes),
        Operation::PowerOff(_) => Operation::PowerOff(nodes),
        Operation::Pause(_) => Operation::Pause(nodes),
        Operation::Resume(_) => Operation::Resume(nodes),
        other => other.clone(),
    }
}
