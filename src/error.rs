//! Every error number that a C caller can see.

use crate::corotypes::{cs_error, qb_to_cs_error};
use quorate_client::{Error, IpcError, OptionsError, ReplyError};

/// Why a function of the C API failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The handle names nothing, or nothing that this process may use.
    BadHandle,
    /// An argument is NULL or out of range.
    BadArgument,
    /// No event was waiting.
    NoEvent,
    /// The table of handles can't grow.
    NoMemory,
    /// The environment holds something that can't be understood.
    Environment,
    /// The session failed.
    Session(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<OptionsError> for Failure {
    fn from(_: OptionsError) -> Self {
        Self::Environment
    }
}

impl From<Failure> for cs_error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::BadHandle => Self::CS_ERR_BAD_HANDLE,
            Failure::BadArgument | Failure::Environment => Self::CS_ERR_INVALID_PARAM,
            Failure::NoEvent => Self::CS_ERR_TRY_AGAIN,
            Failure::NoMemory => Self::CS_ERR_NO_MEMORY,
            Failure::Session(error) => error.into(),
        }
    }
}

impl From<Error> for cs_error {
    fn from(error: Error) -> Self {
        match error {
            Error::Argument(_) => Self::CS_ERR_INVALID_PARAM,
            // What the daemon says is passed on; a number that the header does
            // not name can only be said to be an error.
            Error::Reply(ReplyError::Rejected(number)) => {
                Self::from_number(number).unwrap_or(Self::CS_ERR_LIBRARY)
            }
            Error::Reply(ReplyError::Malformed(_)) => Self::CS_ERR_LIBRARY,
            Error::Ipc(error) => error.into(),
        }
    }
}

impl From<IpcError> for cs_error {
    fn from(error: IpcError) -> Self {
        if let Some(errno) = error.errno() {
            return qb_to_cs_error(-errno);
        }
        match error {
            IpcError::Closed => Self::CS_ERR_BAD_HANDLE,
            IpcError::TimedOut => Self::CS_ERR_TIMEOUT,
            IpcError::FlowControl => Self::CS_ERR_TRY_AGAIN,
            IpcError::TooBig { .. } => Self::CS_ERR_TOO_BIG,
            IpcError::UnknownTransport(_) => Self::CS_ERR_NOT_SUPPORTED,
            IpcError::Untrusted(_) => Self::CS_ERR_ACCESS,
            IpcError::NoMemory => Self::CS_ERR_NO_MEMORY,
            IpcError::Disconnected
            | IpcError::Protocol(_)
            | IpcError::System { .. }
            | IpcError::Refused(_) => Self::CS_ERR_LIBRARY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_daemon_says_is_passed_on() {
        let of = |number| cs_error::from(Error::Reply(ReplyError::Rejected(number)));
        assert_eq!(of(6), cs_error::CS_ERR_TRY_AGAIN);
        assert_eq!(of(100), cs_error::CS_ERR_SECURITY);
        for nameless in [0, 29, 31, 99, -1, i32::MAX] {
            assert_eq!(of(nameless), cs_error::CS_ERR_LIBRARY);
        }
    }

    #[test]
    fn every_error_of_the_transport_has_its_number() {
        let os = |errno| std::io::Error::from_raw_os_error(errno);
        let refused = |errno| cs_error::from(IpcError::Refused(os(errno)));
        assert_eq!(refused(libc::EACCES), cs_error::CS_ERR_ACCESS);
        assert_eq!(refused(libc::EAGAIN), cs_error::CS_ERR_TRY_AGAIN);
        assert_eq!(refused(libc::ENOSYS), cs_error::CS_ERR_NOT_SUPPORTED);
        assert_eq!(refused(libc::EMFILE), cs_error::CS_ERR_LIBRARY);
        let system = IpcError::System {
            what: "mmap",
            source: os(libc::ENOMEM),
        };
        assert_eq!(cs_error::from(system), cs_error::CS_ERR_NO_MEMORY);
        for (error, number) in [
            (IpcError::Closed, cs_error::CS_ERR_BAD_HANDLE),
            (IpcError::Disconnected, cs_error::CS_ERR_LIBRARY),
            (IpcError::TimedOut, cs_error::CS_ERR_TIMEOUT),
            (IpcError::FlowControl, cs_error::CS_ERR_TRY_AGAIN),
            (IpcError::Protocol("x"), cs_error::CS_ERR_LIBRARY),
            (
                IpcError::UnknownTransport(3),
                cs_error::CS_ERR_NOT_SUPPORTED,
            ),
            (IpcError::Untrusted("x"), cs_error::CS_ERR_ACCESS),
        ] {
            assert_eq!(cs_error::from(error), number);
        }
    }
}
