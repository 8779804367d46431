//! Callbacks that the program runs itself.

use super::codes::{NCS_BAD_HANDLE, NCS_BAD_PARAMETER, NCS_SUCCESS};
use super::scalars::{NCS_HANDLE, NCS_RETURN};
use super::session::{answered, call_back, sdk};
use libc::{c_int, c_uint};
use quorate_ncs_session::Mode;

/// [OURS] Wait for a callback and run it.
pub const NCS_DISPATCH_ONE: c_uint = 1;
/// [OURS] Run all callbacks that are due; do not wait.
pub const NCS_DISPATCH_ALL: c_uint = 2;
/// [OURS] Run callbacks until the handle is deregistered.
pub const NCS_DISPATCH_BLOCKING: c_uint = 3;

/// [OURS] Has a handle's callbacks run by ncs_dispatch() from now on, and no longer by the library's
/// thread. With handle 0, before NCS_Register(): those of all handles that are registered later,
/// their first callbacks included. There is no way back.
///
/// @param fd receives a descriptor, on success only, which is readable while such a callback is due.
/// It is the same for all handles of the process, and the library's own: poll it, but neither read
/// nor close it
///
/// @return NCS_SUCCESS: no callback of the handle is running on the library's thread or will;
/// NCS_BAD_PARAMETER: `fd` is NULL; NCS_BAD_HANDLE; NCS_NO_RESOURCES, NCS_ALLOC_ERROR: nothing has
/// changed
///
/// # Safety
///
/// `fd` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncs_fd_get(handle: NCS_HANDLE, fd: *mut c_int) -> NCS_RETURN {
    if fd.is_null() {
        return NCS_BAD_PARAMETER;
    }
    match answered(|| sdk()?.dispatch_by_program(handle)) {
        Ok(descriptor) => {
            // SAFETY: not NULL, and otherwise writable by this function's contract.
            unsafe { fd.write(descriptor) };
            NCS_SUCCESS
        }
        Err(number) => number,
    }
}

/// [OURS] Runs callbacks that are due, in the calling thread: of one handle, or with handle 0 of all
/// that ncs_fd_get() was called for.
///
/// C++ exceptions may pass through. Any function may be called in the callback, this one included.
/// Waiting is not a cancellation point of pthreads; NCS_Deregister() ends it.
///
/// @param flags NCS_DISPATCH_ONE: wait for one and run it; NCS_DISPATCH_ALL: run all that are due;
/// NCS_DISPATCH_BLOCKING: run them until the handle is deregistered, with handle 0 for ever
///
/// @return NCS_SUCCESS; NCS_BAD_HANDLE, also when the handle is deregistered meanwhile, by another
/// thread or in a callback; NCS_BAD_PARAMETER: no such `flags`, or ncs_fd_get() was not called
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ncs_dispatch(handle: NCS_HANDLE, flags: c_uint) -> NCS_RETURN {
    let mode = match flags {
        NCS_DISPATCH_ONE | NCS_DISPATCH_BLOCKING => Mode::Wait,
        NCS_DISPATCH_ALL => Mode::Poll,
        _ => return NCS_BAD_PARAMETER,
    };
    loop {
        match answered(|| sdk()?.next_turn(handle, mode)) {
            Ok(Some(turn)) => {
                call_back(&turn);
                if turn.is_forked() {
                    return NCS_BAD_HANDLE;
                }
            }
            Ok(None) => return NCS_SUCCESS,
            Err(number) => return number,
        }
        if flags == NCS_DISPATCH_ONE {
            return NCS_SUCCESS;
        }
    }
}
