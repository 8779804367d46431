//! Functions that a program calls.

use super::codes::{NCS_BAD_PARAMETER, NCS_FAILURE, NCS_SUCCESS, NCS_TRYLOCK_HELD, number};
use super::scalars::{EpochChangeCallback, NCS_HANDLE, NCS_KEY, NCS_POOL_INFO, NCS_RETURN, UINT32};
use super::session::{Callback, answered, sdk, status};
use super::types::NCS_MAX_KEY_LEN;
use crate::boundary::{Panicked, contained};
use libc::c_char;
use quorate_ncs_session::{Code, Refused, Sdk};

/// [DOC] Registers an epoch callback and gives out the handle that names it. While this node is not
/// in the cluster it is refused; the program polls until it is accepted. [OURS] The prototype.
///
/// [OURS] Waits until the other programs that use the SDK have admitted this one: if all of them are
/// stopped (SIGSTOP) for as long as they are, or for QUORATE_TIMEOUT_MS. `*Handle` is written before
/// the first callback runs, which tells the cluster as it is. A program may register as often as it
/// likes.
///
/// @param AppName the program's name, for people; not NULL, not empty; nothing else is made of it
/// @param EpochChange the callback
/// @param Handle receives the handle, on success only
///
/// @return NCS_SUCCESS; NCS_NOT_MEMBER [OURS]: this node is not in the cluster now (corosync does
/// not run, or has no quorum), or the callbacks that told so have not returned; NCS_NOT_SUPPORTED:
/// a node id is above MAX_NODES; NCS_BAD_PARAMETER: a pointer is NULL, the name is empty, or
/// QUORATE_TIMEOUT_MS is no number; NCS_NO_RESOURCES, NCS_ALLOC_ERROR; NCS_FAILURE: corosync does
/// not admit this user, or offers no votequorum, or corosync or the other programs have not answered
/// within QUORATE_TIMEOUT_MS; nothing of the registration is left then
///
/// # Safety
///
/// `AppName` must be NULL or a string, `Handle` NULL or writable, and `EpochChange` a function that
/// may be called until the handle is deregistered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_Register(
    AppName: *const c_char,
    EpochChange: EpochChangeCallback,
    Handle: *mut NCS_HANDLE,
) -> NCS_RETURN {
    // SAFETY: a string has at least its terminating 0.
    let is_named = !AppName.is_null() && unsafe { AppName.read() } != 0;
    let (true, Some(callback), false) = (is_named, EpochChange, Handle.is_null()) else {
        return NCS_BAD_PARAMETER;
    };
    status(|| {
        sdk()?.register(callback, |handle| {
            // SAFETY: not NULL, and otherwise writable by this function's contract.
            unsafe { Handle.write(handle) };
        })
    })
}

/// [DOC] Takes a registration back. [OURS] The prototype.
///
/// [OURS] All locks of the handle are given up, and calls that wait with it return NCS_BAD_HANDLE.
/// When this returns no callback of the handle is running or will run, except the one that it is
/// called in: inside a callback, of whichever handle, nothing is waited for.
///
/// @return NCS_SUCCESS, also after this node has left the cluster; NCS_BAD_HANDLE [OURS]
#[unsafe(no_mangle)]
pub extern "C" fn NCS_Deregister(Handle: NCS_HANDLE) -> NCS_RETURN {
    status(|| sdk()?.deregister(Handle))
}

/// [DOC] The number of membership changes since the cluster started, and the nodes in it now.
///
/// [OURS] It can be ahead of the callbacks by those that have not run yet.
///
/// @param GroupEpoch receives the epoch, on success only
/// @param Members receives a bit for each node, on success only
///
/// @return NCS_SUCCESS; NCS_BAD_PARAMETER: a pointer is NULL; NCS_NOT_MEMBER [OURS]: this node has
/// left the cluster; NCS_BAD_HANDLE [OURS]; NCS_FAILURE
///
/// # Safety
///
/// `GroupEpoch` and `Members` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_Query_Epoch(
    Handle: NCS_HANDLE,
    GroupEpoch: *mut UINT32,
    Members: *mut UINT32,
) -> NCS_RETURN {
    if GroupEpoch.is_null() || Members.is_null() {
        return NCS_BAD_PARAMETER;
    }
    match answered(|| sdk()?.view(Handle)) {
        Ok(view) => {
            // SAFETY: not NULL, and otherwise writable by this function's contract.
            unsafe {
                GroupEpoch.write(view.epoch);
                Members.write(view.members);
            }
            NCS_SUCCESS
        }
        Err(number) => number,
    }
}

/// [DOC] Waits for a lock of the whole cluster, and takes it. The guide calls it obsolete since
/// October 2005.
///
/// [OURS] Who waits is served in the order of the requests, cluster-wide. A lock belongs to the
/// handle: it is given up when the handle is deregistered, when the process ends, and when its node
/// leaves the cluster. A node that has been cut off learns of it later than the others, who may have
/// given the lock to somebody by then: until the callback with Members == 0 it believes to have it.
///
/// [OURS] It is waited for a holder without limit; QUORATE_TIMEOUT_MS is for corosync and the other
/// programs, who have to hear the request first.
///
/// @param Key the lock's name, any bytes
/// @param KeyLen how many; 1 to 32
///
/// @return NCS_SUCCESS; NCS_BAD_PARAMETER: `Key` is NULL, `KeyLen` is not 1 to 32, or [OURS] the
/// handle has the lock or waits for it; NCS_NO_RESOURCES; NCS_NOT_MEMBER [OURS]: this node left the
/// cluster, before or while waiting; NCS_BAD_HANDLE [OURS], also when it is deregistered meanwhile;
/// NCS_ALLOC_ERROR: nothing was asked for; NCS_FAILURE: the request was not heard within
/// QUORATE_TIMEOUT_MS, and is withdrawn
///
/// # Safety
///
/// `Key` must be NULL or have `KeyLen` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_Lock(Handle: NCS_HANDLE, Key: NCS_KEY, KeyLen: UINT32) -> NCS_RETURN {
    // SAFETY: the contract of `Key` is the same.
    unsafe { about_key(Handle, Key, KeyLen, Sdk::lock) }.0
}

/// [DOC] Takes a lock of the whole cluster if nobody has it; never waits for a holder. The guide
/// calls it obsolete since October 2005.
///
/// @param Key the lock's name, any bytes
/// @param KeyLen how many; 1 to 32
/// @param Holder receives the bit of the node whose process has the lock, with NCS_TRYLOCK_HELD only
///
/// @return NCS_SUCCESS; NCS_TRYLOCK_HELD: somebody has it, [OURS] which may be the handle itself;
/// otherwise as NCS_Lock(); NCS_BAD_PARAMETER also: `Holder` is NULL
///
/// # Safety
///
/// `Key` must be NULL or have `KeyLen` readable bytes, `Holder` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_TryLock(
    Handle: NCS_HANDLE,
    Key: NCS_KEY,
    KeyLen: UINT32,
    Holder: *mut UINT32,
) -> NCS_RETURN {
    if Holder.is_null() {
        return NCS_BAD_PARAMETER;
    }
    // SAFETY: the contract of `Key` is the same.
    let (result, holder) = unsafe { about_key(Handle, Key, KeyLen, Sdk::try_lock) };
    if result == NCS_TRYLOCK_HELD {
        // SAFETY: not NULL, and otherwise writable by this function's contract.
        unsafe { Holder.write(holder) };
    }
    result
}

/// [DOC] Gives up a lock that NCS_Lock() or NCS_TryLock() took. The guide calls it obsolete since
/// October 2005.
///
/// @param Key the lock's name
/// @param KeyLen how many bytes it has; 1 to 32
///
/// @return NCS_SUCCESS; NCS_BAD_PARAMETER: `Key` is NULL, `KeyLen` is not 1 to 32, or [OURS] the
/// handle does not have the lock; NCS_NOT_MEMBER [OURS]; NCS_BAD_HANDLE [OURS]; NCS_ALLOC_ERROR: the
/// handle still has it, which NCS_Deregister() gives up without memory; NCS_FAILURE: it was not heard
/// within QUORATE_TIMEOUT_MS, and the lock is given up when it is
///
/// # Safety
///
/// `Key` must be NULL or have `KeyLen` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_UnLock(
    Handle: NCS_HANDLE,
    Key: NCS_KEY,
    KeyLen: UINT32,
) -> NCS_RETURN {
    // SAFETY: the contract of `Key` is the same.
    unsafe { about_key(Handle, Key, KeyLen, Sdk::unlock) }.0
}

/// One of the SDK's methods that take a handle and a key.
type KeyCall = fn(&Sdk<Callback>, u32, &[u8]) -> Result<(), Refused>;

/// A call about a key: what to return, and who holds it.
///
/// # Safety
///
/// `Key` must be NULL or have `KeyLen` readable bytes.
unsafe fn about_key(
    Handle: NCS_HANDLE,
    Key: NCS_KEY,
    KeyLen: UINT32,
    call: KeyCall,
) -> (NCS_RETURN, UINT32) {
    let len = KeyLen as usize;
    if Key.is_null() || !(1..=NCS_MAX_KEY_LEN).contains(&len) {
        return (NCS_BAD_PARAMETER, 0);
    }
    // SAFETY: not NULL, and readable by this function's contract.
    let key = unsafe { std::slice::from_raw_parts(Key.cast::<u8>(), len) };
    let refused = |code| Refused { code, holder: 0 };
    match contained(|| call(sdk().map_err(refused)?, Handle, key)) {
        Ok(Ok(())) => (NCS_SUCCESS, 0),
        Ok(Err(Refused { code, holder })) => (number(code), holder),
        Err(Panicked) => (NCS_FAILURE, 0),
    }
}

/// [DOC] Rebuilds the cluster volume broker's database, on NetWare 6.5 only.
///
/// @return NCS_NOT_SUPPORTED [OURS]: there is no such database here; NCS_BAD_HANDLE [OURS]
#[unsafe(no_mangle)]
pub extern "C" fn NCS_Rebuild_Database(Handle: NCS_HANDLE) -> NCS_RETURN {
    status(|| sdk()?.known(Handle).and(Err(Code::NotSupported)))
}

/// [DOC] Lists the storage pools and their nodes.
///
/// @param NumPools not written
/// @param PoolArray not written
///
/// @return NCS_NOT_SUPPORTED [OURS]: there are no such pools here; NCS_BAD_PARAMETER: `NumPools` is
/// NULL; NCS_BAD_HANDLE [OURS]
///
/// # Safety
///
/// None: nothing is read or written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NCS_WherePools(
    Handle: NCS_HANDLE,
    NumPools: *mut UINT32,
    PoolArray: *mut NCS_POOL_INFO,
) -> NCS_RETURN {
    let _ = PoolArray;
    if NumPools.is_null() {
        return NCS_BAD_PARAMETER;
    }
    NCS_Rebuild_Database(Handle)
}
