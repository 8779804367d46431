//! cpg: groups on one node, every multicast delivered at once.

use super::{NODEID, Outcome};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cpg::{
    Address, Event, IterHandleReply, LocalReply, MembershipReply, NextReply, Request, RingId,
    reply_id,
};
use quorate_proto::status;
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

const JOINED: u32 = 1;
const LEFT: u32 = 2;
const ENDED: u32 = 5;

#[derive(Default)]
pub(super) struct State {
    members: BTreeMap<ConnId, (Vec<u8>, u32)>,
    lists: BTreeMap<u64, Vec<(Vec<u8>, u32)>>,
}

impl State {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.members.remove(&conn);
    }

    pub(super) fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        match Request::decode(bytes)? {
            Request::Join { group, pid, flags } => {
                self.members.insert(conn, (group.to_vec(), pid));
                if flags & 1 != 0 {
                    let ring = RingId { nodeid: 1, seq: 8 };
                    let event = Event::TotemConfchg {
                        ring,
                        nodes: &[1, 2],
                    };
                    server.event(conn, event.encode());
                }
                self.changed(server, group, pid, JOINED);
                server.reply(conn, status(reply_id::JOIN, 1));
            }
            Request::Leave { group, pid } => {
                self.changed(server, group, pid, LEFT);
                self.members.remove(&conn);
                server.reply(conn, status(reply_id::LEAVE, 1));
            }
            Request::Mcast { data, .. } => {
                let (group, pid) = self.members[&conn].clone();
                for member in self.members_of(&group) {
                    let event = Event::Deliver {
                        group: &group,
                        nodeid: NODEID,
                        pid,
                        data,
                    };
                    server.event(member, event.encode());
                }
                server.dismiss(conn);
            }
            Request::PartialMcast {
                total, kind, data, ..
            } => {
                let (group, pid) = self.members[&conn].clone();
                for member in self.members_of(&group) {
                    let event = Event::PartialDeliver {
                        group: &group,
                        total,
                        nodeid: NODEID,
                        pid,
                        kind,
                        data,
                    };
                    server.event(member, event.encode());
                }
                server.reply(conn, status(reply_id::PARTIAL_MCAST, 1));
            }
            Request::Membership { group } => {
                server.reply(conn, MembershipReply::message(&self.addresses(group)));
            }
            Request::LocalGet => server.reply(conn, LocalReply::new(NODEID).as_bytes()),
            Request::IterInit { .. } => {
                let handle = self.lists.len() as u64 + 1;
                let list = self.members.values().rev().cloned().collect();
                self.lists.insert(handle, list);
                server.reply(conn, IterHandleReply::new(1, handle).as_bytes());
            }
            Request::IterNext { handle } => {
                let next = self.lists.get_mut(&handle).and_then(Vec::pop);
                let entry = next.as_ref().map(|(group, pid)| (&group[..], NODEID, *pid));
                server.reply(conn, NextReply::new(entry.ok_or(27)).as_bytes());
            }
            Request::IterFinalize { .. } => server.reply(conn, status(reply_id::ITER_FINALIZE, 1)),
            Request::Finalize => {
                if let Some((group, pid)) = self.members.remove(&conn) {
                    self.changed(server, &group, pid, ENDED);
                }
                server.reply(conn, status(reply_id::FINALIZE, 1));
            }
            Request::ZeroCopy => server.reply(conn, status(reply_id::ZERO_COPY, 19)),
        }
        Ok(())
    }

    fn members_of(&self, group: &[u8]) -> Vec<ConnId> {
        let members = self.members.iter().filter(|(_, member)| member.0 == group);
        members.map(|(conn, _)| *conn).collect()
    }

    fn addresses(&self, group: &[u8]) -> Vec<Address> {
        let members = self.members.values().filter(|member| member.0 == group);
        members
            .map(|member| Address::new(NODEID, member.1, 0))
            .collect()
    }

    fn changed(&self, server: &mut Server, group: &[u8], pid: u32, reason: u32) {
        let who = [Address::new(NODEID, pid, reason)];
        let (left, joined) = if reason == JOINED {
            (&[][..], &who[..])
        } else {
            (&who[..], &[][..])
        };
        let mut members = self.addresses(group);
        if reason != JOINED {
            members.retain(|member| member.pid.get() != pid);
        }
        for member in self.members_of(group) {
            let event = Event::Confchg {
                group,
                members: &members,
                left,
                joined,
            };
            server.event(member, event.encode());
        }
    }
}
