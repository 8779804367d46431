//! The messages of the group, and their bytes.
//!
//! \[OURS\] Little-endian throughout. A message is a header of 8 bytes and a body:
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 4 | `NCSQ` |
//! | 4 | 2 | version, 1 |
//! | 6 | 2 | kind |
//! | 8 | | the fields of the kind, in the order of [`Message`], with no padding |
//!
//! A count comes before what it counts, an IP address is a byte 4 or 6 and the octets. A message
//! that is too short, too long, or holds a value that no sender writes, is refused whole; whoever
//! gets a message that it does not know ignores it. So processes of a later version may talk to
//! each other in one group with these, but these won't hear them: a newcomer that says nothing
//! known is waited for until it goes.

mod bytes;

use std::net::IpAddr;

pub(crate) use bytes::{Reader, Writer};

use crate::types::{Address, Key, Record};

const MAGIC: u32 = u32::from_le_bytes(*b"NCSQ");
const VERSION: u16 = 1;

/// The most bytes of a snapshot in one message: far below CPG's limit of a mebibyte, so that
/// other messages get their turn between the pieces.
pub(crate) const FRAGMENT: usize = 64 * 1024;

/// The most pieces of a snapshot. A full lock table needs fewer.
pub(crate) const MAX_FRAGMENTS: u32 = 256;

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the message ends too early")]
    Truncated,
    #[error("the message holds a value that no sender writes")]
    Invalid,
    #[error("the message is of another protocol, version or kind")]
    Unknown,
}

/// One line of the group's history: the founding that it began with. Two lines that meet can be
/// told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) ring: u64,
    pub(crate) founder: Address,
    /// The founder's life: it may found twice in one ring.
    pub(crate) life: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockVerb {
    Lock,
    TryLock,
    Unlock,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// "I am new, and have heard that the ring `ring` is quorate."
    Hello(Hello),
    /// "I am a member, and stand before a merge in the ring `ring`."
    Standing {
        ring: u64,
        epoch: u32,
        head: Address,
    },
    /// "Give me the state."
    Ask(Ask),
    /// One piece of the state at the delivery of the question that `target` called `serial`.
    Snapshot {
        target: Address,
        instance: u64,
        serial: u32,
        piece: Piece,
    },
    /// "I have the state, and follow the order." Who is ready is a member.
    Ready { instance: u64, line: Line },
    /// A node's address.
    NodeAddress { node: u32, ip: IpAddr },
    /// A node has announced that it will go.
    Leaving { node: u32 },
    /// A request for one key.
    Lock {
        verb: LockVerb,
        handle: u32,
        request: u64,
        key: Key,
    },
    /// The handle is no more: all that it holds and waits for is given up.
    Release { handle: u32 },
    /// Nobody waits for a request any more: what it has come to is undone.
    Withdraw { handle: u32, request: u64, key: Key },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    /// Which life of the process this is: processes come back under the same address.
    pub(crate) instance: u64,
    pub(crate) ring: u64,
    pub(crate) record: Record,
    pub(crate) addresses: Vec<(u32, IpAddr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) instance: u64,
    pub(crate) serial: u32,
    /// Which member shall answer: the oldest at first, then the others in turn.
    pub(crate) attempt: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) index: u32,
    pub(crate) count: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    fn kind(&self) -> u16 {
        match self {
            Self::Hello(_) => 1,
            Self::Standing { .. } => 2,
            Self::Snapshot { .. } => 3,
            Self::Ready { .. } => 4,
            Self::NodeAddress { .. } => 5,
            Self::Leaving { .. } => 6,
            Self::Lock {
                verb: LockVerb::Lock,
                ..
            } => 7,
            Self::Lock {
                verb: LockVerb::TryLock,
                ..
            } => 8,
            Self::Lock {
                verb: LockVerb::Unlock,
                ..
            } => 9,
            Self::Release { .. } => 10,
            Self::Ask(_) => 11,
            Self::Withdraw { .. } => 12,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u32(MAGIC);
        out.raw(&VERSION.to_le_bytes());
        out.raw(&self.kind().to_le_bytes());
        match self {
            Self::Hello(hello) => {
                out.u64(hello.instance);
                out.u64(hello.ring);
                out.record(hello.record);
                out.count(hello.addresses.len());
                for (node, ip) in &hello.addresses {
                    out.u32(*node);
                    out.ip(*ip);
                }
            }
            Self::Standing { ring, epoch, head } => {
                out.u64(*ring);
                out.u32(*epoch);
                out.address(*head);
            }
            Self::Snapshot {
                target,
                instance,
                serial,
                piece,
            } => {
                out.address(*target);
                out.u64(*instance);
                out.u32(*serial);
                out.u32(piece.index);
                out.u32(piece.count);
                out.count(piece.bytes.len());
                out.raw(&piece.bytes);
            }
            Self::Ready { instance, line } => {
                out.u64(*instance);
                out.u64(line.ring);
                out.address(line.founder);
                out.u64(line.life);
            }
            Self::NodeAddress { node, ip } => {
                out.u32(*node);
                out.ip(*ip);
            }
            Self::Leaving { node } => out.u32(*node),
            Self::Lock {
                handle,
                request,
                key,
                ..
            }
            | Self::Withdraw {
                handle,
                request,
                key,
            } => {
                out.u32(*handle);
                out.u64(*request);
                out.key(key);
            }
            Self::Release { handle } => out.u32(*handle),
            Self::Ask(ask) => {
                out.u64(ask.instance);
                out.u32(ask.serial);
                out.u32(ask.attempt);
            }
        }
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Message, WireError> {
        let mut from = Reader::new(bytes);
        let magic = from.u32()?;
        let version_and_kind = from.u32()?.to_le_bytes();
        let [v0, v1, k0, k1] = version_and_kind;
        if magic != MAGIC || u16::from_le_bytes([v0, v1]) != VERSION {
            return Err(WireError::Unknown);
        }
        let message = match u16::from_le_bytes([k0, k1]) {
            1 => Message::Hello(decode_hello(&mut from)?),
            2 => Message::Standing {
                ring: from.u64()?,
                epoch: from.u32()?,
                head: from.address()?,
            },
            3 => Message::Snapshot {
                target: from.address()?,
                instance: from.u64()?,
                serial: from.u32()?,
                piece: decode_piece(&mut from)?,
            },
            4 => {
                let instance = from.u64()?;
                let line = Line {
                    ring: from.u64()?,
                    founder: from.address()?,
                    life: from.u64()?,
                };
                Message::Ready { instance, line }
            }
            5 => Message::NodeAddress {
                node: from.u32()?,
                ip: from.ip()?,
            },
            6 => Message::Leaving { node: from.u32()? },
            7 => decode_lock(LockVerb::Lock, &mut from)?,
            8 => decode_lock(LockVerb::TryLock, &mut from)?,
            9 => decode_lock(LockVerb::Unlock, &mut from)?,
            10 => Message::Release {
                handle: from.u32()?,
            },
            11 => Message::Ask(Ask {
                instance: from.u64()?,
                serial: from.u32()?,
                attempt: from.u32()?,
            }),
            12 => Message::Withdraw {
                handle: from.u32()?,
                request: from.u64()?,
                key: from.key()?,
            },
            _ => return Err(WireError::Unknown),
        };
        from.finish()?;
        Ok(message)
    }
}

fn decode_hello(from: &mut Reader<'_>) -> Result<Hello, WireError> {
    let mut hello = Hello {
        instance: from.u64()?,
        ring: from.u64()?,
        record: from.record()?,
        addresses: Vec::new(),
    };
    for _ in 0..from.count(9)? {
        hello.addresses.push((from.u32()?, from.ip()?));
    }
    Ok(hello)
}

fn decode_piece(from: &mut Reader<'_>) -> Result<Piece, WireError> {
    let (index, count) = (from.u32()?, from.u32()?);
    let len = from.count(1)?;
    if index >= count || count > MAX_FRAGMENTS || len > FRAGMENT {
        return Err(WireError::Invalid);
    }
    Ok(Piece {
        index,
        count,
        bytes: from.raw(len)?.to_vec(),
    })
}

fn decode_lock(verb: LockVerb, from: &mut Reader<'_>) -> Result<Message, WireError> {
    Ok(Message::Lock {
        verb,
        handle: from.u32()?,
        request: from.u64()?,
        key: from.key()?,
    })
}

#[cfg(test)]
mod tests;
