//! The SDK of this process, and its callbacks.

use super::codes::{NCS_FAILURE, NCS_SUCCESS, number};
use super::scalars::{NCS_HANDLE, NCS_RETURN, UINT32};
use crate::boundary::{Panicked, contained};
use crate::per_process::PerProcess;
use quorate_ncs_session::{Code, Sdk, Turn};

/// A program's callback.
pub(super) type Callback = unsafe extern "C-unwind" fn(NCS_HANDLE, UINT32, UINT32, UINT32, UINT32);

static SDK: PerProcess<Sdk<Callback>> =
    PerProcess::new(Sdk::new(call_back), || Sdk::new(call_back));

/// The SDK of this process. From the first call on, nothing of this library ends the program for
/// want of memory: see `quorate_boundary::memory`.
pub(super) fn sdk() -> Result<&'static Sdk<Callback>, Code> {
    #[cfg(feature = "c-library")]
    quorate_boundary::memory::open();
    SDK.get().map_err(|_| Code::AllocError)
}

/// Runs a callback. It stands outside of [`contained`]: what the program throws
/// is not to be caught here.
pub(super) fn call_back(turn: &Turn<Callback>) {
    let view = turn.view;
    let callback = turn.callback;
    // SAFETY: the program gave this function for this purpose; all is by value.
    unsafe {
        callback(
            turn.handle,
            view.epoch,
            view.members,
            view.failed,
            view.master,
        )
    };
}

/// [`contained`] for this library: a panic becomes `NCS_FAILURE`.
pub(super) fn answered<T>(code: impl FnOnce() -> Result<T, Code>) -> Result<T, NCS_RETURN> {
    match contained(code) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(code)) => Err(number(code)),
        Err(Panicked) => Err(NCS_FAILURE),
    }
}

/// [`answered`] for functions that return nothing but their code.
pub(super) fn status(code: impl FnOnce() -> Result<(), Code>) -> NCS_RETURN {
    match answered(code) {
        Ok(()) => NCS_SUCCESS,
        Err(number) => number,
    }
}
