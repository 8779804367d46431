//! votequorum: requests for the engine, and what the engine says to clients.

use quorate_engine as engine;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::votequorum::{
    Event, ExtraInfoReply, InfoReply, Node, Request, RingId, StatusReply,
};
use quorate_proto::{BadRequest, status};
use zerocopy::IntoBytes;

use engine::{NodeId, Notification, Reply};

/// The engine's request in a client's message.
pub(super) fn decode(bytes: &[u8]) -> Result<engine::Request, BadRequest> {
    Ok(match Request::decode(bytes)? {
        Request::GetInfo { nodeid } => engine::Request::GetInfo {
            node: NodeId(nodeid),
        },
        Request::SetExpected { expected_votes } => engine::Request::SetExpected { expected_votes },
        Request::SetVotes { nodeid, votes } => engine::Request::SetVotes {
            node: NodeId(nodeid),
            votes,
        },
        // The daemon keeps the flags in eight bits.
        Request::TrackStart { context, flags } => engine::Request::TrackStart {
            context,
            flags: flags as u8,
        },
        Request::TrackStop => engine::Request::TrackStop,
        Request::Register { name } => engine::Request::QdeviceRegister {
            name: name.to_vec(),
        },
        Request::Unregister { name } => engine::Request::QdeviceUnregister {
            name: name.to_vec(),
        },
        Request::Update { old_name, new_name } => engine::Request::QdeviceUpdate {
            old: old_name.to_vec(),
            new: new_name.to_vec(),
        },
        Request::Poll {
            name,
            cast_vote,
            ring,
        } => engine::Request::QdevicePoll {
            name: name.to_vec(),
            cast_vote: cast_vote != 0,
            ring: engine::RingId {
                node: NodeId(ring.nodeid),
                seq: ring.seq,
            },
        },
        Request::MasterWins { name, allow } => engine::Request::QdeviceMasterWins {
            name: name.to_vec(),
            allow: allow != 0,
        },
        Request::SetExtraInfo { info } => engine::Request::SetExtraInfo {
            data: info.to_vec(),
        },
        Request::GetExtraInfo { nodeid } => engine::Request::GetExtraInfo {
            node: NodeId(nodeid),
        },
    })
}

/// What corosync 3.1 answers to the requests that came with 8.1.0.
pub(super) fn unknown_to_old_daemons(request: &engine::Request) -> Option<[u8; 24]> {
    const INVALID_PARAM: i32 = 7;
    let newer = matches!(
        request,
        engine::Request::SetExtraInfo { .. } | engine::Request::GetExtraInfo { .. }
    );
    newer.then(|| status(0, INVALID_PARAM))
}

/// Whether the request makes the node speak to the others.
pub(super) fn is_told_to_others(request: &engine::Request) -> bool {
    !matches!(
        request,
        engine::Request::GetInfo { .. }
            | engine::Request::GetExtraInfo { .. }
            | engine::Request::TrackStart { .. }
            | engine::Request::TrackStop
    )
}

pub(super) fn reply(server: &mut Server, conn: ConnId, reply: Reply) {
    match reply {
        Reply::Status(status) => {
            server.reply(conn, StatusReply::new(status.code() as i32).as_bytes());
        }
        Reply::Info(Ok(info)) => server.reply(conn, info_reply(&info).as_bytes()),
        Reply::Info(Err(status)) => {
            server.reply(conn, InfoReply::new(status.code() as i32).as_bytes())
        }
        Reply::ExtraInfo(Ok(data)) => server.reply(conn, ExtraInfoReply::message(&data)),
        Reply::ExtraInfo(Err(status)) => {
            server.reply(conn, ExtraInfoReply::refusal(status.code() as i32));
        }
    }
}

fn info_reply(info: &engine::NodeInfo) -> InfoReply {
    let mut reply = InfoReply::new(quorate_proto::OK);
    reply.nodeid = info.node.0;
    reply.state = info.state as u32;
    reply.votes = info.votes;
    reply.expected_votes = info.expected_votes;
    reply.highest_expected = info.highest_expected;
    reply.total_votes = info.total_votes;
    reply.quorum = info.quorum;
    reply.flags = info.flags.0;
    reply.qdevice_votes = info.qdevice_votes;
    reply.set_qdevice_name(&info.qdevice_name);
    reply
}

pub(super) fn notify(server: &mut Server, conn: ConnId, context: u64, news: Notification) {
    let message = match news {
        Notification::NodeList { ring, members } => Event::NodeList {
            context,
            ring: RingId {
                nodeid: ring.node.0,
                seq: ring.seq,
            },
            members: &mut members.iter().map(|node| node.0).collect::<Vec<_>>(),
        }
        .encode(),
        Notification::Quorum { quorate, nodes } => {
            let node = |entry: &engine::NodeEntry| Node {
                nodeid: entry.node.0,
                state: entry.state as u32,
            };
            let nodes = &mut nodes.iter().map(node).collect::<Vec<_>>();
            Event::Quorum {
                context,
                quorate: quorate.into(),
                nodes,
            }
            .encode()
        }
        Notification::ExpectedVotes { expected_votes } => Event::ExpectedVotes {
            context,
            expected_votes,
        }
        .encode(),
        Notification::ExtraInfo { node, mut data } => Event::ExtraInfo {
            context,
            nodeid: node.0,
            info: &mut data,
        }
        .encode(),
    };
    server.event(conn, message);
}
