//! Whether programs are idle, and which there are.

use std::collections::BTreeMap;

use quorate_ipc::server::ConnId;

use super::faults::HeldUp;
use super::{Host, Link, Program};
use crate::{Cluster, Running};

impl Host {
    /// Whether anything has come out of the cluster since the last call that concerns connected
    /// programs.
    pub fn has_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    /// Whether a program may be asking again and again for something that only needs time, as when
    /// cpg has told it to try again.
    pub fn wants_time(&mut self) -> bool {
        self.flow.wants_time(&self.cluster)
    }

    /// Whether no request is under way, and programs have taken every reply and every event.
    pub fn is_idle(&mut self) -> bool {
        let (server, links) = (&mut self.server, &self.links);
        let (held_up, cluster) = (&self.held_up, &self.cluster);
        server.idle_but(|conn| waits(links, held_up, cluster, conn))
    }

    /// The same without the connections of some processes.
    pub fn is_idle_without(&mut self, processes: &[u32]) -> bool {
        let server = &mut self.server;
        let counts = |conn: &ConnId| {
            let knock = server.describe(*conn);
            let process = knock.and_then(|knock| u32::try_from(knock.credentials.pid).ok());
            process.is_none_or(|process| !processes.contains(&process))
        };
        let others: Vec<_> = server.connections().into_iter().filter(counts).collect();
        let (links, held_up, cluster) = (&self.links, &self.held_up, &self.cluster);
        let mut others = others.into_iter();
        others.all(|conn| waits(links, held_up, cluster, conn) || server.is_idle(conn))
    }

    /// All connections of programs, oldest first.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        let program = |conn: ConnId| {
            let link = self.links.get(&conn)?;
            let knock = self.server.describe(conn)?;
            Some(Program {
                node: link.node,
                service: link.service,
                process: u32::try_from(knock.credentials.pid).unwrap_or(0),
            })
        };
        self.server
            .connections()
            .into_iter()
            .filter_map(program)
            .collect()
    }
}

/// Whether what a program has asked has to wait, for a fault or for a paused node.
fn waits(
    links: &BTreeMap<ConnId, Link>,
    held_up: &HeldUp,
    cluster: &Cluster,
    conn: ConnId,
) -> bool {
    let node = links.get(&conn).map(|link| link.node);
    let state = node.and_then(|node| cluster.running(node));
    state == Some(Running::Paused) || held_up.delays(conn)
}
