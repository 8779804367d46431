//! Who is in a ring with whom, and how long it takes to notice that this has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use quorate_engine::{Input, NodeId, RingId};

use super::Cluster;
use super::delivery::Sync;
use super::peer::RingKey;
use super::queue::Event;
use super::replay::Recorded;
use super::token::Token;
use crate::log::{What, ring_text};
use crate::transport::{GroupEvent, Payload, RingChange, Services};

/// How long the others need to agree that a node has left which said so: some rounds of messages.
const LEAVE: Duration = Duration::from_millis(5);

/// A ring, from its forming until its last member is in another one or gone.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) id: RingId,
    pub(super) members: Arc<[usize]>,
    pub(super) sync: Option<Sync>,
    pub(super) token: Token,
    /// What is replayed, if it was recorded.
    pub(super) recorded: Option<Recorded>,
    /// The token is on its way.
    pub(super) rotating: bool,
    /// Since when the token does not come round.
    broken_since: Option<Duration>,
    /// The token was given up; a new ring will form even if all nodes are back.
    gathering: bool,
    /// Members that said that they were leaving.
    left_cleanly: BTreeSet<usize>,
}

impl Ring {
    /// Whether nothing is delivered any more.
    pub(super) fn is_stalled(&self) -> bool {
        self.broken_since.is_some() || self.gathering
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_stalled() || (!self.rotating && self.sync.is_none())
    }
}

/// Rings that can reach each other and have not merged yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    since: Duration,
    noticed_after: Duration,
}

impl<S: Services> Cluster<S> {
    /// To be called after everything that changes who is up or who reaches whom.
    pub(super) fn topology_changed(&mut self) {
        self.watch.changed();
        self.look_at_rings();
        if self.replay.is_on() {
            return;
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, peer) in self.peers.iter().enumerate() {
            if peer.running.takes_part() {
                groups.entry(peer.group).or_default().push(index);
            }
        }
        self.due.retain(|group, _| groups.contains_key(group));
        self.contacts.retain(|group, _| groups.contains_key(group));
        for (group, members) in groups {
            match self.due_of(group, &members) {
                Some(at) if self.due.get(&group) != Some(&at) => {
                    self.due.insert(group, at);
                    self.queue.push(at, Event::Form { group });
                }
                Some(_) => {}
                None => {
                    self.due.remove(&group);
                }
            }
        }
    }

    fn look_at_rings(&mut self) {
        let mut used: Vec<_> = self.peers.iter().filter_map(|peer| peer.ring).collect();
        used.sort_unstable();
        let mut used = used.into_iter().peekable();
        // Both ascend.
        self.rings.retain(|&key, _| {
            while used.next_if(|&other| other < key).is_some() {}
            used.peek() == Some(&key)
        });
        let mut whole_again = Vec::new();
        for (&key, ring) in &mut self.rings {
            let group = self.peers[ring.members[0]].group;
            let is_whole = ring.members.iter().all(|&member| {
                let peer = &self.peers[member];
                peer.ring == Some(key) && peer.group == group && peer.running.takes_part()
            });
            if !is_whole {
                ring.broken_since.get_or_insert(self.now);
            } else if let Some(since) = ring.broken_since.take() {
                ring.gathering |= self.now - since >= self.timing.token;
                whole_again.push(key);
            }
        }
        for key in whole_again {
            self.wake(key);
        }
    }

    /// When the nodes of a group will form a new ring, if they will.
    fn due_of(&mut self, group: usize, members: &[usize]) -> Option<Duration> {
        let mut keys: Vec<_> = members.iter().filter_map(|&m| self.peers[m].ring).collect();
        keys.sort_unstable();
        keys.dedup();
        let reachable = |m: usize| {
            let peer = &self.peers[m];
            peer.group == group && peer.running.takes_part()
        };
        let mut someone_is_lost = false;
        let mut due = Vec::new();
        for key in &keys {
            let ring = &self.rings[key];
            let mut absent = ring.members.iter().filter(|&&m| !reachable(m)).peekable();
            if ring.gathering && absent.peek().is_none() {
                due.push(self.now + self.timing.join);
            }
            let Some(since) = ring.broken_since.filter(|_| absent.peek().is_some()) else {
                continue;
            };
            if absent.all(|m| ring.left_cleanly.contains(m)) {
                due.push(since + LEAVE);
            } else {
                someone_is_lost = true;
                due.push(since + self.timing.token + self.timing.consensus);
            }
        }
        if keys.len() > 1 {
            let merge = self.timing.merge;
            let contact = match self.contacts.get(&group) {
                Some(contact) => *contact,
                None => Contact {
                    since: self.now,
                    noticed_after: self.rng.below(merge),
                },
            };
            self.contacts.insert(group, contact);
            let wait = if someone_is_lost {
                self.timing.consensus
            } else {
                Duration::ZERO
            };
            due.push(contact.since + contact.noticed_after + wait);
        } else {
            self.contacts.remove(&group);
        }
        due.into_iter().min().map(|at| at.max(self.now))
    }

    pub(super) fn form_if_due(&mut self, group: usize) {
        if self.due.get(&group) != Some(&self.now) {
            return;
        }
        self.due.remove(&group);
        self.contacts.remove(&group);
        let members: Vec<_> = (0..self.peers.len())
            .filter(|&m| self.peers[m].group == group && self.peers[m].running.takes_part())
            .collect();
        self.form(&members);
        self.topology_changed();
    }

    /// These nodes form a ring. Its sequence number is the highest that any of them has stored,
    /// and 4 (`totemsrp.c`).
    pub(super) fn form(&mut self, members: &[usize]) {
        let Some(&lowest) = members.first() else {
            return;
        };
        let seqs = members.iter().map(|&m| self.peers[m].stored_seq);
        let id = RingId {
            node: self.peers[lowest].id,
            seq: seqs.max().unwrap_or(0) + 4,
        };
        self.form_as(id, members);
    }

    /// These nodes form a ring with this id.
    pub(super) fn form_as(&mut self, id: RingId, members: &[usize]) {
        if members.is_empty() {
            return;
        }
        let ids: Vec<NodeId> = members.iter().map(|&m| self.peers[m].id).collect();
        self.record(
            None,
            What::Ring {
                ring: ring_text(id),
                members: ids.iter().map(|id| id.0).collect(),
            },
        );
        let changes = self.ring_changes(id, members, &ids);
        let key = self.number();
        self.rings.insert(
            key,
            Ring {
                id,
                members: members.into(),
                sync: Some(Sync::new(members.len())),
                token: Token::new(members.len(), self.now),
                recorded: None,
                rotating: false,
                broken_since: None,
                gathering: false,
                left_cleanly: BTreeSet::new(),
            },
        );
        for &member in members {
            self.enter_ring(member, key, id, &changes, &ids);
        }
        self.wake(key);
    }

    fn enter_ring(
        &mut self,
        member: usize,
        key: RingKey,
        id: RingId,
        changes: &BTreeMap<Option<RingKey>, RingChange>,
        ids: &[NodeId],
    ) {
        let synchronising = self.is_synchronising(member);
        let peer = &mut self.peers[member];
        let before = peer.stored_seq;
        let old = peer.ring.replace(key);
        peer.stored_seq = id.seq;
        peer.outgoing.ring_broke(synchronising);
        let syncing = peer
            .engine
            .as_ref()
            .is_some_and(|engine| engine.is_syncing());
        if id.seq <= before {
            self.ring_id_fell(member, before, id.seq);
        }
        if syncing {
            self.tell(member, GroupEvent::SyncAborted);
            self.feed(member, Input::SyncAbort);
        }
        if let Some(change) = changes.get(&old) {
            self.tell(member, GroupEvent::RingChanged(change));
        }
        self.feed(
            member,
            Input::SyncInit {
                ring: id,
                members: ids.to_vec(),
            },
        );
        self.peers[member].outgoing.push(Payload::ServiceList(id));
    }

    /// Whether what one node sends reaches the other one, and is answered.
    #[must_use]
    pub fn reaches(&self, one: NodeId, other: NodeId) -> bool {
        let (Some(one), Some(other)) = (self.index(one), self.index(other)) else {
            return false;
        };
        let (one, other) = (&self.peers[one], &self.peers[other]);
        one.group == other.group && one.running.takes_part() && other.running.takes_part()
    }

    /// What the nodes of each old ring are told about the new one.
    fn ring_changes(
        &self,
        ring: RingId,
        members: &[usize],
        ids: &[NodeId],
    ) -> BTreeMap<Option<RingKey>, RingChange> {
        let mut changes = BTreeMap::new();
        for &member in members {
            let old = self.peers[member].ring;
            changes.entry(old).or_insert_with(|| {
                // Without an old ring, a node comes from nowhere, together with nobody.
                let together = |m: usize| self.peers[m].ring == old && old.is_some();
                let old_members = old.map_or(&[][..], |key| &self.rings[&key].members);
                let names = |list: &[usize], keep: &dyn Fn(usize) -> bool| {
                    let kept = list.iter().filter(|&&m| keep(m));
                    kept.map(|&m| self.peers[m].id).collect::<Vec<_>>()
                };
                let stays = |m: usize| together(m) && members.binary_search(&m).is_ok();
                RingChange {
                    ring,
                    members: ids.to_vec(),
                    left: names(old_members, &|m| !stays(m)),
                    joined: names(members, &|m| !together(m)),
                }
            });
        }
        changes
    }

    /// The ring is told that a node leaves it for good.
    pub(super) fn leaves_ring(&mut self, member: usize) {
        let key = self.peers[member].ring;
        if let Some(ring) = key.and_then(|key| self.rings.get_mut(&key)) {
            ring.left_cleanly.insert(member);
        }
    }

    /// Lets the token go round if somebody has something to say.
    pub(super) fn wake(&mut self, key: RingKey) {
        let Some(ring) = self.rings.get(&key) else {
            return;
        };
        let has_something = |&m: &usize| !self.peers[m].outgoing.is_empty();
        let awaited = self.recorded_speaker(key).is_some()
            || ring.sync.as_ref().is_some_and(Sync::awaits_token)
            || ring.members.iter().any(has_something);
        if !ring.rotating && !ring.is_stalled() && awaited {
            self.look_for_token(key);
            let at =
                self.now + super::delivery::ROTATION + self.rng.below(super::delivery::ROTATION);
            self.queue.push(at, Event::Rotate(key));
            if let Some(ring) = self.rings.get_mut(&key) {
                ring.rotating = true;
            }
        }
    }
}
