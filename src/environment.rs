//! What the environment asks for.

use crate::error::Failure;
use crate::shared::Shared;
use quorate_client::{Endpoint, Options};
use std::ffi::{CStr, OsString};
use std::ops::Deref;
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

static READ: AtomicPtr<Options> = AtomicPtr::new(ptr::null_mut());

/// How to connect.
pub(crate) enum Chosen {
    /// For all connections of the process.
    Once(&'static Options),
    /// For this connection.
    Now(Options),
}

impl Deref for Chosen {
    type Target = Options;

    fn deref(&self) -> &Options {
        match self {
            Self::Once(options) => options,
            Self::Now(options) => options,
        }
    }
}

/// How to connect. The environment is read once, by the process's first
/// connection: a program that changes it in another thread while a later one
/// is made would pull it away from under the reader. Only where that led to a
/// simulated node is it read for every connection: a test may go from node to
/// node.
pub(crate) fn options() -> Result<Chosen, Failure> {
    let seen = READ.load(Ordering::Acquire);
    // SAFETY: only ever set below, to a value that is never freed.
    match unsafe { seen.as_ref() } {
        Some(first) if !matches!(first.endpoint, Endpoint::RunDir(_)) => Ok(Chosen::Once(first)),
        Some(_) => Ok(Chosen::Now(read()?)),
        None => Ok(Chosen::Once(first()?)),
    }
}

fn first() -> Result<&'static Options, Failure> {
    let read = Shared::try_new(read()?)?;
    let fresh = ptr::from_ref(read.clone().leak()).cast_mut();
    let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
    match READ.compare_exchange(ptr::null_mut(), fresh, ok, fail) {
        Ok(_) => Ok(read.leak()),
        // SAFETY: as above. Ours is lost: two threads made the first connection
        // at once, and that happens once.
        Err(other_thread) => Ok(unsafe { &*other_thread }),
    }
}

fn read() -> Result<Options, Failure> {
    let run_dir = variable(c"QUORATE_RUN_DIR")?;
    let timeout = variable(c"QUORATE_TIMEOUT_MS")?;
    Ok(Options::asked_for(run_dir, timeout.as_deref())?)
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
