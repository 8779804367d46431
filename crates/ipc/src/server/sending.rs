//! What clients are told.

use super::{ConnId, Server};

impl Server {
    /// Answers a request. Like all that is sent, the reply waits in a queue if
    /// its ring is full, and is dropped if the client is gone.
    pub fn reply(&mut self, conn: ConnId, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.note_sent(conn, false, &bytes);
        self.tend(conn.0, |peer| peer.reply(bytes));
    }

    /// Says that a request gets no reply, as cpg's multicast.
    pub fn dismiss(&mut self, conn: ConnId) {
        if let Some(peer) = self.peers.get_mut(&conn.0) {
            peer.dismiss();
        }
    }

    /// Sends an event. Where it belongs to the reply that follows, as with
    /// requests for tracking, it must be sent first. A message larger than the
    /// connection carries ends the connection: the client would wait for it, or
    /// never know that it has missed it.
    pub fn event(&mut self, conn: ConnId, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.note_sent(conn, true, &bytes);
        self.tend(conn.0, |peer| peer.event(bytes));
    }

    /// Tells the client to send no requests (1), none but urgent ones (2), or
    /// as it likes (0), and takes none from it unless 0.
    pub fn set_flow_control(&mut self, conn: ConnId, value: u32) {
        self.tend(conn.0, |peer| peer.set_flow_control(value));
        if self.peers.contains_key(&conn.0) && value == 0 {
            self.busy.insert(conn.0);
        }
    }
}
