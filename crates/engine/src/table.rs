//! The records that one node keeps of itself, of the others, and of the quorum device.
//!
//! Every member of a ring hears every other one, and each message asks for the votes of all
//! members. So the others' votes are added up as their records change, and a record is found by its
//! place in a sorted list.

use std::ops::Range;

use crate::flags::NodeFlags;
use crate::ids::NodeId;
use crate::node::{Node, NodeState};

/// The node table: the local node, every other node ever met, and the quorum device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NodeTable {
    pub(crate) us: Node,
    pub(crate) qdevice: Node,
    /// Ascending: the nodes met, and those of the ring that have not spoken yet.
    ids: Vec<NodeId>,
    /// One for each id; `None` until the node is met.
    records: Vec<Option<Node>>,
    /// Of the others that are members.
    others: Sums,
    /// No other member is outside of these places.
    span: Range<usize>,
}

impl NodeTable {
    pub(crate) fn new(us: NodeId) -> Self {
        let mut us = Node::new(us);
        us.state = NodeState::Member;
        us.votes = 1;
        us.flags = NodeFlags::FIRST;
        NodeTable {
            us,
            qdevice: Node::new(NodeId::QDEVICE),
            ids: Vec::new(),
            records: Vec::new(),
            others: Sums::default(),
            span: 0..0,
        }
    }

    /// All nodes but the quorum device, in the order clients are shown them: the others
    /// ascending, then the local one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.records
            .iter()
            .flatten()
            .chain(std::iter::once(&self.us))
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Node> {
        self.iter().filter(|node| node.is_member())
    }

    /// The lowest and the highest member; the local node counts whatever its state.
    pub(crate) fn extremes(&mut self) -> (NodeId, NodeId) {
        let records = &self.records;
        let is_member = |place: usize| records[place].as_ref().is_some_and(Node::is_member);
        // Whoever is passed over here is passed over once, until somebody comes.
        while !self.span.is_empty() && !is_member(self.span.start) {
            self.span.start += 1;
        }
        while !self.span.is_empty() && !is_member(self.span.end - 1) {
            self.span.end -= 1;
        }
        let us = self.us.id;
        match self.ids[self.span.clone()] {
            [] => (us, us),
            [only] => (only.min(us), only.max(us)),
            [lowest, .., highest] => (lowest.min(us), highest.max(us)),
        }
    }

    /// What all members have together.
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = self.others;
        if self.us.is_member() {
            sums.add(&self.us);
        }
        sums
    }

    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        if id == self.us.id {
            Some(&self.us)
        } else if id == NodeId::QDEVICE {
            Some(&self.qdevice)
        } else {
            self.records[self.place(id).ok()?].as_ref()
        }
    }

    /// Changes a record; `None` if the node was never met.
    pub(crate) fn change<T>(
        &mut self,
        id: NodeId,
        change: impl FnOnce(&mut Node) -> T,
    ) -> Option<T> {
        if id == self.us.id {
            Some(change(&mut self.us))
        } else if id == NodeId::QDEVICE {
            Some(change(&mut self.qdevice))
        } else {
            let place = self.place(id).ok()?;
            self.change_at(place, change)
        }
    }

    /// Changes a record, which is made if there was none.
    pub(crate) fn meet<T>(&mut self, id: NodeId, change: impl FnOnce(&mut Node) -> T) -> Option<T> {
        if id == self.us.id || id == NodeId::QDEVICE {
            return self.change(id, change);
        }
        let place = self.place(id).unwrap_or_else(|place| {
            self.ids.insert(place, id);
            self.records.insert(place, None);
            self.span = 0..self.ids.len();
            place
        });
        self.records[place].get_or_insert_with(|| Node::new(id));
        self.change_at(place, change)
    }

    /// Sets the expected votes of every member.
    pub(crate) fn set_expected_votes(&mut self, expected_votes: u32) {
        let others = self.records.iter_mut().flatten();
        for node in others.chain(std::iter::once(&mut self.us)) {
            if node.is_member() {
                node.expected_votes = expected_votes;
            }
        }
        self.others = self.add_up();
    }

    /// Makes room for the records of these nodes, ascending: one by one, each would move those
    /// behind it.
    pub(crate) fn expect(&mut self, members: &[NodeId]) {
        let is_new = |id: &&NodeId| {
            **id != self.us.id && **id != NodeId::QDEVICE && self.place(**id).is_err()
        };
        let new: Vec<NodeId> = members.iter().filter(is_new).copied().collect();
        if new.is_empty() {
            return;
        }
        let known = std::mem::take(&mut self.ids)
            .into_iter()
            .zip(std::mem::take(&mut self.records));
        let mut all: Vec<_> = known.chain(new.into_iter().map(|id| (id, None))).collect();
        // Two ascending runs: the sort merges them.
        all.sort_by_key(|(id, _)| *id);
        (self.ids, self.records) = all.into_iter().unzip();
        self.span = 0..self.ids.len();
    }

    /// Where the record of a node is, or would be.
    fn place(&self, id: NodeId) -> Result<usize, usize> {
        // Most clusters number their nodes without gaps; the local node is not in the list.
        if let Some(&first) = self.ids.first() {
            let guess = id.0.wrapping_sub(first.0) as usize;
            for place in [guess, guess.wrapping_sub(1)] {
                if self.ids.get(place) == Some(&id) {
                    return Ok(place);
                }
            }
        }
        self.ids.binary_search(&id)
    }

    fn change_at<T>(&mut self, place: usize, change: impl FnOnce(&mut Node) -> T) -> Option<T> {
        let node = self.records[place].as_mut()?;
        let before = Share::of(node);
        let result = change(node);
        let after = Share::of(node);
        if after.member && !self.span.contains(&place) {
            self.span = match self.span.is_empty() {
                true => place..place + 1,
                false => self.span.start.min(place)..self.span.end.max(place + 1),
            };
        }
        if before != after && !self.others.exchange(before, after) {
            self.others = self.add_up();
        }
        Some(result)
    }

    fn add_up(&self) -> Sums {
        let members = self
            .records
            .iter()
            .flatten()
            .filter(|node| node.is_member());
        members.fold(Sums::default(), |mut sums, node| {
            sums.add(node);
            sums
        })
    }
}

/// What a record counts for in the sums.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Share {
    member: bool,
    votes: u32,
    expected_votes: u32,
}

impl Share {
    fn of(node: &Node) -> Self {
        Share {
            member: node.is_member(),
            votes: node.votes,
            expected_votes: node.expected_votes,
        }
    }
}

/// What members have together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) members: u32,
    pub(crate) votes: u64,
    /// The highest expected votes, and how many members have them.
    pub(crate) highest_expected: u32,
    holders: u32,
}

impl Sums {
    fn add(&mut self, node: &Node) {
        self.enter(Share::of(node));
    }

    fn enter(&mut self, share: Share) {
        self.members += 1;
        self.votes += u64::from(share.votes);
        if self.members == 1 || share.expected_votes > self.highest_expected {
            self.highest_expected = share.expected_votes;
            self.holders = 0;
        }
        if share.expected_votes == self.highest_expected {
            self.holders += 1;
        }
    }

    /// `false` if the highest expected votes are not known any more.
    fn exchange(&mut self, before: Share, after: Share) -> bool {
        if before.member {
            self.members -= 1;
            self.votes -= u64::from(before.votes);
            if before.expected_votes == self.highest_expected {
                self.holders -= 1;
            }
        }
        if self.members == 0 {
            *self = Sums::default();
        }
        if after.member {
            self.enter(after);
        }
        self.holders > 0 || self.members == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(votes: u32, expected_votes: u32, state: NodeState) -> impl Fn(&mut Node) {
        move |node| {
            node.votes = votes;
            node.expected_votes = expected_votes;
            node.state = state;
        }
    }

    /// Whatever happens to records, the sums are what adding all of them up gives.
    #[test]
    fn sums_follow_every_change() {
        let states = [NodeState::Member, NodeState::Dead, NodeState::Leaving];
        let mut table = NodeTable::new(NodeId(4));
        let mut chance: u32 = 1;
        let mut below = |limit: u32| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 16) % limit
        };
        for _ in 0..10_000 {
            let id = NodeId([1, 2, 3, 4, 5, 70, u32::MAX][below(7) as usize]);
            let state = states[below(3) as usize];
            match below(4) {
                0 => drop(table.meet(id, told(below(4), below(4), state))),
                1 => drop(table.change(id, told(below(4), below(4), state))),
                2 => table.set_expected_votes(below(4)),
                _ => table.expect(&[NodeId(u32::MAX), NodeId(2), NodeId(5)]),
            }
            let members: Vec<&Node> = table.members().collect();
            let sums = table.sums();
            assert_eq!(sums.members as usize, members.len());
            let votes = members.iter().map(|node| u64::from(node.votes));
            assert_eq!(sums.votes, votes.sum());
            let highest = members.iter().map(|node| node.expected_votes).max();
            assert_eq!(sums.highest_expected, highest.unwrap_or(0));
            let ids = || members.iter().map(|node| node.id).chain([NodeId(4)]);
            let extremes = (ids().min(), ids().max());
            let (lowest, highest) = table.extremes();
            assert_eq!((Some(lowest), Some(highest)), extremes);
        }
        assert_eq!(table.others, table.add_up());
    }

    #[test]
    fn the_others_ascend_and_the_local_node_is_last() {
        let mut table = NodeTable::new(NodeId(3));
        table.expect(&[NodeId(u32::MAX), NodeId(1), NodeId(3), NodeId(9)]);
        assert_eq!(table.get(NodeId(9)), None, "expected, not met");
        for id in [9, 5, 3, 1, u32::MAX] {
            table.meet(NodeId(id), |_| ());
        }
        let ids: Vec<u32> = table.iter().map(|node| node.id.0).collect();
        assert_eq!(ids, [u32::MAX, 1, 5, 9, 3]);
        assert!(ids.iter().all(|&id| table.get(NodeId(id)).is_some()));
    }
}
