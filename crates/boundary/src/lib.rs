//! Between C and Rust.
//!
//! ```
//! use quorate_boundary::contained;
//!
//! assert!(matches!(contained(|| 7), Ok(7)));
//! assert!(contained(|| panic!("on purpose")).is_err());
//! ```

pub mod memory;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The Rust side of a C function panicked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Panicked;

/// Runs the Rust side of a C function.
///
/// A panic is caught: it must neither unwind into C nor end a program that may
/// be about to fence a node. Cancellation of the thread is held back meanwhile,
/// for glibc would unwind through frames that own locks.
///
/// # Errors
///
/// If it panicked.
pub fn contained<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    let _held_back = CancellationHeldBack::new();
    silence_panics();
    catch_unwind(AssertUnwindSafe(code)).map_err(|_| Panicked)
}

/// In the shipped libraries a panic is not reported on the host's stderr, which
/// may be anything by now. The hook belongs to this library's own copy of the
/// standard library.
#[inline(always)]
fn silence_panics() {
    #[cfg(feature = "c-library")]
    {
        // Not a Once: a child forked while another thread is in there would
        // wait for it for ever.
        static DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        if !DONE.load(relaxed) && !DONE.swap(true, relaxed) {
            std::panic::set_hook(Box::new(|_| {}));
        }
    }
}

unsafe extern "C-unwind" {
    fn pthread_setcancelstate(state: libc::c_int, old: *mut libc::c_int) -> libc::c_int;
}

const PTHREAD_CANCEL_DISABLE: libc::c_int = 1;

struct CancellationHeldBack {
    before: libc::c_int,
}

impl CancellationHeldBack {
    fn new() -> Self {
        let mut before = 0;
        // SAFETY: `before` is writable; the state is one that pthreads defines.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
        Self { before }
    }
}

impl Drop for CancellationHeldBack {
    fn drop(&mut self) {
        let mut unused = 0;
        // SAFETY: as in `new`; the state is the one found there.
        unsafe { pthread_setcancelstate(self.before, &mut unused) };
    }
}
