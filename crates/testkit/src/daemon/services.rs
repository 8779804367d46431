//! What an honest daemon would say: a cluster of one node, always quorate.

use quorate_ipc::Service;
use quorate_proto::votequorum::{ExtraInfoReply, InfoReply, Node, RingId, StatusReply};
use quorate_proto::{OK, cmap, cpg, quorum, status, votequorum};
use zerocopy::IntoBytes as _;

use super::fault::Place;

const RING: RingId = RingId { nodeid: 1, seq: 4 };
/// `CS_ERR_NOT_SUPPORTED`, and the end of a list.
const NOT_SUPPORTED: i32 = 19;
const NO_SECTIONS: i32 = 27;

/// What is remembered of one client.
#[derive(Debug, Default)]
pub struct Honest {
    listed: u32,
    member: u32,
}

type Messages = Vec<(Place, Vec<u8>)>;

impl Honest {
    /// All messages that a request leads to, in order.
    pub fn answer(&mut self, service: Service, request: &[u8]) -> Messages {
        let answer = match service {
            Service::VoteQuorum => Some(votequorum(request)),
            Service::Quorum => Some(quorum(request)),
            Service::Cmap => self.cmap(request),
            Service::Cpg => self.cpg(request),
            Service::Cfg => None,
        };
        answer.unwrap_or_else(|| reply(status(0, NOT_SUPPORTED)))
    }

    fn cmap(&mut self, request: &[u8]) -> Option<Messages> {
        use cmap::{Entry, Event, GetReply, HandleReply, NextReply, Request, Value, reply_id};
        Some(match Request::decode(request).ok()? {
            Request::Get { room, .. } => reply(GetReply::message(6, &7u32.to_ne_bytes(), room)),
            Request::Set { .. } => reply(status(reply_id::SET, OK)),
            Request::Delete { .. } => reply(status(reply_id::DELETE, OK)),
            Request::IterInit { .. } => {
                self.listed = 0;
                reply(HandleReply::new(reply_id::ITER_INIT, OK, 1).as_bytes())
            }
            Request::IterNext { .. } => {
                self.listed += 1;
                let name = format!("key.{}", self.listed);
                let entry = Entry {
                    name: name.as_bytes(),
                    value_len: 4,
                    value_type: 6,
                };
                let next = if self.listed < 4 {
                    Ok(entry)
                } else {
                    Err(NO_SECTIONS)
                };
                reply(NextReply::new(next).as_bytes())
            }
            Request::IterFinalize { .. } => reply(status(reply_id::ITER_FINALIZE, OK)),
            Request::TrackAdd { .. } => {
                let value = |number: &'static [u8; 4]| Value {
                    value_type: 6,
                    bytes: number,
                };
                let change = Event {
                    cookie: 0,
                    name: b"key",
                    change: 2,
                    new: value(&[7; 4]),
                    old: value(&[6; 4]),
                };
                let added = HandleReply::new(reply_id::TRACK_ADD, OK, 1);
                vec![
                    (Place::Event, change.encode()),
                    (Place::Reply, added.as_bytes().to_vec()),
                ]
            }
            _ => return None,
        })
    }

    fn cpg(&mut self, request: &[u8]) -> Option<Messages> {
        use cpg::{Address, Event, LocalReply, Request, reply_id};
        Some(match Request::decode(request).ok()? {
            Request::LocalGet => reply(LocalReply::new(1).as_bytes()),
            Request::Join { group, pid, .. } => {
                self.member = pid;
                let joined = [Address::new(1, pid, 1)];
                let ring = Event::TotemConfchg {
                    ring: RING,
                    nodes: &[1],
                };
                let change = Event::Confchg {
                    group,
                    members: &joined,
                    left: &[],
                    joined: &joined,
                };
                vec![
                    (Place::Event, change.encode()),
                    (Place::Event, ring.encode()),
                    (Place::Reply, status(reply_id::JOIN, OK).to_vec()),
                ]
            }
            Request::Leave { .. } => reply(status(reply_id::LEAVE, OK)),
            Request::Mcast { data, .. } => {
                let heard = Event::Deliver {
                    group: b"group",
                    nodeid: 1,
                    pid: self.member,
                    data,
                };
                vec![(Place::Event, heard.encode())]
            }
            Request::Finalize => reply(status(reply_id::FINALIZE, OK)),
            _ => return None,
        })
    }
}

fn reply(bytes: impl AsRef<[u8]>) -> Messages {
    vec![(Place::Reply, bytes.as_ref().to_vec())]
}

fn votequorum(request: &[u8]) -> Messages {
    use votequorum::{Event, Request};
    let request = match Request::decode(request) {
        Ok(request) => request,
        Err(bad) => return bad.reply().map(reply).unwrap_or_default(),
    };
    let done = (Place::Reply, StatusReply::new(OK).as_bytes().to_vec());
    match request {
        Request::GetInfo { .. } => {
            let mut info = InfoReply::new(OK);
            (info.nodeid, info.state, info.votes, info.quorum) = (1, 1, 1, 1);
            info.set_qdevice_name(b"device");
            reply(info.as_bytes())
        }
        Request::GetExtraInfo { .. } => reply(ExtraInfoReply::message(b"extra")),
        Request::TrackStart { context, .. } => {
            let events = [
                Event::NodeList {
                    context,
                    ring: RING,
                    members: &mut [1],
                },
                Event::Quorum {
                    context,
                    quorate: 1,
                    nodes: &mut [Node {
                        nodeid: 1,
                        state: 1,
                    }],
                },
                Event::ExpectedVotes {
                    context,
                    expected_votes: 1,
                },
                Event::ExtraInfo {
                    context,
                    nodeid: 1,
                    info: &mut b"extra".to_vec(),
                },
            ]
            .map(|event| (Place::Event, event.encode()));
            events.into_iter().chain([done]).collect()
        }
        _ => vec![done],
    }
}

fn quorum(request: &[u8]) -> Messages {
    use quorum::{Event, QuorateReply, Request, TypeReply, reply_id};
    let Ok(request) = Request::decode(request) else {
        return reply(status(0, NOT_SUPPORTED));
    };
    match request {
        Request::GetQuorate => reply(QuorateReply::new(true).as_bytes()),
        Request::GetType => reply(TypeReply::new(reply_id::GET_TYPE, OK, 1).as_bytes()),
        Request::ModelGetType { .. } => {
            reply(TypeReply::new(reply_id::MODEL_GET_TYPE, OK, 1).as_bytes())
        }
        Request::TrackStop => reply(status(reply_id::TRACK_STOP, OK)),
        Request::TrackStart { .. } => {
            let now = Event::Quorum {
                quorate: true,
                ring: RING,
                members: &[1],
            };
            let list = Event::NodeList {
                ring: RING,
                members: &[1],
                joined: &[1],
                left: &[],
            };
            vec![
                (Place::Event, now.encode()),
                (Place::Event, list.encode()),
                (Place::Reply, status(reply_id::TRACK_START, OK).to_vec()),
            ]
        }
    }
}
