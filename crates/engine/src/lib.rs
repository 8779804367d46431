//! votequorum's rules as a pure state machine.
//!
//! An [`Engine`] is votequorum on *one* node: it has no clock, no files and no network. Whoever
//! drives it feeds it [`Input`]s and carries out the [`Effect`]s it answers with, in order. The
//! same inputs always give the same effects, and an engine can be cloned at any point.
//!
//! The rules are those of votequorum(5) and of what corosync 3.1.7 was observed to do where the
//! manual page is silent or wrong. Where following the original would be unsafe the engine departs
//! from it by default; [`Compat`] lists these places and switches the original's behaviour on.
//!
//! # Driving a cluster
//!
//! 1. [`Engine::start`] for every node; then a first ring of that node alone.
//! 2. When a ring forms, for each of its members: [`Input::SyncInit`], then
//!    [`Input::SyncProcess`] until it answers [`Effect::SyncDone`]. [`Effect::Multicast`]
//!    messages are delivered to all members of the ring, the sender included, in one order, as
//!    [`Input::Deliver`].
//! 3. When all members have said `SyncDone` and every message sent until then is delivered:
//!    [`Input::SyncActivate`] for each.
//! 4. A ring that breaks before that: [`Input::SyncAbort`], and on with step 2. Messages that were
//!    sent and not delivered go out on the next ring.
//!
//! corosync leaves some of the order open, and it can decide who is quorate when nodes expect
//! different numbers of votes (observed on corosync 3.1.7, and explained by these three):
//!
//! * All nodes say what they have to say in the process phase before any of it is delivered, but
//!   whose messages come first differs: the token goes round from some node on.
//! * A node that starts where others run may or may not end the synchronisation of its own ring
//!   before it joins theirs; if not, its first message is delivered there, before they speak.
//! * A node that changes sides often forms a ring of its own in between.
//!
//! ```
//! use quorate_engine::{Compat, Effect, Engine, Input, NodeId, QuorumConfig, RingId};
//!
//! let config = QuorumConfig::with_nodes([1, 2, 3]);
//! let (mut engine, effects) = Engine::start(NodeId(1), config, Compat::default(), 0)?;
//! let mut to_deliver = effects;
//! let ring = RingId { node: NodeId(1), seq: 4 };
//! to_deliver.extend(engine.handle(Input::SyncInit { ring, members: vec![NodeId(1)] }));
//! to_deliver.extend(engine.handle(Input::SyncProcess));
//! for effect in to_deliver {
//!     if let Effect::Multicast(message) = effect {
//!         engine.handle(Input::Deliver { from: NodeId(1), message });
//!     }
//! }
//! engine.handle(Input::SyncActivate);
//! let info = engine.node_info(NodeId(1)).expect("the local node is known");
//! assert_eq!((info.total_votes, info.expected_votes, info.quorum), (1, 3, 2));
//! assert!(!engine.is_quorate());
//! # Ok::<(), quorate_engine::StartRefused>(())
//! ```
#![forbid(unsafe_code)]

mod arithmetic;
mod compat;
mod config;
mod decide;
mod delivery;
mod downscale;
mod effects;
mod engine;
mod flags;
mod ids;
mod input;
mod messages;
mod node;
mod qdevice;
mod reload;
mod requests;
mod status;
mod sync;
mod table;
mod tie_breaker;
mod tracking;
mod wait_for_all;

pub use compat::Compat;
pub use config::{ConfigError, ConfigWarning, DeviceConfig, NodelistEntry, QuorumConfig};
pub use effects::{
    Effect, KeyValue, LogLevel, LogLine, NodeEntry, NodeInfo, Notification, Reply, Timer,
};
pub use engine::{EXTRA_INFO_MAX, Engine, QDEVICE_NAME_MAX, StartRefused};
pub use flags::{InfoFlags, NodeFlags};
pub use ids::{ClientId, NodeId, RingId};
pub use input::{Input, Request, track};
pub use messages::{Message, Reconfigure};
pub use node::{Node, NodeState};
pub use status::Status;
