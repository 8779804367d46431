//! Functions for quorum devices.

use super::session::Session;
use super::types::{
    VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE, votequorum_handle_t, votequorum_ring_id_t,
};
use crate::boundary::{guarded, status};
use crate::corotypes::{cs_error, cs_error_t};
use crate::error::Failure;
use libc::{c_char, c_uint, c_void};
use quorate_client::{ExtraInfo, NAME_LEN, RingId};

/// The bytes of a device's name, of which at most [`NAME_LEN`] are looked at.
///
/// # Safety
///
/// `name` must be NULL or a NUL-terminated string.
unsafe fn name_bytes<'a>(name: *const c_char) -> Result<&'a [u8], Failure> {
    if name.is_null() {
        return Err(Failure::BadArgument);
    }
    // SAFETY: a string by this function's contract; strnlen reads no further
    // than its NUL.
    let len = unsafe { libc::strnlen(name, NAME_LEN) };
    if len == 0 || len == NAME_LEN {
        return Err(Failure::BadArgument);
    }
    // SAFETY: `len` bytes of the string were just looked at.
    Ok(unsafe { std::slice::from_raw_parts(name.cast(), len) })
}

/// Registers a quorum device on this node. It does not count until it is
/// polled.
///
/// @param name its name, 1 to 254 bytes
///
/// @return CS_OK, also if registered by this name before; CS_ERR_EXIST: another name is registered;
/// CS_ERR_ACCESS: the configuration that corosync has read again does not allow a device;
/// CS_ERR_TRY_AGAIN: a registration is under way, or no more requests are taken now; CS_ERR_INVALID_PARAM: `name` is NULL, empty or
/// too long; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `name` must be NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_qdevice_register(
    handle: votequorum_handle_t,
    name: *const c_char,
) -> cs_error_t {
    status(|| {
        // SAFETY: the contract of `name` is the same.
        let name = unsafe { name_bytes(name) }?;
        Ok(Session::of(handle)?.votequorum.qdevice_register(name)?)
    })
}

/// Takes the registration of this node's quorum device back.
///
/// @param name the name it was registered by
///
/// @return CS_OK; CS_ERR_NOT_EXIST: none is registered; CS_ERR_INVALID_PARAM: not by this name, or
/// `name` is NULL, empty or too long; CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY;
/// CS_ERR_TIMEOUT
///
/// # Safety
///
/// `name` must be NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_qdevice_unregister(
    handle: votequorum_handle_t,
    name: *const c_char,
) -> cs_error_t {
    status(|| {
        // SAFETY: the contract of `name` is the same.
        let name = unsafe { name_bytes(name) }?;
        Ok(Session::of(handle)?.votequorum.qdevice_unregister(name)?)
    })
}

/// Renames the registered quorum device.
///
/// @param oldname the name it was registered by
/// @param newname its new name, 1 to 254 bytes
///
/// @return CS_OK; CS_ERR_NOT_EXIST: none is registered; CS_ERR_INVALID_PARAM: not by this name, or a
/// name is NULL, empty or too long; CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `oldname` and `newname` must be NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_qdevice_update(
    handle: votequorum_handle_t,
    oldname: *const c_char,
    newname: *const c_char,
) -> cs_error_t {
    status(|| {
        // SAFETY: the contract of `oldname` is the same.
        let oldname = unsafe { name_bytes(oldname) }?;
        // SAFETY: the contract of `newname` is the same.
        let newname = unsafe { name_bytes(newname) }?;
        Ok(Session::of(handle)?
            .votequorum
            .qdevice_update(oldname, newname)?)
    })
}

/// A quorum device's sign of life, with its vote. To be called more often than
/// the configured timeout, and after every membership change.
///
/// @param name the name it was registered by
/// @param cast_vote non-zero: the device gives its votes to this node's partition
/// @param ring_id the ring that the vote is about, from the last node list notification
///
/// @return CS_OK; CS_ERR_MESSAGE_ERROR: `ring_id` is not the current ring: wait for the next
/// notification; CS_ERR_NOT_EXIST: none is registered; CS_ERR_ACCESS: the configuration does not
/// allow a device; CS_ERR_INVALID_PARAM: not by this name, or `name` is NULL, empty or too long;
/// CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `name` must be NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_qdevice_poll(
    handle: votequorum_handle_t,
    name: *const c_char,
    cast_vote: c_uint,
    ring_id: votequorum_ring_id_t,
) -> cs_error_t {
    status(|| {
        // SAFETY: the contract of `name` is the same.
        let name = unsafe { name_bytes(name) }?;
        let ring = RingId {
            nodeid: ring_id.nodeid,
            seq: ring_id.seq,
        };
        Ok(Session::of(handle)?
            .votequorum
            .qdevice_poll(name, cast_vote, ring)?)
    })
}

/// Whether a partition without quorum is quorate all the same while the device
/// votes for it.
///
/// @param name the name it was registered by
/// @param allow non-zero: yes
///
/// @return CS_OK; CS_ERR_NOT_EXIST: none is registered; CS_ERR_ACCESS: the configuration does not
/// allow a device; CS_ERR_INVALID_PARAM: not by this name, or `name` is NULL, empty or too long;
/// CS_ERR_TRY_AGAIN; CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `name` must be NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_qdevice_master_wins(
    handle: votequorum_handle_t,
    name: *const c_char,
    allow: c_uint,
) -> cs_error_t {
    status(|| {
        // SAFETY: the contract of `name` is the same.
        let name = unsafe { name_bytes(name) }?;
        Ok(Session::of(handle)?
            .votequorum
            .qdevice_master_wins(name, allow)?)
    })
}

/// The extra information of a node's quorum device (since 8.1.0; corosync 3.1
/// does not know it).
///
/// @param nodeid the node; 0 is the quorum device, which has none, not the local node
/// @param ei_size receives the number of bytes, 0 if nothing is attached; on success only
/// @param extra_info has room for VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE bytes; receives
/// `*ei_size` bytes, on success only
///
/// @return CS_OK; CS_ERR_NOT_EXIST: no such node; CS_ERR_ACCESS: as when registering;
/// CS_ERR_INVALID_PARAM: a pointer is NULL, or the daemon is too old; CS_ERR_TRY_AGAIN;
/// CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `ei_size` and `extra_info` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_get_qdevice_extra_info(
    handle: votequorum_handle_t,
    nodeid: c_uint,
    ei_size: *mut u32,
    extra_info: *mut c_void,
) -> cs_error_t {
    if ei_size.is_null() || extra_info.is_null() {
        return cs_error::CS_ERR_INVALID_PARAM;
    }
    let mut info = ExtraInfo::new();
    let asked = guarded(|| {
        let session = Session::of(handle)?;
        Ok(session.votequorum.qdevice_extra_info(nodeid, &mut info)?)
    });
    match asked {
        Ok(()) => {
            let bytes = info.bytes();
            // Never more than the program has room for, whatever the daemon says.
            let room = VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE;
            let bytes = &bytes[..bytes.len().min(room)];
            // SAFETY: both are writable by this function's contract, the second
            // for at least as many bytes as are copied.
            unsafe {
                ei_size.write(bytes.len() as u32);
                extra_info
                    .cast::<u8>()
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            cs_error::CS_OK
        }
        Err(error) => error,
    }
}

/// Attaches extra information to this node's quorum device, for all nodes to
/// see (since 8.1.0; corosync 3.1 does not know it).
///
/// @param ei_size number of bytes, at most VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE; 0 clears
/// @param extra_info the bytes; NULL clears
///
/// @return CS_OK; CS_ERR_NOT_EXIST: no device is registered here; CS_ERR_ACCESS: as when registering;
/// CS_ERR_INVALID_PARAM: too many bytes, or the daemon is too old; CS_ERR_TRY_AGAIN;
/// CS_ERR_BAD_HANDLE; CS_ERR_LIBRARY; CS_ERR_TIMEOUT
///
/// # Safety
///
/// `extra_info` must be NULL or have `ei_size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn votequorum_set_qdevice_extra_info(
    handle: votequorum_handle_t,
    ei_size: u32,
    extra_info: *const c_void,
) -> cs_error_t {
    status(|| {
        let size = if extra_info.is_null() {
            0
        } else {
            ei_size as usize
        };
        if size > VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE {
            return Err(Failure::BadArgument);
        }
        let bytes = match size {
            0 => &[],
            // SAFETY: not NULL, and readable by this function's contract.
            _ => unsafe { std::slice::from_raw_parts(extra_info.cast(), size) },
        };
        Ok(Session::of(handle)?
            .votequorum
            .set_qdevice_extra_info(bytes)?)
    })
}
