//! cfg: who the node is, its links, and its end; the configuration read again.

mod ballot;
mod links;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ballot::{Ballot, Step};
use links::Links;
use quorate_engine::NodeId;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cfg::{LocalReply, Request, RingStatusReply, TestShutdownEvent, reply_id};
use quorate_proto::{BadRequest, OK, status};
use zerocopy::IntoBytes;

use super::map::{Map, Stored, kind};
use crate::Cluster;
use crate::config::ClusterConfig;
use crate::transport::Services;

const TRY_AGAIN: i32 = 6;
const INVALID_PARAM: i32 = 7;
const ACCESS: i32 = 11;
const NOT_EXIST: i32 = 12;
const NAME_TOO_LONG: i32 = 13;
const EXIST: i32 = 14;
const NOT_SUPPORTED: i32 = 19;

/// How long sessions may think about a shutdown, unless `cfg.shutdown_timeout` says otherwise.
const SHUTDOWN_TIMEOUT: u32 = 5000;

/// What a node's service works with.
pub(super) struct Desk<'a, S = ()> {
    pub(super) server: &'a mut Server,
    pub(super) cluster: &'a mut Cluster<S>,
    pub(super) local: NodeId,
    pub(super) map: &'a Map,
    /// Of the node's ring.
    pub(super) members: &'a [NodeId],
    /// The corosync.conf to be read again; without one, it is as the simulation has it.
    pub(super) file: Option<&'a Path>,
}

/// A node's service.
#[derive(Debug, Default)]
pub(super) struct Cfg {
    ballot: Ballot<ConnId>,
    reminder: Option<u64>,
    /// Who waits for which reload.
    reloads: BTreeMap<u64, ConnId>,
}

impl Cfg {
    pub(super) fn answer<S: Services>(
        &mut self,
        desk: &mut Desk<'_, S>,
        conn: ConnId,
        bytes: &[u8],
    ) -> Result<(), BadRequest> {
        let request = Request::decode(bytes)?;
        let engine = desk.cluster.engine(desk.local);
        if request.flow_controlled() && engine.is_some_and(|engine| engine.is_syncing()) {
            desk.server.reply(conn, status(0, TRY_AGAIN));
            return Ok(());
        }
        let (id, error) = match request {
            Request::RingStatusGet => {
                let message = desk.links().ring_status();
                return desk.reply(conn, message.unwrap_or_else(RingStatusReply::refusal));
            }
            Request::RingReenable => (reply_id::RING_REENABLE, NOT_SUPPORTED),
            Request::KillNode { nodeid, reason } => {
                (reply_id::KILL_NODE, desk.kill(nodeid, reason))
            }
            Request::TryShutdown { flags } => {
                let steps = self.ballot.ask(conn, flags);
                self.follow(desk, steps);
                return Ok(());
            }
            Request::ReplyToShutdown { response } => {
                let (error, steps) = self.ballot.reply(conn, response != 0);
                self.follow(desk, steps);
                (reply_id::REPLY_TO_SHUTDOWN, error)
            }
            Request::GetNodeAddrs { nodeid } => {
                let message = desk.links().addresses(nodeid);
                return desk.reply(conn, message);
            }
            Request::LocalGet => {
                let reply = LocalReply::new(desk.local.0);
                return desk.reply(conn, reply.as_bytes());
            }
            Request::ReloadConfig => match desk.reload() {
                Some(number) => {
                    self.reloads.insert(number, conn);
                    return Ok(());
                }
                None => (reply_id::RELOAD_CONFIG, TRY_AGAIN),
            },
            // There are none.
            Request::ReopenLogFiles => (reply_id::REOPEN_LOG_FILES, OK),
            Request::NodeStatusGet { nodeid, version } => {
                let message = desk.links().node_status(nodeid, version);
                return desk.reply(conn, message);
            }
            Request::TrackStart { .. } => {
                let steps = self.ballot.track(conn);
                self.follow(desk, steps);
                (reply_id::TRACK_START, OK)
            }
            Request::TrackStop => {
                let steps = self.ballot.withdraw(conn);
                self.follow(desk, steps);
                (reply_id::TRACK_STOP, OK)
            }
        };
        desk.reply(conn, status(id, error))
    }

    pub(super) fn disconnect<S: Services>(&mut self, desk: &mut Desk<'_, S>, conn: ConnId) {
        self.reloads.retain(|_, waiting| *waiting != conn);
        let steps = self.ballot.forget(conn);
        self.follow(desk, steps);
    }

    /// The node has read its configuration, or could not.
    pub(super) fn reloaded(&mut self, server: &mut Server, number: u64, good: bool) {
        if let Some(conn) = self.reloads.remove(&number) {
            let error = if good { OK } else { INVALID_PARAM };
            server.reply(conn, status(reply_id::RELOAD_CONFIG, error));
        }
    }

    pub(super) fn reminded<S: Services>(&mut self, desk: &mut Desk<'_, S>, number: u64) {
        if self.reminder == Some(number) {
            let steps = self.ballot.time_is_over();
            self.follow(desk, steps);
        }
    }

    fn follow<S: Services>(
        &mut self,
        desk: &mut Desk<'_, S>,
        steps: impl IntoIterator<Item = Step<ConnId>>,
    ) {
        for step in steps {
            match step {
                Step::Ask {
                    session,
                    error,
                    flags,
                } => {
                    let event = TestShutdownEvent::new(error, flags);
                    desk.server.event(session, event.as_bytes());
                }
                Step::Answer { session, error } => {
                    let reply = status(reply_id::TRY_SHUTDOWN, error);
                    desk.server.reply(session, reply);
                }
                Step::SetReminder => self.reminder = desk.set_reminder(),
                // A node that does not run any more need not stop.
                Step::ShutDown => drop(desk.cluster.shut_down(desk.local)),
            }
        }
    }
}

impl<S: Services> Desk<'_, S> {
    fn reply(&mut self, conn: ConnId, message: impl Into<Vec<u8>>) -> Result<(), BadRequest> {
        self.server.reply(conn, message);
        Ok(())
    }

    fn links(&self) -> Links<'_, S> {
        Links {
            cluster: self.cluster,
            local: self.local,
            members: self.members,
        }
    }

    fn kill(&mut self, node: u32, reason: &[u8]) -> i32 {
        let key = format!("runtime.members.{node}.status");
        if self.map.get(key.as_bytes()) != Some(&Stored::text("joined")) {
            return NOT_EXIST;
        }
        let reason = String::from_utf8_lossy(reason);
        let sent = self
            .cluster
            .kill_over_ring(self.local, NodeId(node), &reason);
        sent.map_or(TRY_AGAIN, |()| OK)
    }

    /// The number of the reload; `None` if the node does not run any more.
    fn reload(&mut self) -> Option<u64> {
        let config = match self.file {
            Some(file) => read(file),
            None => Ok(self.cluster.config().clone()),
        };
        let sent = match config {
            Ok(config) => self.cluster.reload(self.local, config),
            Err(error) => self.cluster.reload_wrong(self.local, error),
        };
        sent.ok()
    }

    fn set_reminder(&mut self) -> Option<u64> {
        let key = self.map.get(b"cfg.shutdown_timeout");
        let key = key.filter(|key| key.kind == kind::U32);
        let set = key.and_then(|key| Some(u32::from_ne_bytes(key.bytes[..].try_into().ok()?)));
        let after = Duration::from_millis(set.unwrap_or(SHUTDOWN_TIMEOUT).into());
        self.cluster.remind(self.local, after).ok()
    }
}

fn read(file: &Path) -> Result<ClusterConfig, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    ClusterConfig::parse(&name, &text).map_err(|error| error.to_string())
}
