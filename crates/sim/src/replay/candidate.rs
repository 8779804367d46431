//! One way to explain what was recorded so far.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_engine::{ClientId, Compat, NodeId, Request, track};

use super::moments::{Happening, Moment, Seen};
use super::timing::{Anchor, LOOK, MARGIN, SLACK};
use super::{Deviation, compare, options};
use crate::cluster::{Cluster, OutputKind, Running};
use crate::config::ClusterConfig;
use crate::log::View;
use crate::scenario::{Expectation, Operation, Step, When};
use crate::wording;

/// A simulated cluster, and what was done to bring it where it is.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    cluster: Cluster,
    /// The recorded node.
    node: NodeId,
    /// Known once the node was seen.
    anchor: Option<Anchor>,
    /// Nothing is done before.
    ready: Duration,
    /// Nodes that are cut off from the recorded one, with the number of their part.
    parts: BTreeMap<u32, usize>,
    /// How many parts there were.
    cuts: usize,
    /// Is told what a program on the node would be told.
    observer: Option<ClientId>,
    before: Vec<Operation>,
    steps: Vec<Step>,
    deviations: Vec<Deviation>,
    /// How many rings have numbers that speak against this.
    unlikely: usize,
}

impl Candidate {
    pub(super) fn new(config: ClusterConfig, compat: Compat, node: NodeId) -> Self {
        Self {
            cluster: Cluster::new(config, compat, 0),
            node,
            anchor: None,
            ready: Duration::ZERO,
            parts: BTreeMap::new(),
            cuts: 0,
            observer: None,
            before: Vec::new(),
            steps: Vec::new(),
            deviations: Vec::new(),
            unlikely: 0,
        }
    }

    /// The smaller, the better.
    pub(super) fn cost(&self) -> (usize, usize) {
        (self.deviations.len(), self.unlikely)
    }

    /// What happens before programs start, the steps, what is not the same, and how many
    /// invariants do not hold.
    pub(super) fn finish(self) -> (Vec<Operation>, Vec<Step>, Vec<Deviation>, usize) {
        let violations = self.cluster.violations().len();
        (self.before, self.steps, self.deviations, violations)
    }

    /// The ways to go on; at least one. `rest` begins with this moment.
    pub(super) fn after(&self, moment: &Moment, rest: &[Moment]) -> Vec<Self> {
        let Some(anchor) = self.anchor else {
            return match &moment.what {
                Happening::Up(seen) => self.begin(moment, seen, rest),
                _ => vec![self.clone()],
            };
        };
        let one = |operation| vec![self.perform(anchor, moment, vec![operation], None)];
        match &moment.what {
            Happening::Up(seen) => self.starts_again(anchor, (moment, seen), rest),
            Happening::Seen(seen) => self.sees(anchor, (moment, seen), rest),
            Happening::Down if self.view().is_none() => vec![self.clone()],
            Happening::Down => one(Operation::Kill(vec![self.node])),
            Happening::Paused => one(Operation::Pause(vec![self.node])),
            Happening::Resumed => one(Operation::Resume(vec![self.node])),
            Happening::Key(key, value) => one(Operation::SetKey {
                node: self.node,
                key: key.clone(),
                value: value.clone(),
            }),
            Happening::Reload(config) => one(Operation::Reload(self.node, config.clone())),
        }
    }

    fn view(&self) -> Option<View> {
        self.cluster.engine(self.node).map(View::of)
    }

    /// Brings the cluster where the recording begins.
    fn begin(&self, moment: &Moment, seen: &Seen, rest: &[Moment]) -> Vec<Self> {
        let known = seen.view.as_ref().map(|(_, view)| view.nodes.as_slice());
        let known = known.unwrap_or_default().iter().map(|node| node.id);
        let members: BTreeSet<u32> = seen.members.iter().copied().collect();
        let all: BTreeSet<u32> = known.chain(members.iter().copied()).collect();
        let lost = all.difference(&members).copied().collect();
        let mut ways = Vec::new();
        for fate in options::fates(&lost, rest) {
            ways.extend(self.begin_with(&fate, &all, false, (moment, seen)));
            if !lost.is_empty() {
                ways.extend(self.begin_with(&fate, &all, true, (moment, seen)));
            }
        }
        if ways.is_empty() {
            ways.push(self.clone());
        }
        ways
    }

    /// All start, and then some vanish: before votes were changed or after it (`early`).
    fn begin_with(
        &self,
        fate: &options::Fate,
        all: &BTreeSet<u32>,
        early: bool,
        (moment, seen): (&Moment, &Seen),
    ) -> Vec<Self> {
        let mut start = self.clone();
        start.prepare(&[Operation::Up(ids(all))]);
        if early {
            let view = start.view();
            let votes = view.map(|view| options::set_votes(self.node, &view, seen));
            start.prepare(&votes.unwrap_or_default());
        }
        let vanish = start.vanish(fate);
        start.prepare(&vanish);
        let Some(view) = start.view() else {
            return Vec::new();
        };
        let natural = start
            .cluster
            .engine(self.node)
            .map_or(0, |engine| engine.ring().seq);
        let number = seen.number.unwrap_or(0).saturating_sub(natural);
        if number > 0 {
            // Starting from a higher number, all numbers are higher by as much.
            let operations = std::mem::take(&mut start.before);
            start.cluster = self.cluster.clone();
            let node = self.node;
            start.prepare(&[Operation::RingNumber { node, number }]);
            start.prepare(&operations);
        }
        let ways = options::votes(self.node, &view, seen).into_iter();
        let ways = ways.map(|votes| {
            let mut way = start.clone();
            way.prepare(&votes);
            way.prepare(&options::devices(&view, seen));
            way.observe();
            let simulated = way.cluster.now();
            let recorded = moment.at;
            way.anchor = Some(Anchor {
                recorded,
                simulated,
            });
            way.look(moment, seen);
            way
        });
        ways.collect()
    }

    /// Something that happens before programs start.
    fn prepare(&mut self, operations: &[Operation]) {
        for operation in operations {
            // A node that does not start is not seen, and that is a deviation.
            let _ = operation.apply(&mut self.cluster);
            self.cluster.run_until_quiet();
            self.before.push(operation.clone());
        }
    }

    fn starts_again(
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

    fn sees(&self, anchor: Anchor, (moment, seen): (&Moment, &Seen), rest: &[Moment]) -> Vec<Self> {
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

    fn vanish(&mut self, fate: &options::Fate) -> Vec<Operation> {
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

    /// Does this so early that the node sees it when it was recorded.
    fn perform(
        &self,
        anchor: Anchor,
        moment: &Moment,
        mut operations: Vec<Operation>,
        seen: Option<&Seen>,
    ) -> Self {
        let mut next = self.clone();
        let at = anchor.simulated(moment.at);
        let (delay, natural) = self.probe(&operations);
        let begin = self.ready.max(at.saturating_sub(delay));
        next.cluster.run_until(begin);
        if let Some(number) = seen.and_then(|seen| seen.number) {
            next.unlikely += usize::from(number.abs_diff(natural) % 4 != 0);
            let below = match (
                self.observer.is_some(),
                seen.is_some_and(|s| s.members.len() > 1),
            ) {
                (true, _) => 4,
                (false, true) => 9,
                (false, false) => 5,
            };
            if number > natural && !operations.is_empty() {
                let (node, number) = (self.node, number.saturating_sub(below));
                operations.insert(0, Operation::RingNumber { node, number });
            }
        }
        for operation in operations.iter().cloned() {
            if let Err(error) = operation.apply(&mut next.cluster) {
                let (line, text) = (moment.line, error.to_string());
                next.deviations.push(Deviation {
                    line,
                    at: begin,
                    text,
                });
            }
            next.steps.push(Step {
                line: moment.line,
                when: When::At(begin),
                operation: Some(operation),
                expect: Vec::new(),
                received: Vec::new(),
            });
        }
        if operations.is_empty() {
            next.cluster.run_until(at + SLACK);
        }
        next.cluster.run_until_quiet();
        if next.view().is_none() {
            next.observer = None;
        } else if next.observer.is_none() {
            next.observe();
        }
        match seen {
            Some(seen) => next.look(moment, seen),
            None => next.ready = next.cluster.now() + MARGIN,
        }
        next
    }

    /// How long it takes until the node is told of this, and the number of its ring then.
    fn probe(&self, operations: &[Operation]) -> (Duration, u64) {
        let mut cluster = self.cluster.clone();
        cluster.run_until(self.ready);
        cluster.outputs();
        let begin = cluster.now();
        for operation in operations {
            // What cannot be done is reported when it is done.
            let _ = operation.apply(&mut cluster);
        }
        cluster.run_until_quiet();
        let is_told = |kind: &OutputKind| match kind {
            OutputKind::Notify { client, .. } => Some(*client) == self.observer,
            _ => false,
        };
        let end = cluster.now();
        let told = cluster
            .outputs()
            .into_iter()
            .find(|output| is_told(&output.kind));
        let told = told.map_or(end, |output| output.at);
        let number = cluster
            .engine(self.node)
            .map_or(0, |engine| engine.ring().seq);
        (told.saturating_sub(begin), number)
    }

    /// From now on the node has a program that tracks votequorum.
    fn observe(&mut self) {
        self.cluster.outputs();
        self.observer = self.cluster.attach(self.node).ok();
        if let Some(client) = self.observer {
            let (context, flags) = (0, track::CHANGES);
            // The connection is new.
            let _ = self
                .cluster
                .request(client, Request::TrackStart { context, flags });
        }
    }

    /// Holds what the node sees against what was recorded.
    fn look(&mut self, moment: &Moment, seen: &Seen) {
        let now = self.cluster.now();
        let outputs = self.cluster.outputs().into_iter();
        let told = outputs.filter_map(|output| match output.kind {
            OutputKind::Notify {
                client,
                notification,
                ..
            } if Some(client) == self.observer => Some(wording::notification(&notification)),
            _ => None,
        });
        let told: Vec<String> = told.collect();
        let view = self.view();
        let found = (now, told.as_slice(), view.as_ref());
        self.deviations
            .extend(compare::deviations(moment, seen, found));
        self.ready = now + MARGIN;
        if let (Some((line, _)), Some(view)) = (&seen.view, view) {
            self.steps.push(Step {
                line: *line,
                when: When::At(now + LOOK),
                operation: None,
                received: Vec::new(),
                expect: vec![Expectation {
                    line: *line,
                    nodes: vec![self.node],
                    quorate: Some(view.quorate),
                    votes: Some(view.votes),
                    expected: Some(view.expected),
                    quorum: Some(view.quorum),
                    members: Some(ids(&view.members)),
                    running: None,
                }],
            });
        }
    }
}

/// votequorum's state of a node that has said goodbye.
const LEAVING: u32 = 3;

fn ids<'a>(nodes: impl IntoIterator<Item = &'a u32>) -> Vec<NodeId> {
    nodes.into_iter().copied().map(NodeId).collect()
}
