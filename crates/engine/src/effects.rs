//! What an engine answers.

use crate::flags::InfoFlags;
use crate::ids::{ClientId, NodeId, RingId};
use crate::messages::Message;
use crate::node::NodeState;
use crate::status::Status;

/// One consequence of an input, to be carried out in the order given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send this to all members of the ring, the local node included, in total order.
    Multicast(Message),
    /// Queue a notification for a client.
    Notify {
        /// The connection.
        client: ClientId,
        /// The context it gave.
        context: u64,
        /// The content.
        notification: Notification,
    },
    /// Answer a client's request.
    Reply {
        /// The connection.
        client: ClientId,
        /// The answer.
        reply: Reply,
    },
    /// Tell the quorum service (libquorum) about membership and quorum.
    QuorumChanged {
        /// The ring the members belong to; `0.0` and no members before the first one.
        ring: RingId,
        /// The members of the ring.
        members: Vec<NodeId>,
        /// Whether they are quorate.
        quorate: bool,
    },
    /// The process phase is over for this node.
    SyncDone,
    /// The process phase has to wait for the qdevice's poll or its timeout.
    SyncWait,
    /// A waiting process phase may be tried again.
    SyncReleased,
    /// Arm a timer, in place of the same timer armed before.
    SetTimer {
        /// Which one.
        timer: Timer,
        /// When it runs out, in milliseconds from now.
        after_ms: u32,
    },
    /// Disarm a timer.
    CancelTimer(Timer),
    /// Keep this expected-votes barrier for the node's next
    /// [`start`](crate::Engine::start) (`expected_votes_tracking`).
    PersistBarrier(u32),
    /// Set a key of cmap, `runtime.votequorum.` and this name.
    SetRuntimeKey {
        /// The last part of the key's name.
        name: &'static str,
        /// Its value, and with it its type.
        value: KeyValue,
    },
    /// A line for the log.
    Log(LogLine),
}

/// The engine's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// `last_man_standing_window`.
    LastManStanding,
    /// The qdevice's next poll is due: `device.timeout`, or `device.sync_timeout` after a
    /// membership change.
    Qdevice,
}

/// The value of a cmap key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyValue {
    /// `ICMAP_VALUETYPE_UINT8`.
    U8(u8),
    /// `ICMAP_VALUETYPE_UINT32`.
    U32(u32),
}

/// A line for the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub text: String,
}

/// Levels of log lines, as in syslog(3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LogLevel {
    /// Worth knowing when looking closer.
    Info,
    /// Part of normal operation, yet significant.
    Notice,
    /// Something does not fit.
    Warning,
    /// Something failed.
    Error,
    /// The configuration contradicts itself.
    Critical,
}

/// What trackers are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notification {
    /// Who is in the ring, told in the process phase.
    NodeList {
        /// The ring.
        ring: RingId,
        /// Its members in totem's order.
        members: Vec<NodeId>,
    },
    /// Whether this partition is quorate, and all known nodes.
    Quorum {
        /// Whether this partition is quorate.
        quorate: bool,
        /// The other nodes ever met, ascending; the local node; and, if a qdevice is registered
        /// here, node 0 (observed on corosync 3.1.7).
        nodes: Vec<NodeEntry>,
    },
    /// Expected votes changed.
    ExpectedVotes {
        /// The local node's expected votes at this moment.
        expected_votes: u32,
    },
    /// A node's qdevice stored other extra info (8.1).
    ExtraInfo {
        /// The node.
        node: NodeId,
        /// What it stored; empty means that it was removed.
        data: Vec<u8>,
    },
}

/// One node of a quorum notification.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeEntry {
    /// The node, 0 for the quorum device.
    pub node: NodeId,
    /// Its state.
    pub state: NodeState,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Of every request that has no other answer.
    Status(Status),
    /// Of [`GetInfo`](crate::Request::GetInfo).
    Info(Result<NodeInfo, Status>),
    /// Of [`GetExtraInfo`](crate::Request::GetExtraInfo).
    ExtraInfo(Result<Vec<u8>, Status>),
}

/// What `votequorum_getinfo` tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeInfo {
    /// The node asked about, never 0.
    pub node: NodeId,
    /// Its state.
    pub state: NodeState,
    /// Its votes.
    pub votes: u32,
    /// The expected votes on record for it.
    pub expected_votes: u32,
    /// The highest expected votes of all members.
    pub highest_expected: u32,
    /// The members' votes, and those of the qdevice if it votes for the node *asked about*.
    pub total_votes: u32,
    /// The votes needed to be quorate.
    pub quorum: u32,
    /// See [`InfoFlags`].
    pub flags: InfoFlags,
    /// The votes of the quorum device, registered or not.
    pub qdevice_votes: u32,
    /// The name of the quorum device; empty if none is known.
    pub qdevice_name: Vec<u8>,
}
