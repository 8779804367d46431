//! A simulated corosync cluster in virtual time.
//!
//! A [`Cluster`] has any number of nodes, each with votequorum's rules
//! ([`quorate_engine::Engine`]) and what it keeps on disk. Operations start, kill, cut off and
//! freeze nodes; time passes only when it is told to; the same configuration, operations and seed
//! give the same [log](Cluster::log), byte for byte.
//!
//! ```
//! use quorate_engine::{Compat, NodeId};
//! use quorate_sim::Cluster;
//! use quorate_sim::config::ClusterConfig;
//!
//! let mut cluster = Cluster::new(ClusterConfig::with_nodes(1..=3), Compat::default(), 42);
//! cluster.start_all()?;
//! cluster.run_until_quiet();
//! cluster.partition(&[vec![NodeId(1)], vec![NodeId(2), NodeId(3)]])?;
//! cluster.run_until_quiet();
//! let is_quorate = |node| cluster.engine(NodeId(node)).is_some_and(|e| e.is_quorate());
//! assert_eq!([1, 2, 3].map(is_quorate), [false, true, true]);
//! assert!(cluster.violations().is_empty());
//! # Ok::<(), quorate_sim::OperationError>(())
//! ```
//!
//! # The model
//!
//! **Reachability.** Every node is in one group; nodes reach each other if they are in the same
//! group, run, and are not paused. There are no one-way cuts and no lossy links.
//!
//! **Rings.** A node that starts forms a ring of its own at once. A ring's representative is its
//! lowest node; its sequence number is the highest that a member has stored, plus 4; a start adds
//! 1 first (so the first ring of a new node is 5, as on a real one). Sequence numbers survive
//! restarts. All from corosync 3.1's `totemsrp.c`. Failed attempts, which make a real ring's number
//! rise further, do not occur.
//!
//! **Noticing.** All figures come from the configuration, with corosync 3.1's defaults
//! (`totemconfig.c`):
//!
//! | what | is noticed after |
//! |---|---|
//! | a crash, a cut, a pause | token timeout (`token` 3000 ms, and `token_coefficient` 650 ms for each node beyond two), then the consensus timeout (`consensus`, 1.2 times the former) until the silent nodes are given up |
//! | a clean stop | 5 ms: the leaving node says so, and nobody waits for it |
//! | rings that reach each other | by chance within `merge` (200 ms), the interval of merge detection; plus the consensus timeout if one of them has just lost nodes |
//! | a cut or pause that ends before the token timeout | never: the token is retransmitted |
//! | one that ends between token and consensus timeout | `join` (50 ms): a new ring of the same nodes |
//!
//! What is noticed affects all nodes of a group in the same instant: they form one ring. A ring
//! that has lost a member delivers nothing until then.
//!
//! **Order.** The token takes 0.5 to 1 ms (by chance) to go round. What the members have to say is
//! delivered to all of them at the token's return; what they say to that goes out in the next
//! round. What was not delivered when a ring breaks goes out on its sender's next ring.
//!
//! Members speak in ascending order, beginning where the token is. On a new ring that is known:
//! corosync's representative sends it to its neighbour, and whoever speaks last in one turn of the
//! synchronisation begins the next. So votequorum's turn, the fifth, begins with node 2 of two,
//! node 1 of three, node 2 of four (observed on corosync 3.1.7). A node that by chance hears the
//! end of a turn late speaks after the others, and shifts the turns to come; so every order is
//! possible. When nobody has spoken for a while, the token is anywhere.
//!
//! **Synchronisation** has the phases of corosync's `sync.c`: every node lists its services; then
//! service by service, votequorum last, all say their part and a barrier, and when all barriers
//! have been delivered the service is activated on all nodes. A node whose quorum device has to
//! poll first holds up its ring.
//!
//! **A paused node** is frozen with all its knowledge, as by SIGSTOP. It may believe itself quorate
//! after the others went on without it, and until it has joined them again; the same is true of
//! every node between a cut and its detection. Only fencing can prevent that, so it does not count
//! as a [violation](Violation).
//!
//! **Chance** (a small generator, [seeded](Cluster::seed)) decides only when rings notice each
//! other, how long the token takes and where it is. [`Cluster::replay_rings`] replaces the first and
//! the last by what was recorded on a real cluster.
//!
//! # Scenarios
//!
//! [`scenario`] reads, checks and plays histories written in TOML, and reports which expectations
//! held.
//!
//! [`search`] makes random histories, and finds the shortest one that does the same.
//!
//! # Programs
//!
//! [`host`] gives every node the sockets of corosync's services, so that programs can take part.
//! `quorate_control::Served` is such a cluster in a thread, for tests.
//!
//! # Replay
//!
//! [`replay`] makes a scenario of what was recorded on a real node.
//!
//! # Joining services on top
//!
//! Clients of votequorum: [`Cluster::attach`], [`Cluster::request`], [`Cluster::outputs`]. The
//! state that other services show: [`Cluster::watch`], [`Cluster::engine`], [`Cluster::keys`].
//! Services with messages of their own (cmap, cfg, cpg) implement [`Services`].
#![forbid(unsafe_code)]

mod cluster;
pub mod config;
mod cpg;
mod excerpt;
pub mod fault;
pub mod host;
mod log;
mod received;
pub mod replay;
mod rng;
pub mod scenario;
pub mod search;
mod transport;
mod wording;

pub use cluster::{
    Cluster, DEVICE_NAME, DeviceAction, OperationError, Output, OutputKind, RecordedRing, Running,
    Violation, ViolationKind,
};
pub use cpg::{Answer, Cpg};
pub use excerpt::Excerpt;
pub use log::{Line, LogError, NodeView, OWN_FLAGS, Record, View, What, read_log};
pub use received::{Argument, Received, Told, Witnessed};
pub use transport::{GroupEvent, Outbox, RingChange, ServiceId, Services};
pub use wording::told;
