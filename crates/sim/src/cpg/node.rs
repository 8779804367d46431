//! cpg on one node: what it knows, and what it makes of what it hears.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_engine::ClientId;
use quorate_proto::cpg::{Event, RingId};

use super::client::{Client, State};
use super::membership::reason;
use super::message::Message;
use crate::transport::{GroupEvent, Outbox, RingChange, ServiceId};
use crate::wording;

/// A group's name.
pub(super) type Name = Arc<[u8]>;

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Process {
    pub(super) node: u32,
    pub(super) pid: u32,
    pub(super) group: Name,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: u32,
    pub(super) clients: BTreeMap<ClientId, Client>,
    /// Of all nodes and groups, ascending by node and process id.
    pub(super) processes: Vec<Process>,
    /// Of the latest ring, whether it has synchronised or not.
    pub(super) ring: RingId,
    pub(super) members: Vec<u32>,
    /// Of the latest ring that has synchronised.
    pub(super) old_members: Vec<u32>,
    /// Those of them that are lost.
    pub(super) lost: Vec<u32>,
    /// Processes that other nodes have listed, as they came.
    pub(super) listed: Vec<Process>,
}

impl Node {
    pub(super) fn new(id: u32) -> Self {
        Node {
            id,
            clients: BTreeMap::new(),
            processes: Vec::new(),
            ring: RingId { nodeid: id, seq: 0 },
            members: Vec::new(),
            old_members: Vec::new(),
            lost: Vec::new(),
            listed: Vec::new(),
        }
    }

    pub(super) fn connect(&mut self, client: ClientId) {
        self.clients.insert(client, Client::default());
    }

    /// The process ended, or only its connection: it is the same to the group. As in corosync, a
    /// group without a name does not hear of it, nor does one of somebody who has left another
    /// group than his own: they keep him until the node goes.
    pub(super) fn disconnect(&mut self, client: ClientId, outbox: &mut Outbox) {
        let Some(client) = self.clients.remove(&client) else {
            return;
        };
        let in_group = matches!(client.state, State::Joining | State::Joined);
        if in_group && !client.group.is_empty() {
            let message = Message::Leave {
                group: &client.group,
                pid: client.pid,
                reason: reason::PROCESS_DOWN,
            };
            outbox.multicast(ServiceId::Cpg, message.encode());
        }
    }

    /// Corosync ends its connections first, and its processes have gone before their node has.
    fn disconnect_all(&mut self, outbox: &mut Outbox) {
        for client in self.clients.keys().rev().copied().collect::<Vec<_>>() {
            self.disconnect(client, outbox);
        }
    }

    pub(super) fn handle(&mut self, event: GroupEvent<'_>, outbox: &mut Outbox) {
        match event {
            GroupEvent::Leaving => self.disconnect_all(outbox),
            GroupEvent::RingChanged(change) => self.ring_changed(change),
            GroupEvent::SyncAborted => self.listed.clear(),
            GroupEvent::SyncProcess(ServiceId::Cpg) => self.list_processes(outbox),
            GroupEvent::SyncActivated(ServiceId::Cpg) => self.synchronised(outbox),
            GroupEvent::Delivered {
                from,
                service: ServiceId::Cpg,
                data,
            } => {
                if let Some(message) = Message::decode(data) {
                    self.deliver(from.0, message, outbox);
                }
            }
            _ => {}
        }
    }

    fn ring_changed(&mut self, change: &RingChange) {
        self.ring = RingId {
            nodeid: change.ring.node.0,
            seq: change.ring.seq,
        };
        self.members = change.members.iter().map(|node| node.0).collect();
        let stayed = |id: &u32| {
            let id = quorate_engine::NodeId(*id);
            change.members.binary_search(&id).is_ok() && change.joined.binary_search(&id).is_err()
        };
        let lost = self.old_members.iter().filter(|id| !stayed(id));
        self.lost = lost.copied().collect();
    }

    fn deliver(&mut self, from: u32, message: Message<'_>, outbox: &mut Outbox) {
        match message {
            Message::Join { group, pid } => self.joins(from, pid, group, outbox),
            Message::Leave { group, pid, reason } => {
                self.leaves(from, pid, group, reason, outbox);
            }
            Message::Processes { ring, list } => {
                if ring == self.ring.seq && from != self.id {
                    let process = |(group, pid)| Process {
                        node: from,
                        pid,
                        group,
                    };
                    self.listed.extend(list.into_iter().map(process));
                }
            }
            Message::Data { group, pid, data } => {
                let text = || wording::cpg_delivery(group, from, data.len());
                let event = Event::Deliver {
                    group,
                    nodeid: from,
                    pid,
                    data,
                };
                self.tell_members(from, group, &event, text, outbox);
            }
            Message::Fragment {
                group,
                pid,
                total,
                kind,
                data,
            } => {
                let text = || wording::cpg_fragment(group, from, data.len(), total);
                let event = Event::PartialDeliver {
                    group,
                    total,
                    nodeid: from,
                    pid,
                    kind,
                    data,
                };
                self.tell_members(from, group, &event, text, outbox);
            }
        }
    }

    /// Messages of nodes that have nobody in the group, as far as this node knows, are not
    /// delivered.
    fn tell_members(
        &self,
        from: u32,
        group: &[u8],
        event: &Event<'_>,
        text: impl Fn() -> String,
        outbox: &mut Outbox,
    ) {
        let mut hearing = self.hearing(group).peekable();
        if hearing.peek().is_none() || !self.has_member(from, group) {
            return;
        }
        let message = event.encode();
        for client in hearing {
            outbox.event(client, message.clone(), text());
        }
    }

    fn has_member(&self, node: u32, group: &[u8]) -> bool {
        let mut processes = self.processes.iter();
        processes.any(|process| process.node == node && *process.group == *group)
    }

    /// The newest connection comes first, as in corosync's list.
    pub(super) fn hearing(&self, group: &[u8]) -> impl Iterator<Item = ClientId> {
        let clients = self.clients.iter().rev();
        let hearing = clients.filter(move |(_, client)| client.hears(group));
        hearing.map(|(id, _)| *id)
    }
}
