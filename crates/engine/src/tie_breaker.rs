//! `auto_tie_breaker`: which half of an even split stays quorate.

use crate::ids::NodeId;
use crate::node::Node;
use crate::sync::Membership;
use crate::table::NodeTable;

/// Which nodes decide.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum TieBreaker {
    #[default]
    Off,
    Lowest,
    Highest,
    List(Vec<NodeId>),
}

impl TieBreaker {
    /// `None` if the text is not a valid `auto_tie_breaker_node`. As in the original, a list ends
    /// at the first thing that is not a number, so `1,2` is the list of node 1 alone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "lowest" => return Some(TieBreaker::Lowest),
            "highest" => return Some(TieBreaker::Highest),
            _ => {}
        }
        let mut list = Vec::new();
        let mut rest = text.trim_start();
        loop {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            match rest[..digits].parse() {
                Ok(id) if id != 0 => list.push(NodeId(id)),
                _ => break,
            }
            rest = rest[digits..].trim_start();
        }
        if list.is_empty() {
            None
        } else {
            Some(TieBreaker::List(list))
        }
    }

    /// The value of the cmap key `runtime.votequorum.atb_type`.
    pub(crate) fn code(&self) -> u32 {
        match self {
            TieBreaker::Off => 0,
            TieBreaker::Lowest => 1,
            TieBreaker::Highest => 2,
            TieBreaker::List(_) => 3,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        *self != TieBreaker::Off
    }
}

/// The lowest and highest member when this partition last had a majority of the votes: after a
/// split, the half that still has it goes on (observed on corosync 3.1.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Remembered {
    pub(crate) lowest: Option<NodeId>,
    pub(crate) highest: Option<NodeId>,
}

impl Remembered {
    pub(crate) fn now(nodes: &mut NodeTable) -> Self {
        let (lowest, highest) = nodes.extremes();
        Remembered {
            lowest: Some(lowest),
            highest: Some(highest),
        }
    }

    pub(crate) fn lowest_is_member(&self, nodes: &NodeTable) -> bool {
        is_member(nodes, self.lowest)
    }
}

fn is_member(nodes: &NodeTable, id: Option<NodeId>) -> bool {
    let node = id.and_then(|id| nodes.get(id));
    node.is_some_and(Node::is_member)
}

/// Whether this half of a split is the one that stays quorate.
pub(crate) fn decides_for_us(
    tie_breaker: &TieBreaker,
    remembered: &Remembered,
    nodes: &NodeTable,
    membership: &Membership,
) -> bool {
    match tie_breaker {
        TieBreaker::Off => false,
        TieBreaker::Lowest => is_member(nodes, remembered.lowest),
        TieBreaker::Highest => is_member(nodes, remembered.highest),
        TieBreaker::List(list) => {
            // An earlier node of the list that was here before the split may be in the other half.
            list.iter()
                .position(|id| membership.members.contains(id))
                .is_some_and(|first| {
                    !list[..first]
                        .iter()
                        .any(|id| membership.previous.contains(id))
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[u32]) -> Vec<NodeId> {
        list.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn parses_what_corosync_parses() {
        let list = |ids_: &[u32]| Some(TieBreaker::List(ids(ids_)));
        assert_eq!(TieBreaker::parse("lowest"), Some(TieBreaker::Lowest));
        assert_eq!(TieBreaker::parse("highest"), Some(TieBreaker::Highest));
        assert_eq!(TieBreaker::parse("3 1 2"), list(&[3, 1, 2]));
        assert_eq!(TieBreaker::parse(" 7\t8"), list(&[7, 8]));
        assert_eq!(TieBreaker::parse("1,2"), list(&[1]));
        assert_eq!(TieBreaker::parse("4 0 5"), list(&[4]));
        for wrong in ["", "0", "Lowest", "node1", "-", "none"] {
            assert_eq!(TieBreaker::parse(wrong), None, "{wrong:?}");
        }
    }

    fn decides(list: &[u32], members: &[u32], previous: &[u32]) -> bool {
        let membership = Membership {
            members: ids(members),
            previous: ids(previous),
            ..Membership::default()
        };
        let nodes = NodeTable::new(NodeId(members[0]));
        let tie_breaker = TieBreaker::List(ids(list));
        decides_for_us(&tie_breaker, &Remembered::default(), &nodes, &membership)
    }

    #[test]
    fn list_prefers_its_first_node_that_was_not_just_lost() {
        assert!(decides(&[2, 1], &[1, 2], &[1, 2, 3, 4]));
        assert!(
            !decides(&[2, 1], &[1, 3], &[1, 2, 3, 4]),
            "2 may be on the other side"
        );
        assert!(decides(&[2, 1], &[1, 3], &[1, 3, 4]), "2 was gone before");
        assert!(
            !decides(&[2, 1], &[3, 4], &[1, 2, 3, 4]),
            "no node of the list here"
        );
    }
}
