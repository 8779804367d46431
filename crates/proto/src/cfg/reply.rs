//! Replies, daemon to client. Those without a result are bare: see
//! [`crate::status`].

use super::INTERFACES_MAX;
use crate::ReplyError;
use crate::reply::{OK, check};
use crate::wire::{self, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each reply.
pub mod reply_id {
    /// [`super::RingStatusReply`].
    pub const RING_STATUS_GET: i32 = 0;
    /// Bare, always error 19.
    pub const RING_REENABLE: i32 = 1;
    /// Bare.
    pub const TRACK_START: i32 = 2;
    /// Bare.
    pub const TRACK_STOP: i32 = 3;
    /// Bare.
    pub const KILL_NODE: i32 = 8;
    /// Bare, possibly seconds later.
    pub const TRY_SHUTDOWN: i32 = 9;
    /// [`super::NodeAddrsReply`].
    pub const GET_NODE_ADDRS: i32 = 11;
    /// [`super::LocalReply`].
    pub const LOCAL_GET: i32 = 12;
    /// Bare.
    pub const REPLY_TO_SHUTDOWN: i32 = 13;
    /// Bare.
    pub const RELOAD_CONFIG: i32 = 14;
    /// Bare.
    pub const REOPEN_LOG_FILES: i32 = 15;
    /// [`super::super::NodeStatusReply`].
    pub const NODE_STATUS_GET: i32 = 16;
}

const NAME_LEN: usize = 128;
const STATUS_LEN: usize = 512;

/// The state of the local node's links.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct RingStatusReply {
    /// [`reply_id::RING_STATUS_GET`].
    pub header: ResponseHeader,
    /// Number of links.
    pub count: Word,
    /// "LINK ADDRESS" of each, NUL-terminated.
    pub names: [[u8; NAME_LEN]; INTERFACES_MAX],
    /// The state of each in words, NUL-terminated.
    pub statuses: [[u8; STATUS_LEN]; INTERFACES_MAX],
}

/// A link in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkStatus<'a> {
    /// "LINK ADDRESS".
    pub name: &'a [u8],
    /// For example "OK".
    pub status: &'a [u8],
}

impl RingStatusReply {
    /// A successful reply; links beyond the sixteenth are left out, as corosync
    /// has at most eight.
    pub fn message(links: &[LinkStatus<'_>]) -> Vec<u8> {
        // On the heap: it would not fit a small stack more than a few times.
        let mut bytes = vec![0; size_of::<Self>()];
        let links = &links[..links.len().min(INTERFACES_MAX)];
        let header = wire::success::<Self>(reply_id::RING_STATUS_GET);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes[24..28].copy_from_slice(&(links.len() as u32).to_ne_bytes());
        for (i, link) in links.iter().enumerate() {
            let name = offset_of!(Self, names) + i * NAME_LEN;
            bytes[name..name + NAME_LEN].copy_from_slice(&wire::c_field::<NAME_LEN>(link.name));
            let status = offset_of!(Self, statuses) + i * STATUS_LEN;
            bytes[status..status + STATUS_LEN]
                .copy_from_slice(&wire::c_field::<STATUS_LEN>(link.status));
        }
        bytes
    }

    /// The message that refuses with a `cs_error_t`; as long as the other one.
    pub fn refusal(error: i32) -> Vec<u8> {
        let mut bytes = vec![0; size_of::<Self>()];
        let header = ResponseHeader::new(reply_id::RING_STATUS_GET, size_of::<Self>(), error);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes
    }

    /// The links of a reply.
    ///
    /// # Errors
    ///
    /// The daemon's refusal, or that the reply is not what it should be.
    pub fn decode(bytes: &[u8]) -> Result<Vec<LinkStatus<'_>>, ReplyError> {
        const WRONG: ReplyError = ReplyError::Malformed("the state of links is malformed");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| WRONG)?;
        let id = reply_id::RING_STATUS_GET;
        check(&header, bytes.len(), id, size_of::<Self>())?;
        let (count, _) = Word::read_from_prefix(&bytes[24..]).map_err(|_| WRONG)?;
        let count = count.get() as usize;
        if count > INTERFACES_MAX {
            return Err(WRONG);
        }
        let field = |at: usize, len| wire::c_string(&bytes[at..at + len]).map_err(|_| WRONG);
        (0..count)
            .map(|i| {
                Ok(LinkStatus {
                    name: field(offset_of!(Self, names) + i * NAME_LEN, NAME_LEN)?,
                    status: field(offset_of!(Self, statuses) + i * STATUS_LEN, STATUS_LEN)?,
                })
            })
            .collect()
    }
}

/// An address: IPv4 in the first four bytes, or IPv6.
pub type Address = [u8; 16];

/// Fixed part of the reply about a node's addresses; the addresses follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeAddrsReply {
    /// [`reply_id::GET_NODE_ADDRS`].
    pub header: ResponseHeader,
    /// `AF_INET` or `AF_INET6`.
    pub family: u32,
    /// Number of addresses.
    pub count: u32,
}

/// The `cs_error_t` of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub i32);

impl NodeAddrsReply {
    /// The message about addresses of one family. A refusal has no addresses.
    pub fn message(addresses: Result<(u32, &[Address]), Refused>) -> Vec<u8> {
        let (error, (family, list)) = match addresses {
            Ok(found) => (OK, found),
            Err(Refused(error)) => (error, (0, &[][..])),
        };
        let fixed = Self {
            header: ResponseHeader::new(reply_id::GET_NODE_ADDRS, size_of::<Self>(), error),
            family,
            count: list.len() as u32,
        };
        wire::message(&fixed, size_of::<Self>(), &[list.as_bytes()])
    }

    /// Family and addresses of a reply.
    ///
    /// # Errors
    ///
    /// The daemon's refusal, or that the reply is shorter than it claims.
    pub fn decode(bytes: &[u8]) -> Result<(u32, &[Address]), ReplyError> {
        const SHORT: ReplyError = ReplyError::Malformed("a list of addresses is too short");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| SHORT)?;
        check(
            &header,
            bytes.len(),
            reply_id::GET_NODE_ADDRS,
            size_of::<Self>(),
        )?;
        let (fixed, mut rest) = Self::read_from_prefix(bytes).map_err(|_| SHORT)?;
        let list = wire::list(&mut rest, fixed.count.into()).ok_or(SHORT)?;
        Ok((fixed.family, list))
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
        let mut reply = Self::new_zeroed();
        reply.header = wire::success::<Self>(reply_id::LOCAL_GET);
        reply.nodeid = Word::new(nodeid);
        reply
    }
}

const _: () = {
    assert!(size_of::<RingStatusReply>() == 10272);
    assert!(offset_of!(RingStatusReply, names) == 32);
    assert!(offset_of!(RingStatusReply, statuses) == 2080);
    assert!(size_of::<NodeAddrsReply>() == 32 && offset_of!(NodeAddrsReply, count) == 28);
    assert!(size_of::<LocalReply>() == 32);
};
