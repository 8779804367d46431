//! Types and constants of votequorum's C API.

use crate::arguments::ModelNumber;
use libc::{c_char, c_uint, c_void};
use std::mem::offset_of;

/// Names a connection; given out by votequorum_initialize(), never 0.
pub type votequorum_handle_t = u64;

/// The cluster runs with two_node.
pub const VOTEQUORUM_INFO_TWONODE: u32 = 1;
/// The partition of the local node is quorate.
pub const VOTEQUORUM_INFO_QUORATE: u32 = 2;
/// The cluster runs with wait_for_all.
pub const VOTEQUORUM_INFO_WAIT_FOR_ALL: u32 = 4;
/// The cluster runs with last_man_standing.
pub const VOTEQUORUM_INFO_LAST_MAN_STANDING: u32 = 8;
/// The cluster runs with auto_tie_breaker.
pub const VOTEQUORUM_INFO_AUTO_TIE_BREAKER: u32 = 16;
/// The cluster runs with allow_downscale.
pub const VOTEQUORUM_INFO_ALLOW_DOWNSCALE: u32 = 32;
/// The node has a quorum device registered.
pub const VOTEQUORUM_INFO_QDEVICE_REGISTERED: u32 = 64;
/// The node's quorum device is polling in time.
pub const VOTEQUORUM_INFO_QDEVICE_ALIVE: u32 = 128;
/// The node's quorum device casts its votes.
pub const VOTEQUORUM_INFO_QDEVICE_CAST_VOTE: u32 = 256;
/// The node's quorum device lets the partition with its vote win.
pub const VOTEQUORUM_INFO_QDEVICE_MASTER_WINS: u32 = 512;
/// The node's quorum device has extra information attached (since 8.1.0).
pub const VOTEQUORUM_INFO_QDEVICE_HAS_EXTRA_INFO: u32 = 1024;

/// The node id that stands for the quorum device.
pub const VOTEQUORUM_QDEVICE_NODEID: u32 = 0;
/// Bytes of a quorum device's name, terminating NUL included.
pub const VOTEQUORUM_QDEVICE_MAX_NAME_LEN: usize = 255;
/// How long a quorum device may go without a poll, in milliseconds, by default.
pub const VOTEQUORUM_QDEVICE_DEFAULT_TIMEOUT: u32 = 10000;
/// The same while the membership changes, in milliseconds, by default.
pub const VOTEQUORUM_QDEVICE_DEFAULT_SYNC_TIMEOUT: u32 = 30000;
/// Bytes of extra information at most (since 8.1.0).
pub const VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE: usize = 4096;

/// The node is in the partition of the local node.
pub const VOTEQUORUM_NODESTATE_MEMBER: u32 = 1;
/// The node is not in the partition of the local node.
pub const VOTEQUORUM_NODESTATE_DEAD: u32 = 2;
/// The node has announced that it will leave.
pub const VOTEQUORUM_NODESTATE_LEAVING: u32 = 3;

/// What votequorum_getinfo() tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct votequorum_info {
    /// The node asked about.
    pub node_id: c_uint,
    /// One of VOTEQUORUM_NODESTATE_*.
    pub node_state: c_uint,
    /// Votes of the node.
    pub node_votes: c_uint,
    /// Expected votes as the node knows them.
    pub node_expected_votes: c_uint,
    /// Highest expected votes of all members.
    pub highest_expected: c_uint,
    /// Votes present; the quorum device's are included if the node asked about casts them.
    pub total_votes: c_uint,
    /// Votes needed to be quorate.
    pub quorum: c_uint,
    /// VOTEQUORUM_INFO_* bits; up to 32 they describe the local node whichever node was asked about.
    pub flags: c_uint,
    /// Votes of the quorum device.
    pub qdevice_votes: c_uint,
    /// Name of the quorum device, NUL-terminated; empty without one.
    pub qdevice_name: [c_char; VOTEQUORUM_QDEVICE_MAX_NAME_LEN],
}

/// A node and its state.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct votequorum_node {
    /// Node id; 0 is the local quorum device.
    pub nodeid: u32,
    /// One of VOTEQUORUM_NODESTATE_*; 0 for the quorum device.
    pub state: u32,
}
/// See struct votequorum_node.
pub type votequorum_node_t = votequorum_node;

/// A ring, as corosync calls a membership.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct votequorum_ring_id {
    /// Node id of the node that formed the ring.
    pub nodeid: u32,
    /// Number of the ring; rises with every membership change.
    pub seq: u64,
}
/// See struct votequorum_ring_id.
pub type votequorum_ring_id_t = votequorum_ring_id;

/// Quorum was gained, lost, or confirmed after a membership change.
///
/// Runs inside votequorum_dispatch(). `context` is the one given to
/// votequorum_trackstart(). `node_list` has `node_list_entries` entries: all
/// nodes ever seen, dead ones included, the local node last, then the quorum
/// device (node id 0) if one is registered here. The list is valid until the
/// callback returns.
pub type votequorum_quorum_notification_fn_t = Option<
    unsafe extern "C-unwind" fn(
        handle: votequorum_handle_t,
        context: u64,
        quorate: u32,
        node_list_entries: u32,
        node_list: *mut votequorum_node_t,
    ),
>;

/// A new ring was formed; whether it is quorate is told by a quorum
/// notification, later.
///
/// Runs inside votequorum_dispatch(). `node_list` has `node_list_entries` node
/// ids, the ring's members in rising order, valid until the callback returns.
pub type votequorum_nodelist_notification_fn_t = Option<
    unsafe extern "C-unwind" fn(
        handle: votequorum_handle_t,
        context: u64,
        ring_id: votequorum_ring_id_t,
        node_list_entries: u32,
        node_list: *mut u32,
    ),
>;

/// The expected votes changed. Runs inside votequorum_dispatch().
pub type votequorum_expectedvotes_notification_fn_t = Option<
    unsafe extern "C-unwind" fn(handle: votequorum_handle_t, context: u64, expected_votes: u32),
>;

/// The extra information of a node's quorum device was set or cleared (since
/// 8.1.0).
///
/// Runs inside votequorum_dispatch(). `extra_info` has `ei_size` bytes, 0 when
/// cleared, valid until the callback returns.
pub type votequorum_qdevice_extra_info_fn_t = Option<
    unsafe extern "C-unwind" fn(
        handle: votequorum_handle_t,
        context: u64,
        nodeid: u32,
        ei_size: u32,
        extra_info: *mut c_void,
    ),
>;

/// What votequorum_initialize() is given; NULL members mean: not interested.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct votequorum_callbacks {
    /// Called when quorum is gained, lost or confirmed.
    pub votequorum_quorum_notify_fn: votequorum_quorum_notification_fn_t,
    /// Called when the expected votes change.
    pub votequorum_expectedvotes_notify_fn: votequorum_expectedvotes_notification_fn_t,
    /// Called when a ring was formed.
    pub votequorum_nodelist_notify_fn: votequorum_nodelist_notification_fn_t,
}
/// See struct votequorum_callbacks.
pub type votequorum_callbacks_t = votequorum_callbacks;

/// cbindgen:ignore
/// The only model there is; in the header it is an enum.
pub(crate) const VOTEQUORUM_MODEL_V1: ModelNumber = 1;

/// What votequorum_model_initialize() is given (since 8.1.0); NULL callbacks mean: not interested.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct votequorum_model_v1_data {
    /// VOTEQUORUM_MODEL_V1.
    pub model: ModelNumber,
    /// Called when quorum is gained, lost or confirmed.
    pub votequorum_quorum_notify_fn: votequorum_quorum_notification_fn_t,
    /// Called when the expected votes change.
    pub votequorum_expectedvotes_notify_fn: votequorum_expectedvotes_notification_fn_t,
    /// Called when a ring was formed.
    pub votequorum_nodelist_notify_fn: votequorum_nodelist_notification_fn_t,
    /// Called when a node's extra information is set or cleared.
    pub votequorum_qdevice_extra_info_fn: votequorum_qdevice_extra_info_fn_t,
}
/// See struct votequorum_model_v1_data.
pub type votequorum_model_v1_data_t = votequorum_model_v1_data;

const _: () = {
    assert!(size_of::<votequorum_info>() == 292 && offset_of!(votequorum_info, qdevice_name) == 36);
    assert!(size_of::<votequorum_node>() == 8 && offset_of!(votequorum_node, state) == 4);
    assert!(size_of::<votequorum_ring_id>() == 16 && offset_of!(votequorum_ring_id, seq) == 8);
    assert!(size_of::<votequorum_callbacks>() == 24);
    assert!(offset_of!(votequorum_callbacks, votequorum_expectedvotes_notify_fn) == 8);
    assert!(offset_of!(votequorum_callbacks, votequorum_nodelist_notify_fn) == 16);
    assert!(size_of::<votequorum_model_v1_data>() == 40);
    assert!(offset_of!(votequorum_model_v1_data, votequorum_quorum_notify_fn) == 8);
    assert!(offset_of!(votequorum_model_v1_data, votequorum_expectedvotes_notify_fn) == 16);
    assert!(offset_of!(votequorum_model_v1_data, votequorum_nodelist_notify_fn) == 24);
    assert!(offset_of!(votequorum_model_v1_data, votequorum_qdevice_extra_info_fn) == 32);
};
