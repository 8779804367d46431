//! What every member holds alike: epoch, nodes, master, members and locks.
//!
//! Nothing but the group's total order changes it, so there is no `Instant`, no local knowledge
//! and no hash order in here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::locks::{Claim, LockTable};
use crate::types::{Address, Record, View, node_bit, nodes_of};
use crate::wire::{Hello, Line};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) line: Line,
    /// The branch of the line that went on at the last merge.
    pub(crate) branch: Branch,
    /// The ring that `nodes` are the nodes of.
    pub(crate) ring: u64,
    pub(crate) nodes: u32,
    pub(crate) epoch: u32,
    pub(crate) master: u32,
    /// Nodes that said that they will go.
    pub(crate) leaving: u32,
    /// Nodes whose processes went with their node, before the ring that goes with it is known.
    /// A node can be lost and be back in one change of the ring; only this tells.
    pub(crate) lost: u32,
    pub(crate) addresses: BTreeMap<u32, IpAddr>,
    /// In the order of their admission: the first is the oldest.
    pub(crate) members: Vec<Address>,
    /// Who has asked for the state and is not a member yet, and in which of its lives.
    pub(crate) newcomers: BTreeMap<Address, u64>,
    pub(crate) locks: LockTable,
}

/// One of the parts of a line that met in a ring, by the least of its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) ring: u64,
    pub(crate) head: Address,
}

/// What a line begins with.
#[derive(Debug, Clone)]
pub(crate) struct Founding {
    pub(crate) line: Line,
    pub(crate) members: Vec<Address>,
    /// The latest that any of them has of an earlier line.
    pub(crate) record: Record,
    pub(crate) addresses: BTreeMap<u32, IpAddr>,
}

impl State {
    /// The state of a new line, whose first members are all newcomers of the group.
    ///
    /// What the daemons remember of an earlier line counts on: the nodes that have come and
    /// gone since are one change each, and its master stays if it is here.
    pub(crate) fn found(founding: Founding, nodes: u32) -> Self {
        let Founding {
            line,
            members,
            record,
            addresses,
        } = founding;
        let mut state = Self {
            line,
            branch: Branch {
                ring: line.ring,
                head: line.founder,
            },
            ring: line.ring,
            nodes,
            epoch: record
                .epoch
                .wrapping_add((record.members ^ nodes).count_ones()),
            master: record.master & nodes,
            leaving: 0,
            lost: 0,
            addresses,
            members,
            newcomers: BTreeMap::new(),
            locks: LockTable::default(),
        };
        if state.master == 0 {
            state.master = state.highest(nodes);
        }
        state
    }

    /// The bit of the node with the highest IP address. A node whose address nobody has told
    /// yet comes after all that have one; such nodes among themselves go by their ids.
    fn highest(&self, candidates: u32) -> u32 {
        let by_address = |node: &u32| (self.addresses.get(node), *node);
        nodes_of(candidates)
            .max_by_key(by_address)
            .map_or(0, node_bit)
    }

    pub(crate) fn view(&self) -> View {
        View {
            epoch: self.epoch,
            members: self.nodes,
            failed: 0,
            master: self.master,
        }
    }

    pub(crate) fn record(&self) -> Record {
        Record {
            epoch: self.epoch,
            members: self.nodes,
            master: self.master,
        }
    }

    pub(crate) fn is_member(&self, process: Address) -> bool {
        self.members.contains(&process)
    }

    /// The process that answers a newcomer's n-th attempt.
    pub(crate) fn sender(&self, attempt: u32) -> Option<Address> {
        let count = u32::try_from(self.members.len())
            .ok()
            .filter(|count| *count > 0)?;
        usize::try_from(attempt % count)
            .ok()
            .and_then(|at| self.members.get(at))
            .copied()
    }

    /// What a newcomer knows of addresses counts where the group knows nothing.
    pub(crate) fn hello(&mut self, hello: &Hello) {
        for (node, ip) in &hello.addresses {
            if !self.addresses.contains_key(node) {
                self.set_address(*node, *ip);
            }
        }
    }

    pub(crate) fn set_address(&mut self, node: u32, ip: IpAddr) {
        if node_bit(node) != 0 {
            self.addresses.insert(node, ip);
        }
    }

    /// Admits a newcomer that has the state. It has the right one only if it is of this line,
    /// and living the life that this line knows.
    pub(crate) fn ready(&mut self, from: Address, instance: u64, line: Line) -> bool {
        let known = self.line == line && self.newcomers.get(&from) == Some(&instance);
        if known {
            self.newcomers.remove(&from);
            self.members.push(from);
        }
        known
    }

    /// Processes that left the group. Returns who got a lock by it.
    pub(crate) fn depart(&mut self, gone: &[Address]) -> Vec<Claim> {
        self.members.retain(|member| !gone.contains(member));
        self.newcomers
            .retain(|newcomer, _| !gone.contains(newcomer));
        self.locks.release(|owner| gone.contains(&owner.process))
    }

    /// The nodes of a new ring. Returns the new view, if it is one.
    pub(crate) fn change_ring(&mut self, ring: u64, nodes: u32) -> Option<View> {
        let lost = std::mem::take(&mut self.lost);
        let left = self.nodes & (!nodes | lost);
        let stayed = self.nodes & !left;
        let joined = nodes & !stayed;
        let failed = left & !self.leaving;
        self.leaving &= stayed;
        self.nodes = nodes;
        self.ring = ring;
        if left | joined == 0 {
            return None;
        }
        self.epoch = self
            .epoch
            .wrapping_add(left.count_ones() + joined.count_ones());
        if self.master & stayed == 0 {
            // Whoever came in just now is not asked, unless there is nobody else.
            self.master = self.highest(if stayed == 0 { nodes } else { stayed });
        }
        Some(View {
            failed,
            ..self.view()
        })
    }

    /// The least of the processes that this branch of the line is made of when those are gone.
    /// Branches have no process in common, for who has moved with two has moved with both.
    pub(crate) fn head(&self, gone: &[Address]) -> Option<Address> {
        let all = self.members.iter().chain(self.newcomers.keys());
        all.filter(|process| !gone.contains(process)).min().copied()
    }
}

#[cfg(test)]
mod tests;
