//! The votequorum service.

mod daemon;
mod event;
mod reply;
mod request;

pub use daemon::Request;
pub use event::{
    Event, ExpectedVotesEvent, ExtraInfoEvent, Node, NodeListEvent, QuorumEvent, event_id,
};
pub use reply::{ExtraInfoReply, InfoReply, StatusReply, reply_id};
pub use request::{
    GetExtraInfo, GetInfo, MasterWins, Poll, Register, SetExpected, SetExtraInfo, SetVotes,
    TrackStart, TrackStop, Unregister, Update, request_id,
};

/// Bytes of a quorum device's name on the wire, terminating NUL included.
pub const NAME_LEN: usize = 255;

/// Largest extra information of a quorum device in bytes.
pub const EXTRA_INFO_MAX: usize = 4096;

/// Nodes that corosync is compiled for.
pub const NODES_MAX: usize = 384;

/// A ring id: the node that formed the ring and the ring's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingId {
    /// Node id of the ring's representative.
    pub nodeid: u32,
    /// Sequence number, rising with every membership change.
    pub seq: u64,
}
