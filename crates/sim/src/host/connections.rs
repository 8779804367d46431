//! Connections of programs: how they begin and end.

use quorate_ipc::Service;
use quorate_ipc::server::{ConnId, ListenerId};

use super::{Host, HostError, Link};
use crate::log::What;

impl Host {
    pub(super) fn connected(&mut self, conn: ConnId, listener: ListenerId, service: Service) {
        let mut stations = self.stations.iter_mut();
        let Some((node, station)) = stations.find(|(_, station)| station.has(listener)) else {
            self.server.close(conn);
            return;
        };
        let mut client = None;
        match service {
            Service::VoteQuorum => client = self.cluster.attach(*node).ok(),
            Service::Quorum => station.quorum.connect(conn),
            Service::Cmap => station.cmap.connect(conn),
            Service::Cpg => {
                client = self.cluster.attach_cpg(*node).ok();
                self.flow.connected(&mut self.server, conn, *node);
            }
            Service::Cfg => {}
        }
        if let Some(client) = client {
            self.conns.insert(client, conn);
        }
        let node = *node;
        let number = client.map_or_else(|| self.cluster.number(), |client| client.0);
        let link = Link {
            node,
            service,
            number,
            client,
        };
        self.links.insert(conn, link);
        self.witness.connected(node);
        self.hold_events_of(conn);
        let (client, service) = (number, service.name().into());
        self.cluster
            .record_on(node, What::ClientConnected { client, service });
    }

    /// What a program has asked that is gone now, and had to wait.
    pub(super) fn hear_the_rest(&mut self, conn: ConnId) -> Result<(), HostError> {
        while let Some((conn, bytes)) = self.flow.next(&self.links, Some(conn)) {
            self.heard(conn, &bytes)?;
        }
        for bytes in self.held_up.take_delayed(conn) {
            self.heard(conn, &bytes)?;
        }
        Ok(())
    }

    pub(super) fn disconnected(&mut self, conn: ConnId, unread: usize) {
        self.note_sent();
        let Some(link) = self.links.remove(&conn) else {
            return;
        };
        self.witness.ended(conn, unread);
        self.held_up.forget(conn);
        let client = link.number;
        self.cluster
            .record_on(link.node, What::ClientGone { client });
        if let Some(client) = link.client {
            self.conns.remove(&client);
            match link.service {
                Service::Cpg => {
                    self.flow.disconnected(conn, link.node);
                    self.cluster.detach_cpg(client);
                }
                _ => self.cluster.detach(client),
            }
        }
        if let Some(station) = self.stations.get_mut(&link.node) {
            station.quorum.disconnect(conn);
            station.cmap.disconnect(conn);
        }
        if link.service == Service::Cfg {
            self.with_cfg(link.node, |cfg, desk| cfg.disconnect(desk, conn));
        }
    }
}
