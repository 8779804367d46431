//! cfg: who the node is, and where the nodes are.

use std::net::IpAddr;

use quorate_engine::NodeId;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cfg::{Address, LocalReply, NodeAddrsReply, Refused, Request, reply_id};
use quorate_proto::{BadRequest, status};
use zerocopy::IntoBytes;

use crate::config::ClusterConfig;

const NOT_EXIST: i32 = 12;
const NOT_SUPPORTED: i32 = 19;
/// Linux's numbers of address families.
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;

pub(super) fn answer(
    server: &mut Server,
    conn: ConnId,
    config: &ClusterConfig,
    local: NodeId,
    bytes: &[u8],
) -> Result<(), BadRequest> {
    let unsupported = match Request::decode(bytes)? {
        Request::LocalGet => {
            server.reply(conn, LocalReply::new(local.0).as_bytes());
            return Ok(());
        }
        Request::GetNodeAddrs { nodeid } => {
            let node = if nodeid == 0 { local } else { NodeId(nodeid) };
            let found = addresses(config, node);
            let found = found.as_ref().map(|(family, list)| (*family, &list[..]));
            server.reply(
                conn,
                NodeAddrsReply::message(found.ok_or(Refused(NOT_EXIST))),
            );
            return Ok(());
        }
        Request::RingStatusGet => reply_id::RING_STATUS_GET,
        Request::RingReenable => reply_id::RING_REENABLE,
        Request::KillNode { .. } => reply_id::KILL_NODE,
        Request::TryShutdown { .. } => reply_id::TRY_SHUTDOWN,
        Request::ReplyToShutdown { .. } => reply_id::REPLY_TO_SHUTDOWN,
        Request::ReloadConfig => reply_id::RELOAD_CONFIG,
        Request::ReopenLogFiles => reply_id::REOPEN_LOG_FILES,
        Request::NodeStatusGet { .. } => reply_id::NODE_STATUS_GET,
        Request::TrackStart { .. } => reply_id::TRACK_START,
        Request::TrackStop => reply_id::TRACK_STOP,
    };
    server.reply(conn, status(unsupported, NOT_SUPPORTED));
    Ok(())
}

/// The addresses of a node, all of the first one's family. Names are not looked up: nothing here
/// touches the network.
fn addresses(config: &ClusterConfig, node: NodeId) -> Option<(u32, Vec<Address>)> {
    let entry = config.nodes().iter().find(|entry| entry.id == node)?;
    let parsed = entry.addresses.iter().filter_map(|text| text.parse().ok());
    let list: Vec<(u32, Address)> = parsed
        .map(|address: IpAddr| match address {
            IpAddr::V4(four) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&four.octets());
                (AF_INET, bytes)
            }
            IpAddr::V6(six) => (AF_INET6, six.octets()),
        })
        .collect();
    let family = list.first().map_or(AF_INET, |(family, _)| *family);
    let same = list.iter().filter(|(other, _)| *other == family);
    Some((family, same.map(|(_, address)| *address).collect()))
}
