//! What must hold.

use std::collections::BTreeMap;

use quorate_ncs::{Effect, Position, View, node_bit};

use crate::cluster::RingStep;
use crate::program::{Call, Verb};
use crate::world::World;

/// How much happened, so that a run in which nothing did is not taken for a good one.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) histories: u64,
    pub(crate) registrations: u64,
    pub(crate) callbacks: u64,
    pub(crate) losses: u64,
    pub(crate) grants: u64,
    pub(crate) withdrawals: u64,
    /// Grants of a lock to a handle while another one, cut off, had not heard of its loss.
    pub(crate) overlaps: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.histories += 1;
        self.registrations += other.registrations;
        self.callbacks += other.callbacks;
        self.losses += other.losses;
        self.grants += other.grants;
        self.withdrawals += other.withdrawals;
        self.overlaps += other.overlaps;
    }

    pub(crate) fn assert_something_happened(&self) {
        for count in [self.registrations, self.callbacks, self.losses, self.grants] {
            assert!(count > self.histories / 2, "{self:?}");
        }
        assert!(self.withdrawals > self.histories / 20, "{self:?}");
    }
}

type Agreed = (u32, u32, u32);

/// What members at one place in the group's history have been told.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    views: BTreeMap<Position, Agreed>,
    failed: BTreeMap<Position, u32>,
}

impl World {
    pub(crate) fn check(&mut self) {
        self.check_holders();
    }

    /// Two members that have come to the same ring never hold one key both. A holder that is
    /// behind may not have heard yet that it was cut off; it must hear before it comes along.
    pub(crate) fn check_holders(&mut self) {
        let mut holders: BTreeMap<u8, Vec<(usize, u32)>> = BTreeMap::new();
        for (p, program) in self.programs.iter().enumerate() {
            for (id, handle) in &program.handles {
                for key in &handle.holds {
                    holders.entry(*key).or_default().push((p, *id));
                }
            }
        }
        for (key, holders) in holders.into_iter().filter(|(_, holders)| holders.len() > 1) {
            for (nth, (p, handle)) in holders.iter().enumerate() {
                for (q, other) in &holders[..nth] {
                    let (here, there) = (self.programs[*p].ring(), self.programs[*q].ring());
                    assert_ne!(here, there, "{handle} and {other} hold {key} in one ring");
                    self.tally.overlaps += 1;
                }
            }
        }
    }

    /// Nobody who asked earlier, in the order of the group, still waits for what was granted.
    pub(crate) fn check_turn(&self, p: usize, call: Call, request: u64) {
        let (_, place) = self.cluster.ordered[&request];
        let here = self.programs[p].position;
        let last = here.map_or(0, |position| position.ring);
        let steps = &self.cluster.nodes[&self.programs[p].address.node].steps;
        if let Some(step) = steps.iter().find(|step| step.ring == last) {
            self.check_quorum(step);
        }
        let programs = self.programs.iter();
        for other in programs.filter(|other| other.position == here && other.cpg.is_empty()) {
            for (request, waiting) in &other.calls {
                // What was ordered in a later ring is none of this one's business.
                let known = self.cluster.ordered.get(request);
                let earlier = known.is_some_and(|(ring, at)| *at < place && *ring <= last);
                let same = waiting.verb == Verb::Lock && waiting.key == call.key;
                assert!(!(earlier && same), "{request} was passed over: {waiting:?}");
            }
        }
    }

    /// Callbacks tell of every change of the ring, in order, and of nothing else.
    pub(crate) fn check_callbacks(&mut self, p: usize, effects: &[Effect]) {
        let program = &self.programs[p];
        let position = program
            .machine
            .as_ref()
            .and_then(|machine| machine.position());
        let last = position.map_or(u64::MAX, |position| position.ring);
        let steps = self.cluster.nodes[&program.address.node].steps.iter();
        let steps: Vec<_> = steps.filter(|step| step.ring <= last).cloned().collect();
        let mut told: BTreeMap<u32, Vec<View>> = BTreeMap::new();
        for effect in effects {
            if let Effect::Callback { handle, view } = effect {
                told.entry(*handle).or_default().push(*view);
            }
        }
        let position = program
            .machine
            .as_ref()
            .and_then(|machine| machine.position());
        for (id, mut views) in told {
            self.tally.callbacks += views.len() as u64;
            if views.last().is_some_and(|view| view.members == 0) {
                views.pop();
            }
            let known = self.programs[p].handles.get(&id);
            let start = known.and_then(|handle| Some((handle.ring, handle.view?)));
            assert_ne!(
                start.map(|(_, view)| view.members),
                Some(0),
                "callback after the end"
            );
            let end = match start {
                Some((ring, view)) => self.walk(&steps, ring, view, &views, p),
                None if views.is_empty() => None,
                None => self.first_walk(&steps, &views, p),
            };
            let Some((ring, view)) = end else {
                panic!("{id} at {start:?} was told {views:?}, but the rings were {steps:?}");
            };
            self.programs[p].handles.entry(id).or_default().ring = ring;
            self.programs[p].handles.entry(id).or_default().view = Some(view);
        }
        if let Some(position) = position {
            for (id, handle) in &self.programs[p].handles {
                let Some(view) = handle.view else { continue };
                let quiet = steps
                    .iter()
                    .filter(|step| step.ring > handle.ring && step.ring <= position.ring);
                let changes = quiet.filter(|step| step.nodes != view.members || step.bounced != 0);
                assert_eq!(changes.count(), 0, "{id} was not told of a change");
                let agreed = (view.epoch, view.members, view.master);
                let place = position;
                let known = *self.ledger.views.entry(place).or_insert(agreed);
                assert_eq!(known, agreed, "members at {place:?} do not agree");
            }
        }
    }

    /// A handle's first callback tells of some ring and of no failure.
    fn first_walk(&mut self, steps: &[RingStep], views: &[View], p: usize) -> Option<(u64, View)> {
        let (first, rest) = views.split_first()?;
        let candidates = steps
            .iter()
            .rev()
            .filter(|step| step.nodes == first.members);
        let end = candidates.map(|step| step.ring).collect::<Vec<_>>();
        assert_eq!(first.failed, 0);
        assert_eq!(first.master.count_ones(), 1);
        end.into_iter()
            .find_map(|ring| self.walk(steps, ring, *first, rest, p))
    }

    /// Nothing is told of a ring, and nothing granted in it, that is not quorate.
    fn check_quorum(&self, step: &RingStep) {
        let quorate = step.nodes.count_ones() as usize * 2 > self.cluster.nodes.len();
        assert!(quorate, "acted upon {step:?}, which has no quorum");
    }

    /// Goes from ring to ring, and works out by itself what there is to be told. `None` when
    /// `told` is something else.
    fn walk(
        &mut self,
        steps: &[RingStep],
        mut ring: u64,
        mut view: View,
        told: &[View],
        p: usize,
    ) -> Option<(u64, View)> {
        let mut told = told.iter().peekable();
        for step in steps
            .iter()
            .filter(|step| step.ring > ring)
            .collect::<Vec<_>>()
        {
            let Some(next) = told.peek() else { break };
            let left = view.members & (!step.nodes | step.bounced);
            let joined = step.nodes & !(view.members & !left);
            let stayed = view.members & !left;
            ring = step.ring;
            if left | joined == 0 {
                continue;
            }
            let epoch = view.epoch + left.count_ones() + joined.count_ones();
            let master = if view.master & stayed != 0 {
                view.master
            } else {
                let nodes = if stayed == 0 { step.nodes } else { stayed };
                let ips = self
                    .ips
                    .iter()
                    .filter(|(node, _)| nodes & node_bit(**node) != 0);
                ips.max_by_key(|(_, ip)| **ip)
                    .map_or(0, |(node, _)| node_bit(*node))
            };
            // A node that announced its end may have failed before the group was told of it.
            let failed = next.failed;
            let unexcused = left & !failed & !self.announced;
            let expected = View {
                epoch,
                members: step.nodes,
                failed,
                master,
            };
            if **next != expected || failed & !left != 0 || unexcused != 0 {
                return None;
            }
            if let Some(position) = self.programs[p].position {
                let place = Position {
                    ring: step.ring,
                    ..position
                };
                let known = *self.ledger.failed.entry(place).or_insert(failed);
                assert_eq!(
                    known, failed,
                    "members at {place:?} do not agree on failures"
                );
            }
            self.check_quorum(step);
            view = expected;
            told.next();
        }
        told.next().is_none().then_some((ring, view))
    }
}
