//! The types and functions that all of corosync's client libraries share; the
//! source of `corosync/corotypes.h`.

use crate::arguments::ErrorNumber;
use libc::{c_char, c_int, c_uchar};

/// Bytes of a cs_name_t at most.
pub const CS_MAX_NAME_LENGTH: usize = 256;

/// Notify at once of the state as it is.
pub const CS_TRACK_CURRENT: u32 = 0x01;
/// Notify of the state as it is, and of every change.
pub const CS_TRACK_CHANGES: u32 = 0x02;
/// Notify of changes only.
pub const CS_TRACK_CHANGES_ONLY: u32 = 0x04;

/// A name with its length; not necessarily terminated by a NUL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cs_name {
    /// Bytes used.
    pub length: u16,
    /// The bytes.
    pub value: [u8; CS_MAX_NAME_LENGTH],
}
/// See struct cs_name.
pub type cs_name_t = cs_name;

/// A version of an API.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cs_version {
    /// A letter.
    pub releaseCode: c_char,
    /// Major number.
    pub majorVersion: c_uchar,
    /// Minor number.
    pub minorVersion: c_uchar,
}
/// See struct cs_version.
pub type cs_version_t = cs_version;

/// How long a dispatch function stays, and how many events it delivers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum cs_dispatch_flags {
    /// Wait for one event and deliver it.
    CS_DISPATCH_ONE = 1,
    /// Deliver all events that are waiting; do not wait.
    CS_DISPATCH_ALL = 2,
    /// Deliver events until the handle is finalized or an error occurs.
    CS_DISPATCH_BLOCKING = 3,
    /// Deliver one event if there is one, or return CS_ERR_TRY_AGAIN.
    CS_DISPATCH_ONE_NONBLOCKING = 4,
}
/// See enum cs_dispatch_flags.
pub type cs_dispatch_flags_t = cs_dispatch_flags;

/// What a function of corosync's libraries returns.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum cs_error {
    /// Success.
    CS_OK = 1,
    /// The library failed; most often: the daemon isn't there (any more).
    CS_ERR_LIBRARY = 2,
    /// The version is not supported.
    CS_ERR_VERSION = 3,
    /// Initialisation failed.
    CS_ERR_INIT = 4,
    /// The daemon did not answer within the set limit.
    CS_ERR_TIMEOUT = 5,
    /// Not now: the daemon is starting, or its queue is full, or no event waits.
    CS_ERR_TRY_AGAIN = 6,
    /// An argument is NULL, out of range, or not acceptable to the daemon.
    CS_ERR_INVALID_PARAM = 7,
    /// Out of memory.
    CS_ERR_NO_MEMORY = 8,
    /// The handle was never given out, or has been finalized.
    CS_ERR_BAD_HANDLE = 9,
    /// The resource is in use.
    CS_ERR_BUSY = 10,
    /// The caller may not do this.
    CS_ERR_ACCESS = 11,
    /// It does not exist.
    CS_ERR_NOT_EXIST = 12,
    /// The name is too long.
    CS_ERR_NAME_TOO_LONG = 13,
    /// It exists already.
    CS_ERR_EXIST = 14,
    /// No space left.
    CS_ERR_NO_SPACE = 15,
    /// Interrupted by a signal.
    CS_ERR_INTERRUPT = 16,
    /// Nothing of this name or number is known.
    CS_ERR_NAME_NOT_FOUND = 17,
    /// Resources are exhausted.
    CS_ERR_NO_RESOURCES = 18,
    /// Not supported.
    CS_ERR_NOT_SUPPORTED = 19,
    /// The operation is not allowed here.
    CS_ERR_BAD_OPERATION = 20,
    /// The operation failed.
    CS_ERR_FAILED_OPERATION = 21,
    /// A message is not what it should be; for a quorum device: not the current ring.
    CS_ERR_MESSAGE_ERROR = 22,
    /// A queue is full.
    CS_ERR_QUEUE_FULL = 23,
    /// A queue is not available.
    CS_ERR_QUEUE_NOT_AVAILABLE = 24,
    /// Flags are not valid.
    CS_ERR_BAD_FLAGS = 25,
    /// Too big.
    CS_ERR_TOO_BIG = 26,
    /// There are no (more) sections.
    CS_ERR_NO_SECTIONS = 27,
    /// No such context.
    CS_ERR_CONTEXT_NOT_FOUND = 28,
    /// Too many groups.
    CS_ERR_TOO_MANY_GROUPS = 30,
    /// Security.
    CS_ERR_SECURITY = 100,
}
/// See enum cs_error.
pub type cs_error_t = cs_error;

const _: () = {
    assert!(size_of::<cs_name>() == 258 && std::mem::offset_of!(cs_name, value) == 2);
    assert!(size_of::<cs_version>() == 3);
    assert!(size_of::<cs_error>() == 4 && size_of::<cs_dispatch_flags>() == 4);
};

impl cs_error {
    /// The error with this number, if the header names one.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|error| *error as i32 == number)
    }

    const ALL: [Self; 30] = [
        Self::CS_OK,
        Self::CS_ERR_LIBRARY,
        Self::CS_ERR_VERSION,
        Self::CS_ERR_INIT,
        Self::CS_ERR_TIMEOUT,
        Self::CS_ERR_TRY_AGAIN,
        Self::CS_ERR_INVALID_PARAM,
        Self::CS_ERR_NO_MEMORY,
        Self::CS_ERR_BAD_HANDLE,
        Self::CS_ERR_BUSY,
        Self::CS_ERR_ACCESS,
        Self::CS_ERR_NOT_EXIST,
        Self::CS_ERR_NAME_TOO_LONG,
        Self::CS_ERR_EXIST,
        Self::CS_ERR_NO_SPACE,
        Self::CS_ERR_INTERRUPT,
        Self::CS_ERR_NAME_NOT_FOUND,
        Self::CS_ERR_NO_RESOURCES,
        Self::CS_ERR_NOT_SUPPORTED,
        Self::CS_ERR_BAD_OPERATION,
        Self::CS_ERR_FAILED_OPERATION,
        Self::CS_ERR_MESSAGE_ERROR,
        Self::CS_ERR_QUEUE_FULL,
        Self::CS_ERR_QUEUE_NOT_AVAILABLE,
        Self::CS_ERR_BAD_FLAGS,
        Self::CS_ERR_TOO_BIG,
        Self::CS_ERR_NO_SECTIONS,
        Self::CS_ERR_CONTEXT_NOT_FOUND,
        Self::CS_ERR_TOO_MANY_GROUPS,
        Self::CS_ERR_SECURITY,
    ];
}

/// The text for an error number: a constant string, also for numbers that no
/// error has. Never NULL, never to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn cs_strerror(err: ErrorNumber) -> *const c_char {
    let Some(error) = i32::try_from(err).ok().and_then(cs_error::from_number) else {
        return c"unknown error".as_ptr();
    };
    let text = match error {
        cs_error::CS_OK => c"success",
        cs_error::CS_ERR_LIBRARY => c"CS_ERR_LIBRARY",
        cs_error::CS_ERR_VERSION => c"CS_ERR_VERSION",
        cs_error::CS_ERR_INIT => c"CS_ERR_INIT",
        cs_error::CS_ERR_TIMEOUT => c"CS_ERR_TIMEOUT",
        cs_error::CS_ERR_TRY_AGAIN => c"CS_ERR_TRY_AGAIN",
        cs_error::CS_ERR_INVALID_PARAM => c"CS_ERR_INVALID_PARAM",
        cs_error::CS_ERR_NO_MEMORY => c"CS_ERR_NO_MEMORY",
        cs_error::CS_ERR_BAD_HANDLE => c"CS_ERR_BAD_HANDLE",
        cs_error::CS_ERR_BUSY => c"CS_ERR_BUSY",
        cs_error::CS_ERR_ACCESS => c"CS_ERR_ACCESS",
        cs_error::CS_ERR_NOT_EXIST => c"CS_ERR_NOT_EXIST",
        cs_error::CS_ERR_NAME_TOO_LONG => c"CS_ERR_NAME_TOO_LONG",
        cs_error::CS_ERR_EXIST => c"CS_ERR_EXIST",
        cs_error::CS_ERR_NO_SPACE => c"CS_ERR_NO_SPACE",
        cs_error::CS_ERR_INTERRUPT => c"CS_ERR_INTERRUPT",
        cs_error::CS_ERR_NAME_NOT_FOUND => c"CS_ERR_NAME_NOT_FOUND",
        cs_error::CS_ERR_NO_RESOURCES => c"CS_ERR_NO_RESOURCES",
        cs_error::CS_ERR_NOT_SUPPORTED => c"CS_ERR_NOT_SUPPORTED",
        cs_error::CS_ERR_BAD_OPERATION => c"CS_ERR_BAD_OPERATION",
        cs_error::CS_ERR_FAILED_OPERATION => c"CS_ERR_FAILED_OPERATION",
        cs_error::CS_ERR_MESSAGE_ERROR => c"CS_ERR_MESSAGE_ERROR",
        cs_error::CS_ERR_QUEUE_FULL => c"CS_ERR_QUEUE_FULL",
        cs_error::CS_ERR_QUEUE_NOT_AVAILABLE => c"CS_ERR_QUEUE_NOT_AVAILABLE",
        cs_error::CS_ERR_BAD_FLAGS => c"CS_ERR_BAD_FLAGS",
        cs_error::CS_ERR_TOO_BIG => c"CS_ERR_TOO_BIG",
        cs_error::CS_ERR_NO_SECTIONS => c"CS_ERR_NO_SECTIONS",
        cs_error::CS_ERR_CONTEXT_NOT_FOUND => c"CS_ERR_CONTEXT_NOT_FOUND",
        cs_error::CS_ERR_TOO_MANY_GROUPS => c"CS_ERR_TOO_MANY_GROUPS",
        cs_error::CS_ERR_SECURITY => c"CS_ERR_SECURITY",
    };
    text.as_ptr()
}

/// The error that a result of libqb stands for: a negative errno, or success.
#[unsafe(no_mangle)]
pub extern "C" fn qb_to_cs_error(result: c_int) -> cs_error_t {
    if result >= 0 {
        return cs_error::CS_OK;
    }
    match result.saturating_neg() {
        libc::EBADF => cs_error::CS_ERR_BAD_HANDLE,
        libc::ENOMEM => cs_error::CS_ERR_NO_MEMORY,
        libc::ENOMSG | libc::ENOBUFS | libc::ETIMEDOUT | libc::EAGAIN => cs_error::CS_ERR_TRY_AGAIN,
        libc::EBADE => cs_error::CS_ERR_FAILED_OPERATION,
        libc::ETIME => cs_error::CS_ERR_TIMEOUT,
        libc::EINVAL => cs_error::CS_ERR_INVALID_PARAM,
        libc::EBUSY => cs_error::CS_ERR_BUSY,
        libc::EACCES => cs_error::CS_ERR_ACCESS,
        libc::EOVERFLOW => cs_error::CS_ERR_NAME_TOO_LONG,
        libc::EEXIST => cs_error::CS_ERR_EXIST,
        libc::ENOSPC => cs_error::CS_ERR_NO_SPACE,
        libc::EINTR => cs_error::CS_ERR_INTERRUPT,
        libc::ENOENT | libc::ENODEV => cs_error::CS_ERR_NOT_EXIST,
        libc::ENOSYS | libc::ENOTSUP => cs_error::CS_ERR_NOT_SUPPORTED,
        libc::EBADMSG => cs_error::CS_ERR_MESSAGE_ERROR,
        libc::EMSGSIZE | libc::E2BIG => cs_error::CS_ERR_TOO_BIG,
        _ => cs_error::CS_ERR_LIBRARY,
    }
}

/// The error that a result of libqb's table of handles stands for.
#[unsafe(no_mangle)]
pub extern "C" fn hdb_error_to_cs(res: c_int) -> cs_error_t {
    match res.saturating_neg() {
        0 => cs_error::CS_OK,
        libc::EBADF => cs_error::CS_ERR_BAD_HANDLE,
        libc::ENOMEM => cs_error::CS_ERR_NO_MEMORY,
        libc::EMFILE => cs_error::CS_ERR_NO_RESOURCES,
        libc::EACCES => cs_error::CS_ERR_ACCESS,
        _ => cs_error::CS_ERR_LIBRARY,
    }
}
