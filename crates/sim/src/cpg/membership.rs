//! Who is in which group: processes that come and go, one by one or with their nodes.

use std::collections::BTreeMap;

use quorate_engine::ClientId;
use quorate_proto::cpg::{Address, Event};

use super::client::State;
use super::message::Message;
use super::node::{Name, Node, Process};
use crate::transport::{Outbox, ServiceId};
use crate::wording;

/// Why a process came or went.
pub(super) mod reason {
    pub(in crate::cpg) const JOIN: u32 = 1;
    pub(in crate::cpg) const LEAVE: u32 = 2;
    pub(in crate::cpg) const NODE_DOWN: u32 = 3;
    pub(in crate::cpg) const NODE_UP: u32 = 4;
    pub(in crate::cpg) const PROCESS_DOWN: u32 = 5;
}

/// Who came or went, by group.
type Changes = BTreeMap<Name, Vec<Address>>;

impl Node {
    pub(super) fn joins(&mut self, node: u32, pid: u32, group: &[u8], outbox: &mut Outbox) {
        if self.add(node, pid, group) {
            let joined = [Address::new(node, pid, reason::JOIN)];
            self.changed(group, &joined, &[], outbox);
        }
    }

    /// The group is told even if it did not know the process, as corosync does.
    pub(super) fn leaves(
        &mut self,
        node: u32,
        pid: u32,
        group: &[u8],
        reason: u32,
        outbox: &mut Outbox,
    ) {
        let left = [Address::new(node, pid, reason)];
        self.changed(group, &[], &left, outbox);
        let is_it = |process: &Process| {
            process.node == node && process.pid == pid && *process.group == *group
        };
        self.processes.retain(|process| !is_it(process));
    }

    /// Its turn in a synchronisation.
    pub(super) fn list_processes(&self, outbox: &mut Outbox) {
        let own = self.processes.iter().filter(|other| other.node == self.id);
        let list: Vec<_> = own.map(|own| (Name::clone(&own.group), own.pid)).collect();
        if !list.is_empty() {
            let ring = self.ring.seq;
            let message = Message::Processes { ring, list };
            outbox.multicast(ServiceId::Cpg, message.encode());
        }
    }

    /// All nodes of the ring have listed their processes.
    pub(super) fn synchronised(&mut self, outbox: &mut Outbox) {
        self.old_members = self.members.clone();
        self.nodes_went(outbox);
        let listed = std::mem::take(&mut self.listed);
        self.nodes_came(&listed, outbox);
        self.processes_went(&listed, outbox);
        let everybody: Vec<_> = self.clients.keys().rev().copied().collect();
        for client in everybody {
            if !self.clients[&client].finalized {
                self.tell_ring(client, outbox);
            }
        }
    }

    /// Every group is told once, in the order of their names.
    fn nodes_went(&mut self, outbox: &mut Outbox) {
        let mut changes = Changes::new();
        let lost = std::mem::take(&mut self.lost);
        self.processes.retain(|process| {
            let stays = !lost.contains(&process.node);
            if !stays {
                let address = Address::new(process.node, process.pid, reason::NODE_DOWN);
                let group = Name::clone(&process.group);
                changes.entry(group).or_default().push(address);
            }
            stays
        });
        for (group, left) in changes {
            self.changed(&group, &[], &left, outbox);
        }
    }

    /// In the reverse order of their lists, as corosync keeps them.
    fn nodes_came(&mut self, listed: &[Process], outbox: &mut Outbox) {
        let mut changes = Changes::new();
        for process in listed.iter().rev() {
            if self.add(process.node, process.pid, &process.group) {
                let address = Address::new(process.node, process.pid, reason::NODE_UP);
                let group = Name::clone(&process.group);
                changes.entry(group).or_default().push(address);
            }
        }
        for (group, joined) in changes {
            self.changed(&group, &joined, &[], outbox);
        }
    }

    /// Those of other nodes that are not listed went while they were not heard.
    fn processes_went(&mut self, listed: &[Process], outbox: &mut Outbox) {
        let went = |process: &&Process| process.node != self.id && !listed.contains(process);
        let went: Vec<_> = self.processes.iter().filter(went).cloned().collect();
        for Process { node, pid, group } in went {
            self.leaves(node, pid, &group, reason::PROCESS_DOWN, outbox);
        }
    }

    /// False if it is known already.
    fn add(&mut self, node: u32, pid: u32, group: &[u8]) -> bool {
        let same = |process: &Process| (process.node, process.pid) == (node, pid);
        let mut processes = self.processes.iter();
        if processes.any(|process| same(process) && *process.group == *group) {
            return false;
        }
        let at = |process: &Process| (process.node, process.pid) <= (node, pid);
        let at = self.processes.partition_point(at);
        let group = self.name(group);
        self.processes.insert(at, Process { node, pid, group });
        true
    }

    /// The name, which all processes of the group share.
    fn name(&self, group: &[u8]) -> Name {
        let known = self.processes.iter().find(|known| *known.group == *group);
        known.map_or_else(|| group.into(), |known| Name::clone(&known.group))
    }

    /// Tells those who are in the group here that it has changed.
    fn changed(&mut self, group: &[u8], joined: &[Address], left: &[Address], outbox: &mut Outbox) {
        for joined in joined.iter().filter(|who| who.nodeid.get() == self.id) {
            let mut clients = self.clients.values_mut();
            let is_it = |client: &&mut super::client::Client| {
                client.pid == joined.pid.get() && *client.group == *group && !client.finalized
            };
            // A process may have one connection to a group, so there is one at most.
            if let Some(client) = clients.find(is_it) {
                client.state = State::Joined;
            }
        }
        let hearing: Vec<_> = self.hearing(group).collect();
        if !hearing.is_empty() {
            let members = self.members_of(group, left);
            let event = Event::Confchg {
                group,
                members: &members,
                left,
                joined,
            };
            let message = event.encode();
            for id in hearing {
                if let Some(client) = self.clients.get_mut(&id) {
                    client.changes += 1;
                }
                let text = wording::cpg_change(group, &members, joined, left);
                outbox.event(id, message.clone(), text);
            }
        }
        self.tell_newcomers(outbox);
    }

    fn members_of(&self, group: &[u8], left: &[Address]) -> Vec<Address> {
        let processes = self.processes.iter();
        let group = processes.filter(|process| *process.group == *group);
        let members = group.map(|process| Address::new(process.node, process.pid, 0));
        let went = |member: &Address| {
            let same = |one: &Address| (one.nodeid, one.pid) == (member.nodeid, member.pid);
            left.iter().any(same)
        };
        members.filter(|member| !went(member)).collect()
    }

    /// Those who wanted to know the ring when they join are told when any group changes next.
    fn tell_newcomers(&mut self, outbox: &mut Outbox) {
        let clients = self.clients.iter_mut().rev();
        let newcomers = clients
            .filter(|(_, client)| client.wants_ring && !client.knows_ring && !client.finalized);
        let newcomers: Vec<_> = newcomers
            .map(|(id, client)| {
                client.knows_ring = true;
                *id
            })
            .collect();
        for client in newcomers {
            self.tell_ring(client, outbox);
        }
    }

    fn tell_ring(&self, client: ClientId, outbox: &mut Outbox) {
        let event = Event::TotemConfchg {
            ring: self.ring,
            nodes: &self.old_members,
        };
        let text = wording::cpg_ring(&self.old_members);
        outbox.event(client, event.encode(), text);
    }
}
