//! Replies, daemon to client.

use super::{EXTRA_INFO_MAX, NAME_LEN};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each reply.
pub mod reply_id {
    /// The answer to all requests without a result.
    pub const STATUS: i32 = 0;
    /// [`super::InfoReply`].
    pub const GET_INFO: i32 = 1;
    /// [`super::ExtraInfoReply`].
    pub const GET_EXTRA_INFO: i32 = 6;
}

/// Success or failure, nothing more.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct StatusReply {
    /// [`reply_id::STATUS`].
    pub header: ResponseHeader,
}

/// What is known of a node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct InfoReply {
    /// [`reply_id::GET_INFO`].
    pub header: ResponseHeader,
    /// Node id.
    pub nodeid: u32,
    /// 1 member, 2 dead, 3 leaving.
    pub state: u32,
    /// Votes of the node.
    pub votes: u32,
    /// Expected votes as the node knows them.
    pub expected_votes: u32,
    /// Highest expected votes of all members.
    pub highest_expected: u32,
    /// Votes present, the device's included if the node asked about casts them.
    pub total_votes: u32,
    /// Votes needed.
    pub quorum: u32,
    /// `VOTEQUORUM_INFO_*` bits.
    pub flags: u32,
    /// Votes of the quorum device.
    pub qdevice_votes: u32,
    /// Name of the quorum device, NUL-terminated.
    pub qdevice_name: [u8; NAME_LEN],
    pad: [u8; 5],
}

/// The bytes attached to a node's quorum device (8.1.0).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ExtraInfoReply {
    /// [`reply_id::GET_EXTRA_INFO`].
    pub header: ResponseHeader,
    /// Number of bytes; 0 if there are none.
    pub len: u32,
    /// The bytes start here; the message has four bytes behind the last one.
    pub data: [u8; EXTRA_INFO_MAX + 4],
}

impl ExtraInfoReply {
    /// Bytes of the message without any data.
    pub const EMPTY_LEN: usize = 32;

    /// The attached bytes, if the message of `len` bytes has all it claims.
    pub fn info(&self, len: usize) -> Option<&[u8]> {
        let start = offset_of!(Self, data);
        let end = start.checked_add(self.len as usize)?;
        self.as_bytes()[..len.min(size_of::<Self>())].get(start..end)
    }
}

const _: () = {
    assert!(size_of::<InfoReply>() == 320);
    assert!(offset_of!(InfoReply, qdevice_name) == 60);
    assert!(offset_of!(ExtraInfoReply, data) == 28);
};
