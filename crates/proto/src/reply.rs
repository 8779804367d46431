//! What all replies have in common.

use quorate_ipc::header::ResponseHeader;

/// `CS_OK`, the value of `error` in a reply that reports success.
pub const OK: i32 = 1;

/// Id of the bare replies by which a daemon turns any request away.
const STATUS: i32 = 0;

/// Why a reply holds no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The daemon refused; the number is a `cs_error_t`.
    #[error("the daemon answered with error {0}")]
    Rejected(i32),
    /// The reply is not one to this request, or too short for what it claims.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
}

/// Checks a reply of `len` bytes against the id that was expected and the size
/// that its fields need. A refusal is known before either: the daemon may answer
/// any request with a bare header.
///
/// # Errors
///
/// [`ReplyError::Rejected`] with the daemon's error; [`ReplyError::Malformed`]:
/// another reply, or too short.
pub fn check(header: &ResponseHeader, len: usize, id: i32, size: usize) -> Result<(), ReplyError> {
    if len < size_of::<ResponseHeader>() {
        return Err(ReplyError::Malformed("a reply is shorter than its header"));
    }
    if header.error != OK {
        return Err(if header.id == id || header.id == STATUS {
            ReplyError::Rejected(header.error)
        } else {
            ReplyError::Malformed("a refusal answers another request")
        });
    }
    if header.id != id {
        return Err(ReplyError::Malformed("a reply answers another request"));
    }
    if len < size {
        return Err(ReplyError::Malformed("a reply is shorter than its fields"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_may_be_bare_and_needs_no_more_than_its_header() {
        assert_eq!(
            check(&ResponseHeader::new(0, 24, 6), 24, 1, 320),
            Err(ReplyError::Rejected(6))
        );
        assert_eq!(
            check(&ResponseHeader::new(1, 320, 12), 320, 1, 320),
            Err(ReplyError::Rejected(12))
        );
    }

    #[test]
    fn replies_to_other_requests_and_short_ones_are_malformed() {
        for (header, len) in [
            (ResponseHeader::new(2, 320, 1), 320),
            (ResponseHeader::new(2, 24, 7), 24),
            (ResponseHeader::new(1, 24, 1), 24),
            (ResponseHeader::new(1, 320, 1), 23),
        ] {
            assert!(matches!(
                check(&header, len, 1, 320),
                Err(ReplyError::Malformed(_))
            ));
        }
        assert_eq!(check(&ResponseHeader::new(1, 320, 1), 320, 1, 320), Ok(()));
    }
}
