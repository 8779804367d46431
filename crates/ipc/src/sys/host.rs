//! What a library with a thread of its own needs of the system it is a guest of.

use crate::error::Error;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

/// A new non-blocking close-on-exec eventfd with the value 0.
pub(crate) fn event_fd() -> Result<OwnedFd, Error> {
    // SAFETY: eventfd takes no pointers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(Error::last_os("eventfd"));
    }
    // SAFETY: the descriptor is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Fills the array with the kernel's random bytes; false if it has none yet.
pub(crate) fn random<const N: usize>(bytes: &mut [u8; N]) -> bool {
    // SAFETY: pointer and length describe `bytes`.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, libc::GRND_NONBLOCK) };
    usize::try_from(got) == Ok(N)
}

/// All signals are blocked for the calling thread while this lives. A thread
/// inherits that when it is started.
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
}

impl SignalsBlocked {
    pub(crate) fn new() -> Self {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset initialises `all`, and pthread_sigmask, which can't
        // fail with SIG_SETMASK, `before`.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Self {
                before: before.assume_init(),
            }
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: the mask is the one that `new` found.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut()) };
    }
}
