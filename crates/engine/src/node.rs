//! What one node knows of the nodes it has ever met.

use crate::flags::NodeFlags;
use crate::ids::NodeId;

/// The state of a node in the eyes of another; the numbers are those clients see.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u32)]
pub enum NodeState {
    /// No state: what the quorum device (node 0) is shown with.
    #[default]
    Unset = 0,
    /// In the membership, and has told its votes.
    Member = 1,
    /// Left the membership, or crashed.
    Dead = 2,
    /// Said that it is stopping; still in the membership.
    Leaving = 3,
}

impl NodeState {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// One node's record in another node's table.
///
/// Records of dead nodes are never dropped and keep their last votes and flags (observed on
/// corosync 3.1.7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// The node's id.
    pub id: NodeId,
    /// Its state.
    pub state: NodeState,
    /// Its votes.
    pub votes: u32,
    /// The expected votes on record for it.
    pub expected_votes: u32,
    /// Its flags, as it last told them.
    pub flags: NodeFlags,
    /// What its qdevice stored with `votequorum_set_qdevice_extra_info` (8.1).
    pub extra_info: Vec<u8>,
}

impl Node {
    pub(crate) fn new(id: NodeId) -> Self {
        Node {
            id,
            ..Node::default()
        }
    }

    /// Whether the node is in the membership.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.state == NodeState::Member
    }

    /// The stored extra info, if the node says that there is any.
    #[must_use]
    pub fn stored_extra_info(&self) -> &[u8] {
        if self.flags.contains(NodeFlags::QDEVICE_EXTRA_INFO) {
            &self.extra_info
        } else {
            &[]
        }
    }
}
