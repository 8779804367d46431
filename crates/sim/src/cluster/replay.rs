//! Rings that formed on a real cluster, formed again.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use quorate_engine::{NodeId, RingId};

use super::Cluster;
use super::delivery::ROTATION;
use super::peer::{RingKey, Running};
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
    /// With none, it is chance.
    pub speakers: Vec<NodeId>,
    /// How many of these each member had heard when it took part itself, where that is not 0.
    pub heard: BTreeMap<NodeId, usize>,
    /// Whether the synchronisation came to its end before the next ring.
    pub synchronised: bool,
}

/// What a ring of the simulation keeps of it.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    speakers: Vec<usize>,
    heard: BTreeMap<usize, usize>,
    /// How many of them have spoken.
    spoken: usize,
    synchronised: bool,
}

/// How long a ring waits for another one, at most: longer than any synchronisation takes, also one
/// that waits for a quorum device.
const PATIENCE: Duration = Duration::from_secs(600);

/// The rings to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Replay {
    /// From the first recording on, no ring forms without one.
    on: bool,
    /// With the time at which each forms at the latest.
    rings: BTreeMap<u64, (RecordedRing, Duration)>,
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
    /// A ring waits for the synchronisation of the ring before it where that came to its end, and
    /// for the last words of a node that is leaving.
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
            let at = self.now + ring.after;
            self.queue.push(at, Event::Recorded(number));
            self.replay.rings.insert(number, (ring, at + PATIENCE));
        }
    }

    pub(super) fn form_recorded(&mut self, number: u64) {
        let Some((recorded, latest)) = self.replay.rings.remove(&number) else {
            return;
        };
        let mut members: Vec<usize> = self.indexes(&recorded.members);
        members.retain(|&member| self.peers[member].running.takes_part());
        members.sort_unstable();
        let awaited = |&member: &usize| {
            let ring = self.peers[member].ring.and_then(|key| self.rings.get(&key));
            let leaving = |&other: &usize| self.peers[other].running == Running::Leaving;
            ring.is_some_and(|ring| ring.will_synchronise() || ring.members.iter().any(leaving))
        };
        if self.now < latest && members.iter().any(awaited) {
            self.queue
                .push(self.now + ROTATION, Event::Recorded(number));
            self.replay.rings.insert(number, (recorded, latest));
            return;
        }
        let speakers = self.indexes(&recorded.speakers);
        let heard = recorded.heard.iter();
        let heard = heard.filter_map(|(&node, &count)| Some((self.index(node)?, count)));
        let heard = heard.collect();
        self.form_as(recorded.id, &members);
        let key = members.first().and_then(|&member| self.peers[member].ring);
        if let Some(ring) = key.and_then(|key| self.rings.get_mut(&key)) {
            ring.recorded = Some(Recorded {
                speakers,
                heard,
                spoken: 0,
                synchronised: recorded.synchronised,
            });
        }
        self.topology_changed();
    }

    /// Who speaks next in votequorum's turn, if it is known.
    pub(super) fn recorded_speaker(&self, key: RingKey) -> Option<usize> {
        let ring = self.rings.get(&key)?;
        ring.sync.as_ref().filter(|sync| sync.is_votequorums())?;
        let recorded = ring.recorded.as_ref()?;
        recorded.speakers.get(recorded.spoken).copied()
    }

    /// It has spoken, and all have heard it.
    pub(super) fn recorded_speaker_heard(&mut self, key: RingKey) {
        let ring = self.rings.get_mut(&key);
        if let Some(recorded) = ring.and_then(|ring| ring.recorded.as_mut()) {
            recorded.spoken += 1;
        }
        for member in self.recorded_next(key) {
            self.take_part(key, member);
        }
    }

    /// Who takes part in votequorum's turn now that as many have spoken as have.
    fn recorded_next(&self, key: RingKey) -> Vec<usize> {
        let Some(ring) = self.rings.get(&key) else {
            return Vec::new();
        };
        let Some(recorded) = &ring.recorded else {
            return Vec::new();
        };
        let now = |member: &usize| {
            let heard = recorded.heard.get(member).copied().unwrap_or(0);
            // Of a turn that was broken off, only those are known.
            let known = recorded.synchronised || recorded.speakers.contains(member);
            heard == recorded.spoken && known
        };
        ring.members.iter().copied().filter(now).collect()
    }

    /// Who takes part in a turn when it begins, and who later. In a recorded ring only the former:
    /// the others follow when they have heard enough.
    pub(super) fn turn_begins(
        &mut self,
        key: RingKey,
        is_votequorums: bool,
    ) -> VecDeque<Vec<usize>> {
        let recorded = self.rings.get(&key).and_then(|ring| ring.recorded.as_ref());
        let known = |recorded: &&Recorded| {
            is_votequorums && !(recorded.speakers.is_empty() && recorded.synchronised)
        };
        if recorded.filter(known).is_some() {
            VecDeque::from([self.recorded_next(key)])
        } else {
            self.by_lateness(key)
        }
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
