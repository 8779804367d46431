//! Names of things in a cluster: nodes, rings, client connections.

use std::cmp::Ordering;
use std::fmt;

/// A cluster node's id, `nodelist.node.N.nodeid` of corosync.conf.
///
/// Ids are ordered the way votequorum orders them: as *signed* 32-bit numbers (observed on
/// corosync 3.1.7). It matters only for ids of 2³¹ and above, which corosync generates itself
/// when `clear_node_high_bit` is off: they count as lower than node 1, for the node list of a
/// quorum notification and for the tie breaker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The id 0, which in requests and notifications stands for the quorum device.
    pub const QDEVICE: NodeId = NodeId(0);
}

impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0 as i32).cmp(&(other.0 as i32))
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<u32> for NodeId {
    fn from(id: u32) -> Self {
        NodeId(id)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identifies one membership of a totem ring.
///
/// A qdevice's poll is only good when it names the ring of the latest membership change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct RingId {
    /// The ring's representative, normally its lowest node.
    pub node: NodeId,
    /// Sequence number; rises by 4 (more after failed attempts) with every membership change.
    pub seq: u64,
}

impl fmt::Display for RingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}", self.node, self.seq)
    }
}

/// A client connection, named by whoever drives the engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(pub u64);
