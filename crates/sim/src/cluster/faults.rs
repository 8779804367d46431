//! What goes wrong on purpose: faults under programs, daemons that restart, machines that die.

use std::time::Duration;

use quorate_engine::NodeId;

use super::queue::Event;
use super::{Cluster, OperationError};
use crate::fault::{Fault, Faults};
use crate::log::What;
use crate::transport::Services;

impl<S: Services> Cluster<S> {
    /// Has these faults, and no others. What a [`Host`](crate::host::Host) serves meets them.
    pub fn set_faults(&mut self, faults: Vec<Fault>) {
        self.faults = Faults::new(faults, self.seed);
    }

    /// Switches all faults of a name on, from their first call, or off.
    pub fn switch_fault(&mut self, name: &str, on: bool) {
        let action = if on { "switched on" } else { "switched off" };
        let text = format!("{name}: {action}");
        self.record(None, What::Fault { client: None, text });
        self.faults.switch(name, on);
    }

    /// A node's corosync is killed and started again at once, as by a supervisor, before any other
    /// node can miss it.
    ///
    /// # Errors
    ///
    /// If the node is unknown or down, or its configuration contradicts itself; it is down then.
    pub fn restart(&mut self, node: NodeId) -> Result<(), OperationError> {
        self.kill(node)?;
        self.up(node)
    }

    /// A node's machine dies: its corosync, and the programs on it. The latter are for the caller
    /// to end, who learns of it from [`take_powered_off`](Self::take_powered_off).
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn power_off(&mut self, node: NodeId) -> Result<(), OperationError> {
        self.kill(node)?;
        self.powered_off.push(node);
        Ok(())
    }

    /// The nodes whose machines have died since the last call.
    pub fn take_powered_off(&mut self) -> Vec<NodeId> {
        std::mem::take(&mut self.powered_off)
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Time shall not pass by this moment unnoticed: what waits for it is under way.
    pub(crate) fn wake_at(&mut self, at: Duration) {
        self.alarms += 1;
        self.queue.push(at, Event::Alarm);
    }

    /// Takes down what concerns a program's connection on a node.
    pub(crate) fn record_on(&mut self, node: NodeId, what: What) {
        let peer = self.index(node);
        self.record(peer, what);
    }
}
