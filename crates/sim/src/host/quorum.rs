//! The plain quorum service of one node.

use std::collections::BTreeMap;

use quorate_engine::{NodeId, RingId};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::quorum::{Event, QuorateReply, Request, TypeReply, reply_id};
use quorate_proto::{BadRequest, status, votequorum};
use zerocopy::IntoBytes;

const EXIST: i32 = 14;
const INVALID_PARAM: i32 = 7;
/// A provider (votequorum) decides about quorum.
const TYPE_SET: u32 = 1;
/// CS_TRACK_CURRENT and CS_TRACK_CHANGES: tell the state now.
const TELL_NOW: u32 = 1 | 2;
/// CS_TRACK_CHANGES and CS_TRACK_CHANGES_ONLY: tell what happens from now on.
const TELL_CHANGES: u32 = 2 | 4;

#[derive(Debug, Default)]
pub(super) struct Quorum {
    quorate: bool,
    /// Of the last ring that a synchronisation has completed.
    ring: Ring,
    members: Vec<u32>,
    /// Newest first, as corosync tells them.
    clients: BTreeMap<ConnId, Client>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ring {
    nodeid: u32,
    seq: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Client {
    model: u32,
    tracking: bool,
}

impl Quorum {
    pub(super) fn connect(&mut self, conn: ConnId) {
        self.clients.insert(conn, Client::default());
    }

    pub(super) fn disconnect(&mut self, conn: ConnId) {
        self.clients.remove(&conn);
    }

    pub(super) fn answer(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        bytes: &[u8],
    ) -> Result<(), BadRequest> {
        let request = Request::decode(bytes)?;
        let mut client = self.clients.get(&conn).copied().unwrap_or_default();
        match request {
            Request::GetQuorate => server.reply(conn, QuorateReply::new(self.quorate).as_bytes()),
            Request::GetType => {
                let reply = TypeReply::new(reply_id::GET_TYPE, quorate_proto::OK, TYPE_SET);
                server.reply(conn, reply.as_bytes());
            }
            Request::ModelGetType { model } => {
                let error = if model > 1 {
                    INVALID_PARAM
                } else {
                    client.model = model;
                    quorate_proto::OK
                };
                let reply = TypeReply::new(reply_id::MODEL_GET_TYPE, error, TYPE_SET);
                server.reply(conn, reply.as_bytes());
            }
            Request::TrackStart { flags } => {
                if flags & TELL_NOW != 0 {
                    self.tell_members(server, conn, client, &[], &[]);
                    self.tell_quorum(server, conn, client);
                }
                let changes = flags & TELL_CHANGES != 0;
                let error = if changes && client.tracking {
                    EXIST
                } else {
                    quorate_proto::OK
                };
                client.tracking |= changes;
                server.reply(conn, status(reply_id::TRACK_START, error));
            }
            Request::TrackStop => {
                client.tracking = false;
                // Also for those who did not track (observed on corosync 3.1.7).
                server.reply(conn, status(reply_id::TRACK_STOP, quorate_proto::OK));
            }
        }
        self.clients.insert(conn, client);
        Ok(())
    }

    /// votequorum has decided, at the end of a synchronisation or later.
    pub(super) fn decided(
        &mut self,
        server: &mut Server,
        ring: RingId,
        members: &[NodeId],
        quorate: bool,
    ) {
        let now = Ring {
            nodeid: ring.node.0,
            seq: ring.seq,
        };
        let members: Vec<u32> = members.iter().map(|node| node.0).collect();
        let before = std::mem::replace(&mut self.members, members);
        self.quorate = quorate;
        let new_ring = std::mem::replace(&mut self.ring, now) != now;
        let not_in = |list: &[u32], other: &[u32]| -> Vec<u32> {
            list.iter()
                .copied()
                .filter(|node| !other.contains(node))
                .collect()
        };
        let joined = not_in(&self.members, &before);
        let left = not_in(&before, &self.members);
        let trackers: Vec<_> = self
            .clients
            .iter()
            .map(|(conn, client)| (*conn, *client))
            .collect();
        let trackers = || trackers.iter().rev().filter(|(_, client)| client.tracking);
        // The quorum service ends its part of a synchronisation before votequorum.
        if new_ring {
            for (conn, client) in trackers() {
                self.tell_members(server, *conn, *client, &joined, &left);
            }
        }
        for (conn, client) in trackers() {
            self.tell_quorum(server, *conn, *client);
        }
    }

    fn tell_members(
        &self,
        server: &mut Server,
        conn: ConnId,
        client: Client,
        joined: &[u32],
        left: &[u32],
    ) {
        if client.model == 1 {
            let event = Event::NodeList {
                ring: self.ring_id(),
                members: &self.members,
                joined,
                left,
            };
            server.event(conn, event.encode());
        }
    }

    fn tell_quorum(&self, server: &mut Server, conn: ConnId, client: Client) {
        let event = match client.model {
            0 => Event::Notification {
                quorate: self.quorate,
                ring_seq: self.ring.seq,
                members: &self.members,
            },
            _ => Event::Quorum {
                quorate: self.quorate,
                ring: self.ring_id(),
                members: &self.members,
            },
        };
        server.event(conn, event.encode());
    }

    fn ring_id(&self) -> votequorum::RingId {
        votequorum::RingId {
            nodeid: self.ring.nodeid,
            seq: self.ring.seq,
        }
    }
}
