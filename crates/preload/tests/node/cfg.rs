//! cfg: a node with two links.

use super::{NODEID, Outcome};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cfg::{
    Link, LinkStatus, LocalReply, NodeAddrsReply, NodeStatus, NodeStatusReply, Refused, Request,
    RingStatusReply, TestShutdownEvent, reply_id,
};
use quorate_proto::status;
use std::collections::BTreeSet;
use zerocopy::{FromZeros, IntoBytes};

#[derive(Default)]
pub(super) struct State {
    pub(super) trackers: BTreeSet<ConnId>,
    /// Who waits to hear whether the node may be shut down.
    shutdown: Option<ConnId>,
}

impl State {
    pub(super) fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        match Request::decode(bytes)? {
            Request::RingStatusGet => {
                let link = |name| LinkStatus {
                    name,
                    status: b"OK",
                };
                let links = [link(&b"0 192.0.2.1"[..]), link(b"1 198.51.100.1")];
                server.reply(conn, RingStatusReply::message(&links));
            }
            Request::RingReenable => server.reply(conn, status(reply_id::RING_REENABLE, 19)),
            Request::KillNode { nodeid, reason } => {
                let error = if (nodeid, reason) == (2, b"for a test") {
                    1
                } else {
                    12
                };
                server.reply(conn, status(reply_id::KILL_NODE, error));
            }
            Request::TryShutdown { flags } => {
                for tracker in &self.trackers {
                    server.event(*tracker, TestShutdownEvent::new(1, flags).as_bytes());
                }
                self.shutdown = Some(conn);
            }
            Request::ReplyToShutdown { response } => {
                let error = self.shutdown.take().map_or(11, |asking| {
                    let verdict = if response == 1 { 1 } else { 10 };
                    server.reply(asking, status(reply_id::TRY_SHUTDOWN, verdict));
                    1
                });
                server.reply(conn, status(reply_id::REPLY_TO_SHUTDOWN, error));
            }
            Request::GetNodeAddrs { nodeid } => {
                let addresses = [[192, 0, 2, 1], [198, 51, 100, 1]].map(|four| {
                    let mut address = [0; 16];
                    address[..4].copy_from_slice(&four);
                    address
                });
                let known = nodeid <= NODEID;
                let found = known.then_some((libc::AF_INET as u32, &addresses[..]));
                server.reply(conn, NodeAddrsReply::message(found.ok_or(Refused(12))));
            }
            Request::LocalGet => server.reply(conn, LocalReply::new(NODEID).as_bytes()),
            Request::ReloadConfig => server.reply(conn, status(reply_id::RELOAD_CONFIG, 1)),
            Request::ReopenLogFiles => server.reply(conn, status(reply_id::REOPEN_LOG_FILES, 1)),
            Request::NodeStatusGet { nodeid, version } => match (nodeid, version) {
                (1 | 2, 1) => {
                    let mut status = NodeStatus::new_zeroed();
                    (status.version, status.nodeid, status.reachable) = (1, nodeid, 1);
                    status.links[1] = Link::new(true, 1397, b"192.0.2.1", b"192.0.2.2");
                    server.reply(conn, NodeStatusReply::message(&status));
                }
                _ => server.reply(conn, NodeStatusReply::refusal(21)),
            },
            Request::TrackStart { .. } => {
                self.trackers.insert(conn);
                server.reply(conn, status(reply_id::TRACK_START, 1));
            }
            Request::TrackStop => {
                self.trackers.remove(&conn);
                server.reply(conn, status(reply_id::TRACK_STOP, 1));
            }
        }
        Ok(())
    }
}
