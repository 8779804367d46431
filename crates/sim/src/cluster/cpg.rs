//! Clients of cpg.

use quorate_engine::{ClientId, NodeId};
use quorate_proto::cpg::Request;

use super::{Cluster, OperationError, Running};
use crate::cpg::{Answer, Cpg};
use crate::log::What;
use crate::transport::{Outbox, Services};
use crate::wording;

/// From three quarters of totem's queue of 4 MiB on, corosync takes no requests
/// (`totempg.c`: `TOTEM_Q_LEVEL_CRITICAL`).
const CRITICAL: usize = 3 << 20;

impl Cluster<Cpg> {
    /// Connects a client to cpg on a node. Its events are among the [outputs](Self::outputs) of
    /// a node that is [watched](Self::watch).
    ///
    /// # Errors
    ///
    /// If the node is unknown or down.
    pub fn attach_cpg(&mut self, node: NodeId) -> Result<ClientId, OperationError> {
        self.running_peer(node)?;
        let client = ClientId(self.number());
        self.services_mut().connect(node, client);
        Ok(client)
    }

    /// Closes a client's connection; its group is told that its process has ended. One that is
    /// closed already stays so.
    pub fn detach_cpg(&mut self, client: ClientId) {
        let Some(peer) = self.cpg_peer(client) else {
            return;
        };
        let mut outbox = Outbox::default();
        self.services_mut().disconnect(client, &mut outbox);
        self.empty(peer, outbox);
    }

    /// Hands a client's request to cpg, which answers at once. A message takes its time: it is
    /// among the events of all members when it has gone round.
    ///
    /// # Errors
    ///
    /// If the connection is closed, or the node paused.
    pub fn request_cpg(
        &mut self,
        client: ClientId,
        request: &Request<'_>,
    ) -> Result<Answer, OperationError> {
        let unknown = OperationError::UnknownClient(client.0);
        let peer = self.cpg_peer(client).ok_or(unknown.clone())?;
        if self.peers[peer].running == Running::Paused {
            return Err(OperationError::Paused(self.peers[peer].id));
        }
        let what = What::Request {
            client: client.0,
            request: wording::cpg_request(request),
        };
        self.record(Some(peer), what);
        let mut outbox = Outbox::default();
        let answer = self.services_mut().answer(client, request, &mut outbox);
        let answer = answer.ok_or(unknown)?;
        if answer.message.is_some() {
            let what = What::Reply {
                client: client.0,
                reply: answer.error.to_string(),
            };
            self.record(Some(peer), what);
        }
        self.empty(peer, outbox);
        Ok(answer)
    }

    fn cpg_peer(&self, client: ClientId) -> Option<usize> {
        self.index(self.services().node_of(client)?)
    }
}

impl<S: Services> Cluster<S> {
    /// Whether a node takes no requests of cpg for now: while its ring synchronises, and while too
    /// much waits to be said.
    #[must_use]
    pub fn holds_back(&self, node: NodeId) -> bool {
        let Some(peer) = self.index(node) else {
            return false;
        };
        self.is_synchronising(peer) || self.peers[peer].outgoing.bytes() >= CRITICAL
    }

    pub(super) fn is_synchronising(&self, peer: usize) -> bool {
        let ring = self.peers[peer].ring.and_then(|key| self.rings.get(&key));
        ring.is_some_and(|ring| ring.sync.is_some())
    }
}
