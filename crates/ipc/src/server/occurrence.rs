//! What a server reports.

use super::sys::Credentials;
use crate::endpoint::Service;
use crate::error::Error;

/// A socket of one service, made by [`Server::bind_dir`](super::Server::bind_dir).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub(super) u64);

/// A connection; no two of a server's life are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub(super) u64);

/// Somebody asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    /// At which socket.
    pub listener: ListenerId,
    /// To which service.
    pub service: Service,
    /// Who.
    pub credentials: Credentials,
}

/// What has happened.
#[derive(Debug)]
pub enum Occurrence {
    /// A client was let in.
    Connected {
        /// The new connection.
        conn: ConnId,
        /// Through which socket.
        listener: ListenerId,
        /// To which service.
        service: Service,
        /// Who.
        credentials: Credentials,
    },
    /// A client asks something.
    Request {
        /// Its connection.
        conn: ConnId,
        /// A private copy of the message, of any length and content.
        bytes: Vec<u8>,
    },
    /// A connection has ended other than by [`Server::close`](super::Server::close).
    Disconnected {
        /// The connection that was.
        conn: ConnId,
        /// [`Error::Disconnected`] if the client left; otherwise what it did.
        why: Error,
        /// How many of the events sent to the client it had not taken.
        unread: usize,
    },
}
