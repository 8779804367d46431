//! Safe sessions with the services of a corosync daemon.
//!
//! A session is a connection plus the knowledge of one service's messages. It
//! may be used by any number of threads at once. Nothing is called back: events
//! are handed out, and the caller decides what to do with them.

#![forbid(unsafe_code)]

mod cmap;
mod cpg;
mod error;
mod options;
mod quorum;
mod session;
mod votequorum;

pub use cmap::{Cmap, CmapBuffer, KeyChange, Value};
pub use cpg::{Cpg, CpgBuffer};
pub use error::Error;
pub use options::{Options, OptionsError};
pub use quorate_ipc::client::{Signal, Wait};
pub use quorate_ipc::{Endpoint, Error as IpcError, process, wait};
pub use quorate_proto::votequorum::{EXTRA_INFO_MAX, Event, NAME_LEN, Node, RingId};
pub use quorate_proto::{
    ReplyError, cpg::Address as CpgAddress, cpg::Event as CpgEvent, quorum::Event as QuorumEvent,
};
pub use quorum::{Quorum, QuorumBuffer};
pub use votequorum::{EventBuffer, ExtraInfo, Info, VoteQuorum};
