//! What programs ask, and the answers.

use quorate_engine::NodeId;
use quorate_ipc::Service;
use quorate_ipc::server::ConnId;
use quorate_proto::{BadRequest, status};

use super::cfg::{self, Cfg};
use super::station::Station;
use super::{Host, HostError, Link, cmap, votequorum};
use crate::Cpg;

/// `CS_ERR_ACCESS`.
const ACCESS: i32 = 11;
/// `CS_ERR_NO_RESOURCES`, corosync's answer when totem takes no more messages.
const NO_RESOURCES: i32 = 18;
/// Messages of a node that may wait for the token. While programs work, virtual time may stand
/// still, and the token with it.
const BACKLOG: usize = 4096;

impl Host {
    /// Lets the service cfg of a node that runs do something.
    pub(super) fn with_cfg<R>(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut Cfg, &mut cfg::Desk<'_, Cpg>) -> R,
    ) -> Option<R> {
        let Station {
            cfg, cmap, members, ..
        } = self.stations.get_mut(&node)?;
        let mut desk = cfg::Desk {
            server: &mut self.server,
            cluster: &mut self.cluster,
            local: node,
            map: &cmap.map,
            members,
            file: self.config_file.as_deref(),
        };
        Some(act(cfg, &mut desk))
    }

    pub(super) fn request(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        let link = self.links.get(&conn).copied();
        let mut cpg = link.iter().filter(|link| link.service == Service::Cpg);
        if cpg.any(|link| self.flow.keeps(conn, link.node, bytes)) {
            return Ok(());
        }
        self.heard(conn, bytes)
    }

    pub(super) fn heard(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        let Some(link) = self.links.get(&conn).copied() else {
            return Ok(());
        };
        self.note_request(link, bytes);
        match self.answer(conn, link, bytes) {
            Ok(None) => {}
            Ok(Some(change)) => {
                let result = self.cluster.set_key(link.node, &change.key, change.value);
                // Who tracks the key is told before the answer.
                self.tell()?;
                let error = result.map_or(ACCESS, |()| quorate_proto::OK);
                self.server.reply(conn, status(change.reply, error));
            }
            Err(bad) => match bad.reply() {
                Some(reply) => self.server.reply(conn, reply),
                None => self.server.dismiss(conn),
            },
        }
        Ok(())
    }

    fn answer(
        &mut self,
        conn: ConnId,
        link: Link,
        bytes: &[u8],
    ) -> Result<Option<cmap::Change>, BadRequest> {
        let server = &mut self.server;
        let Some(station) = self.stations.get_mut(&link.node) else {
            return Ok(None);
        };
        match (link.service, link.client) {
            (Service::VoteQuorum, Some(client)) => {
                let request = votequorum::decode(bytes)?;
                let old = self.cluster.compat().no_extra_info;
                let full = self.cluster.backlog(link.node) >= BACKLOG;
                match votequorum::unknown_to_old_daemons(&request).filter(|_| old) {
                    Some(refusal) => server.reply(conn, refusal),
                    None if full && votequorum::is_told_to_others(&request) => {
                        server.reply(conn, status(0, NO_RESOURCES));
                    }
                    // The answer comes out of the cluster. A closed connection gets none.
                    None => drop(self.cluster.request(client, request)),
                }
            }
            (Service::Quorum, _) => station.quorum.answer(server, conn, bytes)?,
            (Service::Cmap, _) => return station.cmap.answer(server, conn, bytes),
            (Service::Cfg, _) => {
                let answered = self.with_cfg(link.node, |cfg, desk| cfg.answer(desk, conn, bytes));
                answered.unwrap_or(Ok(()))?;
            }
            (Service::Cpg, Some(client)) => {
                let cluster = &mut self.cluster;
                self.flow.answer((server, conn), (cluster, client), bytes)?;
            }
            (Service::VoteQuorum | Service::Cpg, None) => {}
        }
        Ok(None)
    }
}
