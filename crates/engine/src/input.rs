//! What can happen to an engine.

use crate::config::QuorumConfig;
use crate::effects::Timer;
use crate::ids::{ClientId, NodeId, RingId};
use crate::messages::Message;

/// One event at one node. [`Engine::handle`](crate::Engine::handle) answers with effects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A new ring has formed; synchronisation begins. May come again before the last one ended.
    SyncInit {
        /// The new ring.
        ring: RingId,
        /// Its members, the local node among them, in the order totem gives (ascending).
        members: Vec<NodeId>,
    },
    /// The process phase. Answered with [`SyncDone`](crate::Effect::SyncDone), or
    /// [`SyncWait`](crate::Effect::SyncWait): then to be repeated, at the latest when
    /// [`SyncReleased`](crate::Effect::SyncReleased) comes.
    SyncProcess,
    /// The activate phase: every member of the ring has said `SyncDone` and all messages sent
    /// until then have been delivered.
    SyncActivate,
    /// The ring fell apart before `SyncActivate`; another `SyncInit` follows.
    SyncAbort,
    /// A multicast message arrives, in the ring's total order.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// The message.
        message: Message,
    },
    /// A client asks something. Answered with one [`Reply`](crate::Effect::Reply), except that a
    /// qdevice registration is answered when its message comes back.
    Request {
        /// The connection.
        client: ClientId,
        /// What it asks.
        request: Request,
    },
    /// A client's connection is gone.
    Disconnect {
        /// The connection.
        client: ClientId,
    },
    /// A timer ran out. Ignored if the timer is not armed.
    TimerExpired(Timer),
    /// The configuration changed at runtime: a reload of corosync.conf, or any key under
    /// `quorum.` or `nodelist.` set through cmap. Of it, only expected_votes, votes, nodelist,
    /// two_node and device count.
    Reload(Box<QuorumConfig>),
    /// `quorum.cancel_wait_for_all` was set to 1 (in cmap it goes back to 0 by itself).
    CancelWaitForAll,
    /// The node is about to stop cleanly. What this multicasts has to be delivered before the
    /// node leaves the ring.
    Leave,
    /// From now on multicasting fails (`false`), as when totem's queue is full, or works again.
    /// It works at the start.
    MulticastPossible(bool),
}

/// Bits of `trackstart`'s flags, the numbers are those of corosync's `corotypes.h`.
pub mod track {
    /// Tell the present state once, without tracking.
    pub const CURRENT: u8 = 1;
    /// Tell the present state and every change.
    pub const CHANGES: u8 = 2;
    /// Tell every change.
    pub const CHANGES_ONLY: u8 = 4;
}

/// What a client of votequorum can ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// `votequorum_getinfo`.
    GetInfo {
        /// The node asked about; 0 is the local one.
        node: NodeId,
    },
    /// `votequorum_setexpected`.
    SetExpected {
        /// The new expected votes.
        expected_votes: u32,
    },
    /// `votequorum_setvotes`.
    SetVotes {
        /// The node; 0 is the *quorum device* (observed on corosync 3.1.7; the manual page says
        /// the local node).
        node: NodeId,
        /// Its new votes.
        votes: u32,
    },
    /// `votequorum_trackstart`.
    TrackStart {
        /// Comes back in every notification.
        context: u64,
        /// See [`track`].
        flags: u8,
    },
    /// `votequorum_trackstop`.
    TrackStop,
    /// `votequorum_qdevice_register`.
    QdeviceRegister {
        /// The device's name, without a NUL.
        name: Vec<u8>,
    },
    /// `votequorum_qdevice_unregister`.
    QdeviceUnregister {
        /// The device's name.
        name: Vec<u8>,
    },
    /// `votequorum_qdevice_update`.
    QdeviceUpdate {
        /// The name so far.
        old: Vec<u8>,
        /// The name from now on.
        new: Vec<u8>,
    },
    /// `votequorum_qdevice_poll`.
    QdevicePoll {
        /// The device's name.
        name: Vec<u8>,
        /// Whether it votes for this node.
        cast_vote: bool,
        /// The ring the decision was made for.
        ring: RingId,
    },
    /// `votequorum_qdevice_master_wins`.
    QdeviceMasterWins {
        /// The device's name.
        name: Vec<u8>,
        /// Whether a partition with this device's vote is quorate whatever its votes.
        allow: bool,
    },
    /// `votequorum_set_qdevice_extra_info` (8.1).
    SetExtraInfo {
        /// At most [`EXTRA_INFO_MAX`](crate::EXTRA_INFO_MAX) bytes; empty removes it.
        data: Vec<u8>,
    },
    /// `votequorum_get_qdevice_extra_info` (8.1).
    GetExtraInfo {
        /// The node asked about; 0 is the quorum device, which never has any.
        node: NodeId,
    },
}
