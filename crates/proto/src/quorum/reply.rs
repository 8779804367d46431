//! Replies, daemon to client. Those to requests for events and their end are
//! bare: see [`crate::status`].

use crate::wire::{self, Word};
use quorate_ipc::header::ResponseHeader;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each reply.
pub mod reply_id {
    /// [`super::QuorateReply`].
    pub const GET_QUORATE: i32 = 0;
    /// Bare.
    pub const TRACK_START: i32 = 1;
    /// Bare.
    pub const TRACK_STOP: i32 = 2;
    /// [`super::TypeReply`].
    pub const GET_TYPE: i32 = 4;
    /// [`super::TypeReply`].
    pub const MODEL_GET_TYPE: i32 = 5;
}

/// Whether there is quorum.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct QuorateReply {
    /// [`reply_id::GET_QUORATE`].
    pub header: ResponseHeader,
    /// 1 if quorate.
    pub quorate: Word,
}

/// Whether quorum is computed at all.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TypeReply {
    /// [`reply_id::GET_TYPE`] or [`reply_id::MODEL_GET_TYPE`].
    pub header: ResponseHeader,
    /// 0: always quorate; 1: a provider decides.
    pub quorum_type: Word,
}

impl QuorateReply {
    /// A successful reply.
    pub fn new(quorate: bool) -> Self {
        Self {
            header: wire::success::<Self>(reply_id::GET_QUORATE),
            quorate: Word::new(quorate.into()),
        }
    }
}

impl TypeReply {
    /// A reply of kind `id` that reports `error`, with 1 for success.
    pub fn new(id: i32, error: i32, quorum_type: u32) -> Self {
        Self {
            header: ResponseHeader::new(id, size_of::<Self>(), error),
            quorum_type: Word::new(quorum_type),
        }
    }
}

const _: () = {
    assert!(size_of::<QuorateReply>() == 32);
    assert!(size_of::<TypeReply>() == 32);
};
