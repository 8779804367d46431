//! The messages of corosync's client protocol: layouts, encoding, decoding.
//!
//! Every struct here has exactly the bytes that travel; sizes and offsets are
//! asserted at compile time. All integers are in the host's byte order, for the
//! protocol never leaves the machine. Decoding checks every length before a
//! field is read and copies nothing but integers.

#![forbid(unsafe_code)]

mod reply;
pub mod votequorum;

pub use reply::{OK, ReplyError, check as check_reply};
