//! The roll call: who is in the group, and what each has said it is since the group changed.
//!
//! It looks at the order as it comes, not as it is acted upon, and every process of the group
//! comes to the same outcome at the same place in the order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::state::{Branch, Founding};
use crate::types::{Address, Record, node_bit};
use crate::wire::{Hello, Line};

#[derive(Debug, Clone)]
enum Report {
    Newcomer(Hello),
    Standing { epoch: u32, head: Address },
}

/// How a roll call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All are newcomers: they found a line.
    Found(Founding),
    /// Of the branches that stand before a merge, this one goes on.
    Winner(Branch),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Roll {
    group: BTreeSet<Address>,
    heard: BTreeMap<Address, Report>,
    ring: Option<u64>,
    nodes: Vec<u32>,
    /// Whether the group's last change came with a ring that is not known yet.
    unsettled: bool,
}

impl Roll {
    pub(crate) fn configuration(&mut self, members: &[Address], with_ring: bool) {
        self.group = members.iter().copied().collect();
        self.unsettled |= with_ring;
        self.heard.clear();
    }

    pub(crate) fn set_ring(&mut self, ring: u64, nodes: &[u32]) {
        self.ring = Some(ring);
        self.nodes = nodes.to_vec();
        self.unsettled = false;
        self.heard.clear();
    }

    /// Whether this process has been heard since the group last changed.
    pub(crate) fn has_heard(&self, process: Address) -> bool {
        self.heard.contains_key(&process)
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
        if complete { self.outcome(ring) } else { None }
    }

    fn outcome(&self, ring: u64) -> Option<Outcome> {
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
            Some((head, _)) => Some(Outcome::Winner(Branch { ring, head: *head })),
            None => self.founding(ring).map(Outcome::Found),
        }
    }

    fn founding(&self, ring: u64) -> Option<Founding> {
        let hellos = self.heard.iter().filter_map(|(from, report)| match report {
            Report::Newcomer(hello) => Some((*from, hello)),
            Report::Standing { .. } => None,
        });
        let (founder, first) = hellos.clone().next()?;
        let mut founding = Founding {
            line: Line {
                ring,
                founder,
                life: first.instance,
            },
            members: self.group.iter().copied().collect(),
            record: Record::default(),
            addresses: BTreeMap::new(),
        };
        for (_, hello) in hellos {
            let newer = |record: &Record| (record.epoch, record.members, record.master);
            if newer(&hello.record) > newer(&founding.record) {
                founding.record = hello.record;
            }
            for (node, ip) in &hello.addresses {
                if node_bit(*node) != 0 {
                    founding.addresses.entry(*node).or_insert(*ip);
                }
            }
        }
        Some(founding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(node: u32) -> Address {
        Address { node, pid: 1 }
    }

    fn roll_of(nodes: u32) -> Roll {
        let mut roll = Roll::default();
        let group: Vec<_> = (1..=nodes).map(process).collect();
        roll.configuration(&group, false);
        roll.set_ring(8, &[1, 2, 3]);
        roll
    }

    fn hello(ring: u64, epoch: u32) -> Hello {
        let record = Record {
            epoch,
            members: 1,
            master: 1,
        };
        let addresses = vec![(9, [10, 0, 0, epoch as u8].into())];
        Hello {
            instance: u64::from(epoch),
            ring,
            record,
            addresses,
        }
    }

    #[test]
    fn newcomers_found_when_all_have_spoken() {
        let mut roll = roll_of(2);
        assert!(roll.hello(process(2), &hello(8, 7)).is_none());
        assert!(roll.hello(process(3), &hello(8, 7)).is_none(), "a stranger");
        assert!(
            roll.hello(process(1), &hello(4, 5)).is_none(),
            "said in an earlier ring"
        );
        let Some(Outcome::Found(founding)) = roll.hello(process(1), &hello(8, 5)) else {
            panic!("no founding");
        };
        assert_eq!(
            founding.line,
            Line {
                ring: 8,
                founder: process(1),
                life: 5
            }
        );
        assert_eq!(founding.members, [process(1), process(2)]);
        assert_eq!(founding.record.epoch, 7, "the latest record");
        let ip = [10, 0, 0, 5];
        assert_eq!(
            founding.addresses[&9],
            std::net::IpAddr::from(ip),
            "the first that has one"
        );
    }

    #[test]
    fn every_change_starts_anew() {
        for change in [
            |roll: &mut Roll| roll.configuration(&[process(1), process(2)], false),
            |roll: &mut Roll| roll.set_ring(8, &[1, 2, 3]),
        ] {
            let mut roll = roll_of(2);
            assert!(roll.hello(process(2), &hello(8, 7)).is_none());
            change(&mut roll);
            assert!(!roll.has_heard(process(2)));
            assert!(roll.hello(process(1), &hello(8, 5)).is_none());
        }
    }

    #[test]
    fn nobody_is_heard_between_a_group_and_its_ring() {
        let mut roll = roll_of(1);
        roll.configuration(&[process(1)], true);
        assert!(roll.hello(process(1), &hello(8, 5)).is_none());
        roll.set_ring(12, &[1]);
        assert!(roll.hello(process(1), &hello(12, 5)).is_some());
    }

    #[test]
    fn who_is_ready_is_a_newcomer_no_more() {
        let mut roll = roll_of(2);
        assert!(roll.hello(process(2), &hello(8, 7)).is_none());
        roll.ready(process(2));
        assert!(
            roll.hello(process(1), &hello(8, 5)).is_none(),
            "there is a member"
        );
    }

    #[test]
    fn the_branch_that_has_seen_most_wins() {
        // Process, epoch and head of each that stands; then the head that wins.
        let least = [(1, 5, 1), (2, 5, 2)];
        let most_nodes = [(1, 5, 1), (2, 5, 2), (3, 5, 2)];
        let highest_epoch = [(1, 5, 1), (2, 5, 1), (3, 6, 3)];
        for (standing, winner) in [(&least[..], 1), (&most_nodes, 2), (&highest_epoch, 3)] {
            let mut roll = roll_of(standing.len() as u32 + 1);
            for (node, epoch, head) in standing {
                assert!(
                    roll.standing(process(*node), 8, *epoch, process(*head))
                        .is_none()
                );
            }
            let newcomer = process(standing.len() as u32 + 1);
            let Some(Outcome::Winner(branch)) = roll.hello(newcomer, &hello(8, 99)) else {
                panic!("no winner");
            };
            assert_eq!(
                branch,
                Branch {
                    ring: 8,
                    head: process(winner)
                }
            );
        }
    }
}
