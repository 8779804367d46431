//! What the engines of a cluster multicast to each other.

use crate::flags::NodeFlags;
use crate::ids::NodeId;

/// A multicast message. It reaches every member of the sender's ring, the sender included, in one
/// total order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// Votes and flags of a node, told by that node; of node 0, the votes of the quorum device.
    NodeInfo {
        /// The sender, or 0.
        node: NodeId,
        /// Its votes.
        votes: u32,
        /// The expected votes it has on record for itself.
        expected_votes: u32,
        /// Its flags.
        flags: NodeFlags,
    },
    /// An administrator's change, for every node to carry out.
    Reconfigure(Reconfigure),
    /// The name of the quorum device, told when one registers and at every membership change.
    QdeviceRegister {
        /// The device's name.
        name: Vec<u8>,
    },
    /// A quorum device unregistered on the sender.
    QdeviceUnregister {
        /// The device's name.
        name: Vec<u8>,
    },
    /// The quorum device changed its name.
    QdeviceRename {
        /// The name so far.
        old: Vec<u8>,
        /// The name from now on.
        new: Vec<u8>,
    },
    /// What a node's qdevice stored (8.1); empty means nothing.
    ExtraInfo {
        /// The node.
        node: NodeId,
        /// At most [`EXTRA_INFO_MAX`](crate::EXTRA_INFO_MAX) bytes.
        data: Vec<u8>,
    },
}

/// The changes an administrator can make cluster-wide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reconfigure {
    /// New expected votes, for all nodes.
    ExpectedVotes(u32),
    /// New votes of one node, 0 being the quorum device.
    NodeVotes {
        /// The node.
        node: NodeId,
        /// Its votes from now on.
        votes: u32,
    },
    /// Stop waiting for all.
    CancelWaitForAll {
        /// The node on which this was asked for.
        node: NodeId,
    },
}
