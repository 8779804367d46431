//! The rules of Novell's cluster SDK as a pure state machine.
//!
//! [`Machine`] turns what corosync tells one process into what the SDK tells a program: epoch
//! callbacks, registrations, locks. It does no I/O, has no clock and no threads: the session that
//! owns it feeds it [`Input`]s and carries out its [`Effect`]s. Items marked \[DOC\] follow
//! Novell's documentation, items marked \[OURS\] are decisions of this implementation.
//!
//! # Feeding it
//!
//! * One machine per process, for all handles. Before it, track the quorum service (libquorum's
//!   model 1: every notification names its ring); create the machine only while the ring is
//!   quorate, and feed it the current verdict and all node addresses at once.
//! * Join CPG with the flag that asks for the initial totem configuration change. Feed
//!   deliveries, configuration changes and totem configuration changes in the order in which
//!   that connection reports them; a totem change is [`Input::Ring`].
//! * Feed every quorum notification as [`Input::Quorum`], in its own order. Between the two
//!   connections no order is assumed.
//! * Carry effects out in their order. [`Effect::Leave`] comes last in a machine's life: close
//!   the CPG connection once the callbacks before it have returned, so that no other member is
//!   given a lock while a program that held it has not been told. A new registration needs a new
//!   machine, and a new connection.
//!
//! # Two kinds of knowledge
//!
//! What CPG delivers comes in one order to all members that stay together: messages, processes
//! that come and go, and rings. Only that drives the state that members share. What the quorum
//! service says comes at another time to everyone. So it never changes the shared state; it only
//! *stops* a machine or lets it go on: a change of the ring, and all that comes after it, waits
//! until this node has heard that the very ring is quorate. Members wait for different times,
//! then do the same. *Not quorate*, for whichever ring, is the end: `Members == 0`, all calls
//! answered, nothing but [`Code::NotMember`] from then on.
//!
//! A ring may break before the quorum service has spoken of it. Its verdict is taken from the
//! next ring if all nodes of that were in the missed one, since then no other nodes can have
//! been a quorum meanwhile; otherwise the machine ends. That is the safe side: the program
//! registers again.
//!
//! # Nodes, epoch, master
//!
//! The nodes in the cluster are those of the totem ring, whether or not a program on them uses
//! the SDK. One change of the ring is one callback; it costs as many epochs as nodes joined or
//! left. A node that was lost and is back in one change costs two, if a process of the group
//! was on it: CPG names processes, and nothing else tells. Who had announced that it would leave
//! is not in the failed mask; the announcement is a message of a member that heard of it, and
//! may come too late, then the node has failed for all. The master stays until its node leaves;
//! then, of the nodes that stayed, the one with the highest IP address (IPv6 above IPv4) follows.
//! Addresses are shared by messages, so that nodes whose configurations differ elect the same.
//!
//! # Becoming a member
//!
//! A newcomer *asks*. The oldest member answers with the state as it is at the place of the
//! question in the order; the newcomer has kept the order from there on, catches up, and says
//! that it is *ready*. It is a member from the delivery of that on. It asks again when anybody
//! leaves (the oldest member may have died), and drops what it asked before a change of the
//! ring: it may have been parted from who answers. [`Input::Nudge`] asks another member, should
//! the oldest be stopped.
//!
//! Without members nobody answers. So every newcomer also says *hello* in every *roll call*,
//! which starts anew with every change of the group or the ring. When all processes of the group
//! have said hello since, there is no member, and all of them found a new line at that place
//! of the order. A process has one hello on its way at most, and *ready* takes it back;
//! otherwise a hello of one that has become a member meanwhile could be counted.
//!
//! A hello names the ring, and is sent only when that ring is quorate; nobody founds anything
//! without quorum. It also carries the [`Record`] of the local daemon: the line continues its
//! epoch, by one for each node that came or went, and its master. With no record the epoch
//! is the number of nodes.
//!
//! # Merges
//!
//! A partition that heals normally brings nothing but newcomers: the side without quorum has
//! lost its state and left the group. But corosync may part and join nodes faster than it says so,
//! and then both sides still hold a state. Therefore members stop before a change of the ring
//! that brings processes of other rings, and every one of them says where it *stands*. When all
//! processes of the group have spoken, all know the same branches: the one with the highest
//! epoch goes on, then the one on most nodes, then the one with the least process. The others
//! end. Until all have spoken no lock is granted; a stopped process holds a merge up until it
//! goes on or dies.
//!
//! # What locks promise
//!
//! Among members at the same ring no key has two holders, ever. A member that has been cut off
//! keeps what it holds until its own corosync tells it; the others may have been given the lock
//! by then. Nothing in a protocol without leases or fencing can close that gap: its length is the
//! difference between the failure detections of the two sides. A member that is cut off gets
//! nothing *new* once its node has left the ring. Also, a message that was ordered just before
//! a cut may reach its own side only; what came of it there ends with `Members == 0`.
//!
//! Waiters are served in the order in which the group delivered their requests. A handle has
//! one place in a key's queue: a second request while it holds the key or waits for it is refused
//! with [`Code::BadParameter`], a [`Input::TryLock`] with [`Code::TryLockHeld`] and the
//! holder's bit.

#![forbid(unsafe_code)]

mod code;
mod locks;
mod machine;
mod snapshot;
mod state;
mod types;
mod wire;

pub use code::Code;
pub use machine::{Config, Effect, Input, Machine, Position, Request};
pub use types::{
    Address, MAX_CLAIMS, MAX_KEY, MAX_NODES, Reason, Record, UnknownReason, View, node_bit,
};
