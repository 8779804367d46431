//! votequorum: node 1 of two, node 2 is dead.

use super::{NODEID, Outcome};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::votequorum::{Event, InfoReply, Node, Request, RingId, StatusReply};
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

const RING: RingId = RingId { nodeid: 1, seq: 8 };

#[derive(Default)]
pub(super) struct State {
    /// The contexts of those who want events.
    pub(super) trackers: BTreeMap<ConnId, u64>,
    device: Vec<u8>,
}

impl State {
    pub(super) fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        let error = match Request::decode(bytes)? {
            Request::GetInfo { nodeid } => {
                server.reply(conn, self.info(nodeid).as_bytes());
                return Ok(());
            }
            Request::SetExpected { expected_votes } => {
                for (tracker, context) in &self.trackers {
                    let event = Event::ExpectedVotes {
                        context: *context,
                        expected_votes,
                    };
                    server.event(*tracker, event.encode());
                }
                1
            }
            Request::SetVotes { nodeid, .. } if nodeid > 2 => 17,
            Request::SetVotes { .. } => 1,
            Request::TrackStart { context, .. } => {
                let members = &mut [NODEID];
                let list = Event::NodeList {
                    context,
                    ring: RING,
                    members,
                };
                server.event(conn, list.encode());
                let nodes = &mut [(1, 1), (2, 2)].map(|(nodeid, state)| Node { nodeid, state });
                let quorum = Event::Quorum {
                    context,
                    quorate: 1,
                    nodes,
                };
                server.event(conn, quorum.encode());
                if self.trackers.insert(conn, context).is_some() {
                    14
                } else {
                    1
                }
            }
            Request::TrackStop if self.trackers.remove(&conn).is_none() => 12,
            Request::TrackStop => 1,
            Request::Register { name } => {
                self.device = name.to_vec();
                1
            }
            Request::Unregister { name } | Request::MasterWins { name, .. } => self.owned(name),
            Request::Update { old_name, new_name } => {
                let error = self.owned(old_name);
                self.device = new_name.to_vec();
                error
            }
            Request::Poll { ring, .. } if ring != RING => 22,
            Request::Poll { name, .. } => self.owned(name),
            Request::SetExtraInfo { .. } | Request::GetExtraInfo { .. } => 19,
        };
        server.reply(conn, StatusReply::new(error).as_bytes());
        Ok(())
    }

    fn owned(&self, name: &[u8]) -> i32 {
        if self.device == name { 1 } else { 7 }
    }

    fn info(&self, nodeid: u32) -> InfoReply {
        if nodeid > 2 {
            return InfoReply::new(12);
        }
        let mut reply = InfoReply::new(1);
        reply.nodeid = nodeid.max(NODEID);
        reply.state = reply.nodeid;
        reply.votes = 10;
        reply.expected_votes = 20;
        reply.highest_expected = 20;
        reply.total_votes = 10;
        reply.quorum = 1;
        reply.flags = 3;
        reply.qdevice_votes = 5;
        reply.set_qdevice_name(&self.device);
        reply
    }
}
