//! What goes into the machine and what comes out of it.

use std::net::IpAddr;

use crate::code::Code;
use crate::types::{Address, Reason, Record, View};

/// \[OURS\] One thing that happened. See the crate's page for the order they must come in.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// CPG delivered a message of the group, one's own included.
    Deliver {
        /// The sender.
        from: Address,
        /// The message.
        bytes: &'a [u8],
    },
    /// CPG reported a change of the group.
    Configuration {
        /// Who is in it now.
        members: &'a [Address],
        /// Who left, and why.
        left: &'a [(Address, Reason)],
        /// Who joined, and why.
        joined: &'a [(Address, Reason)],
    },
    /// CPG reported a ring (its totem configuration change), the one at the start included.
    Ring {
        /// The ring's sequence number.
        ring: u64,
        /// Its nodes.
        nodes: &'a [u32],
    },
    /// The quorum service reported whether a ring is quorate.
    Quorum {
        /// The ring's sequence number.
        ring: u64,
        /// Whether it has quorum.
        quorate: bool,
        /// Its nodes.
        nodes: &'a [u32],
    },
    /// A node's address, as this node's configuration has it.
    NodeAddress {
        /// The node.
        node: u32,
        /// Its address.
        ip: IpAddr,
    },
    /// votequorum says that a node is about to leave (`NODESTATE_LEAVING`).
    Leaving {
        /// The node.
        node: u32,
    },
    /// The program registers.
    Register {
        /// The handle that it will have.
        handle: u32,
    },
    /// The program gives a handle up.
    Deregister {
        /// The handle.
        handle: u32,
    },
    /// `NCS_Lock`.
    Lock(Request<'a>),
    /// `NCS_TryLock`.
    TryLock(Request<'a>),
    /// `NCS_UnLock`.
    Unlock(Request<'a>),
    /// The caller of a call about a key waits no longer, and has been told so: there will be no
    /// [`Effect::Completed`]. A lock that is granted nevertheless is given back; one that is
    /// given up stays so.
    Withdraw {
        /// Which one.
        request: u64,
    },
    /// Admission takes long: ask another member for the state. Never needed while processes
    /// run; it helps when the member that was asked is stopped.
    Nudge,
    /// The connection to the daemon broke.
    DaemonLost,
}

/// \[OURS\] A call about one key.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The handle it was made with.
    pub handle: u32,
    /// The caller's name for it, unique in this process.
    pub request: u64,
    /// The key's bytes.
    pub key: &'a [u8],
}

/// \[OURS\] One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this to the group, in the order of the effects.
    Multicast(Vec<u8>),
    /// Call a handle's epoch callback.
    Callback {
        /// The handle.
        handle: u32,
        /// What to tell it.
        view: View,
    },
    /// A registration came to its end.
    Registered {
        /// The handle.
        handle: u32,
        /// [`Code::Success`], or why not; then the handle is no more.
        code: Code,
    },
    /// A handle was given up.
    Deregistered {
        /// The handle.
        handle: u32,
        /// [`Code::Success`] or [`Code::BadHandle`].
        code: Code,
    },
    /// A call about a key has come through the group's order, and waits for a holder from here
    /// on.
    Queued {
        /// Which one.
        request: u64,
    },
    /// A call about a key came to its end.
    Completed {
        /// Which one.
        request: u64,
        /// What to answer.
        code: Code,
        /// With [`Code::TryLockHeld`], the bit of the node that holds the lock, else 0.
        holder: u32,
    },
    /// Keep this in the local daemon's cmap.
    Persist(Record),
    /// This machine is done with: close the CPG connection, after the callbacks that came
    /// before this effect have returned.
    Leave,
}
