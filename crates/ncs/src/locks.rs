//! The lock table: who holds each key, and who waits for it in which order.

use std::collections::{BTreeMap, VecDeque};

use crate::types::{Key, MAX_CLAIMS, Owner};

/// A place in a key's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) owner: Owner,
    /// The caller's name for the request, given back when it is answered.
    pub(crate) request: u64,
}

/// What a request for a key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Granted,
    /// The claim waits for its turn.
    Queued,
    /// Somebody has it.
    Held(Owner),
    /// This handle holds the key or waits for it already.
    Twice,
    Full,
}

/// Every key that somebody holds. The front of a queue is the holder; no queue is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LockTable {
    queues: BTreeMap<Key, VecDeque<Claim>>,
    claims: usize,
}

impl LockTable {
    pub(crate) fn lock(&mut self, key: Key, claim: Claim) -> Answer {
        let queue = self.queues.get(&key);
        if queue.is_some_and(|queue| queue.iter().any(|other| other.owner == claim.owner)) {
            return Answer::Twice;
        }
        if self.push(key, claim) {
            if queue_len(&self.queues, &key) == 1 {
                Answer::Granted
            } else {
                Answer::Queued
            }
        } else {
            Answer::Full
        }
    }

    pub(crate) fn try_lock(&mut self, key: Key, claim: Claim) -> Answer {
        if let Some(holder) = self.holder(&key) {
            return Answer::Held(holder);
        }
        if self.push(key, claim) {
            Answer::Granted
        } else {
            Answer::Full
        }
    }

    /// Gives the key up; the outer `None` when `owner` does not hold it, the inner one when
    /// nobody waits for it.
    pub(crate) fn unlock(&mut self, key: &Key, owner: Owner) -> Option<Option<Claim>> {
        if self.holder(key)? != owner {
            return None;
        }
        let queue = self.queues.get_mut(key)?;
        queue.pop_front();
        self.claims -= 1;
        let next = queue.front().copied();
        if next.is_none() {
            self.queues.remove(key);
        }
        Some(next)
    }

    /// Takes one claim out, wherever in the queue it stands. Returns who got the key by it.
    pub(crate) fn withdraw(&mut self, key: &Key, claim: Claim) -> Option<Claim> {
        let queue = self.queues.get_mut(key)?;
        let at = queue.iter().position(|other| *other == claim)?;
        queue.remove(at);
        self.claims -= 1;
        let next = queue.front().copied();
        if next.is_none() {
            self.queues.remove(key);
        }
        next.filter(|_| at == 0)
    }

    /// Takes everything away from the owners that `gone` names. Returns who got a key by it,
    /// in the order of the keys.
    pub(crate) fn release(&mut self, gone: impl Fn(&Owner) -> bool) -> Vec<Claim> {
        let mut granted = Vec::new();
        let mut left = 0;
        self.queues.retain(|_, queue| {
            let holder = queue.front().copied();
            queue.retain(|claim| !gone(&claim.owner));
            left += queue.len();
            if queue.front() != holder.as_ref() {
                granted.extend(queue.front());
            }
            !queue.is_empty()
        });
        self.claims = left;
        granted
    }

    pub(crate) fn holder(&self, key: &Key) -> Option<Owner> {
        self.queues.get(key)?.front().map(|claim| claim.owner)
    }

    /// Holders and waiters together.
    pub(crate) fn len(&self) -> usize {
        self.claims
    }

    pub(crate) fn queues(&self) -> impl ExactSizeIterator<Item = (&Key, &VecDeque<Claim>)> {
        self.queues.iter()
    }

    /// Puts a claim at the end of the key's queue, if the table has room.
    pub(crate) fn push(&mut self, key: Key, claim: Claim) -> bool {
        let room = self.claims < MAX_CLAIMS;
        if room {
            self.queues.entry(key).or_default().push_back(claim);
            self.claims += 1;
        }
        room
    }
}

fn queue_len(queues: &BTreeMap<Key, VecDeque<Claim>>, key: &Key) -> usize {
    queues.get(key).map_or(0, VecDeque::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Address;

    fn key(name: &str) -> Key {
        Key::new(name.as_bytes()).unwrap()
    }

    fn claim(node: u32, handle: u32) -> Claim {
        let owner = Owner {
            process: Address { node, pid: 1 },
            handle,
        };
        Claim {
            owner,
            request: u64::from(node * 100 + handle),
        }
    }

    #[test]
    fn waiters_are_served_in_order() {
        let mut table = LockTable::default();
        let (a, b, c) = (claim(1, 1), claim(2, 1), claim(3, 1));
        assert_eq!(table.lock(key("k"), a), Answer::Granted);
        assert_eq!(table.lock(key("k"), c), Answer::Queued);
        assert_eq!(table.lock(key("k"), b), Answer::Queued);
        assert_eq!(
            table.unlock(&key("k"), b.owner),
            None,
            "a waiter holds nothing"
        );
        assert_eq!(table.unlock(&key("k"), a.owner), Some(Some(c)));
        assert_eq!(table.unlock(&key("k"), c.owner), Some(Some(b)));
        assert_eq!(table.unlock(&key("k"), b.owner), Some(None));
        assert_eq!(table.unlock(&key("k"), b.owner), None);
        assert_eq!(table, LockTable::default());
    }

    #[test]
    fn one_handle_has_one_place_in_a_queue() {
        let mut table = LockTable::default();
        let (a, b) = (claim(1, 1), claim(1, 2));
        assert_eq!(table.try_lock(key("k"), a), Answer::Granted);
        assert_eq!(table.lock(key("k"), a), Answer::Twice);
        assert_eq!(table.try_lock(key("k"), a), Answer::Held(a.owner));
        assert_eq!(table.lock(key("k"), b), Answer::Queued);
        assert_eq!(table.lock(key("k"), b), Answer::Twice);
        assert_eq!(table.try_lock(key("k"), b), Answer::Held(a.owner));
    }

    #[test]
    fn what_the_dead_held_goes_to_the_next_who_lives() {
        let mut table = LockTable::default();
        let (a, b, c) = (claim(1, 1), claim(1, 2), claim(2, 1));
        for claim in [a, b, c] {
            table.lock(key("k"), claim);
            table.lock(key(&format!("own{}", claim.request)), claim);
        }
        let granted = table.release(|owner| owner.process.node == 1);
        assert_eq!(granted, [c]);
        assert_eq!(table.holder(&key("k")), Some(c.owner));
        assert_eq!(table.queues().len(), 2);
        assert_eq!(table.claims, 2);
    }

    #[test]
    fn a_waiter_who_goes_changes_no_holder() {
        let mut table = LockTable::default();
        let (a, b) = (claim(1, 1), claim(2, 1));
        table.lock(key("k"), a);
        table.lock(key("k"), b);
        assert_eq!(table.release(|owner| *owner == b.owner), []);
        assert_eq!(table.unlock(&key("k"), a.owner), Some(None));
    }

    #[test]
    fn one_claim_can_be_withdrawn() {
        let mut table = LockTable::default();
        let (a, b, c) = (claim(1, 1), claim(2, 1), claim(3, 1));
        for claim in [a, b, c] {
            table.lock(key("k"), claim);
        }
        let later = Claim { request: 7, ..a };
        assert_eq!(table.withdraw(&key("k"), later), None);
        assert_eq!(table.withdraw(&key("other"), a), None);
        assert_eq!(table.holder(&key("k")), Some(a.owner));
        assert_eq!(table.withdraw(&key("k"), b), None, "who waits has nothing");
        assert_eq!(table.withdraw(&key("k"), a), Some(c));
        assert_eq!(table.withdraw(&key("k"), c), None);
        assert_eq!(table, LockTable::default());
    }

    #[test]
    fn the_table_has_an_end() {
        let mut table = LockTable::default();
        for n in 0..MAX_CLAIMS {
            let key = Key::new(&n.to_le_bytes()).unwrap();
            assert_eq!(table.try_lock(key, claim(1, 1)), Answer::Granted);
        }
        assert_eq!(table.lock(key("k"), claim(1, 1)), Answer::Full);
        assert_eq!(table.try_lock(key("k"), claim(1, 1)), Answer::Full);
        table.unlock(
            &Key::new(&0_usize.to_le_bytes()).unwrap(),
            claim(1, 1).owner,
        );
        assert_eq!(table.lock(key("k"), claim(1, 1)), Answer::Granted);
    }
}
