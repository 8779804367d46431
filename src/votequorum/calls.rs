//! Functions that ask or tell the daemon something.

use super::session::{NO_CALLBACKS, Session};
use super::types::{
    VOTEQUORUM_MODEL_V1, VOTEQUORUM_QDEVICE_MAX_NAME_LEN, votequorum_callbacks_t,
    votequorum_handle_t, votequorum_info, votequorum_model_v1_data_t,
};
use crate::boundary::status;
use crate::corotypes::{cs_error, cs_error_t};
use crate::error::Failure;
use libc::{c_char, c_int, c_uint, c_void};
use quorate_client::Info;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;

/// Stores a result where C wants it, on success only.
///
/// # Safety
///
/// `target` must be NULL or valid for a write of a `T`.
pub(super) unsafe fn store<T>(
    target: *mut T,
    code: impl FnOnce() -> Result<T, Failure>,
) -> cs_error_t {
    if target.is_null() {
        return cs_error::CS_ERR_INVALID_PARAM;
    }
    // Written inside, so that the result is made in its place.
    status(|| {
        let value = code()?;
        // SAFETY: not NULL, and otherwise valid by this function's contract.
        unsafe { target.write(value) };
        Ok(())
    })
}

/// Connects to votequorum.
///
/// @param handle receives the handle, on success only
/// @param callbacks functions to be run by votequorum_dispatch(); copied; NULL for none
///
/// @return CS_OK; CS_ERR_INVALID_PARAM: `handle` is NULL, or QUORATE_TIMEOUT_MS is no number;
/// CS_ERR_LIBRARY: corosync isn't running, there is no descriptor left, or /dev/shm is read-only;
/// CS_ERR_TRY_AGAIN: it is starting, or has too many connections to accept; CS_ERR_ACCESS: it does
/// not admit this user, or the socket is not corosync's own; CS_ERR_TIMEOUT: it does not
/// answer within QUORATE_TIMEOUT_MS; CS_ERR_NOT_EXIST: /dev/shm is not the one that it has;
/// CS_ERR_NOT_SUPPORTED: it offers a connection of a kind that is not known; CS_ERR_NO_SPACE,
/// CS_ERR_NO_MEMORY
///
/// # Safety
///
/// `handle` must be NULL or writable, `callbacks` NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_initialize(
    handle: *mut votequorum_handle_t,
    callbacks: *mut votequorum_callbacks_t,
) -> cs_error_t {
    // SAFETY: readable unless NULL by this function's contract; every bit
    // pattern is a valid value, as programs may pass uninitialised memory.
    let callbacks = unsafe { callbacks.as_ref() }.map_or(NO_CALLBACKS, |given| (*given).into());
    // SAFETY: the contract of `handle` is the same.
    unsafe { store(handle, || Session::open(callbacks)) }
}

/// Connects to votequorum, with the callbacks of a model (since 8.1.0).
///
/// @param handle receives the handle, on success only
/// @param model starts with the model's number and has its callbacks; copied; NULL for no callbacks
///
/// @return as votequorum_initialize(); CS_ERR_INVALID_PARAM also: no such model
///
/// # Safety
///
/// `handle` must be NULL or writable, `model` NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_model_initialize(
    handle: *mut votequorum_handle_t,
    model: *const votequorum_model_v1_data_t,
) -> cs_error_t {
    // SAFETY: as in votequorum_initialize().
    let callbacks = unsafe { model.as_ref() }.map_or(NO_CALLBACKS, |given| *given);
    if callbacks.model != VOTEQUORUM_MODEL_V1 {
        return cs_error::CS_ERR_INVALID_PARAM;
    }
    // SAFETY: the contract of `handle` is the same.
    unsafe { store(handle, || Session::open(callbacks)) }
}

/// Ends the connection and frees the handle.
///
/// A votequorum_dispatch() that waits in another thread returns
/// CS_ERR_BAD_HANDLE. From inside a callback this is safe: the dispatch that
/// runs it returns CS_ERR_BAD_HANDLE when the callback is done. In a forked
/// child it frees the child's copy and leaves the parent's connection alone.
///
/// @return CS_OK, also if corosync is gone; CS_ERR_BAD_HANDLE
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_finalize(handle: votequorum_handle_t) -> cs_error_t {
    status(|| Session::finalize(handle))
}

/// A descriptor that becomes readable when votequorum_dispatch() has something
/// to do. It is the library's own: poll it, but neither read nor close it.
///
/// @param fd receives the descriptor, on success only
///
/// @return CS_OK; CS_ERR_BAD_HANDLE; CS_ERR_INVALID_PARAM: `fd` is NULL
///
/// # Safety
///
/// `fd` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_fd_get(
    handle: votequorum_handle_t,
    fd: *mut c_int,
) -> cs_error_t {
    // SAFETY: the contract of `fd` is the same.
    unsafe { store(fd, || Ok(Session::of(handle)?.votequorum.fd().as_raw_fd())) }
}

/// What is known of a node, and of quorum.
///
/// @param nodeid the node; 0 is the local one
/// @param info receives the information, on success only
///
/// @return CS_OK; CS_ERR_NOT_EXIST: no such node was ever seen; CS_ERR_INVALID_PARAM: `info` is
/// NULL; CS_ERR_TRY_AGAIN: corosync takes no more requests now; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY:
/// corosync is gone; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `info` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_getinfo(
    handle: votequorum_handle_t,
    nodeid: c_uint,
    info: *mut votequorum_info,
) -> cs_error_t {
    if info.is_null() {
        return cs_error::CS_ERR_INVALID_PARAM;
    }
    status(|| {
        let session = Session::of(handle)?;
        session.votequorum.with_info(nodeid, |reply| {
            // SAFETY: not NULL, and otherwise valid by this function's contract.
            unsafe { fill(info, reply) };
        })?;
        Ok(())
    })
}

/// Changes the cluster's expected votes, until the configuration is reloaded.
///
/// @return CS_OK; CS_ERR_INVALID_PARAM: less than the votes present, or the cluster would become
/// inquorate; CS_ERR_NO_RESOURCES: corosync has no room for the message to the other nodes;
/// CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_setexpected(
    handle: votequorum_handle_t,
    expected_votes: c_uint,
) -> cs_error_t {
    status(|| {
        Ok(Session::of(handle)?
            .votequorum
            .set_expected_votes(expected_votes)?)
    })
}

/// Changes the votes of a node, until the configuration is reloaded.
///
/// @param nodeid the node; 0 is the quorum device, not the local node
///
/// @return CS_OK; CS_ERR_NAME_NOT_FOUND: no such node; CS_ERR_INVALID_PARAM: the votes
/// present would not be enough for quorum, also where they are not enough now; CS_ERR_NO_RESOURCES:
/// corosync has no room for the message to the other nodes; CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE;
/// CS_ERR_LIBRARY; CS_ERR_TIMEOUT
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_setvotes(
    handle: votequorum_handle_t,
    nodeid: c_uint,
    votes: c_uint,
) -> cs_error_t {
    status(|| Ok(Session::of(handle)?.votequorum.set_votes(nodeid, votes)?))
}

/// Asks for notifications; votequorum_dispatch() delivers them.
///
/// @param context given to every callback
/// @param flags CS_TRACK_CURRENT: the state as it is, once; CS_TRACK_CHANGES: that, and every
/// change; CS_TRACK_CHANGES_ONLY: every change
///
/// Unless only changes are asked for, the first notifications are queued before
/// this returns: a node list, quorum and, in 8.1.0, extra information.
///
/// @return CS_OK; CS_ERR_EXIST: asked for before (the first notifications are sent all the same,
/// with the new context; later ones have the old); CS_ERR_TRY_AGAIN;
/// CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_trackstart(
    handle: votequorum_handle_t,
    context: u64,
    flags: c_uint,
) -> cs_error_t {
    status(|| {
        Ok(Session::of(handle)?
            .votequorum
            .track_start(context, flags)?)
    })
}

/// Ends the notifications.
///
/// @return CS_OK; CS_ERR_NOT_EXIST: changes were not asked for; CS_ERR_TRY_AGAIN;
/// CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_trackstop(handle: votequorum_handle_t) -> cs_error_t {
    status(|| Ok(Session::of(handle)?.votequorum.track_stop()?))
}

/// The pointer that votequorum_context_set() stored; NULL before.
///
/// @return CS_OK; CS_ERR_BAD_HANDLE; CS_ERR_INVALID_PARAM: `context` is NULL
///
/// # Safety
///
/// `context` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_context_get(
    handle: votequorum_handle_t,
    context: *mut *mut c_void,
) -> cs_error_t {
    // SAFETY: the contract of `context` is the same.
    unsafe {
        store(context, || {
            Ok(Session::of(handle)?.context.load(Ordering::Acquire))
        })
    }
}

/// Stores a pointer with the handle, for the program's own use.
///
/// @return CS_OK; CS_ERR_BAD_HANDLE
#[unsafe(no_mangle)]
pub extern "C" fn votequorum_context_set(
    handle: votequorum_handle_t,
    context: *mut c_void,
) -> cs_error_t {
    status(|| {
        Session::of(handle)?
            .context
            .store(context, Ordering::Release);
        Ok(())
    })
}

/// Fills the caller's structure, which may never have been written to.
///
/// # Safety
///
/// `target` must be valid for a write.
unsafe fn fill(target: *mut votequorum_info, reply: &Info) {
    // SAFETY: valid for a write, and zeros are a value of all its fields.
    let target = unsafe {
        target.write_bytes(0, 1);
        &mut *target
    };
    target.node_id = reply.nodeid;
    target.node_state = reply.state;
    target.node_votes = reply.votes;
    target.node_expected_votes = reply.expected_votes;
    target.highest_expected = reply.highest_expected;
    target.total_votes = reply.total_votes;
    target.quorum = reply.quorum;
    target.flags = reply.flags;
    target.qdevice_votes = reply.qdevice_votes;
    // The daemon fills the rest of the field with whatever it had in memory, and
    // the last byte must stay NUL whatever it sends.
    let name = reply.qdevice_name[..VOTEQUORUM_QDEVICE_MAX_NAME_LEN - 1].iter();
    let name = name.take_while(|byte| **byte != 0);
    for (to, from) in target.qdevice_name.iter_mut().zip(name) {
        *to = *from as c_char;
    }
}
