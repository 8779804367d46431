//! What clients ask.

use quorate_engine::ClientId;
use quorate_proto::cpg::{
    Address, IterHandleReply, LocalReply, MembershipReply, NextReply, Request, reply_id,
};
use quorate_proto::{OK, status};
use zerocopy::IntoBytes;

use super::PROCESSES_MAX;
use super::client::{State, kind};
use super::membership::reason;
use super::message::Message;
use super::node::Node;
use crate::transport::{Outbox, ServiceId};

const LIBRARY: i32 = 2;
const TRY_AGAIN: i32 = 6;
const INVALID_PARAM: i32 = 7;
const NO_MEMORY: i32 = 8;
const BUSY: i32 = 10;
const NOT_EXIST: i32 = 12;
const EXIST: i32 = 14;
const INTERRUPT: i32 = 16;
const NO_RESOURCES: i32 = 18;
const NOT_SUPPORTED: i32 = 19;
const NO_SECTIONS: i32 = 27;

/// cpg's answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// A `cs_error_t`.
    pub error: i32,
    /// The whole reply; `None` after a multicast, which gets none.
    pub message: Option<Vec<u8>>,
}

impl Answer {
    /// Whether the client is to ask again a little later.
    #[must_use]
    pub fn asks_for_time(&self) -> bool {
        matches!(self.error, TRY_AGAIN | BUSY)
    }

    fn bare(reply: i32, error: i32) -> Self {
        Answer {
            error,
            message: Some(status(reply, error).to_vec()),
        }
    }

    fn with(error: i32, message: impl Into<Vec<u8>>) -> Self {
        Answer {
            error,
            message: Some(message.into()),
        }
    }
}

impl Node {
    /// `None` if there is no such client.
    pub(super) fn answer(
        &mut self,
        client: ClientId,
        request: &Request<'_>,
        outbox: &mut Outbox,
    ) -> Option<Answer> {
        Some(match *request {
            Request::Join { group, pid, flags } => {
                let error = self.ask_to_join(client, group, pid, flags, outbox);
                Answer::bare(reply_id::JOIN, error)
            }
            Request::Leave { group, pid } => {
                let error = self.ask_to_leave(client, group, pid, outbox);
                Answer::bare(reply_id::LEAVE, error)
            }
            Request::Mcast { data, .. } => Answer {
                error: self.multicast(client, data, outbox),
                message: None,
            },
            Request::PartialMcast {
                total, kind, data, ..
            } => {
                let error = self.multicast_fragment(client, (total, kind, data), outbox);
                Answer::bare(reply_id::PARTIAL_MCAST, error)
            }
            Request::Membership { group } => {
                let processes = self.processes.iter();
                let members = processes.filter(|process| *process.group == *group);
                let members: Vec<_> = members
                    .map(|process| Address::new(process.node, process.pid, 0))
                    .collect();
                Answer::with(OK, MembershipReply::message(&members))
            }
            Request::LocalGet => Answer::with(OK, LocalReply::new(self.id).as_bytes()),
            Request::IterInit { group, kind } => {
                let lists = &mut self.clients.get_mut(&client)?.lists;
                let handle = lists.begin(&self.processes, kind, group);
                let error = handle.map_or(NO_MEMORY, |_| OK);
                let reply = IterHandleReply::new(error, handle.unwrap_or(0));
                Answer::with(error, reply.as_bytes())
            }
            Request::IterNext { handle } => {
                let next = self.clients.get_mut(&client)?.lists.next(handle);
                let next = next.map_err(|()| LIBRARY);
                let next = next.and_then(|entry| entry.ok_or(NO_SECTIONS));
                let entry = next
                    .as_ref()
                    .map(|(group, node, pid)| (&group[..], *node, *pid));
                let error = entry.map_or_else(|error| *error, |_| OK);
                Answer::with(
                    error,
                    NextReply::new(entry.map_err(|error| *error)).as_bytes(),
                )
            }
            Request::IterFinalize { handle } => {
                let ended = self.clients.get_mut(&client)?.lists.end(handle);
                let error = if ended { OK } else { LIBRARY };
                Answer::bare(reply_id::ITER_FINALIZE, error)
            }
            Request::Finalize => {
                self.clients.get_mut(&client)?.finalized = true;
                Answer::bare(reply_id::FINALIZE, OK)
            }
            Request::ZeroCopy => Answer::bare(reply_id::ZERO_COPY, NOT_SUPPORTED),
        })
    }

    fn ask_to_join(
        &mut self,
        client: ClientId,
        group: &[u8],
        pid: u32,
        flags: u32,
        outbox: &mut Outbox,
    ) -> i32 {
        let mut others = self.clients.values().filter(|other| !other.finalized);
        if others.any(|other| other.pid == pid && *other.group == *group) {
            return EXIST;
        }
        let own = || {
            self.processes
                .iter()
                .filter(|process| process.node == self.id)
        };
        // It has left, and not all have heard of it.
        if own().any(|process| process.pid == pid && *process.group == *group) {
            return TRY_AGAIN;
        }
        let joining = |client: &&super::client::Client| client.state == State::Joining;
        if own().count() + self.clients.values().filter(joining).count() >= PROCESSES_MAX {
            return NO_RESOURCES;
        }
        let Some(client) = self.clients.get_mut(&client) else {
            return LIBRARY;
        };
        match client.state {
            State::Unjoined => {}
            State::Joining | State::Joined => return EXIST,
            State::Leaving => return BUSY,
        }
        client.state = State::Joining;
        client.group = group.into();
        client.pid = pid;
        client.wants_ring = flags & 1 != 0;
        let message = Message::Join { group, pid };
        outbox.multicast(ServiceId::Cpg, message.encode());
        OK
    }

    /// The group is the one that the client names, be it its own or not, as in corosync.
    fn ask_to_leave(
        &mut self,
        client: ClientId,
        group: &[u8],
        pid: u32,
        outbox: &mut Outbox,
    ) -> i32 {
        let Some(client) = self.clients.get_mut(&client) else {
            return LIBRARY;
        };
        match client.state {
            State::Unjoined | State::Leaving => return NOT_EXIST,
            State::Joining => return BUSY,
            State::Joined => {}
        }
        client.state = State::Leaving;
        let message = Message::Leave {
            group,
            pid,
            reason: reason::LEAVE,
        };
        outbox.multicast(ServiceId::Cpg, message.encode());
        OK
    }

    fn multicast(&mut self, client: ClientId, data: &[u8], outbox: &mut Outbox) -> i32 {
        let Some(client) = self.clients.get(&client) else {
            return LIBRARY;
        };
        if !matches!(client.state, State::Joining | State::Joined) {
            return NOT_EXIST;
        }
        let message = Message::Data {
            group: &client.group,
            pid: client.pid,
            data,
        };
        outbox.multicast(ServiceId::Cpg, message.encode());
        OK
    }

    fn multicast_fragment(
        &mut self,
        client: ClientId,
        (total, fragment_kind, data): (u32, u32, &[u8]),
        outbox: &mut Outbox,
    ) -> i32 {
        let Some(client) = self.clients.get_mut(&client) else {
            return LIBRARY;
        };
        if fragment_kind == kind::FIRST {
            client.changes_at_first = client.changes;
        }
        if client.changes_at_first != client.changes {
            return INTERRUPT;
        }
        if !matches!(client.state, State::Joining | State::Joined) {
            return NOT_EXIST;
        }
        if !client.fits(fragment_kind, total, data.len()) {
            return INVALID_PARAM;
        }
        let message = Message::Fragment {
            group: &client.group,
            pid: client.pid,
            total,
            kind: fragment_kind,
            data,
        };
        outbox.multicast(ServiceId::Cpg, message.encode());
        OK
    }
}
