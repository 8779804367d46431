//! One way to explain what was recorded so far.

mod begin;
mod ways;

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_engine::{ClientId, Compat, NodeId, Request, track};

use super::moments::{Happening, Moment, Seen};
use super::timing::{Anchor, LOOK, MARGIN, SLACK};
use super::{Deviation, compare};
use crate::cluster::{Cluster, OutputKind};
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

fn ids<'a>(nodes: impl IntoIterator<Item = &'a u32>) -> Vec<NodeId> {
    nodes.into_iter().copied().map(NodeId).collect()
}
