//! Requests, client to daemon.

use super::address::{GroupName, group_name};
use crate::wire::{self, BadRequest, Fault, Word};
use quorate_ipc::header::{RequestHeader, ResponseHeader};
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each request. Those without a struct are bare.
pub mod request_id {
    #![expect(missing_docs, reason = "the names are those of the structs")]
    pub const JOIN: i32 = 0;
    pub const LEAVE: i32 = 1;
    pub const MCAST: i32 = 2;
    pub const MEMBERSHIP: i32 = 3;
    pub const LOCAL_GET: i32 = 4;
    pub const ITER_INIT: i32 = 5;
    pub const ITER_NEXT: i32 = 6;
    pub const ITER_FINALIZE: i32 = 7;
    pub const FINALIZE: i32 = 8;
    /// Once the zero-copy requests, in which the client named a path that the
    /// daemon opened; never to be implemented.
    pub const ZERO_COPY: std::ops::RangeInclusive<i32> = 9..=11;
    pub const PARTIAL_MCAST: i32 = 12;
}

/// What a list is of.
pub mod iter_kind {
    /// Groups, without members.
    pub const NAMES: u32 = 1;
    /// The members of one group.
    pub const ONE_GROUP: u32 = 2;
    /// The members of all groups.
    pub const ALL: u32 = 3;
}

/// A request that is a header and nothing more.
pub const fn bare(id: i32) -> RequestHeader {
    RequestHeader::new(id, size_of::<RequestHeader>())
}

/// Joins a group.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Join {
    /// [`request_id::JOIN`].
    pub header: RequestHeader,
    /// The group.
    pub group: GroupName,
    /// The client's process id.
    pub pid: Word,
    /// 1: send the ring's membership at once.
    pub flags: Word,
}

/// Leaves a group.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Leave {
    /// [`request_id::LEAVE`].
    pub header: RequestHeader,
    /// The group.
    pub group: GroupName,
    /// The client's process id.
    pub pid: Word,
}

/// Fixed part of a message to the group. It has a reply's header, and there is
/// no reply.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Mcast {
    /// [`request_id::MCAST`].
    pub header: ResponseHeader,
    /// The order that is wanted: 0 none, 1 each sender's, 2 agreed, 3 safe. Corosync
    /// has only one, agreed.
    pub guarantee: Word,
    /// Bytes that follow.
    pub len: Word,
}

/// Fixed part of a fragment of a message to the group, with a reply's header.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct PartialMcast {
    /// [`request_id::PARTIAL_MCAST`].
    pub header: ResponseHeader,
    /// The order that is wanted: 0 none, 1 each sender's, 2 agreed, 3 safe. Corosync
    /// has only one, agreed.
    pub guarantee: Word,
    /// Bytes of the whole message.
    pub total: Word,
    /// Bytes that follow.
    pub len: Word,
    /// 1 the first fragment, 2 one between, 3 the last.
    pub kind: Word,
}

/// The members of a group.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Membership {
    /// [`request_id::MEMBERSHIP`].
    pub header: RequestHeader,
    /// The group.
    pub group: GroupName,
}

/// Begins to list groups or members.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterInit {
    /// [`request_id::ITER_INIT`].
    pub header: RequestHeader,
    /// The group, for [`iter_kind::ONE_GROUP`]; otherwise garbage.
    pub group: GroupName,
    /// One of [`iter_kind`].
    pub kind: Word,
}

/// The next entry of a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterNext {
    /// [`request_id::ITER_NEXT`].
    pub header: RequestHeader,
    /// The list.
    pub handle: u64,
}

/// Ends a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterFinalize {
    /// [`request_id::ITER_FINALIZE`].
    pub header: RequestHeader,
    /// The list.
    pub handle: u64,
}

macro_rules! constructor {
    ($name:ident, $id:ident, $($field:ident: $type:ty => $value:expr),*) => {
        impl $name {
            /// The request.
            pub fn new($($field: $type),*) -> Self {
                Self {
                    header: wire::request::<Self>(request_id::$id),
                    $($field: $value),*
                }
            }
        }
    };
}

constructor!(Join, JOIN, group: &[u8] => GroupName::new(group),
    pid: u32 => Word::new(pid), flags: u32 => Word::new(flags));
constructor!(Leave, LEAVE,
    group: &[u8] => GroupName::new(group), pid: u32 => Word::new(pid));
constructor!(Membership, MEMBERSHIP, group: &[u8] => GroupName::new(group));
constructor!(IterInit, ITER_INIT,
    group: &[u8] => GroupName::new(group), kind: u32 => Word::new(kind));
constructor!(IterNext, ITER_NEXT, handle: u64 => handle);
constructor!(IterFinalize, ITER_FINALIZE, handle: u64 => handle);

impl Mcast {
    /// The message that sends `data` to the group.
    pub fn message(guarantee: u32, data: &[u8]) -> Vec<u8> {
        let fixed = Self {
            header: ResponseHeader::new(request_id::MCAST, size_of::<Self>(), 0),
            guarantee: Word::new(guarantee),
            len: Word::new(data.len() as u32),
        };
        wire::message(&fixed, size_of::<Self>(), &[data])
    }
}

impl PartialMcast {
    /// The message that sends a fragment of a message of `total` bytes.
    pub fn message(guarantee: u32, total: u32, kind: u32, data: &[u8]) -> Vec<u8> {
        let fixed = Self {
            header: ResponseHeader::new(request_id::PARTIAL_MCAST, size_of::<Self>(), 0),
            guarantee: Word::new(guarantee),
            total: Word::new(total),
            len: Word::new(data.len() as u32),
            kind: Word::new(kind),
        };
        wire::message(&fixed, size_of::<Self>(), &[data])
    }
}

/// A request as the daemon sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the structs")]
pub enum Request<'a> {
    /// [`Join`].
    Join {
        group: &'a [u8],
        pid: u32,
        flags: u32,
    },
    /// [`Leave`].
    Leave { group: &'a [u8], pid: u32 },
    /// [`Mcast`]; gets no reply.
    Mcast { guarantee: u32, data: &'a [u8] },
    /// [`Membership`].
    Membership { group: &'a [u8] },
    /// The local node's id.
    LocalGet,
    /// [`IterInit`]; the group is empty unless the list is of one group.
    IterInit { group: &'a [u8], kind: u32 },
    /// [`IterNext`].
    IterNext { handle: u64 },
    /// [`IterFinalize`].
    IterFinalize { handle: u64 },
    /// The client is about to end the session.
    Finalize,
    /// One of [`request_id::ZERO_COPY`]: to be refused with error 19.
    ZeroCopy,
    /// [`PartialMcast`].
    PartialMcast {
        guarantee: u32,
        total: u32,
        kind: u32,
        data: &'a [u8],
    },
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// If it is not exactly one of the messages above.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        match RequestHeader::read_from_prefix(bytes) {
            Ok((header, _)) if header.id == request_id::MCAST => {
                Self::mcast(bytes).map_err(BadRequest::silent)
            }
            _ => Self::answered(bytes),
        }
    }

    fn mcast(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        let id = wire::request_header(bytes)?.id;
        let tail = |mcast: &Mcast| mcast.len.get().into();
        let (fixed, data) = wire::with_tail::<Mcast>(id, bytes, size_of::<Mcast>(), tail)?;
        Ok(Self::Mcast {
            guarantee: fixed.guarantee.get(),
            data,
        })
    }

    fn answered(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        Ok(match wire::request_header(bytes)?.id {
            id @ request_id::JOIN => {
                let fixed = wire::exact::<Join>(id, bytes)?;
                Self::Join {
                    group: group(bytes)?,
                    pid: fixed.pid.get(),
                    flags: fixed.flags.get(),
                }
            }
            id @ request_id::LEAVE => Self::Leave {
                pid: wire::exact::<Leave>(id, bytes)?.pid.get(),
                group: group(bytes)?,
            },
            id @ request_id::MEMBERSHIP => {
                wire::exact::<Membership>(id, bytes)?;
                Self::Membership {
                    group: group(bytes)?,
                }
            }
            id @ request_id::LOCAL_GET => {
                wire::exact::<RequestHeader>(id, bytes)?;
                Self::LocalGet
            }
            id @ request_id::ITER_INIT => {
                let kind = wire::exact::<IterInit>(id, bytes)?.kind.get();
                // The C library leaves a name that is not wanted uninitialised.
                let one_group = kind == iter_kind::ONE_GROUP;
                Self::IterInit {
                    kind,
                    group: if one_group { group(bytes)? } else { &[] },
                }
            }
            id @ request_id::ITER_NEXT => Self::IterNext {
                handle: wire::exact::<IterNext>(id, bytes)?.handle,
            },
            id @ request_id::ITER_FINALIZE => Self::IterFinalize {
                handle: wire::exact::<IterFinalize>(id, bytes)?.handle,
            },
            id @ request_id::FINALIZE => {
                wire::exact::<RequestHeader>(id, bytes)?;
                Self::Finalize
            }
            id if request_id::ZERO_COPY.contains(&id) => Self::ZeroCopy,
            id @ request_id::PARTIAL_MCAST => {
                let at = size_of::<PartialMcast>();
                let tail = |partial: &PartialMcast| partial.len.get().into();
                let (fixed, data) = wire::with_tail::<PartialMcast>(id, bytes, at, tail)?;
                Self::PartialMcast {
                    guarantee: fixed.guarantee.get(),
                    total: fixed.total.get(),
                    kind: fixed.kind.get(),
                    data,
                }
            }
            id => return Err(Fault::UnknownId(id).into()),
        })
    }
}

/// All requests with a group have it in the same place.
fn group(bytes: &[u8]) -> Result<&[u8], BadRequest> {
    Ok(group_name(&bytes[offset_of!(Membership, group)..])?)
}

const _: () = {
    assert!(size_of::<Join>() == 168 && offset_of!(Join, group) == 16);
    assert!(offset_of!(Join, pid) == 152 && offset_of!(Join, flags) == 160);
    assert!(size_of::<Leave>() == 160 && offset_of!(Leave, pid) == 152);
    assert!(offset_of!(Leave, group) == 16);
    assert!(size_of::<Mcast>() == 40 && offset_of!(Mcast, len) == 32);
    assert!(size_of::<PartialMcast>() == 56 && offset_of!(PartialMcast, kind) == 48);
    assert!(size_of::<Membership>() == 152 && offset_of!(Membership, group) == 16);
    assert!(size_of::<IterInit>() == 160 && offset_of!(IterInit, kind) == 152);
    assert!(offset_of!(IterInit, group) == 16);
    assert!(size_of::<IterNext>() == 24 && size_of::<IterFinalize>() == 24);
};
