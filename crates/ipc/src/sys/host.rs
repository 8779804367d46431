//! What a library with a thread of its own needs of the system it is a guest of.

use crate::error::Error;
use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

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

/// What names the calling thread among those that run.
pub(crate) fn this_thread() -> usize {
    // SAFETY: pthread_self takes nothing and cannot fail.
    (unsafe { libc::pthread_self() }) as usize
}

/// What a new thread is to do, and its name.
struct Start {
    name: &'static CStr,
    code: Box<dyn FnOnce() + Send>,
}

/// Starts a thread that nobody waits for. Not the standard library's way: its threads register
/// what is to be done at their end, and without the memory for that glibc ends the program.
pub(crate) fn start_thread(
    name: &'static CStr,
    stack: usize,
    code: Box<dyn FnOnce() + Send>,
) -> io::Result<()> {
    let start = Box::into_raw(Box::new(Start { name, code }));
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the attributes are initialised before they are used, and destroyed; `start` goes to
    // the new thread.
    let error = unsafe {
        let attributes = attributes.as_mut_ptr();
        match libc::pthread_attr_init(attributes) {
            0 => {
                libc::pthread_attr_setstacksize(attributes, stack);
                libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED);
                let start = start.cast();
                let error = libc::pthread_create(thread.as_mut_ptr(), attributes, run, start);
                libc::pthread_attr_destroy(attributes);
                error
            }
            error => error,
        }
    };
    if error != 0 {
        // SAFETY: no thread was started that could have taken it.
        drop(unsafe { Box::from_raw(start) });
        return Err(io::Error::from_raw_os_error(error));
    }
    Ok(())
}

extern "C" fn run(start: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: this thread was given it for itself.
    let Start { name, code } = *unsafe { Box::from_raw(start.cast::<Start>()) };
    // SAFETY: the name is a string. Where it can't be set the thread has its parent's.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    // Nobody is told of a panic: who starts a thread here sees to it that it ends well.
    let _ = catch_unwind(AssertUnwindSafe(code));
    ptr::null_mut()
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
