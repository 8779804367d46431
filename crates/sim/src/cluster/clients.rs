//! Client connections, and what comes out for them.

use std::sync::Arc;
use std::time::Duration;

use quorate_engine::{ClientId, Input, KeyValue, NodeId, Notification, Reply, Request, RingId};

use super::{Cluster, OperationError, Running};
use crate::config::{Keys, Value};
use crate::log::What;
use crate::transport::{ServiceId, Services};
use crate::wording;

/// Something for the services that talk to programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// When it came.
    pub at: Duration,
    /// On which node.
    pub node: NodeId,
    /// What.
    pub kind: OutputKind,
}

/// What comes out of a node. The first three concern connections made with
/// [`attach`](Cluster::attach), the others nodes that are [watched](Cluster::watch).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OutputKind {
    /// The answer to a request.
    Reply {
        /// The connection.
        client: ClientId,
        /// The answer.
        reply: Reply,
    },
    /// A notification of votequorum.
    Notify {
        /// The connection.
        client: ClientId,
        /// The context of its `trackstart`.
        context: u64,
        /// The content.
        notification: Notification,
    },
    /// An event of another service than votequorum, as its protocol has it.
    Event {
        /// The connection.
        client: ClientId,
        /// The whole message.
        message: Vec<u8>,
    },
    /// The connection ended with the node's corosync.
    Disconnected {
        /// The connection.
        client: ClientId,
    },
    /// What libquorum's trackers are told.
    Quorum {
        /// The ring.
        ring: RingId,
        /// Its members.
        members: Vec<NodeId>,
        /// Whether they are quorate.
        quorate: bool,
    },
    /// A key `runtime.votequorum.{name}` changed.
    RuntimeKey {
        /// The last part of its name.
        name: &'static str,
        /// Its value.
        value: KeyValue,
    },
    /// A key of the configuration was set or removed.
    ConfigKey {
        /// Its name.
        key: String,
        /// Its value; `None` if it was removed.
        value: Option<Value>,
    },
    /// The node has read its configuration again.
    Reloaded {
        /// Which [reload](Cluster::reload) it was.
        number: u64,
        /// The keys of its configuration as they are now; `None` if the file is wrong.
        keys: Option<Arc<Keys>>,
    },
    /// The time of a [reminder](Cluster::remind) has come.
    Reminder(u64),
    /// The node's corosync started.
    Started,
    /// The node's corosync is gone.
    Stopped,
    /// The node's corosync was frozen (`true`) or goes on.
    Paused(bool),
}

impl<S: Services> Cluster<S> {
    /// Connects a client to votequorum on a node.
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn attach(&mut self, node: NodeId) -> Result<ClientId, OperationError> {
        let peer = self.running_peer(node)?;
        let client = ClientId(self.number());
        self.peers[peer].clients.insert(client);
        self.clients.insert(client, peer);
        Ok(client)
    }

    /// Closes a client's connection. One that is closed already stays so.
    pub fn detach(&mut self, client: ClientId) {
        if let Some(peer) = self.clients.remove(&client) {
            self.peers[peer].clients.remove(&client);
            self.feed_when_running(peer, Input::Disconnect { client });
            self.check_invariants();
        }
    }

    /// Hands a client's request to votequorum; the answer is among the [outputs](Self::outputs),
    /// at once unless the request needs a message to go round or the node is paused.
    ///
    /// # Errors
    ///
    /// If the connection is closed.
    pub fn request(&mut self, client: ClientId, request: Request) -> Result<(), OperationError> {
        let peer = *self
            .clients
            .get(&client)
            .ok_or(OperationError::UnknownClient(client.0))?;
        self.watch.request(&request);
        let text = wording::request(&request);
        let what = What::Request {
            client: client.0,
            request: text,
        };
        self.record(Some(peer), what);
        self.feed_when_running(peer, Input::Request { client, request });
        self.check_invariants();
        Ok(())
    }

    /// Asks for the state of a node from now on: membership, quorum, keys, start and stop.
    ///
    /// # Errors
    ///
    /// If the node is unknown.
    pub fn watch(&mut self, node: NodeId) -> Result<(), OperationError> {
        let peer = self.index(node).ok_or(OperationError::UnknownNode(node))?;
        self.peers[peer].watched = true;
        Ok(())
    }

    /// Multicasts a message of another service to the node's ring.
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn multicast(
        &mut self,
        node: NodeId,
        service: ServiceId,
        data: Vec<u8>,
    ) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        self.multicast_from(peer, service, data);
        Ok(())
    }

    /// Messages of votequorum on the node that wait for the token; 0 for an unknown node.
    #[must_use]
    pub fn backlog(&self, node: NodeId) -> usize {
        let peer = self.index(node);
        peer.map_or(0, |peer| self.peers[peer].outgoing.backlog())
    }

    /// What came out since the last call, in order.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Asks as `corosync-quorumtool` does, over a connection of its own.
    pub(super) fn ask(
        &mut self,
        node: NodeId,
        request: Request,
    ) -> Result<Option<Reply>, OperationError> {
        let peer = self.running_peer(node)?;
        if self.peers[peer].running == Running::Paused {
            return Err(OperationError::Paused(node));
        }
        let client = self.attach(node)?;
        self.asked = Some((client, None));
        self.request(client, request)?;
        let answer = self.asked.take().and_then(|(_, reply)| reply);
        self.detach(client);
        Ok(answer)
    }

    pub(super) fn replied(&mut self, peer: usize, client: ClientId, reply: Reply) {
        let text = wording::reply(&reply);
        let what = What::Reply {
            client: client.0,
            reply: text,
        };
        self.record(Some(peer), what);
        match &mut self.asked {
            Some((asking, answer)) if *asking == client => {
                *answer = Some(reply);
                return;
            }
            _ => {}
        }
        if self.is_device(peer, client) {
            self.device_answered(peer, &reply);
        } else {
            self.client_output(peer, client, OutputKind::Reply { client, reply });
        }
    }

    pub(super) fn notified(
        &mut self,
        peer: usize,
        client: ClientId,
        context: u64,
        notification: Notification,
    ) {
        if self.is_device(peer, client) {
            self.device_notified(peer, &notification);
            return;
        }
        let text = wording::notification(&notification);
        let what = What::Notified {
            client: client.0,
            notification: text,
        };
        self.record(Some(peer), what);
        let kind = OutputKind::Notify {
            client,
            context,
            notification,
        };
        self.client_output(peer, client, kind);
    }

    fn client_output(&mut self, peer: usize, client: ClientId, kind: OutputKind) {
        if self.clients.contains_key(&client) {
            self.output(peer, kind);
        }
    }

    pub(super) fn state_output(&mut self, peer: usize, kind: OutputKind) {
        if self.peers[peer].watched {
            self.output(peer, kind);
        }
    }

    fn output(&mut self, peer: usize, kind: OutputKind) {
        self.outputs.push(Output {
            at: self.now,
            node: self.peers[peer].id,
            kind,
        });
    }

    /// The node's corosync is gone, and with it all connections to it.
    pub(super) fn disconnect_all(&mut self, peer: usize) {
        for client in std::mem::take(&mut self.peers[peer].clients) {
            self.clients.remove(&client);
            if !self.is_device(peer, client) {
                self.output(peer, OutputKind::Disconnected { client });
            }
        }
    }
}
