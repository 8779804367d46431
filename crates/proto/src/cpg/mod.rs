//! The service of closed process groups.

mod address;
mod event;
mod reply;
mod request;

pub use crate::votequorum::RingId;
pub use address::{Address, GROUP_NAME_MAX, GroupName};
pub use event::{
    ConfchgEvent, DeliverEvent, Event, PartialDeliverEvent, TotemConfchgEvent, event_id,
};
pub use reply::{IterHandleReply, LocalReply, MembershipReply, NextReply, reply_id};
pub use request::{
    IterFinalize, IterInit, IterNext, Join, Leave, Mcast, Membership, PartialMcast, Request, bare,
    iter_kind, request_id,
};
