//! What can go wrong between a client and a daemon.

use std::io;

/// An error of the transport. What the daemon itself answered to a request is
/// not in here: that is part of the reply.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("{what}: {source}")]
    System {
        /// The operation, for example "connect".
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The daemon answered the connection request with an errno.
    #[error("the daemon refused the connection: {0}")]
    Refused(io::Error),
    /// The daemon is gone, or closed the connection.
    #[error("the daemon closed the connection")]
    Disconnected,
    /// The connection was closed by this process.
    #[error("the connection was closed")]
    Closed,
    /// The set limit passed without an answer.
    #[error("the daemon did not answer in time")]
    TimedOut,
    /// The daemon asks for patience (flow control); nothing was sent.
    #[error("the daemon's queue is full")]
    FlowControl,
    /// The request is larger than the connection carries.
    #[error("a message of {size} bytes exceeds the connection's limit of {limit}")]
    TooBig {
        /// Size of the request in bytes.
        size: usize,
        /// The largest message of this connection in bytes.
        limit: usize,
    },
    /// The daemon broke the protocol; the connection can't be trusted further.
    #[error("protocol violation: {0}")]
    Protocol(&'static str),
    /// The connection type that the daemon chose isn't known here.
    #[error("connection type {0} is not supported")]
    UnknownTransport(u32),
    /// A directory or file named by the environment or the daemon is not to be
    /// trusted: wrong owner, writable by others, or not a plain path.
    #[error("untrusted path: {0}")]
    Untrusted(&'static str),
    /// No memory.
    #[error("out of memory")]
    NoMemory,
}

impl Error {
    pub(crate) fn last_os(what: &'static str) -> Self {
        Self::system(what, io::Error::last_os_error())
    }

    pub(crate) fn system(what: &'static str, source: io::Error) -> Self {
        Self::System { what, source }
    }

    /// The errno that libqb would have reported, for those that stem from one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::System { source, .. } | Self::Refused(source) => source.raw_os_error(),
            _ => None,
        }
    }
}
