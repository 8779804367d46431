//! Types that the header defines by hand: cbindgen has no way to say them.

use libc::c_void;

/// What every function returns.
pub type NCS_RETURN = u32;
/// Names a registration; never 0.
pub type NCS_HANDLE = u32;
/// The bytes of a lock's name.
pub type NCS_KEY = *const c_void;
/// A resource's state.
pub type NCS_STATE = i32;
/// What a resource waits for.
pub type NCS_ALERT = i32;
/// 8 bits.
pub type UINT8 = u8;
/// 32 bits.
pub type UINT32 = u32;
/// 8 bits.
pub type BYTE = u8;

/// A storage pool, of which nothing is known.
#[repr(C)]
#[derive(Debug)]
pub struct NCS_POOL_INFO {
    nothing: [u8; 0],
}

/// A pointer to an epoch callback. The header's `NCS_EPOCH_CHANGE_CALLBACK` is
/// the function's type.
pub type EpochChangeCallback = Option<
    unsafe extern "C-unwind" fn(
        Handle: NCS_HANDLE,
        GroupEpoch: UINT32,
        Members: UINT32,
        FailedMask: UINT32,
        MasterMask: UINT32,
    ),
>;
