//! Adding up votes, and the formula for quorum.

use crate::compat::Compat;
use crate::flags::NodeFlags;
use crate::table::NodeTable;

/// How votes are added, and what is kept of a quorum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Arithmetic {
    wrapping: bool,
    eight_bits: bool,
}

impl Arithmetic {
    pub(crate) fn new(compat: Compat) -> Self {
        Arithmetic {
            wrapping: compat.wrapping_votes,
            eight_bits: compat.uint8_quorum,
        }
    }

    /// Saturating, so that absurd votes make a cluster inquorate rather than quorate.
    pub(crate) fn add(self, a: u32, b: u32) -> u32 {
        if self.wrapping {
            a.wrapping_add(b)
        } else {
            a.saturating_add(b)
        }
    }

    /// What is left of a sum that was added up with room to spare.
    fn fitting(self, sum: u64) -> u32 {
        if self.wrapping {
            sum as u32
        } else {
            u32::try_from(sum).unwrap_or(u32::MAX)
        }
    }

    /// More than half: `(votes + 2) / 2`.
    fn majority(self, votes: u32) -> u32 {
        if self.wrapping {
            votes.wrapping_add(2) / 2
        } else {
            votes / 2 + 1
        }
    }

    /// What is left of a quorum once it is stored.
    pub(crate) fn stored(self, quorum: u32) -> u32 {
        if self.eight_bits {
            quorum & 0xff
        } else {
            quorum
        }
    }
}

/// Votes of the present members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    /// Votes of members, and what else was counted.
    pub(crate) votes: u32,
    /// How many voters that is.
    pub(crate) voters: u32,
    /// The highest expected votes of any member.
    pub(crate) highest_expected: u32,
}

impl Tally {
    /// The members alone.
    pub(crate) fn members(nodes: &NodeTable, sums: Arithmetic) -> Self {
        let members = nodes.sums();
        Tally {
            votes: sums.fitting(members.votes),
            voters: members.members,
            highest_expected: members.highest_expected,
        }
    }

    fn and_qdevice(self, nodes: &NodeTable, sums: Arithmetic) -> Self {
        Tally {
            votes: sums.add(self.votes, nodes.qdevice.votes),
            voters: self.voters + 1,
            ..self
        }
    }

    /// All votes that could be cast here: the members', and the qdevice's whether cast or not.
    pub(crate) fn possible(nodes: &NodeTable, sums: Arithmetic) -> Self {
        let members = Tally::members(nodes, sums);
        if nodes.qdevice.votes > 0 {
            members.and_qdevice(nodes, sums)
        } else {
            members
        }
    }

    /// All votes that are cast here: the qdevice's only if it votes for the local node.
    pub(crate) fn cast(nodes: &NodeTable, sums: Arithmetic) -> Self {
        let members = Tally::members(nodes, sums);
        if nodes.us.flags.contains(NodeFlags::QDEVICE_CAST_VOTE) {
            members.and_qdevice(nodes, sums)
        } else {
            members
        }
    }
}

/// What the formula takes into account besides the votes themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rules {
    /// Quorum so far, if it must not sink.
    pub(crate) floor: Option<u32>,
    /// Expected votes to use in place of what the members expect.
    pub(crate) expected: Option<u32>,
    /// `two_node`.
    pub(crate) two_node: bool,
}

/// The quorum for these votes: a majority of the expected votes and of the present ones, whichever
/// is higher; 1 while there are at most two voters with `two_node` (votequorum(5)).
pub(crate) fn quorum(tally: Tally, rules: Rules, sums: Arithmetic) -> u32 {
    if rules.two_node && tally.voters <= 2 {
        return 1;
    }
    let expected = rules.expected.unwrap_or(tally.highest_expected);
    sums.majority(expected)
        .max(sums.majority(tally.votes))
        .max(rules.floor.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Rules = Rules {
        floor: None,
        expected: None,
        two_node: false,
    };

    fn exact() -> Arithmetic {
        Arithmetic::new(Compat::default())
    }

    fn tally(votes: u32, voters: u32, highest_expected: u32) -> Tally {
        Tally {
            votes,
            voters,
            highest_expected,
        }
    }

    #[test]
    fn quorum_is_more_than_half() {
        for (expected, quorum_is) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (600, 301)] {
            assert_eq!(
                quorum(tally(1, 1, expected), PLAIN, exact()),
                quorum_is,
                "of {expected}"
            );
        }
    }

    #[test]
    fn present_votes_raise_quorum_above_expected() {
        assert_eq!(quorum(tally(9, 3, 4), PLAIN, exact()), 5);
    }

    #[test]
    fn quorum_does_not_sink_below_its_floor() {
        assert_eq!(
            quorum(
                tally(2, 2, 4),
                Rules {
                    floor: Some(7),
                    ..PLAIN
                },
                exact()
            ),
            7
        );
    }

    #[test]
    fn two_node_counts_voters_and_beats_the_floor() {
        let rules = Rules {
            two_node: true,
            floor: Some(7),
            ..PLAIN
        };
        assert_eq!(quorum(tally(1, 1, 2), rules, exact()), 1);
        assert_eq!(quorum(tally(2, 2, 2), rules, exact()), 1);
        assert_eq!(quorum(tally(3, 3, 2), rules, exact()), 7);
    }

    #[test]
    fn absurd_votes_do_not_overflow_into_quorum() {
        assert_eq!(exact().add(u32::MAX, 5), u32::MAX);
        assert_eq!(exact().fitting(u64::from(u32::MAX) + 5), u32::MAX);
        assert_eq!(quorum(tally(3, 3, u32::MAX), PLAIN, exact()), 1 << 31);
    }

    #[test]
    fn compat_wraps_and_truncates_like_the_original() {
        let original = Arithmetic::new(Compat::COROSYNC_3_1);
        assert_eq!(original.add(u32::MAX, 5), 4);
        assert_eq!(original.fitting(u64::from(u32::MAX) + 5), 4);
        assert_eq!(quorum(tally(3, 3, u32::MAX), PLAIN, original), 2);
        assert_eq!(original.stored(301), 45);
        assert_eq!(exact().stored(301), 301);
    }
}
