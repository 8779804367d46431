//! Types of the C API.

/// A cluster. Only pointers to it exist, and only the library knows what they point to. A pointer
/// is never used again for another cluster: one whose cluster was stopped is refused.
#[derive(Debug)]
#[expect(dead_code, reason = "there is nothing in it")]
pub struct quorate {
    nothing: [u8; 0],
}
/// A cluster.
pub type quorate_t = quorate;

/// What functions return that can fail. quorate_error_text() says more.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum quorate_error {
    /// It was done.
    QUORATE_OK = 0,
    /// An argument makes no sense: NULL, a node that is not in the cluster.
    QUORATE_ERR_INVALID = 1,
    /// It does not fit the state in which the cluster is: the node is down. Or votequorum refuses.
    QUORATE_ERR_STATE = 2,
    /// Not a cluster, or one that was stopped.
    QUORATE_ERR_HANDLE = 3,
    /// It took too long; or the cluster has not answered in the time of QUORATE_TIMEOUT_MS.
    QUORATE_ERR_TIMEOUT = 4,
    /// The cluster could not be started, or is gone, or something is wrong with the system.
    QUORATE_ERR_SYSTEM = 5,
}
/// What functions return that can fail.
pub type quorate_error_t = quorate_error;

/// Whether the corosync of a node runs.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum quorate_running {
    /// No.
    QUORATE_DOWN = 0,
    /// Yes.
    QUORATE_UP = 1,
    /// It is stopping cleanly.
    QUORATE_LEAVING = 2,
    /// It is frozen.
    QUORATE_PAUSED = 3,
}
/// Whether the corosync of a node runs.
pub type quorate_running_t = quorate_running;

/// The id of a ring, as in votequorum_ring_id_t.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct quorate_ring_id {
    /// The ring's representative.
    pub nodeid: u32,
    /// Its number.
    pub seq: u64,
}
/// The id of a ring.
pub type quorate_ring_id_t = quorate_ring_id;

/// A node, in its own view, as votequorum_getinfo() would tell it there.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct quorate_node {
    /// Its id.
    pub node_id: u32,
    /// Whether its corosync runs. If it does not, all that follows is 0.
    pub running: quorate_running_t,
    /// 1 if its partition is quorate, otherwise 0.
    pub is_quorate: u32,
    /// The number of members of its ring.
    pub members: u32,
    /// The id of its ring.
    pub ring_id: quorate_ring_id_t,
    /// Its own votes.
    pub node_votes: u32,
    /// The votes it expects.
    pub node_expected_votes: u32,
    /// The highest expected votes of all members.
    pub highest_expected: u32,
    /// The votes present.
    pub total_votes: u32,
    /// The votes needed.
    pub quorum: u32,
    /// VOTEQUORUM_INFO_ bits.
    pub flags: u32,
}
/// A node, in its own view.
pub type quorate_node_t = quorate_node;
