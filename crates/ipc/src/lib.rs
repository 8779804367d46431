//! libqb's inter-process communication, without libqb.
//!
//! Corosync's daemon and its client libraries talk over a Unix stream socket,
//! which carries the handshake and one-byte notifications, and three rings in
//! shared memory (requests, responses, events), or two datagram sockets where
//! the cluster was configured so. This crate speaks that protocol byte for
//! byte; `docs/protocol.md` describes it.
//!
//! Everything that the other side writes is treated as hostile: lengths and
//! indexes are read once, checked and kept privately, so that a peer can make
//! a call fail but never make it read out of bounds, loop for ever or panic.
//!
//! Unsafe code is confined to the modules `sys` and `server::sys` (system calls
//! and mappings).

mod atomic;
mod calls;
pub mod client;
mod eagerness;
mod endpoint;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod handshake;
pub mod header;
#[cfg(fuzzing)]
mod memory;
pub mod process;
mod ring;
mod semaphore;
pub mod server;
mod sys;
pub mod wait;

pub use client::{Connection, Options};
pub use endpoint::{Endpoint, Service};
pub use error::Error;

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    target_endian = "little"
)))]
compile_error!(
    "the ring's semaphore is glibc's 64-bit little-endian one; no other layout is known to work"
);
