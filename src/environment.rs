//! What the environment asks for.

use crate::error::Failure;
use crate::shared::Shared;
use quorate_client::Options;
use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

static READ: AtomicPtr<Options> = AtomicPtr::new(ptr::null_mut());

/// How to connect. The environment is read once, by the process's first
/// connection: a program that changes it in another thread while a later one
/// is made would pull it away from under the reader.
pub(crate) fn options() -> Result<&'static Options, Failure> {
    let seen = READ.load(Ordering::Acquire);
    // SAFETY: only ever set below, to a value that is never freed.
    if let Some(options) = unsafe { seen.as_ref() } {
        return Ok(options);
    }
    let run_dir = variable(c"QUORATE_RUN_DIR")?;
    let timeout = variable(c"QUORATE_TIMEOUT_MS")?;
    let read = Shared::try_new(Options::asked_for(run_dir, timeout.as_deref())?)?;
    let fresh = ptr::from_ref(read.clone().leak()).cast_mut();
    let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
    match READ.compare_exchange(ptr::null_mut(), fresh, ok, fail) {
        Ok(_) => Ok(read.leak()),
        // SAFETY: as above. Ours is lost: two threads made the first connection
        // at once, and that happens once.
        Err(other_thread) => Ok(unsafe { &*other_thread }),
    }
}

/// A copy of a variable; nothing here aborts when memory is out.
fn variable(name: &CStr) -> Result<Option<OsString>, Failure> {
    // SAFETY: `name` is a string.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: getenv gave a string; no thread may change it meanwhile, as with
    // every use of getenv.
    let value = unsafe { CStr::from_ptr(value) }.to_bytes();
    let mut copy = Vec::new();
    copy.try_reserve_exact(value.len())
        .map_err(|_| Failure::NoMemory)?;
    copy.extend_from_slice(value);
    Ok(Some(OsString::from_vec(copy)))
}
