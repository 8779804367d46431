//! quorum, both models.

use super::Outcome;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::quorum::{Event, QuorateReply, Request, RingId, TypeReply, reply_id};
use quorate_proto::status;
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

const RING: RingId = RingId { nodeid: 1, seq: 8 };

#[derive(Default)]
pub(super) struct State {
    models: BTreeMap<ConnId, u32>,
}

impl State {
    pub(super) fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        match Request::decode(bytes)? {
            Request::GetQuorate => server.reply(conn, QuorateReply::new(true).as_bytes()),
            Request::TrackStart { .. } => {
                for event in self.current(conn) {
                    server.event(conn, event.encode());
                }
                server.reply(conn, status(reply_id::TRACK_START, 1));
            }
            Request::TrackStop => server.reply(conn, status(reply_id::TRACK_STOP, 1)),
            Request::GetType => {
                server.reply(conn, TypeReply::new(reply_id::GET_TYPE, 1, 1).as_bytes());
            }
            Request::ModelGetType { model } => {
                let error = if model > 1 { 7 } else { 1 };
                self.models.insert(conn, model);
                let reply = TypeReply::new(reply_id::MODEL_GET_TYPE, error, 1);
                server.reply(conn, reply.as_bytes());
            }
        }
        Ok(())
    }

    fn current(&self, conn: ConnId) -> Vec<Event<'static>> {
        let members = &[1, 2, 3];
        if self.models.get(&conn) != Some(&1) {
            return vec![Event::Notification {
                quorate: true,
                ring_seq: RING.seq,
                members,
            }];
        }
        vec![
            Event::NodeList {
                ring: RING,
                members,
                joined: &[3],
                left: &[4, 5],
            },
            Event::Quorum {
                quorate: true,
                ring: RING,
                members,
            },
        ]
    }
}
