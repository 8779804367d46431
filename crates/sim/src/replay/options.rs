//! What may have happened, given what the node sees then.

use std::collections::{BTreeMap, BTreeSet};

use quorate_engine::NodeId;

use super::moments::{Happening, Moment, Seen};
use crate::cluster::DeviceAction;
use crate::log::View;
use crate::scenario::Operation;

/// A device is registered, and it votes: bits of `votequorum_info.flags`.
const REGISTERED: u32 = 64;
const ALIVE: u32 = 128;
const VOTES: u32 = 256;

/// More groups of nodes than these that come back at different times are not told apart.
const GROUPS: usize = 3;

/// What becomes of nodes that vanish.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Fate {
    pub(super) killed: Vec<u32>,
    /// Each list is in a part of its own.
    pub(super) cut: Vec<Vec<u32>>,
}

/// The ways in which these nodes can have vanished. `rest` is what comes later: nodes that come
/// back together have the same fate.
pub(super) fn fates(gone: &BTreeSet<u32>, rest: &[Moment]) -> Vec<Fate> {
    let mut returns: BTreeMap<Option<usize>, Vec<u32>> = BTreeMap::new();
    for &node in gone {
        let back = rest.iter().position(|moment| match &moment.what {
            Happening::Up(seen) | Happening::Seen(seen) => seen.members.contains(&node),
            _ => false,
        });
        returns.entry(back).or_default().push(node);
    }
    let lost = returns.remove(&None).unwrap_or_default();
    let mut groups: Vec<Vec<u32>> = returns.into_values().collect();
    while groups.len() > GROUPS {
        let more = groups.pop().unwrap_or_default();
        groups[GROUPS - 1].extend(more);
    }
    let fate = |killed_groups: usize| {
        let mut fate = Fate {
            killed: lost.clone(),
            cut: Vec::new(),
        };
        for (number, group) in groups.iter().enumerate() {
            match killed_groups >> number & 1 {
                0 => fate.cut.push(group.clone()),
                _ => fate.killed.extend(group),
            }
        }
        fate
    };
    (0..1 << groups.len()).map(fate).collect()
}

/// Gives all nodes the votes that they have.
pub(super) fn set_votes(here: NodeId, before: &View, seen: &Seen) -> Vec<Operation> {
    let now = seen.view.as_ref().map(|(_, now)| now.nodes.as_slice());
    let changed = now.unwrap_or_default().iter().filter(|node| {
        let old = before.nodes.iter().find(|old| old.id == node.id);
        old.is_some_and(|old| old.votes != node.votes)
    });
    let set = changed.map(|node| Operation::SetVotes {
        on: here,
        node: NodeId(node.id),
        votes: node.votes,
    });
    set.collect()
}

/// What may have changed votes. The simplest comes first.
pub(super) fn votes(here: NodeId, before: &View, seen: &Seen) -> Vec<Vec<Operation>> {
    let Some((_, now)) = &seen.view else {
        return vec![Vec::new()];
    };
    let votes = set_votes(here, before, seen);
    let expected = (now.expected != before.expected).then_some(Operation::SetExpected {
        on: here,
        votes: now.expected,
    });
    let expected: Vec<_> = expected.into_iter().collect();
    let both = [votes.clone(), expected.clone()].concat();
    let mut options = vec![Vec::new()];
    for option in [votes, expected, both] {
        if !options.contains(&option) {
            options.push(option);
        }
    }
    options
}

/// What has happened to quorum devices.
pub(super) fn devices(before: &View, seen: &Seen) -> Vec<Operation> {
    let Some((_, now)) = &seen.view else {
        return Vec::new();
    };
    let mut operations = Vec::new();
    for node in now
        .nodes
        .iter()
        .filter(|node| now.members.contains(&node.id))
    {
        let old = before.nodes.iter().find(|old| old.id == node.id);
        let old = old.map_or(0, |old| old.device);
        let has = |flags: u32, bit: u32| flags & bit != 0;
        let vote = has(node.device, VOTES);
        let action = if has(node.device, ALIVE) && (!has(old, ALIVE) || vote != has(old, VOTES)) {
            DeviceAction::Start { vote }
        } else if has(old, REGISTERED) && !has(node.device, REGISTERED) {
            DeviceAction::Unregister
        } else if has(old, ALIVE) && !has(node.device, ALIVE) {
            DeviceAction::Stop
        } else {
            continue;
        };
        operations.push(Operation::Device(NodeId(node.id), action));
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn seen(members: &[u32]) -> Moment {
        let seen = Seen {
            told: Vec::new(),
            members: members.to_vec(),
            number: None,
            view: None,
        };
        Moment {
            line: 1,
            at: Duration::ZERO,
            what: Happening::Seen(seen),
        }
    }

    #[test]
    fn who_comes_back_together_was_away_together() {
        let gone = BTreeSet::from([2, 3, 4]);
        let rest = [seen(&[1]), seen(&[1, 3, 4])];
        let fates = fates(&gone, &rest);
        assert_eq!(fates.len(), 2);
        assert_eq!(
            fates[0],
            Fate {
                killed: vec![2],
                cut: vec![vec![3, 4]]
            }
        );
        assert_eq!(
            fates[1],
            Fate {
                killed: vec![2, 3, 4],
                cut: vec![]
            }
        );
    }

    #[test]
    fn fates_do_not_multiply_without_limit() {
        let gone: BTreeSet<u32> = (2..=32).collect();
        let rest: Vec<Moment> = (2..=32)
            .map(|n| seen(&(1..=n).collect::<Vec<_>>()))
            .collect();
        let fates = fates(&gone, &rest);
        assert_eq!(fates.len(), 8);
        assert_eq!(fates[0].cut.concat().len(), 31);
    }
}
