//! What one node says of its cluster at one moment.

use std::fmt;

use quorate_engine::{Engine, NodeId, NodeInfo};
use serde::{Deserialize, Serialize};

use super::Spaced;

/// All that a client of votequorum can learn on a node. Votes are counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View {
    /// The ring's id, as corosync prints it.
    pub ring: String,
    /// Its members, ascending.
    pub members: Vec<u32>,
    /// Whether they are quorate.
    pub quorate: bool,
    /// Votes present.
    pub votes: u32,
    /// Votes that the node expects.
    pub expected: u32,
    /// The most that a member expects.
    pub highest_expected: u32,
    /// Votes needed.
    pub quorum: u32,
    /// Bits of `votequorum_info.flags` about the node itself.
    pub flags: u32,
    /// All nodes that votequorum has heard of, ascending.
    pub nodes: Vec<NodeView>,
}

/// What a node says of another one, or of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NodeView {
    /// The other one.
    pub id: u32,
    /// 1 member, 2 dead, 3 leaving (`votequorum_info.node_state`).
    pub state: u32,
    /// Its votes.
    pub votes: u32,
    /// Votes that it expects.
    pub expected: u32,
    /// Bits of `votequorum_info.flags` about its quorum device; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub device: u32,
}

/// The bits of `votequorum_info.flags` that are about the node that is asked, whatever it is asked
/// about. The others are about the quorum device of the node it is asked about.
pub const OWN_FLAGS: u32 = 63;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(flags: &u32) -> bool {
    *flags == 0
}

impl View {
    /// What a simulated node says.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        let own = engine.node_info(NodeId::QDEVICE);
        let own = |field: fn(&NodeInfo) -> u32| own.as_ref().map_or(0, field);
        let known = engine.nodes().filter(|node| node.id != NodeId::QDEVICE);
        let known = known.filter_map(|node| engine.node_info(node.id));
        let mut nodes: Vec<_> = known
            .map(|info| NodeView {
                id: info.node.0,
                state: info.state.code(),
                votes: info.votes,
                expected: info.expected_votes,
                device: info.flags.0 & !OWN_FLAGS,
            })
            .collect();
        nodes.sort_unstable_by_key(|node| node.id);
        let mut members: Vec<_> = engine.members().iter().map(|node| node.0).collect();
        members.sort_unstable();
        Self {
            ring: super::ring_text(engine.ring()),
            members,
            quorate: engine.is_quorate(),
            votes: own(|info| info.total_votes),
            expected: own(|info| info.expected_votes),
            highest_expected: own(|info| info.highest_expected),
            quorum: own(|info| info.quorum),
            flags: own(|info| info.flags.0 & OWN_FLAGS),
            nodes,
        }
    }
}

/// `ring 1.10 of 1 2 3, quorate: 3 of 3 votes, quorum 2`
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.quorate {
            "quorate"
        } else {
            "not quorate"
        };
        let members = Spaced(&self.members);
        write!(
            f,
            "ring {} of {members}, {word}: {} of {} votes, quorum {}",
            self.ring, self.votes, self.expected, self.quorum
        )
    }
}
