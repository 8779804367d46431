//! Recalculating quorum and deciding whether this partition is quorate.

use crate::arithmetic::{self, Rules, Tally};
use crate::effects::{Effect, KeyValue, LogLevel, Notification};
use crate::engine::Engine;
use crate::flags::NodeFlags;
use crate::tie_breaker::{self, Remembered};

/// How a recalculation may change quorum and expected votes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Recalculation {
    /// Quorum may rise, never sink: what membership changes do.
    NeverSink,
    /// Quorum may sink: an administrator, or a quorate cluster this node joins, says so.
    MaySink,
    /// The number of members becomes the expected votes: last man standing, clean leaving.
    ShrinkToMembers,
}

impl Engine {
    pub(crate) fn recalculate(&mut self, how: Recalculation) {
        let possible = Tally::possible(&self.nodes, self.sums);
        if possible.votes > self.nodes.us.expected_votes {
            self.nodes.us.expected_votes = possible.votes;
            self.notify_expected_votes();
        }
        self.raise_tracking_barrier();

        let by_nodes = Some(possible.voters)
            .filter(|&voters| how == Recalculation::ShrinkToMembers && voters > 0);
        let cast = Tally::cast(&self.nodes, self.sums);
        let rules = Rules {
            floor: (how == Recalculation::NeverSink).then_some(self.quorum),
            expected: by_nodes.map(|nodes| self.downscale.at_least_barrier(nodes)),
            two_node: self.two_node,
        };
        self.quorum = self.sums.stored(arithmetic::quorum(cast, rules, self.sums));
        if let Some(nodes) = by_nodes {
            self.set_members_expected_votes(nodes);
        }
        self.decide(cast.votes);
    }

    /// 0 changes nothing, as in the original.
    pub(crate) fn set_members_expected_votes(&mut self, expected_votes: u32) {
        if expected_votes > 0 {
            self.nodes.set_expected_votes(expected_votes);
        }
    }

    fn decide(&mut self, votes: u32) {
        if self.wait_for_all.is_waiting() {
            let expected = self.nodes.us.expected_votes;
            if votes != expected {
                let text = format!("waiting for all nodes: {votes} votes of {expected} are here");
                self.log(LogLevel::Notice, text);
                return;
            }
            self.set_wait_for_all_status(false);
        }

        let majority = self.quorum <= votes;
        if majority {
            self.remember_extremes();
        }
        let quorate = majority || self.wins_tie(votes) || self.is_masters_partition();
        let changed = quorate != self.quorate;
        self.quorate = quorate;
        self.nodes.us.flags.assign(NodeFlags::QUORATE, quorate);
        if self.wait_for_all.on {
            self.set_wait_for_all_status(!quorate);
        }
        // At the end of a synchronisation everybody is told anyway.
        if changed && !self.sync.in_progress {
            self.announce_quorum();
        }
    }

    fn remember_extremes(&mut self) {
        let now = Remembered::now(&mut self.nodes);
        if std::mem::replace(&mut self.remembered, now) == now {
            return;
        }
        if let (Some(lowest), Some(highest)) = (self.remembered.lowest, self.remembered.highest) {
            self.set_key("lowest_node_id", KeyValue::U32(lowest.0));
            self.set_key("highest_node_id", KeyValue::U32(highest.0));
        }
    }

    fn wins_tie(&self, votes: u32) -> bool {
        // Were so many nodes lost that they could be quorate on their own, no tie is broken. The
        // difference is negative when nodes came.
        let count = |nodes: &[_]| i64::try_from(nodes.len()).unwrap_or(i64::MAX);
        let lost = count(&self.membership.previous) - count(&self.membership.members);
        votes == self.nodes.us.expected_votes / 2
            && lost < i64::from(self.quorum)
            && tie_breaker::decides_for_us(
                &self.tie_breaker,
                &self.remembered,
                &self.nodes,
                &self.membership,
            )
    }

    fn is_masters_partition(&self) -> bool {
        let master = NodeFlags::QDEVICE_MASTER_WINS | NodeFlags::QDEVICE_CAST_VOTE;
        self.qdevice.master_wins && self.nodes.members().any(|node| node.flags.contains(master))
    }

    pub(crate) fn announce_quorum(&mut self) {
        self.effects.push(Effect::QuorumChanged {
            ring: self.membership.ring,
            members: self.membership.members.clone(),
            quorate: self.quorate,
        });
        if !self.trackers.is_empty() {
            let notification = self.quorum_notification();
            self.notify_trackers(&notification);
        }
    }

    pub(crate) fn notify_expected_votes(&mut self) {
        let expected_votes = self.nodes.us.expected_votes;
        self.notify_trackers(&Notification::ExpectedVotes { expected_votes });
    }
}
