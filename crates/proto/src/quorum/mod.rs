//! The quorum service, with the callbacks of model 0 and model 1.

mod event;
mod reply;
mod request;

pub use crate::votequorum::RingId;
pub use event::{Event, NodeListEvent, NotificationEvent, QuorumEvent, event_id};
pub use reply::{QuorateReply, TypeReply, reply_id};
pub use request::{GetQuorate, GetType, ModelGetType, Request, TrackStart, TrackStop, request_id};
