//! One program on one node, with a session as the real library has one: it dispatches what CPG
//! and the quorum service have for it, and carries out the effects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate_ncs::{Address, Machine, Position, View};

use crate::cluster::{CpgEvent, Verdict};

#[derive(Debug, Clone)]
pub(crate) enum QuorumEvent {
    Verdict(Verdict),
    Leaving(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Lock,
    TryLock,
    Unlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    pub(crate) handle: u32,
    pub(crate) key: u8,
}

/// What the program knows of one of its handles.
#[derive(Debug, Default)]
pub(crate) struct Handle {
    pub(crate) view: Option<View>,
    /// The last ring whose change the handle was told of, or that changed nothing.
    pub(crate) ring: u64,
    /// The keys it has, from the answer to its request until it asks to give them up.
    pub(crate) holds: BTreeSet<u8>,
}

pub(crate) struct Program {
    pub(crate) address: Address,
    pub(crate) machine: Option<Machine>,
    pub(crate) connection: u64,
    /// Whether CPG has let this connection in.
    pub(crate) joined: bool,
    pub(crate) cpg: VecDeque<CpgEvent>,
    pub(crate) quorum: VecDeque<QuorumEvent>,
    pub(crate) handles: BTreeMap<u32, Handle>,
    pub(crate) asked: BTreeSet<u32>,
    pub(crate) calls: BTreeMap<u64, Call>,
    /// Where the machine is, if it is a member.
    pub(crate) position: Option<Position>,
}

impl Program {
    pub(crate) fn new(address: Address) -> Self {
        Self {
            address,
            machine: None,
            connection: 0,
            joined: false,
            cpg: VecDeque::new(),
            quorum: VecDeque::new(),
            handles: BTreeMap::new(),
            asked: BTreeSet::new(),
            calls: BTreeMap::new(),
            position: None,
        }
    }

    /// Forgets a life.
    pub(crate) fn end(&mut self) {
        *self = Self {
            connection: self.connection,
            ..Self::new(self.address)
        };
    }

    pub(crate) fn ring(&self) -> Option<u64> {
        self.position.map(|position| position.ring)
    }

    pub(crate) fn is_member(&self) -> bool {
        self.machine
            .as_ref()
            .is_some_and(|machine| machine.position().is_some())
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.cpg.is_empty() || !self.quorum.is_empty()
    }
}
