//! How the cluster came to be as it is when the recording begins.

use std::collections::BTreeSet;

use super::{Candidate, ids};
use crate::replay::moments::{Moment, Seen};
use crate::replay::options;
use crate::replay::timing::Anchor;
use crate::scenario::Operation;

impl Candidate {
    /// Brings the cluster where the recording begins.
    pub(super) fn begin(&self, moment: &Moment, seen: &Seen, rest: &[Moment]) -> Vec<Self> {
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
}
