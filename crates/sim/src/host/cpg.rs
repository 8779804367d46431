//! cpg: requests for the groups of a node, and when they have to wait.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate_engine::{ClientId, NodeId};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::BadRequest;
use quorate_proto::cpg::Request;

use super::Link;
use crate::{Cluster, Running};

type Links = BTreeMap<ConnId, Link>;

/// Corosync's word to clients that they must not send anything, and that what they ask has to
/// wait. `cpg_mcast_joined` then returns `CS_ERR_TRY_AGAIN`, other functions block.
const HELD: u32 = 2;
const OPEN: u32 = 0;

/// When programs are not to ask more of cpg.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Connections by node.
    connections: BTreeMap<NodeId, BTreeSet<ConnId>>,
    held: BTreeSet<NodeId>,
    /// What had been read before its node was held back.
    waiting: VecDeque<(ConnId, Vec<u8>)>,
    /// Somebody was told to ask again a little later.
    told_to_wait: bool,
}

impl Flow {
    /// A connection was made.
    pub(super) fn connected(&mut self, server: &mut Server, conn: ConnId, node: NodeId) {
        self.connections.entry(node).or_default().insert(conn);
        if self.held.contains(&node) {
            server.set_flow_control(conn, HELD);
        }
    }

    /// A connection has ended.
    pub(super) fn disconnected(&mut self, conn: ConnId, node: NodeId) {
        if let Some(here) = self.connections.get_mut(&node) {
            here.remove(&conn);
            if here.is_empty() {
                self.connections.remove(&node);
            }
        }
    }

    /// Whether the request has to wait, which it does here.
    pub(super) fn keeps(&mut self, conn: ConnId, node: NodeId, bytes: &[u8]) -> bool {
        let keeps = self.held.contains(&node);
        if keeps {
            self.waiting.push_back((conn, bytes.to_vec()));
        }
        keeps
    }

    /// What a connection has asked that had to wait; or, without one, whatever may go on.
    pub(super) fn next(&mut self, links: &Links, of: Option<ConnId>) -> Option<(ConnId, Vec<u8>)> {
        let mut waiting = self.waiting.iter();
        let found = waiting.position(|(conn, _)| match of {
            Some(this) => this == *conn,
            // Whose connection has ended needs no answer, but is heard.
            None => (links.get(conn)).is_none_or(|link| !self.held.contains(&link.node)),
        });
        self.waiting.remove(found?)
    }

    /// Holds clients back or lets them go on, as their node does.
    pub(super) fn follow(&mut self, server: &mut Server, cluster: &Cluster) {
        self.held.retain(|node| self.connections.contains_key(node));
        for (node, connections) in &self.connections {
            let holds_back = cluster.holds_back(*node);
            let changed = if holds_back {
                self.held.insert(*node)
            } else {
                self.held.remove(node)
            };
            for conn in connections.iter().filter(|_| changed) {
                server.set_flow_control(*conn, if holds_back { HELD } else { OPEN });
            }
        }
    }

    /// Whether a program can't go on before time passes. One that asks again and again never
    /// sleeps.
    pub(super) fn wants_time(&mut self, cluster: &Cluster) -> bool {
        let runs = |node: &NodeId| cluster.running(*node) != Some(Running::Paused);
        std::mem::take(&mut self.told_to_wait) || self.held.iter().any(runs)
    }

    pub(super) fn answer(
        &mut self,
        (server, conn): (&mut Server, ConnId),
        (cluster, client): (&mut Cluster, ClientId),
        bytes: &[u8],
    ) -> Result<(), BadRequest> {
        let request = Request::decode(bytes)?;
        // A closed connection gets no answer.
        if let Ok(answer) = cluster.request_cpg(client, &request) {
            self.told_to_wait |= answer.asks_for_time();
            match answer.message {
                Some(message) => server.reply(conn, message),
                None => server.dismiss(conn),
            }
        }
        Ok(())
    }
}
