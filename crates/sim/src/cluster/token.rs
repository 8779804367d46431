//! Who speaks when: the token's way round a ring.
//!
//! In corosync 3.1.7 (`totemsrp.c`, `sync.c`) the representative sends a new ring's first token to
//! its neighbour, so the second node is the first that may speak, and the representative the last.
//! Whoever speaks last in a turn of the synchronisation hears the end of it while it still has the
//! token, the others only then: it begins the next turn. So every turn begins one node earlier
//! than the one before, if all nodes hear it in time. A node that does not is late: it takes part
//! when the token comes by, having heard those who spoke before, and speaks a round later, after
//! the others; or even later. Nothing else in the order is chance.

use std::collections::VecDeque;
use std::time::Duration;

use super::Cluster;
use super::peer::RingKey;
use super::topology::Ring;
use crate::transport::{ServiceId, Services};

/// One of so many nodes hears the end of a turn after the token has gone by.
const LATE: u64 = 16;

/// Where a ring's token is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// Who speaks first in the next round: a place among the members.
    first: usize,
    /// When that was so; afterwards the token goes on round by itself.
    at: Duration,
}

impl Token {
    /// Of a ring that has just formed.
    pub(super) fn new(members: usize, now: Duration) -> Self {
        Token {
            first: 1 % members,
            at: now,
        }
    }
}

/// The turns of a synchronisation in corosync, the lists of services included. All services but
/// votequorum take one whether the simulated cluster has them or not.
fn place_of(service: Option<ServiceId>) -> usize {
    match service {
        Some(ServiceId::Cmap | ServiceId::Cfg) => 1,
        Some(ServiceId::Cpg) => 2,
        // The service quorum is third.
        None => 4,
    }
}

impl<S: Services> Cluster<S> {
    /// The ring's members in the order in which the token comes by in this round.
    pub(super) fn round(&self, key: RingKey) -> Vec<usize> {
        let Some(ring) = self.rings.get(&key) else {
            return Vec::new();
        };
        let (before, after) = ring.members.split_at(ring.token.first);
        [after, before].concat()
    }

    /// Decides who hears in time that a turn of the synchronisation begins: those come first;
    /// then those who are late by a round, by two, and so on.
    pub(super) fn by_lateness(&mut self, key: RingKey) -> VecDeque<Vec<usize>> {
        let mut rounds = VecDeque::from([Vec::new()]);
        for (place, member) in self.round(key).into_iter().enumerate() {
            let mut late = 0;
            // Who begins heard of it from itself.
            while place > 0 && self.order_rng.one_in(LATE) {
                late += 1;
            }
            rounds.resize(rounds.len().max(late + 1), Vec::new());
            rounds[late].push(member);
        }
        rounds
    }

    /// This member spoke last in a turn of the synchronisation.
    pub(super) fn ends_turn(&mut self, key: RingKey, last: usize) {
        let now = self.now;
        if let Some(ring) = self.rings.get_mut(&key) {
            let first = ring.members.binary_search(&last).unwrap_or(0);
            ring.token = Token { first, at: now };
        }
    }

    /// Outside of a synchronisation, whoever answers this member is reached after it.
    pub(super) fn passes_on(&mut self, key: RingKey, last: usize) {
        self.ends_turn(key, last);
        if let Some(ring) = self.rings.get_mut(&key) {
            ring.token.first = (ring.token.first + 1) % ring.members.len();
        }
    }

    /// Lets the turns pass that corosync has between these two, for services that have nothing to
    /// say here.
    pub(super) fn pass_silent_turns(
        &mut self,
        key: RingKey,
        done: Option<ServiceId>,
        next: Option<ServiceId>,
    ) {
        let done = done.map_or(0, |service| place_of(Some(service)));
        for _ in done + 1..place_of(next) {
            let rounds = self.by_lateness(key);
            if let Some(&last) = rounds.iter().flatten().next_back() {
                self.ends_turn(key, last);
            }
        }
    }

    /// Somebody wants the token. Where it is after a time in which nobody did is left to chance.
    pub(super) fn look_for_token(&mut self, key: RingKey) {
        let now = self.now;
        let unknown = |ring: &&mut Ring| ring.sync.is_none() && ring.token.at != now;
        if let Some(ring) = self.rings.get_mut(&key).filter(unknown) {
            let members = ring.members.len() as u64;
            let first = self.order_rng.under(members) as usize;
            ring.token = Token { first, at: now };
        }
    }
}
