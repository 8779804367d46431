//! The roll call: who is in the group, and what each has said it is since the group changed.
//!
//! It looks at the order as it comes, not as it is acted upon, and every process of the group
//! comes to the same outcome at the same place in the order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::types::{Address, Record};
use crate::wire::Hello;

#[derive(Debug, Clone)]
enum Report {
    Newcomer(Hello),
    Standing { epoch: u32, head: Address },
}

/// How a roll call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All are newcomers: they found a line.
    Found {
        members: Vec<Address>,
        record: Record,
        addresses: BTreeMap<u32, IpAddr>,
    },
    /// Of the branches that stand before a merge, the one with this head goes on.
    Winner(Address),
}

#[derive(Debug, Default)]
pub(crate) struct Roll {
    group: BTreeSet<Address>,
    heard: BTreeMap<Address, Report>,
    ring: Option<u64>,
    nodes: Vec<u32>,
    /// Whether the group's last change came with a ring that is not known yet.
    unsettled: bool,
    /// Counts the changes.
    round: u64,
}

impl Roll {
    pub(crate) fn configuration(&mut self, members: &[Address], with_ring: bool) {
        self.group = members.iter().copied().collect();
        self.unsettled |= with_ring;
        self.restart();
    }

    pub(crate) fn set_ring(&mut self, ring: u64, nodes: &[u32]) {
        self.ring = Some(ring);
        self.nodes = nodes.to_vec();
        self.unsettled = false;
        self.restart();
    }

    fn restart(&mut self) {
        self.heard.clear();
        self.round += 1;
    }

    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// The ring, once it and the group are known to belong together.
    pub(crate) fn settled_ring(&self) -> Option<u64> {
        self.ring.filter(|_| !self.unsettled)
    }

    pub(crate) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    pub(crate) fn has(&self, process: Address) -> bool {
        self.group.contains(&process)
    }

    pub(crate) fn hello(&mut self, from: Address, hello: &Hello) -> Option<Outcome> {
        self.hear(from, hello.ring, Report::Newcomer(hello.clone()))
    }

    pub(crate) fn standing(
        &mut self,
        from: Address,
        ring: u64,
        epoch: u32,
        head: Address,
    ) -> Option<Outcome> {
        self.hear(from, ring, Report::Standing { epoch, head })
    }

    /// A newcomer is about to be a member: what it said before counts no more.
    pub(crate) fn ready(&mut self, from: Address) {
        self.heard.remove(&from);
    }

    fn hear(&mut self, from: Address, ring: u64, report: Report) -> Option<Outcome> {
        // What was said in an earlier ring was said by somebody who did not know of this one,
        // and whether it is quorate.
        if self.settled_ring() != Some(ring) || !self.has(from) {
            return None;
        }
        self.heard.insert(from, report);
        let complete = self
            .group
            .iter()
            .all(|process| self.heard.contains_key(process));
        complete.then(|| self.outcome())
    }

    fn outcome(&self) -> Outcome {
        let mut branches: BTreeMap<Address, (u32, BTreeSet<u32>)> = BTreeMap::new();
        for (from, report) in &self.heard {
            if let Report::Standing { epoch, head } = report {
                let (highest, nodes) = branches.entry(*head).or_default();
                *highest = (*highest).max(*epoch);
                nodes.insert(from.node);
            }
        }
        // The branch that has seen most, for it had quorum longest; then the one with most
        // nodes; then any, as long as it is the same one for all.
        let rank = |(head, (epoch, nodes)): &(&Address, &(u32, BTreeSet<u32>))| {
            (*epoch, nodes.len(), Reverse(**head))
        };
        match branches.iter().max_by_key(rank) {
            Some((head, _)) => Outcome::Winner(*head),
            None => self.founding(),
        }
    }

    fn founding(&self) -> Outcome {
        let mut record = Record::default();
        let mut addresses = BTreeMap::new();
        for report in self.heard.values() {
            if let Report::Newcomer(hello) = report {
                let newer = |r: &Record| (r.epoch, r.members, r.master);
                record = [record, hello.record]
                    .into_iter()
                    .max_by_key(newer)
                    .unwrap_or_default();
                for (node, ip) in &hello.addresses {
                    addresses.entry(*node).or_insert(*ip);
                }
            }
        }
        Outcome::Found {
            members: self.group.iter().copied().collect(),
            record,
            addresses,
        }
    }
}
