//! The order that CPG gives, kept until it may be acted upon.

use std::collections::VecDeque;

use crate::types::{Address, Reason};
use crate::wire::Message;

#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Message {
        from: Address,
        message: Message,
    },
    Configuration {
        left: Vec<(Address, Reason)>,
        joined: Vec<(Address, Reason)>,
    },
    Ring {
        ring: u64,
        nodes: Vec<u32>,
    },
}

/// One change of the ring, with all the changes of the group that belong to it: CPG reports
/// those before the ring that they came with.
#[derive(Debug)]
pub(crate) struct RingChange {
    /// The place behind the change.
    pub(crate) end: u64,
    pub(crate) ring: u64,
    pub(crate) nodes: Vec<u32>,
    /// Whether processes of other rings came with it.
    pub(crate) merge: bool,
}

/// What stands at the front of the order.
#[derive(Debug)]
pub(crate) enum Front {
    Nothing,
    /// A message, or a process that came or went within the ring.
    Plain,
    /// A change of the ring whose end is not known yet.
    Half,
    Ring(RingChange),
}

/// A queue whose places are numbered from the machine's beginning.
#[derive(Debug, Default, Clone)]
pub(crate) struct Order {
    entries: VecDeque<Entry>,
    /// The place of the first entry.
    first: u64,
}

impl Order {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.first += 1;
        Some(entry)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The place that the next entry will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Forgets what stands before `place`.
    pub(crate) fn skip_to(&mut self, place: u64) {
        while self.first < place && self.pop().is_some() {}
    }

    pub(crate) fn front(&self) -> Front {
        let of_ring = |changes: &[(Address, Reason)]| changes.iter().any(|(_, r)| r.is_of_ring());
        match self.entries.front() {
            None => return Front::Nothing,
            Some(Entry::Message { .. }) => return Front::Plain,
            Some(Entry::Configuration { left, joined }) if !of_ring(left) && !of_ring(joined) => {
                return Front::Plain;
            }
            Some(_) => {}
        }
        let mut change = RingChange {
            end: self.first,
            ring: 0,
            nodes: Vec::new(),
            merge: false,
        };
        for entry in &self.entries {
            change.end += 1;
            match entry {
                Entry::Message { .. } => {}
                Entry::Configuration { joined, .. } => {
                    change.merge |= joined.iter().any(|(_, reason)| *reason == Reason::NodeUp);
                }
                Entry::Ring { ring, nodes } => {
                    change.ring = *ring;
                    change.nodes.clone_from(nodes);
                    return Front::Ring(change);
                }
            }
        }
        Front::Half
    }

    /// Who left from here on until the ring `last` was formed.
    pub(crate) fn gone_until(&self, last: u64) -> Vec<Address> {
        let mut gone = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Message { .. } => {}
                Entry::Configuration { left, .. } => {
                    gone.extend(left.iter().map(|(address, _)| *address));
                }
                Entry::Ring { ring, .. } if *ring == last => break,
                Entry::Ring { .. } => {}
            }
        }
        gone
    }
}
