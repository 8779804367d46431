//! Words of a shared file that only the kernel touches.

use super::{Mapping, timespec};
use crate::error::Error;
use std::fs::File;
use std::io;
use std::time::Duration;

/// The beginning of a file shared with another process, mapped for the kernel to
/// change and watch words in it.
///
/// Nothing here loads or stores. A page that the peer has cut off the file makes
/// the kernel's access fail with `EFAULT`, where one from here would raise SIGBUS.
#[derive(Debug)]
pub(crate) struct KernelWords(Mapping);

/// What came of waiting for a word to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The word was not zero to begin with.
    NotZero,
    /// Woken, or the limit has passed, or a signal came.
    LookAgain,
    /// The word is not there any more.
    Gone,
}

impl KernelWords {
    /// Maps the first `len` bytes, which the file must have.
    pub(crate) fn new(file: &File, len: usize) -> Result<Self, Error> {
        Mapping::new(file, len).map(Self)
    }

    /// Adds to the 32-bit word at a byte offset and wakes one who waits on it;
    /// false if the word is not there any more.
    pub(crate) fn add_and_wake(&self, offset: usize, delta: i8) -> bool {
        let word = self.0.address(offset);
        // FUTEX_OP(FUTEX_OP_ADD, delta, FUTEX_OP_CMP_EQ, 0) with a sign-extended
        // operand of twelve bits.
        const ADD: u32 = 1 << 28;
        let operation = ADD | (i32::from(delta) as u32 & 0xFFF) << 12;
        // SAFETY: the word is inside the mapping, which lives as long as `self`;
        // no second waiters are to be woken, so the count in the timeout's place
        // is 0.
        let done = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word,
                libc::FUTEX_WAKE_OP,
                1,
                std::ptr::null::<libc::timespec>(),
                word,
                operation,
            )
        };
        done >= 0
    }

    /// Waits while the word at a byte offset is zero, for at most `limit`.
    pub(crate) fn wait_while_zero(&self, offset: usize, limit: Duration) -> Waited {
        let (word, limit) = (self.0.address(offset), timespec(limit));
        // SAFETY: the word is inside the mapping, which lives as long as `self`,
        // and the timespec is valid for the call.
        let done = unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 0u32, &limit) };
        if done == 0 {
            return Waited::LookAgain;
        }
        match io::Error::last_os_error().raw_os_error() {
            Some(libc::EAGAIN) => Waited::NotZero,
            Some(libc::EINTR | libc::ETIMEDOUT) => Waited::LookAgain,
            _ => Waited::Gone,
        }
    }

    /// Wakes whoever waits on the word at a byte offset, in both processes.
    pub(crate) fn wake_all(&self, offset: usize) {
        let word = self.0.address(offset);
        // SAFETY: the word is inside the mapping, which lives as long as `self`.
        unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, i32::MAX) };
    }
}
