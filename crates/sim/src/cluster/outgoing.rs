//! What a node has to say, in the order in which it will.

use std::collections::VecDeque;

use crate::transport::Payload;

/// What a message takes up besides its content, about as much as its headers do in corosync.
const OVERHEAD: usize = 200;

/// How much a node says of services' messages while it has the token; a longer one goes alone. In
/// totem it is `max_messages`, 17 packets, on a token that goes round faster.
const AT_ONCE: usize = 64 << 10;

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

fn is_votequorums(payload: &Payload) -> bool {
    matches!(payload, Payload::Engine(_))
}

impl Outgoing {
    pub(super) fn push(&mut self, payload: Payload) {
        self.bytes += bytes(&payload);
        self.backlog += usize::from(is_votequorums(&payload));
        self.now.push_back(payload);
    }

    /// Something that is to be said when the synchronisation is over, behind all that was to be
    /// said before it.
    pub(super) fn push_later(&mut self, payload: Payload) {
        self.bytes += bytes(&payload);
        self.later.push_back(payload);
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
        let (mut said, mut count) = (0, 0);
        for payload in &self.now {
            let more = said + bytes(payload);
            if more > AT_ONCE && said > 0 {
                break;
            }
            said = more;
            count += 1;
        }
        let rest = self.now.split_off(count);
        let taken = std::mem::replace(&mut self.now, rest);
        self.bytes -= said;
        self.backlog -= taken
            .iter()
            .filter(|payload| is_votequorums(payload))
            .count();
        taken
    }

    /// The ring broke. While it synchronised, all that services were to say now belonged to that.
    pub(super) fn ring_broke(&mut self, synchronising: bool) {
        for payload in std::mem::take(&mut self.now) {
            if payload.belongs_to_a_ring() {
                continue;
            }
            if !matches!(payload, Payload::Service(..)) {
                self.now.push_back(payload);
            } else if synchronising {
                self.bytes -= bytes(&payload);
            } else {
                self.later.push_back(payload);
            }
        }
    }

    /// The synchronisation is over.
    pub(super) fn synchronised(&mut self) {
        self.later.append(&mut self.now);
        std::mem::swap(&mut self.later, &mut self.now);
    }
}
