//! The configuration map's service.

mod event;
mod reply;
mod request;

pub use event::{ChangeEvent, Event, Value, event_id};
pub use reply::{Entry, GetReply, HandleReply, Lookup, NextReply, reply_id};
pub use request::{
    AdjustInt, Delete, Get, IterFinalize, IterInit, IterNext, Name, Request, Set, SetCurrentMap,
    TrackAdd, TrackDelete, request_id,
};

/// Longest name of a key in bytes.
pub const KEY_MAX: usize = 255;

/// Longest value in bytes that corosync stores.
pub const VALUE_MAX: usize = 16 * 1024;

/// Most bytes for a value that a client may ask to be sent: what fits, with the
/// reply's header, the 1 MiB messages of the C library.
pub const GET_MAX: u64 = (1 << 20) - 40;
