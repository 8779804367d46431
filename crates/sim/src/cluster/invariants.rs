//! What must hold at all times, checked after every event and every operation.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use quorate_engine::{NodeId, QuorumConfig, Request, RingId};
use thiserror::Error;

use super::Cluster;
use super::peer::RingKey;
use super::topology::Ring;
use crate::log::What;
use crate::transport::Services;

/// An invariant that does not hold. With the same configuration, operations and seed it is found
/// again at the same time.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("at {at:?}, seed {seed}: {kind}")]
pub struct Violation {
    /// The virtual time.
    pub at: Duration,
    /// The cluster's seed.
    pub seed: u64,
    /// What does not hold.
    pub kind: ViolationKind,
}

/// The invariants, and how they can be violated.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ViolationKind {
    /// Two partitions believe that they are quorate, and both have finished their membership
    /// changes. Votes decide in neither: two halves of the cluster would both run its services.
    /// Reported whatever the configuration; some of corosync's options allow it.
    #[error("{} partitions are quorate at once: {}", .0.len(), Rings(.0))]
    TwoQuorate(Vec<(RingId, Vec<NodeId>)>),
    /// A node entered a ring with a sequence number not above that of its last one.
    #[error("ring sequence number of node {node} went from {before:x} to {after:x}")]
    RingIdFell {
        /// The node.
        node: NodeId,
        /// Its last ring's.
        before: u64,
        /// Its new ring's.
        after: u64,
    },
    /// Two members of a ring that has finished its changes do not agree on `what`.
    #[error("nodes {} and {} of ring {ring} do not agree on {what}", .nodes.0, .nodes.1)]
    Disagreement {
        /// The ring.
        ring: RingId,
        /// The two nodes.
        nodes: (NodeId, NodeId),
        /// On what: `ring`, `quorate` or `expected votes`. The latter two are only promised while
        /// no option is on and nothing is done with which votequorum's rules allow a difference.
        what: &'static str,
    },
}

struct Rings<'a>(&'a [(RingId, Vec<NodeId>)]);

impl fmt::Display for Rings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (ring, members)) in self.0.iter().enumerate() {
            let ids: Vec<_> = members.iter().map(|node| node.0).collect();
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{ring} {{{}}}", crate::log::Spaced(&ids))?;
        }
        Ok(())
    }
}

/// What has been checked and found.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    violations: Vec<Violation>,
    due: bool,
    /// Whether the rules promise that members agree on quorum and expected votes.
    promised: bool,
    waits_for_all: bool,
    two_quorate: BTreeSet<RingKey>,
    disagreeing: BTreeSet<RingKey>,
}

impl Watch {
    pub(super) fn new(config: &QuorumConfig) -> Self {
        let sum: u64 = config
            .nodelist
            .iter()
            .map(|entry| u64::from(entry.quorum_votes.unwrap_or(1)))
            .sum();
        let too_few = config
            .expected_votes
            .is_some_and(|votes| votes > 0 && u64::from(votes) < sum);
        let options = config.two_node
            || config.last_man_standing
            || config.auto_tie_breaker
            || config.allow_downscale
            || config.expected_votes_tracking
            || config.device.is_some();
        Watch {
            violations: Vec::new(),
            due: false,
            // The engine's sums stop at 32 bits.
            promised: !options && !too_few && sum < u64::from(u32::MAX),
            waits_for_all: config.wait_for_all == Some(true),
            two_quorate: BTreeSet::new(),
            disagreeing: BTreeSet::new(),
        }
    }

    /// Something happened that the invariants are about.
    pub(super) fn changed(&mut self) {
        self.due = true;
    }

    /// Something was done that reaches some nodes and not others.
    pub(super) fn disturbed(&mut self) {
        self.due = true;
        self.promised = false;
    }

    pub(super) fn request(&mut self, request: &Request) {
        match request {
            Request::SetExpected { .. }
            | Request::SetVotes { .. }
            | Request::QdeviceRegister { .. } => self.disturbed(),
            _ => {}
        }
    }
}

impl<S: Services> Cluster<S> {
    /// What did not hold so far, in the order in which it was found. What goes on is listed once, with
    /// the time when it began and what it has grown to.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.watch.violations
    }

    fn violated(&mut self, kind: ViolationKind) {
        let text = kind.to_string();
        self.record(None, What::Violation { text });
        self.watch.violations.push(Violation {
            at: self.now,
            seed: self.seed,
            kind,
        });
    }

    pub(super) fn ring_id_fell(&mut self, peer: usize, before: u64, after: u64) {
        let node = self.peers[peer].id;
        self.violated(ViolationKind::RingIdFell {
            node,
            before,
            after,
        });
    }

    pub(super) fn check_invariants(&mut self) {
        if !std::mem::take(&mut self.watch.due) {
            return;
        }
        let standing: Vec<RingKey> = self
            .rings
            .iter()
            .filter(|(_, ring)| !ring.is_stalled() && ring.sync.is_none())
            .map(|(&key, _)| key)
            .collect();
        self.check_exclusion(&standing);
        for &key in &standing {
            self.check_agreement(key);
        }
    }

    fn check_exclusion(&mut self, standing: &[RingKey]) {
        let quorate = |ring: &Ring| ring.members.iter().any(|&m| self.peers[m].is_quorate());
        let now: BTreeSet<_> = standing
            .iter()
            .copied()
            .filter(|key| quorate(&self.rings[key]))
            .collect();
        if now.len() < 2 {
            self.watch.two_quorate.clear();
            return;
        }
        // Fewer than before is what is left of a violation that was reported.
        if now.is_subset(&self.watch.two_quorate) {
            return;
        }
        let name = |key: &RingKey| {
            let ring = &self.rings[key];
            let members = ring.members.iter().map(|&m| self.peers[m].id).collect();
            (ring.id, members)
        };
        let kind = ViolationKind::TwoQuorate(now.iter().map(name).collect());
        let goes_on = !std::mem::replace(&mut self.watch.two_quorate, now).is_empty();
        let is_exclusion = |v: &&mut Violation| matches!(v.kind, ViolationKind::TwoQuorate(_));
        let known = self.watch.violations.iter_mut().rev().find(is_exclusion);
        match known.filter(|_| goes_on) {
            // Partitions finish their changes microseconds apart.
            Some(known) => {
                let text = kind.to_string();
                known.kind = kind;
                self.record(None, What::Violation { text });
            }
            None => self.violated(kind),
        }
    }

    fn check_agreement(&mut self, key: RingKey) {
        let ring = &self.rings[&key];
        let first = ring.members[0];
        let quiet = ring
            .members
            .iter()
            .all(|&m| self.peers[m].outgoing.is_empty());
        if !quiet || self.watch.disagreeing.contains(&key) {
            return;
        }
        // A node that missed an interrupted change may wait longer than others, until all are up.
        let quorate_promised = self.watch.promised
            && (!self.watch.waits_for_all || ring.members.len() == self.peers.len());
        let view = |m: usize| {
            let engine = self.peers[m].engine.as_ref()?;
            let quorate = quorate_promised.then(|| engine.is_quorate());
            let expected = self
                .watch
                .promised
                .then(|| engine.local_node().expected_votes);
            Some((engine.ring(), quorate, expected))
        };
        let reference = view(first);
        let other = ring.members.iter().find(|&&m| view(m) != reference);
        let Some(&other) = other else { return };
        let (ours, theirs) = (
            reference.unwrap_or_default(),
            view(other).unwrap_or_default(),
        );
        let what = if ours.0 != theirs.0 {
            "ring"
        } else if ours.1 != theirs.1 {
            "quorate"
        } else {
            "expected votes"
        };
        let kind = ViolationKind::Disagreement {
            ring: ring.id,
            nodes: (self.peers[first].id, self.peers[other].id),
            what,
        };
        self.watch.disagreeing.insert(key);
        self.violated(kind);
    }
}
