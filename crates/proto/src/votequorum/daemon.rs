//! The daemon's side: what requests say, and the making of replies and events.

use super::*;
use crate::reply::OK;
use crate::wire::{self, BadRequest, Fault, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromZeros, IntoBytes};

/// A request as the daemon sees it. Names are without their NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the structs")]
pub enum Request<'a> {
    /// [`GetInfo`].
    GetInfo { nodeid: u32 },
    /// [`SetExpected`].
    SetExpected { expected_votes: u32 },
    /// [`SetVotes`].
    SetVotes { nodeid: u32, votes: u32 },
    /// [`TrackStart`].
    TrackStart { context: u64, flags: u32 },
    /// [`TrackStop`].
    TrackStop,
    /// [`Register`].
    Register { name: &'a [u8] },
    /// [`Unregister`].
    Unregister { name: &'a [u8] },
    /// [`Update`].
    Update {
        old_name: &'a [u8],
        new_name: &'a [u8],
    },
    /// [`Poll`].
    Poll {
        name: &'a [u8],
        cast_vote: u32,
        ring: RingId,
    },
    /// [`MasterWins`].
    MasterWins { name: &'a [u8], allow: u32 },
    /// [`SetExtraInfo`]; at most [`EXTRA_INFO_MAX`] bytes.
    SetExtraInfo { info: &'a [u8] },
    /// [`GetExtraInfo`].
    GetExtraInfo { nodeid: u32 },
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// If it is not exactly one of the messages above.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        let header = wire::request_header(bytes)?;
        let name = |offset| wire::c_string(&bytes[offset..offset + NAME_LEN]);
        Ok(match header.id {
            id @ request_id::GET_INFO => Self::GetInfo {
                nodeid: wire::exact::<GetInfo>(id, bytes)?.nodeid,
            },
            id @ request_id::SET_EXPECTED => Self::SetExpected {
                expected_votes: wire::exact::<SetExpected>(id, bytes)?.expected_votes,
            },
            id @ request_id::SET_VOTES => {
                let SetVotes { nodeid, votes, .. } = wire::exact(id, bytes)?;
                Self::SetVotes { nodeid, votes }
            }
            id @ request_id::TRACK_START => {
                let TrackStart { context, flags, .. } = wire::exact(id, bytes)?;
                Self::TrackStart { context, flags }
            }
            id @ request_id::TRACK_STOP => {
                wire::exact::<TrackStop>(id, bytes)?;
                Self::TrackStop
            }
            id @ request_id::REGISTER => {
                wire::exact::<Register>(id, bytes)?;
                Self::Register {
                    name: name(offset_of!(Register, name))?,
                }
            }
            id @ request_id::UNREGISTER => {
                wire::exact::<Unregister>(id, bytes)?;
                Self::Unregister {
                    name: name(offset_of!(Unregister, name))?,
                }
            }
            id @ request_id::UPDATE => {
                wire::exact::<Update>(id, bytes)?;
                Self::Update {
                    old_name: name(offset_of!(Update, old_name))?,
                    new_name: name(offset_of!(Update, new_name))?,
                }
            }
            id @ request_id::POLL => {
                let poll = wire::exact::<Poll>(id, bytes)?;
                Self::Poll {
                    name: name(offset_of!(Poll, name))?,
                    cast_vote: poll.cast_vote,
                    ring: RingId {
                        nodeid: poll.ring_nodeid,
                        seq: poll.ring_seq,
                    },
                }
            }
            id @ request_id::MASTER_WINS => Self::MasterWins {
                allow: wire::exact::<MasterWins>(id, bytes)?.allow,
                name: name(offset_of!(MasterWins, name))?,
            },
            id @ request_id::SET_EXTRA_INFO => Self::SetExtraInfo {
                info: extra_info(id, bytes)?,
            },
            id @ request_id::GET_EXTRA_INFO => Self::GetExtraInfo {
                nodeid: wire::exact::<GetExtraInfo>(id, bytes)?.nodeid,
            },
            id => return Err(Fault::UnknownId(id).into()),
        })
    }
}

fn extra_info(id: i32, bytes: &[u8]) -> Result<&[u8], BadRequest> {
    // The bytes start inside the padding behind their number.
    let claimed = |fixed: &GetExtraInfo| u64::from(fixed.nodeid);
    let at = offset_of!(SetExtraInfo, data);
    let (_, info) = wire::with_tail::<GetExtraInfo>(id, bytes, at, claimed)?;
    if info.len() > EXTRA_INFO_MAX {
        return Err(Fault::Value("extra information has more than 4096 bytes").into());
    }
    Ok(info)
}

impl StatusReply {
    /// The reply that reports `error`, with 1 for success.
    pub fn new(error: i32) -> Self {
        Self {
            header: ResponseHeader::new(reply_id::STATUS, size_of::<Self>(), error),
        }
    }
}

impl ExtraInfoReply {
    /// The message with the bytes attached to a node's device.
    pub fn message(info: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; Self::EMPTY_LEN + info.len()];
        let header = ResponseHeader::new(reply_id::GET_EXTRA_INFO, bytes.len(), OK);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes[24..28].copy_from_slice(&(info.len() as u32).to_ne_bytes());
        bytes[28..28 + info.len()].copy_from_slice(info);
        bytes
    }

    /// The message that refuses with a `cs_error_t`.
    pub fn refusal(error: i32) -> [u8; Self::EMPTY_LEN] {
        let mut bytes = [0; Self::EMPTY_LEN];
        let header = ResponseHeader::new(reply_id::GET_EXTRA_INFO, bytes.len(), error);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes
    }
}

impl InfoReply {
    /// A reply that reports `error`, with 1 for success, and says nothing else
    /// yet.
    pub fn new(error: i32) -> Self {
        let mut reply = Self::new_zeroed();
        reply.header = ResponseHeader::new(reply_id::GET_INFO, size_of::<Self>(), error);
        reply
    }

    /// Sets the name of the quorum device, at most 254 bytes.
    pub fn set_qdevice_name(&mut self, name: &[u8]) {
        self.qdevice_name = wire::c_field(name);
    }
}

impl Event<'_> {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let slot = |value: u32| Word::new(value).as_bytes().to_vec();
        let count = |len: usize| slot(len as u32);
        let (id, parts): (i32, Vec<Vec<u8>>) = match self {
            Self::Quorum {
                context,
                quorate,
                nodes,
            } => (
                event_id::QUORUM,
                vec![
                    slot(*quorate),
                    context.as_bytes().to_vec(),
                    count(nodes.len()),
                    nodes.as_bytes().to_vec(),
                ],
            ),
            Self::ExpectedVotes {
                context,
                expected_votes,
            } => (
                event_id::EXPECTED_VOTES,
                vec![context.as_bytes().to_vec(), slot(*expected_votes)],
            ),
            Self::NodeList {
                context,
                ring,
                members,
            } => (
                event_id::NODE_LIST,
                vec![
                    context.as_bytes().to_vec(),
                    slot(ring.nodeid),
                    ring.seq.as_bytes().to_vec(),
                    count(members.len()),
                    members.as_bytes().to_vec(),
                ],
            ),
            Self::ExtraInfo {
                context,
                nodeid,
                info,
            } => (
                event_id::EXTRA_INFO,
                vec![
                    context.as_bytes().to_vec(),
                    slot(*nodeid),
                    count(info.len()),
                    info.to_vec(),
                ],
            ),
        };
        let body = parts.concat();
        let size = size_of::<ResponseHeader>() + body.len();
        let header = ResponseHeader::new(id, size, OK);
        [header.as_bytes(), &body].concat()
    }
}
