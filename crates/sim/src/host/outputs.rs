//! What comes out of the cluster, and whom it concerns.

use quorate_engine::NodeId;
use quorate_ipc::server::ConnId;

use super::station::Station;
use super::{Host, HostError, Link, votequorum};
use crate::{Output, OutputKind};

impl Host {
    /// Tells programs what has come out of the cluster, or waited for its time to pass, and hears
    /// those that had to wait for it.
    pub(super) fn tell(&mut self) -> Result<(), HostError> {
        loop {
            self.pass_on_all()?;
            self.flow.follow(&mut self.server, &self.cluster);
            if let Some((conn, bytes)) = self.flow.next(&self.links, None) {
                self.heard(conn, &bytes)?;
            } else if !self.attend_faults()? {
                return Ok(());
            }
        }
    }

    fn pass_on_all(&mut self) -> Result<(), HostError> {
        for output in self.cluster.outputs() {
            self.told |= !self.links.is_empty();
            self.pass_on(output)?;
        }
        self.note_sent();
        Ok(())
    }

    fn pass_on(&mut self, output: Output) -> Result<(), HostError> {
        let node = output.node;
        match output.kind {
            OutputKind::Started => {
                let dir = self.run_dir(node);
                let (config, configured) = (self.cluster.config(), self.cluster.keys(node));
                let keys = configured.unwrap_or(config.keys());
                let station = Station::start(&mut self.server, &dir, config, keys, node)?;
                self.stations.insert(node, station);
                return Ok(());
            }
            OutputKind::Stopped => {
                self.stopped(node);
                return Ok(());
            }
            _ => {}
        }
        let Some(station) = self.stations.get_mut(&node) else {
            return Ok(());
        };
        let server = &mut self.server;
        match output.kind {
            OutputKind::Reply { client, reply } => {
                if let Some(conn) = self.conns.get(&client) {
                    votequorum::reply(server, *conn, reply);
                }
            }
            OutputKind::Notify {
                client,
                context,
                notification,
            } => {
                if let Some(conn) = self.conns.get(&client) {
                    votequorum::notify(server, *conn, context, notification);
                }
            }
            OutputKind::Quorum {
                ring,
                members,
                quorate,
            } => station.decided(server, self.cluster.config(), (ring, &members, quorate)),
            OutputKind::RuntimeKey { name, value } => station.runtime_key(server, name, value),
            OutputKind::ConfigKey { key, value } => {
                station.config_key(server, &key, value.as_ref());
            }
            OutputKind::Reloaded { number, keys } => {
                station.reloaded(server, self.cluster.config(), node, keys.as_deref());
                station.cfg.reloaded(server, number, keys.is_some());
            }
            OutputKind::Reminder(number) => {
                self.with_cfg(node, |cfg, desk| cfg.reminded(desk, number));
            }
            OutputKind::Event { client, message } => {
                if let Some(conn) = self.conns.get(&client) {
                    server.event(*conn, message);
                }
            }
            OutputKind::Paused(paused) => station.freeze(server, paused)?,
            // Its connections hang up when it has stopped, all together.
            OutputKind::Disconnected { .. } | OutputKind::Started | OutputKind::Stopped => {}
        }
        Ok(())
    }

    fn stopped(&mut self, node: NodeId) {
        self.note_sent();
        let Some(station) = self.stations.remove(&node) else {
            return;
        };
        station.stop(&mut self.server);
        let here = |(conn, link): (&ConnId, &Link)| (link.node == node).then_some(*conn);
        for conn in self.links.iter().filter_map(here).collect::<Vec<_>>() {
            let unread = self.server.unread_events(conn);
            self.witness.ended(conn, unread);
            self.links.remove(&conn);
            self.held_up.forget(conn);
            self.flow.disconnected(conn, node);
            self.server.close(conn);
        }
        self.conns.retain(|_, conn| self.links.contains_key(conn));
    }
}
