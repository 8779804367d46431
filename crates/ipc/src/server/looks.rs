//! What can be seen of connections.

use super::peer::Peer;
use super::{ConnId, Knock, ListenerId, Server};

impl Server {
    /// Whether nothing is under way on a connection: all requests are answered,
    /// the client has taken every reply, every event and every notification.
    /// What it does with them can't be seen from here. A connection that has
    /// ended is idle.
    pub fn is_idle(&mut self, conn: ConnId) -> bool {
        let Some(peer) = self.peers.get_mut(&conn.0) else {
            return true;
        };
        match peer.is_idle() {
            Ok(idle) => idle,
            Err(why) => {
                self.end(conn.0, why);
                true
            }
        }
    }

    /// Whether all connections are idle and nobody is about to connect.
    pub fn all_idle(&mut self) -> bool {
        self.idle_but(|_| false)
    }

    /// As [`Self::all_idle`], but for connections that are known to wait.
    pub fn idle_but(&mut self, waits: impl Fn(ConnId) -> bool) -> bool {
        let mut conns = self.connections().into_iter();
        self.callers.is_empty() && conns.all(|conn| waits(conn) || self.is_idle(conn))
    }

    /// All connections, oldest first.
    pub fn connections(&self) -> Vec<ConnId> {
        self.peers.keys().copied().map(ConnId).collect()
    }

    /// Requests of a connection that were handed out and not answered.
    pub fn unanswered(&self, conn: ConnId) -> usize {
        self.peers.get(&conn.0).map_or(0, Peer::unanswered)
    }

    /// The socket, the service and the client of a connection.
    pub fn describe(&self, conn: ConnId) -> Option<Knock> {
        self.peers.get(&conn.0).map(|peer| Knock {
            listener: ListenerId(peer.listener),
            service: peer.service,
            credentials: peer.credentials,
        })
    }
}
