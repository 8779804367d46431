//! The messages of corosync's client protocol: layouts, encoding, decoding.
//!
//! Every struct here has exactly the bytes that travel; sizes and offsets are
//! asserted at compile time. All integers are in the host's byte order, for the
//! protocol never leaves the machine. Decoding checks every length before a
//! field is read and copies nothing but integers.
//!
//! Each service has a module with its requests (client to daemon), replies and
//! events (daemon to client). A client sends the request structs and decodes
//! replies and events; a server decodes with each service's `Request::decode`
//! and sends what the constructors of replies and events make. Both halves of
//! every message are here, also where only tests speak the other one. C clients
//! have receive buffers of exactly the documented sizes: no reply is a byte
//! longer.

#![forbid(unsafe_code)]

pub mod cfg;
pub mod cmap;
pub mod cpg;
pub mod quorum;
mod reply;
pub mod votequorum;
mod wire;

pub use reply::{OK, ReplyError, check as check_reply};
pub use wire::{BadRequest, Fault, Octet, Word, status};
