//! Requests, client to daemon.

use super::{EXTRA_INFO_MAX, NAME_LEN, RingId};
use quorate_ipc::header::RequestHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each request.
pub mod request_id {
    #![expect(missing_docs, reason = "the names are those of the structs")]
    pub const GET_INFO: i32 = 0;
    pub const SET_EXPECTED: i32 = 1;
    pub const SET_VOTES: i32 = 2;
    pub const TRACK_START: i32 = 3;
    pub const TRACK_STOP: i32 = 4;
    pub const REGISTER: i32 = 5;
    pub const UNREGISTER: i32 = 6;
    pub const UPDATE: i32 = 7;
    pub const POLL: i32 = 8;
    pub const MASTER_WINS: i32 = 9;
    pub const SET_EXTRA_INFO: i32 = 10;
    pub const GET_EXTRA_INFO: i32 = 11;
}

fn header<T>(id: i32) -> RequestHeader {
    RequestHeader::new(id, size_of::<T>())
}

fn name_field(name: &[u8]) -> [u8; NAME_LEN] {
    debug_assert!(name.len() < NAME_LEN);
    let mut field = [0; NAME_LEN];
    let len = name.len().min(NAME_LEN - 1);
    field[..len].copy_from_slice(&name[..len]);
    field
}

/// What is known of a node; node 0 is the one asked.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetInfo {
    /// [`request_id::GET_INFO`].
    pub header: RequestHeader,
    /// Node id.
    pub nodeid: u32,
    pad: u32,
}

impl GetInfo {
    /// Asks about `nodeid`.
    pub fn new(nodeid: u32) -> Self {
        Self {
            header: header::<Self>(request_id::GET_INFO),
            nodeid,
            pad: 0,
        }
    }
}

/// Changes the expected votes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct SetExpected {
    /// [`request_id::SET_EXPECTED`].
    pub header: RequestHeader,
    /// Votes.
    pub expected_votes: u32,
    pad: u32,
}

impl SetExpected {
    /// Asks for `expected_votes`.
    pub fn new(expected_votes: u32) -> Self {
        Self {
            header: header::<Self>(request_id::SET_EXPECTED),
            expected_votes,
            pad: 0,
        }
    }
}

/// Changes the votes of a node; node 0 is the quorum device.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct SetVotes {
    /// [`request_id::SET_VOTES`].
    pub header: RequestHeader,
    /// Votes.
    pub votes: u32,
    /// Node id.
    pub nodeid: u32,
}

impl SetVotes {
    /// Asks for `nodeid` to have `votes`.
    pub fn new(nodeid: u32, votes: u32) -> Self {
        Self {
            header: header::<Self>(request_id::SET_VOTES),
            votes,
            nodeid,
        }
    }
}

/// Asks for events.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackStart {
    /// [`request_id::TRACK_START`].
    pub header: RequestHeader,
    /// Echoed in every event.
    pub context: u64,
    /// `CS_TRACK_*` bits.
    pub flags: u32,
    pad: u32,
}

impl TrackStart {
    /// Asks for events that carry `context`.
    pub fn new(context: u64, flags: u32) -> Self {
        Self {
            header: header::<Self>(request_id::TRACK_START),
            context,
            flags,
            pad: 0,
        }
    }
}

/// Ends the events.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackStop {
    /// [`request_id::TRACK_STOP`].
    pub header: RequestHeader,
}

impl TrackStop {
    /// The request.
    pub fn new() -> Self {
        Self {
            header: header::<Self>(request_id::TRACK_STOP),
        }
    }
}

impl Default for TrackStop {
    fn default() -> Self {
        Self::new()
    }
}

/// Registers the local quorum device.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Register {
    /// [`request_id::REGISTER`].
    pub header: RequestHeader,
    /// The device's name, NUL-terminated.
    pub name: [u8; NAME_LEN],
    pad: u8,
}

impl Register {
    /// Asks to register `name`, which has less than [`NAME_LEN`] bytes.
    pub fn new(name: &[u8]) -> Self {
        let header = header::<Self>(request_id::REGISTER);
        Self {
            header,
            name: name_field(name),
            pad: 0,
        }
    }
}

/// Takes the registration of the local quorum device back.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Unregister {
    /// [`request_id::UNREGISTER`].
    pub header: RequestHeader,
    /// The device's name, NUL-terminated.
    pub name: [u8; NAME_LEN],
    pad: u8,
}

impl Unregister {
    /// Asks to unregister `name`, which has less than [`NAME_LEN`] bytes.
    pub fn new(name: &[u8]) -> Self {
        let header = header::<Self>(request_id::UNREGISTER);
        Self {
            header,
            name: name_field(name),
            pad: 0,
        }
    }
}

/// Renames the quorum device.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Update {
    /// [`request_id::UPDATE`].
    pub header: RequestHeader,
    /// The device's name so far, NUL-terminated.
    pub old_name: [u8; NAME_LEN],
    /// Its new name, NUL-terminated.
    pub new_name: [u8; NAME_LEN],
    pad: [u8; 2],
}

impl Update {
    /// Asks to rename; both names have less than [`NAME_LEN`] bytes.
    pub fn new(old_name: &[u8], new_name: &[u8]) -> Self {
        Self {
            header: header::<Self>(request_id::UPDATE),
            old_name: name_field(old_name),
            new_name: name_field(new_name),
            pad: [0; 2],
        }
    }
}

/// A sign of life of the quorum device, with its vote.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Poll {
    /// [`request_id::POLL`].
    pub header: RequestHeader,
    /// The device's name, NUL-terminated.
    pub name: [u8; NAME_LEN],
    pad0: u8,
    /// Non-zero: the device casts its votes.
    pub cast_vote: u32,
    pad1: u32,
    /// Representative of the ring that the device speaks about.
    pub ring_nodeid: u32,
    pad2: u32,
    /// Number of that ring.
    pub ring_seq: u64,
}

impl Poll {
    /// A sign of life of `name`, which has less than [`NAME_LEN`] bytes.
    pub fn new(name: &[u8], cast_vote: u32, ring: RingId) -> Self {
        Self {
            header: header::<Self>(request_id::POLL),
            name: name_field(name),
            pad0: 0,
            cast_vote,
            pad1: 0,
            ring_nodeid: ring.nodeid,
            pad2: 0,
            ring_seq: ring.seq,
        }
    }
}

/// Whether a partition without quorum may win by the device's vote.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct MasterWins {
    /// [`request_id::MASTER_WINS`].
    pub header: RequestHeader,
    /// The device's name, NUL-terminated.
    pub name: [u8; NAME_LEN],
    pad0: u8,
    /// Non-zero: allowed.
    pub allow: u32,
    pad1: u32,
}

impl MasterWins {
    /// Says whether `name`, which has less than [`NAME_LEN`] bytes, allows it.
    pub fn new(name: &[u8], allow: u32) -> Self {
        let header = header::<Self>(request_id::MASTER_WINS);
        Self {
            header,
            name: name_field(name),
            pad0: 0,
            allow,
            pad1: 0,
        }
    }
}

/// Attaches bytes to this node's quorum device (8.1.0).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct SetExtraInfo {
    /// [`request_id::SET_EXTRA_INFO`].
    pub header: RequestHeader,
    /// Number of bytes.
    pub len: u32,
    /// The bytes start here, inside what would be padding; the message has four
    /// bytes behind the last one.
    pub data: [u8; EXTRA_INFO_MAX + 4],
}

impl SetExtraInfo {
    /// Attaches `info`, or `None` if it has more than [`EXTRA_INFO_MAX`] bytes.
    pub fn new(info: &[u8]) -> Option<Self> {
        if info.len() > EXTRA_INFO_MAX {
            return None;
        }
        let mut message = Self {
            header: RequestHeader::new(request_id::SET_EXTRA_INFO, 24 + info.len()),
            len: info.len() as u32,
            data: [0; EXTRA_INFO_MAX + 4],
        };
        message.data[..info.len()].copy_from_slice(info);
        Some(message)
    }

    /// The bytes to be sent: as many as the header says.
    pub fn message(&self) -> &[u8] {
        &self.as_bytes()[..24 + self.len as usize]
    }
}

/// Asks for the bytes attached to a node's quorum device (8.1.0).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetExtraInfo {
    /// [`request_id::GET_EXTRA_INFO`].
    pub header: RequestHeader,
    /// Node id; 0 is the quorum device, which has none.
    pub nodeid: u32,
    pad: u32,
}

impl GetExtraInfo {
    /// Asks about `nodeid`.
    pub fn new(nodeid: u32) -> Self {
        Self {
            header: header::<Self>(request_id::GET_EXTRA_INFO),
            nodeid,
            pad: 0,
        }
    }
}

const _: () = {
    assert!(size_of::<GetInfo>() == 24);
    assert!(size_of::<SetExpected>() == 24);
    assert!(size_of::<SetVotes>() == 24 && offset_of!(SetVotes, nodeid) == 20);
    assert!(size_of::<TrackStart>() == 32 && offset_of!(TrackStart, flags) == 24);
    assert!(size_of::<TrackStop>() == 16);
    assert!(size_of::<Register>() == 272);
    assert!(size_of::<Unregister>() == 272);
    assert!(size_of::<Update>() == 528 && offset_of!(Update, new_name) == 271);
    assert!(size_of::<Poll>() == 296 && offset_of!(Poll, cast_vote) == 272);
    assert!(offset_of!(Poll, ring_nodeid) == 280 && offset_of!(Poll, ring_seq) == 288);
    assert!(size_of::<MasterWins>() == 280 && offset_of!(MasterWins, allow) == 272);
    assert!(offset_of!(SetExtraInfo, data) == 20);
    assert!(size_of::<GetExtraInfo>() == 24);
};
