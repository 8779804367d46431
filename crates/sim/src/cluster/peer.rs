//! One node: what it keeps across restarts, and what runs on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_engine::{ClientId, Engine, Input, NodeId, Timer};

use super::device::Device;
use super::outgoing::Outgoing;
use crate::config::Keys;

/// Whether the node's corosync runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Running {
    /// No.
    Down,
    /// Yes.
    Up,
    /// It is stopping cleanly and still takes part.
    Leaving,
    /// It is frozen, as by SIGSTOP.
    Paused,
}

impl Running {
    /// Whether it answers the others.
    pub(super) fn takes_part(self) -> bool {
        matches!(self, Running::Up | Running::Leaving)
    }
}

/// Names a ring of the simulation; ring ids could meet twice.
pub(super) type RingKey = u64;

#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) id: NodeId,
    pub(super) running: Running,
    /// Nodes of the same group reach each other.
    pub(super) group: usize,
    pub(super) ring: Option<RingKey>,
    pub(super) engine: Option<Engine>,
    /// The cmap keys of its configuration as they are now.
    pub(super) keys: Arc<Keys>,
    pub(super) outgoing: Outgoing,
    /// Generations of the armed timers.
    timers: [Option<u64>; 2],
    /// What reached it while it was frozen.
    pub(super) frozen: Vec<Input>,
    /// Reminders whose time came meanwhile.
    pub(super) reminders: Vec<u64>,
    pub(super) clients: BTreeSet<ClientId>,
    pub(super) device: Option<Device>,
    pub(super) watched: bool,
    /// How often its corosync has started.
    pub(super) life: u64,
    /// Names its clean stop, so that one of an earlier life does not count.
    pub(super) stopping: u64,
    /// On disk: the ring sequence number and the barrier of `expected_votes_tracking`.
    pub(super) stored_seq: u64,
    pub(super) stored_barrier: u32,
}

fn slot(timer: Timer) -> usize {
    match timer {
        Timer::LastManStanding => 0,
        Timer::Qdevice => 1,
    }
}

impl Peer {
    pub(super) fn new(id: NodeId, keys: Arc<Keys>) -> Self {
        Peer {
            id,
            running: Running::Down,
            group: 0,
            ring: None,
            engine: None,
            keys,
            outgoing: Outgoing::default(),
            timers: [None; 2],
            frozen: Vec::new(),
            reminders: Vec::new(),
            clients: BTreeSet::new(),
            device: None,
            watched: false,
            life: 0,
            stopping: 0,
            stored_seq: 0,
            stored_barrier: 0,
        }
    }

    pub(super) fn arm(&mut self, timer: Timer, generation: u64) {
        self.timers[slot(timer)] = Some(generation);
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        self.timers[slot(timer)] = None;
    }

    /// Whether this expiry is the one that was armed last; it is used up.
    pub(super) fn expires(&mut self, timer: Timer, generation: u64) -> bool {
        let armed = &mut self.timers[slot(timer)];
        let expires = *armed == Some(generation);
        if expires {
            *armed = None;
        }
        expires
    }

    /// The process is gone, and all that was only in its memory.
    pub(super) fn forget_process(&mut self) {
        self.running = Running::Down;
        self.ring = None;
        self.engine = None;
        self.outgoing = Outgoing::default();
        self.timers = [None; 2];
        self.frozen.clear();
        self.reminders.clear();
        self.clients.clear();
        self.device = None;
    }

    pub(super) fn is_quorate(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::is_quorate)
    }
}
