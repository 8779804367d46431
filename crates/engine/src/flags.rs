//! Bit sets: of a node record, and of a getinfo answer.

use std::ops::{BitOr, BitOrAssign};

/// What a node says about itself in its NODEINFO, the numbers are those on corosync's wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct NodeFlags(pub u32);

impl NodeFlags {
    /// The node is quorate.
    pub const QUORATE: NodeFlags = NodeFlags(1);
    /// The node is stopping cleanly; only said with `allow_downscale`.
    pub const LEAVING: NodeFlags = NodeFlags(2);
    /// The node is still waiting for all.
    pub const WFA_STATUS: NodeFlags = NodeFlags(4);
    /// The node has not seen any other node since it started.
    pub const FIRST: NodeFlags = NodeFlags(8);
    /// A qdevice is registered on the node.
    pub const QDEVICE_REGISTERED: NodeFlags = NodeFlags(16);
    /// The node's qdevice polls in time.
    pub const QDEVICE_ALIVE: NodeFlags = NodeFlags(32);
    /// The node's qdevice votes for it.
    pub const QDEVICE_CAST_VOTE: NodeFlags = NodeFlags(64);
    /// The node's qdevice wants its partition to win.
    pub const QDEVICE_MASTER_WINS: NodeFlags = NodeFlags(128);
    /// The node's qdevice has stored extra info (8.1).
    pub const QDEVICE_EXTRA_INFO: NodeFlags = NodeFlags(256);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: NodeFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets or clears the bits of `other`.
    pub(crate) fn assign(&mut self, other: NodeFlags, on: bool) {
        if on {
            self.0 |= other.0;
        } else {
            self.0 &= !other.0;
        }
    }
}

impl BitOr for NodeFlags {
    type Output = NodeFlags;

    fn bitor(self, other: NodeFlags) -> NodeFlags {
        NodeFlags(self.0 | other.0)
    }
}

/// The `flags` of `struct votequorum_info`.
///
/// The first six describe the *answering* node, whatever node was asked about; the others describe
/// the node asked about (observed on corosync 3.1.7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct InfoFlags(pub u32);

impl InfoFlags {
    /// `two_node` is in force.
    pub const TWO_NODE: InfoFlags = InfoFlags(1);
    /// This partition is quorate.
    pub const QUORATE: InfoFlags = InfoFlags(2);
    /// `wait_for_all` is on.
    pub const WAIT_FOR_ALL: InfoFlags = InfoFlags(4);
    /// `last_man_standing` is on.
    pub const LAST_MAN_STANDING: InfoFlags = InfoFlags(8);
    /// `auto_tie_breaker` is in force.
    pub const AUTO_TIE_BREAKER: InfoFlags = InfoFlags(16);
    /// `allow_downscale` is on.
    pub const ALLOW_DOWNSCALE: InfoFlags = InfoFlags(32);
    /// The node has a registered qdevice.
    pub const QDEVICE_REGISTERED: InfoFlags = InfoFlags(64);
    /// The node's qdevice polls in time.
    pub const QDEVICE_ALIVE: InfoFlags = InfoFlags(128);
    /// The node's qdevice votes for it.
    pub const QDEVICE_CAST_VOTE: InfoFlags = InfoFlags(256);
    /// The node's qdevice wants its partition to win.
    pub const QDEVICE_MASTER_WINS: InfoFlags = InfoFlags(512);
    /// The node's qdevice has stored extra info (8.1).
    pub const QDEVICE_EXTRA_INFO: InfoFlags = InfoFlags(1024);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: InfoFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOrAssign for InfoFlags {
    fn bitor_assign(&mut self, other: InfoFlags) {
        self.0 |= other.0;
    }
}
