//! Events, daemon to client.

use super::RingId;
use crate::ReplyError;
use crate::wire::{self, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each event.
pub mod event_id {
    /// [`super::NotificationEvent`], model 0.
    pub const NOTIFICATION: i32 = 3;
    /// [`super::QuorumEvent`], model 1.
    pub const QUORUM: i32 = 6;
    /// [`super::NodeListEvent`], model 1.
    pub const NODE_LIST: i32 = 7;
}

/// Fixed part of model 0's notification; the list starts in its last four bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NotificationEvent {
    /// [`event_id::NOTIFICATION`].
    pub header: ResponseHeader,
    /// 1 if quorate.
    pub quorate: Word,
    /// Number of the ring.
    pub ring_seq: u64,
    /// Number of members that follow.
    pub count: Word,
}

/// Fixed part of model 1's quorum event; the list starts in its last four bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct QuorumEvent {
    /// [`event_id::QUORUM`].
    pub header: ResponseHeader,
    /// 1 if quorate.
    pub quorate: Word,
    /// Representative of the ring.
    pub ring_nodeid: Word,
    /// Number of the ring.
    pub ring_seq: u64,
    /// Number of members that follow.
    pub count: Word,
}

/// Fixed part of model 1's list of nodes; the members, those that joined and
/// those that left start in its last four bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeListEvent {
    /// [`event_id::NODE_LIST`].
    pub header: ResponseHeader,
    /// Representative of the ring.
    pub ring_nodeid: Word,
    /// Number of the ring.
    pub ring_seq: u64,
    /// Number of members.
    pub members: Word,
    /// Number of members that are new.
    pub joined: Word,
    /// Number of nodes that were members before.
    pub left: Word,
}

/// Where the list starts.
const NOTIFICATION_LIST: usize = offset_of!(NotificationEvent, count) + 4;
const QUORUM_LIST: usize = offset_of!(QuorumEvent, count) + 4;
const NODE_LISTS: usize = offset_of!(NodeListEvent, left) + 4;

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Model 0: quorum or membership changed.
    Notification {
        /// Whether there is quorum.
        quorate: bool,
        /// Number of the ring.
        ring_seq: u64,
        /// Node ids of the members.
        members: &'a [u32],
    },
    /// Model 1: quorum or membership changed.
    Quorum {
        /// Whether there is quorum.
        quorate: bool,
        /// The ring.
        ring: RingId,
        /// Node ids of the members.
        members: &'a [u32],
    },
    /// Model 1: membership changed.
    NodeList {
        /// The ring.
        ring: RingId,
        /// Node ids of the members.
        members: &'a [u32],
        /// Members that are new.
        joined: &'a [u32],
        /// Nodes that were members before.
        left: &'a [u32],
    },
}

impl<'a> Event<'a> {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match *self {
            Self::Notification {
                quorate,
                ring_seq,
                members,
            } => {
                let fixed = NotificationEvent {
                    header: wire::success::<NotificationEvent>(event_id::NOTIFICATION),
                    quorate: Word::new(quorate.into()),
                    ring_seq,
                    count: Word::new(members.len() as u32),
                };
                wire::message(&fixed, NOTIFICATION_LIST, &[members.as_bytes()])
            }
            Self::Quorum {
                quorate,
                ring,
                members,
            } => {
                let fixed = QuorumEvent {
                    header: wire::success::<QuorumEvent>(event_id::QUORUM),
                    quorate: Word::new(quorate.into()),
                    ring_nodeid: Word::new(ring.nodeid),
                    ring_seq: ring.seq,
                    count: Word::new(members.len() as u32),
                };
                wire::message(&fixed, QUORUM_LIST, &[members.as_bytes()])
            }
            Self::NodeList {
                ring,
                members,
                joined,
                left,
            } => {
                let fixed = NodeListEvent {
                    header: wire::success::<NodeListEvent>(event_id::NODE_LIST),
                    ring_nodeid: Word::new(ring.nodeid),
                    ring_seq: ring.seq,
                    members: Word::new(members.len() as u32),
                    joined: Word::new(joined.len() as u32),
                    left: Word::new(left.len() as u32),
                };
                let lists = [members.as_bytes(), joined.as_bytes(), left.as_bytes()];
                wire::message(&fixed, NODE_LISTS, &lists)
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
        let (header, _) = ResponseHeader::read_from_prefix(bytes).ok()?;
        Some(Some(match header.id {
            event_id::NOTIFICATION => {
                let (fixed, _) = NotificationEvent::read_from_prefix(bytes).ok()?;
                Self::Notification {
                    quorate: fixed.quorate.get() != 0,
                    ring_seq: fixed.ring_seq,
                    members: wire::list(
                        &mut &bytes[NOTIFICATION_LIST..],
                        fixed.count.get().into(),
                    )?,
                }
            }
            event_id::QUORUM => {
                let (fixed, _) = QuorumEvent::read_from_prefix(bytes).ok()?;
                Self::Quorum {
                    quorate: fixed.quorate.get() != 0,
                    ring: RingId {
                        nodeid: fixed.ring_nodeid.get(),
                        seq: fixed.ring_seq,
                    },
                    members: wire::list(&mut &bytes[QUORUM_LIST..], fixed.count.get().into())?,
                }
            }
            event_id::NODE_LIST => {
                let (fixed, _) = NodeListEvent::read_from_prefix(bytes).ok()?;
                let rest = &mut &bytes[NODE_LISTS..];
                Self::NodeList {
                    ring: RingId {
                        nodeid: fixed.ring_nodeid.get(),
                        seq: fixed.ring_seq,
                    },
                    members: wire::list(rest, fixed.members.get().into())?,
                    joined: wire::list(rest, fixed.joined.get().into())?,
                    left: wire::list(rest, fixed.left.get().into())?,
                }
            }
            _ => return Some(None),
        }))
    }
}

const _: () = {
    assert!(size_of::<NotificationEvent>() == 48 && NOTIFICATION_LIST == 44);
    assert!(offset_of!(NotificationEvent, ring_seq) == 32);
    assert!(size_of::<QuorumEvent>() == 56 && QUORUM_LIST == 52);
    assert!(offset_of!(QuorumEvent, ring_seq) == 40);
    assert!(size_of::<NodeListEvent>() == 64 && NODE_LISTS == 60);
    assert!(offset_of!(NodeListEvent, members) == 40);
};
