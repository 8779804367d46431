//! Replies, daemon to client. Those without a result are bare: see
//! [`crate::status`].

use super::address::{Address, GroupName};
use crate::ReplyError;
use crate::reply::{OK, check};
use crate::votequorum::NODES_MAX;
use crate::wire::{self, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each reply.
pub mod reply_id {
    /// Bare.
    pub const JOIN: i32 = 0;
    /// Bare.
    pub const LEAVE: i32 = 1;
    /// [`super::MembershipReply`].
    pub const MEMBERSHIP: i32 = 3;
    /// [`super::LocalReply`].
    pub const LOCAL_GET: i32 = 7;
    /// [`super::IterHandleReply`].
    pub const ITER_INIT: i32 = 9;
    /// [`super::NextReply`].
    pub const ITER_NEXT: i32 = 10;
    /// Bare.
    pub const ITER_FINALIZE: i32 = 11;
    /// Bare; the client then ends the session.
    pub const FINALIZE: i32 = 12;
    /// Bare, always error 19.
    pub const ZERO_COPY: i32 = 14;
    /// Bare.
    pub const PARTIAL_MCAST: i32 = 18;
}

/// The members of a group.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct MembershipReply {
    /// [`reply_id::MEMBERSHIP`].
    pub header: ResponseHeader,
    /// Number of members.
    pub count: Word,
    /// The members, without reasons.
    pub members: [Address; NODES_MAX],
}

impl MembershipReply {
    /// The message with a group's members, of which there is room for 384.
    pub fn message(members: &[Address]) -> Vec<u8> {
        let members = &members[..members.len().min(NODES_MAX)];
        let mut bytes = vec![0; size_of::<Self>()];
        let header = wire::success::<Self>(reply_id::MEMBERSHIP);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes[24..28].copy_from_slice(&(members.len() as u32).to_ne_bytes());
        bytes[offset_of!(Self, members)..][..size_of_val(members)]
            .copy_from_slice(members.as_bytes());
        bytes
    }

    /// The members of a reply, which must be aligned to four.
    ///
    /// # Errors
    ///
    /// The daemon's refusal, or that the reply is not what it should be.
    pub fn decode(bytes: &[u8]) -> Result<&[Address], ReplyError> {
        const WRONG: ReplyError = ReplyError::Malformed("a list of members is malformed");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| WRONG)?;
        check(
            &header,
            bytes.len(),
            reply_id::MEMBERSHIP,
            size_of::<Self>(),
        )?;
        let (reply, _) = Self::ref_from_prefix(bytes).map_err(|_| WRONG)?;
        let count = reply.count.get() as usize;
        reply.members.get(..count).ok_or(WRONG)
    }
}

/// The local node's id.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct LocalReply {
    /// [`reply_id::LOCAL_GET`].
    pub header: ResponseHeader,
    /// Node id.
    pub nodeid: Word,
}

impl LocalReply {
    /// A successful reply.
    pub fn new(nodeid: u32) -> Self {
        Self {
            header: wire::success::<Self>(reply_id::LOCAL_GET),
            nodeid: Word::new(nodeid),
        }
    }
}

/// A list that was begun.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterHandleReply {
    /// [`reply_id::ITER_INIT`].
    pub header: ResponseHeader,
    /// The list.
    pub handle: u64,
}

impl IterHandleReply {
    /// A reply that reports `error`, with 1 for success.
    pub fn new(error: i32, handle: u64) -> Self {
        Self {
            header: ResponseHeader::new(reply_id::ITER_INIT, size_of::<Self>(), error),
            handle,
        }
    }
}

/// An entry of a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NextReply {
    /// [`reply_id::ITER_NEXT`]; error 27 at the end.
    pub header: ResponseHeader,
    /// The group.
    pub group: GroupName,
    /// The member's node.
    pub nodeid: u32,
    /// The member's process id.
    pub pid: u32,
}

impl NextReply {
    /// The next entry (group, node, process id), or the `cs_error_t` that there
    /// is instead of one.
    pub fn new(entry: Result<(&[u8], u32, u32), i32>) -> Self {
        let (error, (group, nodeid, pid)) = match entry {
            Ok(entry) => (OK, entry),
            Err(error) => (error, (&[][..], 0, 0)),
        };
        Self {
            header: ResponseHeader::new(reply_id::ITER_NEXT, size_of::<Self>(), error),
            group: GroupName::new(group),
            nodeid,
            pid,
        }
    }
}

const _: () = {
    assert!(size_of::<MembershipReply>() == 9248);
    assert!(offset_of!(MembershipReply, members) == 32);
    assert!(size_of::<LocalReply>() == 32 && size_of::<IterHandleReply>() == 32);
    assert!(size_of::<NextReply>() == 168 && offset_of!(NextReply, nodeid) == 160);
    assert!(offset_of!(NextReply, pid) == 164 && offset_of!(NextReply, group) == 24);
};
