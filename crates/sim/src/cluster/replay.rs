//! Rings that formed on a real cluster, formed again.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_engine::{NodeId, RingId};

use super::Cluster;
use super::delivery::ROTATION;
use super::queue::Event;
use super::topology::Ring;
use crate::transport::Services;

/// A ring as a real cluster formed it, to be formed in the same way. How long nodes take to
/// notice each other, whether some form a ring before the others join, and who speaks first is
/// chance on a real cluster; this takes its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedRing {
    /// When it formed, counted from the call of [`Cluster::replay_rings`].
    pub after: Duration,
    /// Its id.
    pub id: RingId,
    /// Its members, ascending.
    pub members: Vec<NodeId>,
    /// Its members in the order in which they spoke in votequorum's turn of the synchronisation.
    /// Those that are missing come last.
    pub speakers: Vec<NodeId>,
    /// Whether the synchronisation came to its end before the next ring.
    pub synchronised: bool,
}

/// What a ring of the simulation keeps of it.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) speakers: Vec<usize>,
    synchronised: bool,
}

/// The rings to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Replay {
    /// From the first recording on, no ring forms without one.
    on: bool,
    rings: BTreeMap<u64, RecordedRing>,
}

impl Replay {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn is_over(&self) -> bool {
        self.rings.is_empty()
    }
}

impl<S: Services> Cluster<S> {
    /// From now on rings form as they are recorded here, and only so: not when nodes start, and
    /// not when they would notice each other. Rings of an earlier call that have not formed are
    /// dropped.
    ///
    /// A ring waits for the synchronisation of the ring before it where that came to its end.
    /// Nodes that are down when their ring forms, or unknown, are left out.
    pub fn replay_rings(&mut self, rings: Vec<RecordedRing>) {
        self.due.clear();
        self.contacts.clear();
        self.replay = Replay {
            on: true,
            rings: BTreeMap::new(),
        };
        for ring in rings {
            let number = self.number();
            self.queue
                .push(self.now + ring.after, Event::Recorded(number));
            self.replay.rings.insert(number, ring);
        }
    }

    pub(super) fn form_recorded(&mut self, number: u64) {
        let Some(recorded) = self.replay.rings.remove(&number) else {
            return;
        };
        let mut members: Vec<usize> = self.indexes(&recorded.members);
        members.retain(|&member| self.peers[member].running.takes_part());
        members.sort_unstable();
        let awaited = |&member: &usize| {
            let ring = self.peers[member].ring.and_then(|key| self.rings.get(&key));
            ring.is_some_and(Ring::will_synchronise)
        };
        if members.iter().any(awaited) {
            self.queue
                .push(self.now + ROTATION, Event::Recorded(number));
            self.replay.rings.insert(number, recorded);
            return;
        }
        let speakers = self.indexes(&recorded.speakers);
        self.form_as(recorded.id, &members);
        let key = members.first().and_then(|&member| self.peers[member].ring);
        if let Some(ring) = key.and_then(|key| self.rings.get_mut(&key)) {
            ring.recorded = Some(Recorded {
                speakers,
                synchronised: recorded.synchronised,
            });
        }
        self.topology_changed();
    }

    fn indexes(&self, nodes: &[NodeId]) -> Vec<usize> {
        nodes.iter().filter_map(|&node| self.index(node)).collect()
    }
}

impl Ring {
    /// Whether its synchronisation is under way and, as recorded, not broken off.
    fn will_synchronise(&self) -> bool {
        let synchronised = |recorded: &Recorded| recorded.synchronised;
        self.sync.is_some()
            && !self.is_stalled()
            && self.recorded.as_ref().is_some_and(synchronised)
    }
}
