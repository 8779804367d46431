//! Replies, daemon to client. Those without a result are bare: see
//! [`crate::status`].

use super::Name;
use crate::ReplyError;
use crate::reply::{OK, check};
use crate::wire::{self, Octet};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each reply.
pub mod reply_id {
    /// Bare.
    pub const SET: i32 = 0;
    /// Bare.
    pub const DELETE: i32 = 1;
    /// [`super::GetReply`].
    pub const GET: i32 = 2;
    /// Bare.
    pub const ADJUST_INT: i32 = 3;
    /// [`super::HandleReply`]: the list.
    pub const ITER_INIT: i32 = 4;
    /// [`super::NextReply`].
    pub const ITER_NEXT: i32 = 5;
    /// Bare.
    pub const ITER_FINALIZE: i32 = 6;
    /// [`super::HandleReply`]: what is tracked.
    pub const TRACK_ADD: i32 = 7;
    /// [`super::HandleReply`]: the client's name for what was tracked.
    pub const TRACK_DELETE: i32 = 8;
    /// Bare.
    pub const SET_CURRENT_MAP: i32 = 10;
}

/// Fixed part of the reply to a request for a value. The room that was asked
/// for follows, all of it, filled or not.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetReply {
    /// [`reply_id::GET`].
    pub header: ResponseHeader,
    /// The value's length, however much room there is.
    pub value_len: u64,
    /// Type of the value.
    pub value_type: Octet,
}

/// A value, or as much as is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// Type of the value.
    pub value_type: u8,
    /// Its length.
    pub value_len: u64,
    /// Its bytes; none if no room was asked for.
    pub value: &'a [u8],
}

impl GetReply {
    /// The message that brings a value to who asked for `room` bytes. If the
    /// value needs more room, that is refused.
    pub fn message(value_type: u8, value: &[u8], room: u64) -> Vec<u8> {
        if room != 0 && value.len() as u64 > room {
            return Self::refusal(7);
        }
        let mut fixed = Self {
            header: wire::success::<Self>(reply_id::GET),
            value_len: value.len() as u64,
            value_type: Octet::new(value_type),
        };
        if room == 0 {
            return fixed.as_bytes().to_vec();
        }
        let total = size_of::<Self>() + room as usize;
        fixed.header = ResponseHeader::new(reply_id::GET, total, OK);
        let mut bytes = vec![0; total];
        bytes[..size_of::<Self>()].copy_from_slice(fixed.as_bytes());
        bytes[size_of::<Self>()..][..value.len()].copy_from_slice(value);
        bytes
    }

    /// The message that refuses with a `cs_error_t`.
    pub fn refusal(error: i32) -> Vec<u8> {
        let mut fixed = Self::new_zeroed();
        fixed.header = ResponseHeader::new(reply_id::GET, size_of::<Self>(), error);
        fixed.as_bytes().to_vec()
    }

    /// Decodes the reply in `bytes` to a request for `room` bytes.
    ///
    /// # Errors
    ///
    /// The daemon's refusal, or that the reply is shorter than it claims.
    pub fn decode(bytes: &[u8], room: u64) -> Result<Lookup<'_>, ReplyError> {
        const SHORT: ReplyError = ReplyError::Malformed("a value is shorter than it claims");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| SHORT)?;
        check(&header, bytes.len(), reply_id::GET, size_of::<Self>())?;
        let (fixed, tail) = Self::read_from_prefix(bytes).map_err(|_| SHORT)?;
        let expected = if room == 0 { 0 } else { fixed.value_len };
        let len = usize::try_from(expected).map_err(|_| SHORT)?;
        Ok(Lookup {
            value_type: fixed.value_type.get(),
            value_len: fixed.value_len,
            value: tail.get(..len).ok_or(SHORT)?,
        })
    }
}

/// A reply that consists of a handle.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct HandleReply {
    /// [`reply_id::ITER_INIT`], [`reply_id::TRACK_ADD`] or [`reply_id::TRACK_DELETE`].
    pub header: ResponseHeader,
    /// The handle.
    pub handle: u64,
}

impl HandleReply {
    /// A reply of kind `id` that reports `error`, with 1 for success.
    pub fn new(id: i32, error: i32, handle: u64) -> Self {
        Self {
            header: ResponseHeader::new(id, size_of::<Self>(), error),
            handle,
        }
    }
}

/// A key of a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NextReply {
    /// [`reply_id::ITER_NEXT`]; error 27 at the end.
    pub header: ResponseHeader,
    /// The key.
    pub name: Name,
    /// Length of its value.
    pub value_len: u64,
    /// Type of its value.
    pub value_type: Octet,
}

/// A key of a list, for [`NextReply::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub name: &'a [u8],
    /// Length of its value.
    pub value_len: u64,
    /// Type of its value.
    pub value_type: u8,
}

impl NextReply {
    /// The next key, or the `cs_error_t` that there is instead of one.
    pub fn new(entry: Result<Entry<'_>, i32>) -> Self {
        let (error, entry) = match entry {
            Ok(entry) => (OK, Some(entry)),
            Err(error) => (error, None),
        };
        Self {
            header: ResponseHeader::new(reply_id::ITER_NEXT, size_of::<Self>(), error),
            name: Name::new(entry.map_or(&[], |entry| entry.name)),
            value_len: entry.map_or(0, |entry| entry.value_len),
            value_type: Octet::new(entry.map_or(0, |entry| entry.value_type)),
        }
    }
}

const _: () = {
    assert!(size_of::<GetReply>() == 40 && offset_of!(GetReply, value_type) == 32);
    assert!(size_of::<HandleReply>() == 32);
    assert!(size_of::<NextReply>() == 304 && offset_of!(NextReply, value_len) == 288);
    assert!(offset_of!(NextReply, value_type) == 296);
};
