//! What travels on a ring, and the services other than votequorum that use it.

use quorate_engine::{ClientId, Message, NodeId, RingId};

/// A service of corosync that takes part in synchronisation or multicasts on its own account. The
/// numbers are corosync's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ServiceId {
    /// `cmap`.
    Cmap = 0,
    /// `cfg`.
    Cfg = 1,
    /// `cpg`.
    Cpg = 2,
}

/// Something under way on a ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Payload {
    /// votequorum's.
    Engine(Message),
    /// Another service's.
    Service(ServiceId, Vec<u8>),
    /// The list of a node's services, which opens a synchronisation.
    ServiceList(RingId),
    /// A node's part in one service's synchronisation is done.
    Barrier(RingId),
    /// `corosync-cfgtool -R`: every node of the ring reads the new file.
    Reload { number: u64 },
    /// The same, with a file that is wrong.
    ReloadWrong { number: u64, error: String },
    /// `corosync-cfgtool -k`: a node is to end at once.
    Kill { node: NodeId, reason: String },
    /// `corosync-cfgtool -H`: the sender stops cleanly.
    ShutDown,
}

impl Payload {
    /// Whether it is only good for the ring it was made for.
    pub(crate) fn belongs_to_a_ring(&self) -> bool {
        matches!(self, Payload::ServiceList(_) | Payload::Barrier(_))
    }
}

/// One node's view of a new ring, as totem tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RingChange {
    /// The new ring.
    pub ring: RingId,
    /// Its members, ascending.
    pub members: Vec<NodeId>,
    /// Members of this node's previous ring that did not come with it, ascending.
    pub left: Vec<NodeId>,
    /// Members of the new ring that did not come from this node's previous one, ascending. A node
    /// that restarted quickly is in both lists.
    pub joined: Vec<NodeId>,
}

/// What services are told, on each node separately.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupEvent<'a> {
    /// The node's corosync started. It is in no ring yet.
    Started,
    /// The node's corosync begins to stop in good order. It still takes part for a moment.
    Leaving,
    /// The node's corosync is gone.
    Stopped,
    /// A ring has formed; synchronisation begins (`sync_init`, after totem's `confchg`).
    RingChanged(&'a RingChange),
    /// A synchronisation is broken off by the next ring, which follows.
    SyncAborted,
    /// It is this service's turn to multicast what it has to tell the others (`sync_process`).
    /// When all nodes' messages have been delivered, `SyncActivated` follows.
    SyncProcess(ServiceId),
    /// All nodes know what this service had to tell (`sync_activate`).
    SyncActivated(ServiceId),
    /// The whole synchronisation, votequorum's included, is over.
    SyncCompleted,
    /// A message of this service, in the ring's total order.
    Delivered {
        /// Who sent it.
        from: NodeId,
        /// Whose it is.
        service: ServiceId,
        /// Its content.
        data: &'a [u8],
    },
}

/// What a service wants multicast, and what it tells programs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outbox {
    pub(crate) messages: Vec<(ServiceId, Vec<u8>)>,
    pub(crate) events: Vec<Told>,
}

/// An event for a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    pub(crate) client: ClientId,
    pub(crate) message: Vec<u8>,
    /// What it says, in short.
    pub(crate) text: String,
}

impl Outbox {
    /// Multicasts this to all members of the node's ring, the node itself included. If the ring
    /// breaks first, it goes out on the next one, when its synchronisation is over. What is said in
    /// answer to `SyncProcess` goes out at once, and is lost with the ring.
    pub fn multicast(&mut self, service: ServiceId, data: Vec<u8>) {
        self.messages.push((service, data));
    }

    /// Sends a program an event, encoded as its service's protocol has it. `text` says in short
    /// what it is, for the log.
    pub fn event(&mut self, client: ClientId, message: Vec<u8>, text: String) {
        let told = Told {
            client,
            message,
            text,
        };
        self.events.push(told);
    }
}

/// The services that share the ordered transport with votequorum (cmap, cfg, cpg). `()` is none.
///
/// A cluster calls this for every node; what belongs to a node is the implementation's to keep.
pub trait Services {
    /// The services that take part in synchronisation, ascending. Each costs one more round.
    fn synchronised(&self) -> &[ServiceId] {
        &[]
    }

    /// Something happened on a node.
    fn handle(&mut self, node: NodeId, event: GroupEvent<'_>, outbox: &mut Outbox);
}

impl Services for () {
    fn handle(&mut self, _: NodeId, _: GroupEvent<'_>, _: &mut Outbox) {}
}
