//! Daemons for tests of the client's half: they speak corosync's protocol in a private directory,
//! and do what a test wants of them.
//!
//! [`Answering`] is our own server with a service of the test's choosing; [`Relay`] stands between
//! it and its clients. [`Scripted`] has no server in it: it lays out every byte itself, and breaks
//! any rule.

mod answering;
mod fault;
mod link;
mod relay;
mod rings;
mod scripted;
mod services;
mod sockets;

pub use answering::Answering;
pub use fault::{BAD_WORDS, Fault, Moment, Place, Whim};
pub use link::{Channel, Link};
pub use relay::{Relay, Stream};
pub use rings::{Chunk, Ring, Rings, header};
pub use scripted::{Kind, Scripted, converse};
pub use services::Honest;
