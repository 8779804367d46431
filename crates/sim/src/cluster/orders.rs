//! What one node tells others over the ring to do, and reminders of the services that tell it.

use std::time::Duration;

use quorate_engine::NodeId;

use super::clients::OutputKind;
use super::queue::Event;
use super::{Cluster, OperationError, Running};
use crate::log::What;
use crate::transport::{Payload, Services};

/// What a node is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// End at once.
    Die,
    /// Stop cleanly.
    Leave,
}

impl<S: Services> Cluster<S> {
    /// `corosync-cfgtool -k NODE` on node `at`: when the message arrives, that node's corosync
    /// ends without saying goodbye. One that is not in the ring of `at` does not hear of it.
    ///
    /// # Errors
    ///
    /// If `at` is unknown, down or paused.
    pub fn kill_over_ring(
        &mut self,
        at: NodeId,
        node: NodeId,
        reason: &str,
    ) -> Result<(), OperationError> {
        let peer = self.active_peer(at)?;
        let reason = reason.to_owned();
        self.send(peer, Payload::Kill { node, reason });
        Ok(())
    }

    /// `corosync-cfgtool -H` on a node: it tells its ring, and [leaves](Self::leave) when the
    /// message comes back to it.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down or paused.
    pub fn shut_down(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.active_peer(node)?;
        self.send(peer, Payload::ShutDown);
        Ok(())
    }

    /// Asks for an [`OutputKind::Reminder`] of a node after this time, and says its number. It is
    /// lost with the node's corosync, and late if that is frozen.
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn remind(&mut self, node: NodeId, after: Duration) -> Result<u64, OperationError> {
        let peer = self.running_peer(node)?;
        let number = self.number();
        let life = self.peers[peer].life;
        let reminder = Event::Reminder { peer, life, number };
        self.queue.push(self.now + after, reminder);
        Ok(number)
    }

    pub(super) fn remind_now(&mut self, peer: usize, life: u64, number: u64) {
        let state = &mut self.peers[peer];
        match state.running {
            _ if state.life != life => {}
            Running::Down => {}
            Running::Paused => state.reminders.push(number),
            Running::Up | Running::Leaving => self.state_output(peer, OutputKind::Reminder(number)),
        }
    }

    pub(super) fn reminders_missed(&mut self, peer: usize) {
        for number in std::mem::take(&mut self.peers[peer].reminders) {
            self.state_output(peer, OutputKind::Reminder(number));
        }
    }

    pub(super) fn hear_kill(&mut self, peer: usize, from: NodeId, node: NodeId, reason: &str) {
        if self.peers[peer].id == node {
            self.say(peer, "notice", format!("Killed by node {from} : {reason}"));
            self.orders.push((peer, Order::Die));
        }
    }

    pub(super) fn hear_shutdown(&mut self, peer: usize, from: NodeId) {
        self.say(
            peer,
            "notice",
            format!("Node {from} was shut down by sysadmin"),
        );
        if self.peers[peer].id == from {
            self.orders.push((peer, Order::Leave));
        }
    }

    /// Does what nodes were told, now that all have heard what came with it.
    pub(super) fn obey(&mut self) {
        for (peer, order) in std::mem::take(&mut self.orders) {
            match order {
                Order::Die if self.peers[peer].running != Running::Down => {
                    self.record(Some(peer), What::Killed);
                    self.gone(peer);
                }
                Order::Die => {}
                // It may be leaving already.
                Order::Leave => drop(self.leave(self.peers[peer].id)),
            }
        }
    }

    /// A line of the log of the node's corosync.
    pub(super) fn say(&mut self, peer: usize, level: &'static str, text: String) {
        let level = level.into();
        self.record(Some(peer), What::Log { level, text });
    }
}
