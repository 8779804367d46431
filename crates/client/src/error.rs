//! Why a session's function failed.

use quorate_proto::ReplyError;

/// An error of a session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The transport failed.
    #[error(transparent)]
    Ipc(#[from] quorate_ipc::Error),
    /// The daemon refused, or sent what can't be understood.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// An argument can't be sent.
    #[error("{0}")]
    Argument(&'static str),
}
