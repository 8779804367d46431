//! Types and constants of the SDK.

use super::scalars::{BYTE, NCS_ALERT, NCS_STATE, UINT8, UINT32};
use std::mem::offset_of;

/// [OURS] Characters of a resource's name at most, its terminating 0 not counted.
pub const MAX_RDN_CHARS: usize = 128;
/// [OURS] Characters of a distinguished name at most.
pub const MAX_DN_CHARS: usize = 256;
/// [DOC] Nodes of a cluster at most. [OURS] A cluster with a node id above it is not supported.
pub const MAX_NODES: usize = 32;
/// [DOC] Bytes of a lock's name at most. [OURS] The constant's name.
pub const NCS_MAX_KEY_LEN: usize = 32;

/// [DOC] The resource is offline.
pub const NCS_STATE_OFFLINE: NCS_STATE = 1;
/// [DOC] The resource failed and waits for an administrator.
pub const NCS_STATE_COMATOSE: NCS_STATE = 2;
/// [DOC] The resource's load script runs.
pub const NCS_STATE_LOADING: NCS_STATE = 3;
/// [DOC] The resource's unload script runs.
pub const NCS_STATE_UNLOADING: NCS_STATE = 4;
/// [DOC] The resource runs.
pub const NCS_STATE_RUNNING: NCS_STATE = 5;
/// [DOC] The resource waits for an answer to an alert.
pub const NCS_STATE_ALERT: NCS_STATE = 6;
/// [DOC] No node may run the resource.
pub const NCS_STATE_UNASSIGNED: NCS_STATE = 7;
/// [DOC] The resource waits for quorum.
pub const NCS_STATE_QUORUM_WAIT: NCS_STATE = 8;
/// [DOC] The resource's object is being synchronised.
pub const NCS_STATE_NDS_SYNC: NCS_STATE = 9;

/// [DOC] No alert: acknowledged.
pub const NCS_ALERT_ACK: NCS_ALERT = 0;
/// [DOC] Shall the resource start?
pub const NCS_ALERT_START: NCS_ALERT = 1;
/// [DOC] Shall the resource fail over?
pub const NCS_ALERT_FAILOVER: NCS_ALERT = 2;
/// [DOC] Shall the resource fail back?
pub const NCS_ALERT_FAILBACK: NCS_ALERT = 3;

/// [DOC] The resource is to be online.
pub const RESOURCE_ONLINE: UINT32 = 0x1;
/// [DOC] The resource starts only when told to.
pub const RESOURCE_START_MANUAL: UINT32 = 0x2;
/// [DOC] The resource fails over only when told to.
pub const RESOURCE_FAILOVER_MANUAL: UINT32 = 0x4;
/// [DOC] The resource fails back only when told to.
pub const RESOURCE_FAILBACK_MANUAL: UINT32 = 0x8;
/// [DOC] The resource does not fail back.
pub const RESOURCE_FAILBACK_DISABLED: UINT32 = 0x10;
/// [DOC] The resource fails over to the next node of its list.
pub const RESOURCE_FAILOVER_NEXT: UINT32 = 0x100;
/// [DOC] The resource is the master's own.
pub const RESOURCE_MASTER_SPECIAL: UINT32 = 0x8000_0000;

/// [DOC] A cluster resource, member by member. [OURS] The array sizes, and natural alignment.
///
/// No function declared here fills one: those of the guide that do have no public prototypes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NCS_RESOURCE {
    /// [DOC] Its name, terminated: MAX_RDN_CHARS + 1 bytes.
    pub name: [UINT8; 129],
    /// [DOC] How long its load script may take.
    pub loadWait: UINT32,
    /// [DOC] How long its unload script may take.
    pub unloadWait: UINT32,
    /// [DOC] How it fails over.
    pub failOver: UINT32,
    /// [DOC] How it fails back.
    pub failBack: UINT32,
    /// [DOC] Whether it starts without quorum.
    pub ignore_quorum: UINT32,
    /// [DOC] The revision of its object.
    pub revision: UINT32,
    /// [DOC] The nodes that may run it, in order of preference.
    pub fail_order: [UINT8; MAX_NODES],
    /// [DOC] Its load script.
    pub loadScript: *mut UINT8,
    /// [DOC] Its unload script.
    pub unloadScript: *mut UINT8,
    /// [DOC] The name of its object, in 16-bit characters: MAX_DN_CHARS * 2 + 4 bytes.
    pub uniObjName: [UINT8; 516],
    /// [DOC] How often it has changed its state.
    pub incarnation: UINT32,
    /// [DOC] Its state.
    pub state: NCS_STATE,
    /// [DOC] What it waits for.
    pub alert: NCS_ALERT,
    /// [DOC] The node that runs it.
    pub location: UINT32,
    /// [DOC] Where it moves from and to.
    pub fromTo: UINT32,
    /// [DOC] How often it has failed.
    pub res_fail_cnt: UINT32,
    /// [DOC] When its state last changed.
    pub dateAndTime: [BYTE; 24],
}

const _: () = {
    assert!(size_of::<NCS_RESOURCE>() == 776 && align_of::<NCS_RESOURCE>() == 8);
    // cbindgen takes no expressions for an array's length.
    assert!(MAX_RDN_CHARS + 1 == 129 && MAX_DN_CHARS * 2 + 4 == 516);
    assert!(offset_of!(NCS_RESOURCE, loadWait) == 132);
    assert!(offset_of!(NCS_RESOURCE, fail_order) == 156);
    assert!(offset_of!(NCS_RESOURCE, loadScript) == 192);
    assert!(offset_of!(NCS_RESOURCE, uniObjName) == 208);
    assert!(offset_of!(NCS_RESOURCE, incarnation) == 724);
    assert!(offset_of!(NCS_RESOURCE, location) == 736);
    assert!(offset_of!(NCS_RESOURCE, dateAndTime) == 748);
    assert!(NCS_MAX_KEY_LEN == quorate_ncs_session::MAX_KEY);
};
