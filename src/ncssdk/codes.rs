//! What the functions return.

use super::scalars::NCS_RETURN;
use quorate_ncs_session::Code;

/// [DOC] Done. [OURS] The value.
pub const NCS_SUCCESS: NCS_RETURN = 0;
/// [DOC] Failed for another reason than those below. [OURS] The value; also: an error of the library.
pub const NCS_FAILURE: NCS_RETURN = 1;
/// [DOC] An argument is not acceptable. [OURS] The value.
pub const NCS_BAD_PARAMETER: NCS_RETURN = 2;
/// [DOC] Not supported. [OURS] The value.
pub const NCS_NOT_SUPPORTED: NCS_RETURN = 3;
/// [DOC] A limit is reached. [OURS] The value; descriptors, threads, or the 65,536 places of the lock table.
pub const NCS_NO_RESOURCES: NCS_RETURN = 4;
/// [DOC] Somebody has the lock. [OURS] The value.
pub const NCS_TRYLOCK_HELD: NCS_RETURN = 5;
/// [DOC] No memory. [OURS] The value.
pub const NCS_ALLOC_ERROR: NCS_RETURN = 6;
/// [DOC] Named by the guide. [OURS] The value; never returned here.
pub const NCS_UNKNOWN: NCS_RETURN = 7;
/// [OURS] This node is not in the cluster now: register again later.
pub const NCS_NOT_MEMBER: NCS_RETURN = 8;
/// [OURS] The handle was never given out, has been deregistered, or is a parent process's.
pub const NCS_BAD_HANDLE: NCS_RETURN = 9;

/// The number of an answer.
pub(super) fn number(code: Code) -> NCS_RETURN {
    match code {
        Code::Success => NCS_SUCCESS,
        Code::Failure => NCS_FAILURE,
        Code::BadParameter => NCS_BAD_PARAMETER,
        Code::NotSupported => NCS_NOT_SUPPORTED,
        Code::NoResources => NCS_NO_RESOURCES,
        Code::TryLockHeld => NCS_TRYLOCK_HELD,
        Code::AllocError => NCS_ALLOC_ERROR,
        Code::Unknown => NCS_UNKNOWN,
        Code::NotMember => NCS_NOT_MEMBER,
        Code::BadHandle => NCS_BAD_HANDLE,
    }
}
