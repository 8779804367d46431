//! cpg: closed process groups, by the rules of corosync 3.1's `cpg.c`.
//!
//! Every node keeps the list of all processes in all groups. It changes only by messages in the
//! ring's total order, and at the end of cpg's part of a synchronisation: first the processes of
//! lost nodes go, then those of new nodes come, from the lists that all nodes have multicast.
//!
//! Where this differs from corosync, it is to withstand clients:
//!
//! - A node has at most [`PROCESSES_MAX`] processes in groups, and a connection
//!   [`LISTS_MAX`](lists::LISTS_MAX) lists under way: more are refused, where corosync's memory ends.
//! - Fragments that do not add up to the message that they claim to be parts of are refused; the C
//!   library of whoever receives them would write beyond its buffer.
//! - The zero-copy requests are refused, as newer corosyncs do. The older ones open and remove
//!   whatever file the client names.
//! - That a process has ended while its node was synchronising is said after that, behind all that it
//!   has said itself. In corosync it overtakes, and the process can stay a member for ever.

mod client;
mod lists;
mod membership;
mod message;
mod node;
mod requests;

use std::collections::BTreeMap;

use quorate_engine::{ClientId, NodeId};
use quorate_proto::cpg::Request;

use crate::transport::{GroupEvent, Outbox, ServiceId, Services};
use node::Node;
pub use requests::Answer;

/// Processes of one node in groups.
pub(crate) const PROCESSES_MAX: usize = 4096;

/// The service cpg of all nodes that run.
#[derive(Clone, Debug, Default)]
pub struct Cpg {
    nodes: BTreeMap<NodeId, Node>,
    clients: BTreeMap<ClientId, NodeId>,
}

impl Cpg {
    pub(crate) fn node_of(&self, client: ClientId) -> Option<NodeId> {
        self.clients.get(&client).copied()
    }

    pub(crate) fn connect(&mut self, node: NodeId, client: ClientId) {
        if let Some(here) = self.nodes.get_mut(&node) {
            here.connect(client);
            self.clients.insert(client, node);
        }
    }

    pub(crate) fn disconnect(&mut self, client: ClientId, outbox: &mut Outbox) {
        let node = self.clients.remove(&client);
        if let Some(node) = node.and_then(|node| self.nodes.get_mut(&node)) {
            node.disconnect(client, outbox);
        }
    }

    /// `None` if the connection is closed.
    pub(crate) fn answer(
        &mut self,
        client: ClientId,
        request: &Request<'_>,
        outbox: &mut Outbox,
    ) -> Option<Answer> {
        let node = self.clients.get(&client)?;
        self.nodes.get_mut(node)?.answer(client, request, outbox)
    }
}

impl Services for Cpg {
    fn synchronised(&self) -> &[ServiceId] {
        &[ServiceId::Cpg]
    }

    fn handle(&mut self, node: NodeId, event: GroupEvent<'_>, outbox: &mut Outbox) {
        match event {
            GroupEvent::Started => {
                self.nodes.insert(node, Node::new(node.0));
            }
            GroupEvent::Stopped => {
                self.nodes.remove(&node);
                self.clients.retain(|_, home| *home != node);
            }
            event => {
                if let Some(node) = self.nodes.get_mut(&node) {
                    node.handle(event, outbox);
                }
            }
        }
    }
}
