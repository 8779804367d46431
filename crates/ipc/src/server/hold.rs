//! Holding back what is sent, and keeping track of it.

use super::peer::Peer;
use super::{ConnId, Server};

/// A message that was sent on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The connection.
    pub conn: ConnId,
    /// Whether it was an event, not a reply.
    pub event: bool,
    /// The message.
    pub bytes: Vec<u8>,
}

impl Server {
    /// Holds back all replies on a connection, as a daemon that never gets round to them, or sends
    /// those that were held back. A held reply does not keep its connection from being idle.
    pub fn hold_replies(&mut self, conn: ConnId, hold: bool) {
        self.hold(conn, |peer| peer.holds_replies = hold);
    }

    /// Holds back all events on a connection, or sends those that were held back.
    pub fn hold_events(&mut self, conn: ConnId, hold: bool) {
        self.hold(conn, |peer| peer.holds_events = hold);
    }

    fn hold(&mut self, conn: ConnId, set: impl FnOnce(&mut Peer)) {
        self.tend(conn.0, |peer| {
            set(peer);
            peer.flush()
        });
    }

    /// Whether a reply is held back on a connection.
    pub fn holds_a_reply(&self, conn: ConnId) -> bool {
        self.peers.get(&conn.0).is_some_and(Peer::holds_a_reply)
    }

    /// How many of the events sent on a connection its client has not taken; none if the
    /// connection has ended.
    pub fn unread_events(&mut self, conn: ConnId) -> usize {
        let peer = self.peers.get_mut(&conn.0);
        peer.map_or(0, |peer| peer.unread_events().unwrap_or(0))
    }

    /// Keeps a copy of everything that is sent from now on, for [`Self::take_sent`].
    pub fn keep_sent(&mut self) {
        self.sent.get_or_insert_default();
    }

    /// What was sent since the last call, in order.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        self.sent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn note_sent(&mut self, conn: ConnId, event: bool, bytes: &[u8]) {
        if let Some(sent) = self
            .sent
            .as_mut()
            .filter(|_| self.peers.contains_key(&conn.0))
        {
            let bytes = bytes.to_vec();
            sent.push(Sent { conn, event, bytes });
        }
    }
}
