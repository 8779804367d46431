//! Starting, stopping and freezing nodes, and cutting them off.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quorate_engine::{Engine, Input, NodeId};

use super::clients::OutputKind;
use super::queue::Event;
use super::{Cluster, OperationError, Running};
use crate::log::What;
use crate::transport::{GroupEvent, Services};
use crate::wording;

/// How long a node that stops cleanly still takes part: two rounds, enough for its goodbye.
const STOPPING: Duration = Duration::from_millis(2);

impl<S: Services> Cluster<S> {
    pub(super) fn running_peer(&self, node: NodeId) -> Result<usize, OperationError> {
        let peer = self.index(node).ok_or(OperationError::UnknownNode(node))?;
        if self.peers[peer].running == Running::Down {
            return Err(OperationError::Down(node));
        }
        Ok(peer)
    }

    /// A node that runs and is not frozen.
    pub(super) fn active_peer(&self, node: NodeId) -> Result<usize, OperationError> {
        let peer = self.running_peer(node)?;
        match self.peers[peer].running {
            Running::Paused => Err(OperationError::Paused(node)),
            _ => Ok(peer),
        }
    }

    /// Starts corosync on a node. It forms a ring of its own at once, and joins those it reaches
    /// when they have noticed each other.
    ///
    /// # Errors
    ///
    /// If the node is unknown or up, or its configuration contradicts itself.
    pub fn up(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.index(node).ok_or(OperationError::UnknownNode(node))?;
        if self.peers[peer].running != Running::Down {
            return Err(OperationError::AlreadyUp(node));
        }
        let barrier = self.peers[peer].stored_barrier;
        let config = self.file_quorum.clone();
        let (engine, effects) =
            Engine::start(node, config, self.compat, barrier).map_err(|refused| {
                for line in refused.log {
                    let level = wording::level(line.level).into();
                    let text = line.text;
                    self.record(Some(peer), What::Log { level, text });
                }
                let reason = refused.error.to_string();
                self.record(Some(peer), What::Refused { reason });
                OperationError::Refused {
                    node,
                    error: refused.error,
                }
            })?;
        self.record(Some(peer), What::Started);
        let state = &mut self.peers[peer];
        state.running = Running::Up;
        state.life += 1;
        state.keys = Arc::clone(&self.file_keys);
        state.engine = Some(engine);
        // So that a node that is back before anybody missed it has a ring id of its own; read in
        // `totemsrp.c`.
        state.stored_seq += 1;
        self.state_output(peer, OutputKind::Started);
        self.tell(peer, GroupEvent::Started);
        for effect in effects {
            self.carry_out(peer, effect);
        }
        if !self.replay.is_on() {
            self.form(&[peer]);
        }
        self.changed();
        Ok(())
    }

    /// Starts all nodes that are down.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself.
    pub fn start_all(&mut self) -> Result<(), OperationError> {
        for node in self.nodes().collect::<Vec<_>>() {
            match self.up(node) {
                Ok(()) | Err(OperationError::AlreadyUp(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What a node has stored as the number of its last ring is no less than this from now on, so
    /// that the next ring's number is higher by 4 at least. Failed attempts to form a ring, which do
    /// not occur here, have this effect on a real node. Does nothing to an unknown node.
    pub fn raise_ring_number(&mut self, node: NodeId, number: u64) {
        if let Some(peer) = self.index(node) {
            let stored = &mut self.peers[peer].stored_seq;
            *stored = number.max(*stored);
        }
    }

    /// A node's corosync is gone from one moment to the next. The others notice when the token
    /// does not come back.
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn kill(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        self.record(Some(peer), What::Killed);
        self.gone(peer);
        Ok(())
    }

    /// A node's corosync stops cleanly: it says so, and the others form a new ring at once.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down or paused.
    pub fn leave(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        match self.peers[peer].running {
            Running::Paused => return Err(OperationError::Paused(node)),
            Running::Leaving => return Err(OperationError::Down(node)),
            Running::Up | Running::Down => {}
        }
        self.record(Some(peer), What::Leaving);
        self.peers[peer].running = Running::Leaving;
        self.feed(peer, Input::Leave);
        self.tell(peer, GroupEvent::Leaving);
        let generation = self.number();
        self.peers[peer].stopping = generation;
        self.queue
            .push(self.now + STOPPING, Event::Stop { peer, generation });
        self.check_invariants();
        Ok(())
    }

    pub(super) fn stop_now(&mut self, peer: usize, generation: u64) {
        let state = &self.peers[peer];
        if state.running == Running::Leaving && state.stopping == generation {
            self.record(Some(peer), What::Stopped);
            self.leaves_ring(peer);
            self.gone(peer);
        }
    }

    pub(super) fn gone(&mut self, peer: usize) {
        self.disconnect_all(peer);
        self.tell(peer, GroupEvent::Stopped);
        self.peers[peer].forget_process();
        self.state_output(peer, OutputKind::Stopped);
        self.changed();
    }

    /// Freezes a node, as SIGSTOP does. Requests wait; the others go on without it after the token
    /// timeout.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down, stopping or paused.
    pub fn pause(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        match self.peers[peer].running {
            Running::Up => {}
            Running::Paused => return Err(OperationError::Paused(node)),
            Running::Leaving | Running::Down => return Err(OperationError::Down(node)),
        }
        self.record(Some(peer), What::Paused);
        self.peers[peer].running = Running::Paused;
        self.state_output(peer, OutputKind::Paused(true));
        self.changed();
        Ok(())
    }

    /// A paused node goes on: first with what reached it meanwhile, then it joins the others.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down or not paused.
    pub fn resume(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        if self.peers[peer].running != Running::Paused {
            return Err(OperationError::NotPaused(node));
        }
        self.record(Some(peer), What::Resumed);
        self.peers[peer].running = Running::Up;
        self.state_output(peer, OutputKind::Paused(false));
        for input in std::mem::take(&mut self.peers[peer].frozen) {
            self.feed(peer, input);
        }
        self.reminders_missed(peer);
        self.changed();
        Ok(())
    }

    /// From now on only nodes of the same group reach each other. Nodes that are not named stay
    /// together in a group of their own. Nodes may be down.
    ///
    /// # Errors
    ///
    /// If a node is unknown or named twice.
    pub fn partition(&mut self, groups: &[Vec<NodeId>]) -> Result<(), OperationError> {
        let mut group_of = BTreeMap::new();
        for (number, group) in groups.iter().enumerate() {
            for &node in group {
                let peer = self.index(node).ok_or(OperationError::UnknownNode(node))?;
                if group_of.insert(peer, number).is_some() {
                    return Err(OperationError::InTwoGroups(node));
                }
            }
        }
        let names = |group: &Vec<NodeId>| group.iter().map(|node| node.0).collect();
        let what = What::Partitioned {
            groups: groups.iter().map(names).collect(),
        };
        self.record(None, what);
        for (index, peer) in self.peers.iter_mut().enumerate() {
            peer.group = group_of.get(&index).copied().unwrap_or(groups.len());
        }
        self.regrouped();
        Ok(())
    }

    /// All nodes reach each other again.
    pub fn heal(&mut self) {
        self.record(None, What::Healed);
        for peer in &mut self.peers {
            peer.group = 0;
        }
        self.regrouped();
    }

    /// The nodes that could reach each other if they all ran, group by group; one group if nothing
    /// is cut.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<NodeId>> {
        let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for peer in &self.peers {
            groups.entry(peer.group).or_default().push(peer.id);
        }
        groups.into_values().collect()
    }

    fn regrouped(&mut self) {
        // What was noticed or agreed on in groups of these numbers was so in other groups.
        self.contacts.clear();
        self.due.clear();
        self.changed();
    }

    fn changed(&mut self) {
        self.topology_changed();
        self.check_invariants();
    }
}
