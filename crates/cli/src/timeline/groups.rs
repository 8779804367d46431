//! Which number, and so which letter and colour, a ring gets.

use std::collections::{BTreeMap, BTreeSet};

/// The rings that the nodes are in.
#[derive(Debug, Default)]
pub(super) struct Groups {
    group_of: BTreeMap<u32, usize>,
}

impl Groups {
    /// These nodes form a ring. It has the number of the ring that most of them were in, if none
    /// of that ring's other nodes still has it; else the lowest that no node has.
    pub(super) fn form(&mut self, members: &[u32]) -> usize {
        let mut before: BTreeMap<usize, usize> = BTreeMap::new();
        for member in members {
            if let Some(group) = self.group_of.remove(member) {
                *before.entry(group).or_default() += 1;
            }
        }
        let taken: BTreeSet<usize> = self.group_of.values().copied().collect();
        let kept = before
            .into_iter()
            .filter(|(group, _)| !taken.contains(group));
        // Of rings with as many nodes, the one with the lower number goes on.
        let kept = kept.max_by_key(|&(group, nodes)| (nodes, usize::MAX - group));
        let free = || (0..).find(|group| !taken.contains(group)).unwrap_or(0);
        let group = kept.map_or_else(free, |(group, _)| group);
        self.group_of
            .extend(members.iter().map(|&node| (node, group)));
        group
    }

    /// The node is in no ring any more.
    pub(super) fn leave(&mut self, node: u32) {
        self.group_of.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_goes_on_with_most_of_its_nodes() {
        let mut groups = Groups::default();
        assert_eq!([1, 2, 3].map(|node| groups.form(&[node])), [0, 1, 2]);
        assert_eq!(groups.form(&[1, 2, 3]), 0);
        assert_eq!(groups.form(&[3]), 1, "1 and 2 still are in ring 0");
        assert_eq!(groups.form(&[1, 2]), 0);
        assert_eq!(groups.form(&[1, 2, 3]), 0);
        groups.leave(1);
        groups.leave(2);
        assert_eq!(groups.form(&[3]), 0);
        assert_eq!(groups.form(&[1, 2]), 1);
    }
}
