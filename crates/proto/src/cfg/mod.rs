//! The service of configuration, node status and shutdown.

mod event;
mod reply;
mod request;
mod status;

pub use event::{Event, TestShutdownEvent, event_id};
pub use reply::{
    Address, LinkStatus, LocalReply, NodeAddrsReply, Refused, RingStatusReply, reply_id,
};
pub use request::{
    GetNodeAddrs, KillNode, NodeStatusGet, ReplyToShutdown, Request, TrackStart, TryShutdown, bare,
    request_id,
};
pub use status::{LINKS_MAX, Link, NodeStatus, NodeStatusReply};

/// Links that the status of the local node has room for.
pub const INTERFACES_MAX: usize = 16;
