//! The ways in which the node can have come to see something else.

use std::collections::{BTreeMap, BTreeSet};

use quorate_engine::NodeId;

use super::{Candidate, ids};
use crate::cluster::Running;
use crate::replay::moments::{Moment, Seen};
use crate::replay::options;
use crate::replay::timing::Anchor;
use crate::scenario::Operation;

/// votequorum's state of a node that has said goodbye.
const LEAVING: u32 = 3;

impl Candidate {
    pub(super) fn starts_again(
        &self,
        anchor: Anchor,
        (moment, seen): (&Moment, &Seen),
        rest: &[Moment],
    ) -> Vec<Self> {
        let members: BTreeSet<u32> = seen.members.iter().copied().collect();
        let is_there = |node: &NodeId| {
            *node != self.node
                && self.cluster.running(*node) == Some(Running::Up)
                && !self.parts.contains_key(&node.0)
        };
        let there = self.cluster.nodes().filter(is_there).map(|node| node.0);
        let gone = there.filter(|node| !members.contains(node)).collect();
        let ways = options::fates(&gone, rest).into_iter().map(|fate| {
            let mut way = self.clone();
            let mut operations = way.change(&fate, &members);
            if way.cluster.running(way.node) == Some(Running::Down) {
                let up = |operation: &mut Operation| match operation {
                    Operation::Up(nodes) if !nodes.contains(&way.node) => nodes.push(way.node),
                    _ => {}
                };
                operations.iter_mut().for_each(up);
                if !operations
                    .iter()
                    .any(|operation| matches!(operation, Operation::Up(_)))
                {
                    operations.push(Operation::Up(vec![way.node]));
                }
            }
            way.perform(anchor, moment, operations, Some(seen))
        });
        ways.collect()
    }

    pub(super) fn sees(
        &self,
        anchor: Anchor,
        (moment, seen): (&Moment, &Seen),
        rest: &[Moment],
    ) -> Vec<Self> {
        // It may have come by itself: a timer of votequorum, or somebody's goodbye.
        let mut alone = self.clone();
        alone
            .cluster
            .run_until(self.ready.max(anchor.simulated(moment.at)));
        let Some(view) = alone.view() else {
            return vec![self.perform(anchor, moment, Vec::new(), Some(seen))];
        };
        let before: BTreeSet<u32> = view.members.iter().copied().collect();
        let members: BTreeSet<u32> = seen.members.iter().copied().collect();
        let is_up = |node: u32| self.cluster.running(NodeId(node)) == Some(Running::Up);
        let said = |node: &u32| {
            let state = view.nodes.iter().find(|known| known.id == *node);
            state.is_some_and(|known| known.state == LEAVING)
        };
        let leaving = seen.leaving().into_iter();
        let leaving: BTreeSet<u32> = leaving.filter(|node| is_up(*node) && !said(node)).collect();
        let devices = options::devices(&view, seen);
        if before == members && leaving.is_empty() {
            let ways = options::votes(self.node, &view, seen).into_iter();
            let ways = ways.map(|votes| [votes, devices.clone()].concat());
            return ways
                .map(|way| self.perform(anchor, moment, way, Some(seen)))
                .collect();
        }
        let gone = before
            .difference(&members)
            .filter(|node| !leaving.contains(node));
        let gone = gone.copied().collect();
        let ways = options::fates(&gone, rest).into_iter().map(|fate| {
            let mut way = self.clone();
            let mut operations = Vec::new();
            if !leaving.is_empty() {
                operations.push(Operation::Leave(ids(&leaving)));
            }
            operations.extend(way.change(&fate, &members));
            operations.extend(devices.clone());
            way.perform(anchor, moment, operations, Some(seen))
        });
        ways.collect()
    }

    /// Lets nodes vanish, and the members be there.
    fn change(&mut self, fate: &options::Fate, members: &BTreeSet<u32>) -> Vec<Operation> {
        let parts = self.parts.clone();
        self.parts.retain(|node, _| !members.contains(node));
        let mut operations = self.vanish(fate);
        if self.parts != parts && fate.cut.is_empty() {
            operations.push(self.partition());
        }
        let down = |node: &u32| self.cluster.running(NodeId(*node)) == Some(Running::Down);
        let start: BTreeSet<u32> = members.iter().copied().filter(down).collect();
        if !start.is_empty() {
            operations.push(Operation::Up(ids(&start)));
        }
        operations
    }

    pub(super) fn vanish(&mut self, fate: &options::Fate) -> Vec<Operation> {
        let mut operations = Vec::new();
        if !fate.killed.is_empty() {
            operations.push(Operation::Kill(ids(&fate.killed)));
        }
        for part in &fate.cut {
            self.cuts += 1;
            self.parts
                .extend(part.iter().map(|&node| (node, self.cuts)));
        }
        if !fate.cut.is_empty() {
            operations.push(self.partition());
        }
        operations
    }

    /// Cuts off who is in a part.
    fn partition(&self) -> Operation {
        let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for (&node, &part) in &self.parts {
            groups.entry(part).or_default().push(NodeId(node));
        }
        match groups.is_empty() {
            true => Operation::Heal,
            false => Operation::Partition(groups.into_values().collect()),
        }
    }
}
