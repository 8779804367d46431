//! Why a session's function failed.

use quorate_proto::ReplyError;

/// An error of a session.
///
/// What every request may meet: [`Error::Ipc`], when the daemon is gone, does not
/// answer within the session's limit or asks for patience; [`Error::Reply`], when
/// the daemon refuses. It does so with a `cs_error_t`, "refused with 6" being
/// [`ReplyError::Rejected`]`(6)`: try again later, which any request may be told.
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
