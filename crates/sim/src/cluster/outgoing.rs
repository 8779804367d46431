//! What a node has to say, in the order in which it will.

use std::collections::VecDeque;

use crate::transport::Payload;

/// What a message takes up besides its content, about as much as its headers do in corosync.
const OVERHEAD: usize = 200;

/// What waits for the token. As in totem, messages of services that a ring left behind when it
/// broke are said on the next one when its synchronisation is over, so that all who hear them know
/// of each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Outgoing {
    now: VecDeque<Payload>,
    later: VecDeque<Payload>,
    /// Bytes of services' messages.
    bytes: usize,
    /// Messages of votequorum.
    backlog: usize,
}

fn bytes(payload: &Payload) -> usize {
    match payload {
        Payload::Service(_, data) => data.len() + OVERHEAD,
        _ => 0,
    }
}

impl Outgoing {
    pub(super) fn push(&mut self, payload: Payload) {
        self.bytes += bytes(&payload);
        self.backlog += usize::from(matches!(payload, Payload::Engine(_)));
        self.now.push_back(payload);
    }

    /// Whether the token has nothing to take along.
    pub(super) fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    /// How many messages of votequorum wait.
    pub(super) fn backlog(&self) -> usize {
        self.backlog
    }

    /// How much room services' messages take up.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The token comes by.
    pub(super) fn take(&mut self) -> VecDeque<Payload> {
        let taken = std::mem::take(&mut self.now);
        self.bytes = self.later.iter().map(bytes).sum();
        self.backlog = 0;
        taken
    }

    /// The ring broke. While it synchronised, all that services had to say belonged to that.
    pub(super) fn ring_broke(&mut self, synchronising: bool) {
        for payload in std::mem::take(&mut self.now) {
            if payload.belongs_to_a_ring() {
                continue;
            }
            if matches!(payload, Payload::Service(..)) && !synchronising {
                self.later.push_back(payload);
            } else {
                self.now.push_back(payload);
            }
        }
    }

    /// The synchronisation is over.
    pub(super) fn synchronised(&mut self) {
        self.later.append(&mut self.now);
        std::mem::swap(&mut self.later, &mut self.now);
    }
}
