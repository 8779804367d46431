//! Control of a live simulated cluster.
//!
//! For tests written in Rust, [`Served`] is a cluster in a thread. Below it, a [`Live`] cluster
//! (feature `server`) has programs, a clock, and a socket in its directory on which it takes
//! [requests](Request). A [`Client`] finds the cluster by its [name](Name) and asks:
//!
//! ```
//! use quorate_control::{Client, Name, Request};
//!
//! let name: Name = "nobody-serves-this".parse()?;
//! let error = Client::find(&name).unwrap_err();
//! assert_eq!(error.to_string(), "no cluster is served under the name 'nobody-serves-this'");
//! # Ok::<(), quorate_control::NameError>(())
//! ```
//!
//! # The socket
//!
//! `control` in the cluster's own directory, which only its user can write, and enter unless others
//! were let in to the nodes. Who connects must be that user or root, by the kernel's word. A
//! request is one line of JSON, a reply is one too, in the order of the requests. A line has at
//! most 1 MiB.
//!
//! # The same words as in scenarios
//!
//! What changes the cluster is a step of a scenario (`kill = 3`), read and checked by the
//! same code, in the state in which the cluster is now ([`quorate_sim::scenario::Operation`]).
#![forbid(unsafe_code)]

mod client;
#[cfg(feature = "server")]
mod door;
pub mod idle;
#[cfg(feature = "server")]
mod live;
mod message;
mod place;
#[cfg(feature = "server")]
mod served;
#[cfg(feature = "server")]
mod status;
pub mod step;

pub use client::{Client, ClientError};
#[cfg(feature = "server")]
pub use live::{Events, Live, LiveError, Pace};
pub use message::{
    Connected, ErrorKind, Event, NodeStatus, Qdevice, Refusal, Reply, Request, RingId, Status,
};
pub use place::{Name, NameError, SOCKET, base, served};
#[cfg(feature = "server")]
pub use served::Served;
