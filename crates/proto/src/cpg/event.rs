//! Events, daemon to client.

use super::RingId;
use super::address::{Address, GroupName, group_name};
use crate::ReplyError;
use crate::wire::{self, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each event.
pub mod event_id {
    /// [`super::ConfchgEvent`].
    pub const CONFCHG: i32 = 4;
    /// [`super::DeliverEvent`].
    pub const DELIVER: i32 = 5;
    /// [`super::TotemConfchgEvent`].
    pub const TOTEM_CONFCHG: i32 = 13;
    /// [`super::PartialDeliverEvent`].
    pub const PARTIAL_DELIVER: i32 = 17;
}

/// Fixed part of a change of a group; the members follow, then those that left,
/// then those that joined.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ConfchgEvent {
    /// [`event_id::CONFCHG`].
    pub header: ResponseHeader,
    /// The group.
    pub group: GroupName,
    /// Number of members.
    pub members: Word,
    /// Number of those that joined, which come last.
    pub joined: Word,
    /// Number of those that left.
    pub left: Word,
}

/// Fixed part of a message to the group; its bytes follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct DeliverEvent {
    /// [`event_id::DELIVER`].
    pub header: ResponseHeader,
    /// The group.
    pub group: GroupName,
    /// Bytes that follow.
    pub len: Word,
    /// The sender's node.
    pub nodeid: Word,
    /// The sender's process id.
    pub pid: Word,
}

/// Fixed part of a fragment of a message to the group; its bytes follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct PartialDeliverEvent {
    /// [`event_id::PARTIAL_DELIVER`].
    pub header: ResponseHeader,
    /// The group.
    pub group: GroupName,
    /// Bytes of the whole message.
    pub total: Word,
    /// Bytes that follow.
    pub len: Word,
    /// The sender's node.
    pub nodeid: Word,
    /// The sender's process id.
    pub pid: Word,
    /// 1 the first fragment, 2 one between, 3 the last.
    pub kind: Word,
}

/// Fixed part of a change of the ring; the list of its nodes starts in the last
/// four bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TotemConfchgEvent {
    /// [`event_id::TOTEM_CONFCHG`].
    pub header: ResponseHeader,
    /// Representative of the ring.
    pub ring_nodeid: Word,
    /// Number of the ring.
    pub ring_seq: u64,
    /// Number of nodes.
    pub count: Word,
}

const TOTEM_LIST: usize = offset_of!(TotemConfchgEvent, count) + 4;

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the structs")]
pub enum Event<'a> {
    /// [`ConfchgEvent`].
    Confchg {
        group: &'a [u8],
        members: &'a [Address],
        left: &'a [Address],
        joined: &'a [Address],
    },
    /// [`DeliverEvent`].
    Deliver {
        group: &'a [u8],
        nodeid: u32,
        pid: u32,
        data: &'a [u8],
    },
    /// [`PartialDeliverEvent`].
    PartialDeliver {
        group: &'a [u8],
        total: u32,
        nodeid: u32,
        pid: u32,
        kind: u32,
        data: &'a [u8],
    },
    /// [`TotemConfchgEvent`].
    TotemConfchg { ring: RingId, nodes: &'a [u32] },
}

impl<'a> Event<'a> {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match *self {
            Self::Confchg {
                group,
                members,
                left,
                joined,
            } => {
                let fixed = ConfchgEvent {
                    header: wire::success::<ConfchgEvent>(event_id::CONFCHG),
                    group: GroupName::new(group),
                    members: Word::new(members.len() as u32),
                    joined: Word::new(joined.len() as u32),
                    left: Word::new(left.len() as u32),
                };
                let lists = [members.as_bytes(), left.as_bytes(), joined.as_bytes()];
                wire::message(&fixed, size_of::<ConfchgEvent>(), &lists)
            }
            Self::Deliver {
                group,
                nodeid,
                pid,
                data,
            } => {
                let fixed = DeliverEvent {
                    header: wire::success::<DeliverEvent>(event_id::DELIVER),
                    group: GroupName::new(group),
                    len: Word::new(data.len() as u32),
                    nodeid: Word::new(nodeid),
                    pid: Word::new(pid),
                };
                wire::message(&fixed, size_of::<DeliverEvent>(), &[data])
            }
            Self::PartialDeliver {
                group,
                total,
                nodeid,
                pid,
                kind,
                data,
            } => {
                let fixed = PartialDeliverEvent {
                    header: wire::success::<PartialDeliverEvent>(event_id::PARTIAL_DELIVER),
                    group: GroupName::new(group),
                    total: Word::new(total),
                    len: Word::new(data.len() as u32),
                    nodeid: Word::new(nodeid),
                    pid: Word::new(pid),
                    kind: Word::new(kind),
                };
                wire::message(&fixed, size_of::<PartialDeliverEvent>(), &[data])
            }
            Self::TotemConfchg { ring, nodes } => {
                let fixed = TotemConfchgEvent {
                    header: wire::success::<TotemConfchgEvent>(event_id::TOTEM_CONFCHG),
                    ring_nodeid: Word::new(ring.nodeid),
                    ring_seq: ring.seq,
                    count: Word::new(nodes.len() as u32),
                };
                wire::message(&fixed, TOTEM_LIST, &[nodes.as_bytes()])
            }
        }
    }

    /// Decodes the message in `bytes`, which must be aligned to four. `None` is
    /// an event that this version does not know: newer daemons may send more.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Malformed`] if the message is shorter than it claims.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, ReplyError> {
        Self::parse(bytes).ok_or(ReplyError::Malformed("an event is shorter than it claims"))
    }

    fn parse(bytes: &'a [u8]) -> Option<Option<Self>> {
        const GROUP: usize = offset_of!(ConfchgEvent, group);
        let (header, _) = ResponseHeader::read_from_prefix(bytes).ok()?;
        Some(Some(match header.id {
            event_id::CONFCHG => {
                let (fixed, rest) = ConfchgEvent::read_from_prefix(bytes).ok()?;
                let rest = &mut &*rest;
                Self::Confchg {
                    group: group_name(&bytes[GROUP..]).ok()?,
                    members: wire::list(rest, fixed.members.get().into())?,
                    left: wire::list(rest, fixed.left.get().into())?,
                    joined: wire::list(rest, fixed.joined.get().into())?,
                }
            }
            event_id::DELIVER => {
                let (fixed, rest) = DeliverEvent::read_from_prefix(bytes).ok()?;
                Self::Deliver {
                    group: group_name(&bytes[GROUP..]).ok()?,
                    nodeid: fixed.nodeid.get(),
                    pid: fixed.pid.get(),
                    data: rest.get(..fixed.len.get() as usize)?,
                }
            }
            event_id::PARTIAL_DELIVER => {
                let (fixed, rest) = PartialDeliverEvent::read_from_prefix(bytes).ok()?;
                Self::PartialDeliver {
                    group: group_name(&bytes[GROUP..]).ok()?,
                    total: fixed.total.get(),
                    nodeid: fixed.nodeid.get(),
                    pid: fixed.pid.get(),
                    kind: fixed.kind.get(),
                    data: rest.get(..fixed.len.get() as usize)?,
                }
            }
            event_id::TOTEM_CONFCHG => {
                let (fixed, _) = TotemConfchgEvent::read_from_prefix(bytes).ok()?;
                Self::TotemConfchg {
                    ring: RingId {
                        nodeid: fixed.ring_nodeid.get(),
                        seq: fixed.ring_seq,
                    },
                    nodes: wire::list(&mut &bytes[TOTEM_LIST..], fixed.count.get().into())?,
                }
            }
            _ => return Some(None),
        }))
    }
}

const _: () = {
    assert!(size_of::<ConfchgEvent>() == 184 && offset_of!(ConfchgEvent, group) == 24);
    assert!(offset_of!(ConfchgEvent, members) == 160 && offset_of!(ConfchgEvent, left) == 176);
    assert!(size_of::<DeliverEvent>() == 184 && offset_of!(DeliverEvent, nodeid) == 168);
    assert!(offset_of!(DeliverEvent, group) == 24 && offset_of!(DeliverEvent, len) == 160);
    assert!(size_of::<PartialDeliverEvent>() == 200);
    assert!(offset_of!(PartialDeliverEvent, group) == 24);
    assert!(offset_of!(PartialDeliverEvent, kind) == 192);
    assert!(size_of::<TotemConfchgEvent>() == 48 && TOTEM_LIST == 44);
};
