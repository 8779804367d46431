//! Events, daemon to client.

use super::RingId;
use crate::ReplyError;
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each event.
pub mod event_id {
    /// [`super::QuorumEvent`].
    pub const QUORUM: i32 = 3;
    /// [`super::ExpectedVotesEvent`].
    pub const EXPECTED_VOTES: i32 = 4;
    /// [`super::NodeListEvent`].
    pub const NODE_LIST: i32 = 5;
    /// [`super::ExtraInfoEvent`].
    pub const EXTRA_INFO: i32 = 7;
}

/// A node and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Node {
    /// Node id; 0 is the local quorum device.
    pub nodeid: u32,
    /// 1 member, 2 dead, 3 leaving; 0 for the device.
    pub state: u32,
}

/// Fixed part of the QUORUM event; the [`Node`]s follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct QuorumEvent {
    /// [`event_id::QUORUM`].
    pub header: ResponseHeader,
    /// 1 if quorate.
    pub quorate: u32,
    pad0: u32,
    /// From the request for events.
    pub context: u64,
    /// Number of nodes that follow.
    pub count: u32,
    pad1: u32,
}

/// The EXPECTEDVOTES event.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ExpectedVotesEvent {
    /// [`event_id::EXPECTED_VOTES`].
    pub header: ResponseHeader,
    /// From the request for events.
    pub context: u64,
    /// Votes.
    pub expected_votes: u32,
    pad: u32,
}

/// Fixed part of the NODELIST event; the members' ids follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeListEvent {
    /// [`event_id::NODE_LIST`].
    pub header: ResponseHeader,
    /// From the request for events.
    pub context: u64,
    /// Representative of the ring.
    pub ring_nodeid: u32,
    pad0: u32,
    /// Number of the ring.
    pub ring_seq: u64,
    /// Number of members that follow.
    pub count: u32,
    pad1: u32,
}

/// Fixed part of the QDEVICE_EXTRA_INFO event (8.1.0); the bytes follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ExtraInfoEvent {
    /// [`event_id::EXTRA_INFO`].
    pub header: ResponseHeader,
    /// From the request for events.
    pub context: u64,
    /// Whose information it is.
    pub nodeid: u32,
    pad0: u32,
    /// Number of bytes that follow; 0 when the information was cleared.
    pub len: u32,
    pad1: u32,
}

/// A decoded event. Lists are the message's own memory, lent mutably because
/// that is how the C callbacks take them.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Quorum was gained, lost, or confirmed after a membership change.
    Quorum {
        /// From the request for events.
        context: u64,
        /// 1 if quorate.
        quorate: u32,
        /// All known nodes, dead ones included.
        nodes: &'a mut [Node],
    },
    /// The expected votes changed.
    ExpectedVotes {
        /// From the request for events.
        context: u64,
        /// Votes.
        expected_votes: u32,
    },
    /// A new ring was formed.
    NodeList {
        /// From the request for events.
        context: u64,
        /// The ring.
        ring: RingId,
        /// Node ids of its members.
        members: &'a mut [u32],
    },
    /// A node's extra information was set or cleared.
    ExtraInfo {
        /// From the request for events.
        context: u64,
        /// Whose information it is.
        nodeid: u32,
        /// The bytes; none when cleared.
        info: &'a mut [u8],
    },
}

impl<'a> Event<'a> {
    /// Whether a message is an event of a kind that this version knows.
    pub fn knows(message: &[u8]) -> bool {
        const KNOWN: [i32; 4] = [
            event_id::QUORUM,
            event_id::EXPECTED_VOTES,
            event_id::NODE_LIST,
            event_id::EXTRA_INFO,
        ];
        ResponseHeader::read_from_prefix(message)
            .is_ok_and(|(header, _)| KNOWN.contains(&header.id))
    }

    /// Decodes the message in `bytes`, which must be aligned to eight. `None` is
    /// an event that this version does not know: newer daemons may send more.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Malformed`] if the message is shorter than it claims.
    pub fn decode(bytes: &'a mut [u8]) -> Result<Option<Self>, ReplyError> {
        const SHORT: ReplyError = ReplyError::Malformed("an event is shorter than it claims");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| SHORT)?;
        Ok(Some(match header.id {
            event_id::QUORUM => {
                let (fixed, rest) = split::<QuorumEvent>(bytes).ok_or(SHORT)?;
                Self::Quorum {
                    context: fixed.context,
                    quorate: fixed.quorate,
                    nodes: list(rest, fixed.count).ok_or(SHORT)?,
                }
            }
            event_id::EXPECTED_VOTES => {
                let (fixed, _) = split::<ExpectedVotesEvent>(bytes).ok_or(SHORT)?;
                Self::ExpectedVotes {
                    context: fixed.context,
                    expected_votes: fixed.expected_votes,
                }
            }
            event_id::NODE_LIST => {
                let (fixed, rest) = split::<NodeListEvent>(bytes).ok_or(SHORT)?;
                Self::NodeList {
                    context: fixed.context,
                    ring: RingId {
                        nodeid: fixed.ring_nodeid,
                        seq: fixed.ring_seq,
                    },
                    members: list(rest, fixed.count).ok_or(SHORT)?,
                }
            }
            event_id::EXTRA_INFO => {
                let (fixed, rest) = split::<ExtraInfoEvent>(bytes).ok_or(SHORT)?;
                Self::ExtraInfo {
                    context: fixed.context,
                    nodeid: fixed.nodeid,
                    info: list(rest, fixed.len).ok_or(SHORT)?,
                }
            }
            _ => return Ok(None),
        }))
    }
}

fn split<T: FromBytes>(bytes: &mut [u8]) -> Option<(T, &mut [u8])> {
    let (fixed, _) = T::read_from_prefix(bytes).ok()?;
    Some((fixed, &mut bytes[size_of::<T>()..]))
}

fn list<T: FromBytes + IntoBytes + Immutable + KnownLayout>(
    bytes: &mut [u8],
    count: u32,
) -> Option<&mut [T]> {
    let (list, _) = <[T]>::mut_from_prefix_with_elems(bytes, count as usize).ok()?;
    Some(list)
}

const _: () = {
    assert!(size_of::<QuorumEvent>() == 48 && offset_of!(QuorumEvent, count) == 40);
    assert!(size_of::<ExpectedVotesEvent>() == 40);
    assert!(size_of::<NodeListEvent>() == 56 && offset_of!(NodeListEvent, count) == 48);
    assert!(size_of::<ExtraInfoEvent>() == 48 && offset_of!(ExtraInfoEvent, len) == 40);
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Captured from corosync 3.1.7, as 32-bit groups.
    const NODE_LIST: [u32; 15] = [
        0x05,
        0x55ce,
        0x3c,
        0x7f4d,
        0x01,
        0x55ce,
        0x5566_7788,
        0x1122_3344,
        0x01,
        0,
        0x05,
        0,
        0x01,
        0,
        0x01,
    ];
    const QUORUM: [u32; 14] = [
        0x03,
        0,
        0x38,
        0,
        0x01,
        0,
        0x01,
        0,
        0x5566_7788,
        0x1122_3344,
        0x01,
        0,
        0x01,
        0x01,
    ];

    #[repr(align(8))]
    struct Aligned([u8; 64]);

    fn message(words: &[u32]) -> Aligned {
        let mut bytes = Aligned([0; 64]);
        bytes.0[..words.len() * 4].copy_from_slice(words.as_bytes());
        bytes
    }

    #[test]
    fn captured_events_decode() {
        let context = 0x1122_3344_5566_7788;
        let mut bytes = message(&NODE_LIST);
        let ring = RingId { nodeid: 1, seq: 5 };
        assert_eq!(
            Event::decode(&mut bytes.0[..60]),
            Ok(Some(Event::NodeList {
                context,
                ring,
                members: &mut [1]
            }))
        );
        let mut bytes = message(&QUORUM);
        let mut nodes = [Node {
            nodeid: 1,
            state: 1,
        }];
        assert_eq!(
            Event::decode(&mut bytes.0[..56]),
            Ok(Some(Event::Quorum {
                context,
                quorate: 1,
                nodes: &mut nodes
            }))
        );
    }

    #[test]
    fn an_event_is_not_read_beyond_its_end() {
        for words in [&NODE_LIST[..], &QUORUM[..]] {
            for len in 0..words.len() * 4 {
                let mut bytes = message(words);
                let result = Event::decode(&mut bytes.0[..len]);
                assert!(
                    matches!(result, Err(ReplyError::Malformed(_))),
                    "{len}: {result:?}"
                );
            }
        }
    }

    #[test]
    fn a_count_beyond_the_message_is_refused() {
        let mut bytes = message(&QUORUM);
        bytes.0[40..44].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert!(Event::decode(&mut bytes.0[..56]).is_err());
    }

    #[test]
    fn unknown_events_are_passed_over() {
        let mut bytes = message(&QUORUM);
        bytes.0[..4].copy_from_slice(&99i32.to_ne_bytes());
        assert_eq!(Event::decode(&mut bytes.0[..56]), Ok(None));
    }
}
