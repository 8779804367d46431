//! Anything that clients, administrators and devices do, and configurations of any kind.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use quorate_engine::{
    ClientId, DeviceConfig, Effect, Input, NodeId, NodelistEntry, QuorumConfig, Request, RingId,
};

use crate::changes::{Change, NODES, apply, change};
use crate::cluster::Cluster;

pub(crate) fn node_list(votes: &[u32]) -> Vec<NodelistEntry> {
    (1..)
        .zip(votes)
        .map(|(id, &votes)| NodelistEntry {
            node: NodeId(id),
            quorum_votes: Some(votes),
        })
        .collect()
}

/// Anything a client, an administrator or a device may do.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Change(Change),
    Leave(u32),
    Ask(u32, u64, Request),
    Poll(u32, bool, bool),
    Disconnect(u32, u64),
    Reload(u32, Box<QuorumConfig>),
    Cancel(u32),
    Multicast(u32, bool),
}

pub(crate) fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => Just(b"dev".to_vec()), 1 => Just(b"other".to_vec()), 1 => vec(any::<u8>(), 0..300)]
}

pub(crate) fn votes() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..12u32, 1 => 200..300u32, 1 => any::<u32>()]
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let node = || (0..=NODES + 1).prop_map(NodeId);
    prop_oneof![
        node().prop_map(|node| Request::GetInfo { node }),
        votes().prop_map(|expected_votes| Request::SetExpected { expected_votes }),
        (node(), votes()).prop_map(|(node, votes)| Request::SetVotes { node, votes }),
        (any::<u64>(), 0..8u8).prop_map(|(context, flags)| Request::TrackStart { context, flags }),
        Just(Request::TrackStop),
        name().prop_map(|name| Request::QdeviceRegister { name }),
        name().prop_map(|name| Request::QdeviceUnregister { name }),
        (name(), name()).prop_map(|(old, new)| Request::QdeviceUpdate { old, new }),
        (name(), any::<bool>())
            .prop_map(|(name, allow)| Request::QdeviceMasterWins { name, allow }),
        prop_oneof![vec(any::<u8>(), 0..10), vec(any::<u8>(), 4090..4100)]
            .prop_map(|data| Request::SetExtraInfo { data }),
        node().prop_map(|node| Request::GetExtraInfo { node }),
    ]
}

pub(crate) fn any_config() -> impl Strategy<Value = QuorumConfig> {
    let flags = vec(any::<bool>(), 7);
    let device = (
        any::<bool>(),
        proptest::option::of(votes()),
        1..5000u32,
        1..5000u32,
    )
        .prop_map(|(model, votes, timeout, sync_timeout)| DeviceConfig {
            model: if model {
                "net".to_owned()
            } else {
                String::new()
            },
            votes,
            timeout,
            sync_timeout,
        });
    let breaker = prop_oneof![
        Just("lowest".to_owned()),
        Just("highest".to_owned()),
        Just("2 1 4".to_owned()),
        ".{0,8}"
    ];
    (
        vec(votes(), 0..=5),
        flags,
        weighted(0.2, votes()),
        weighted(0.4, breaker),
        weighted(0.4, device),
        weighted(0.3, any::<bool>()),
        1..3000u32,
    )
        .prop_map(
            |(votes, flags, expected_votes, breaker, device, wait_for_all, window)| QuorumConfig {
                expected_votes,
                votes: votes.first().copied(),
                nodelist: if flags[6] {
                    node_list(&[1; 5])
                } else {
                    node_list(&votes)
                },
                two_node: flags[0] && flags[1],
                wait_for_all,
                last_man_standing: flags[2],
                last_man_standing_window: window,
                auto_tie_breaker: flags[3],
                auto_tie_breaker_node: breaker,
                allow_downscale: flags[4] && flags[1],
                expected_votes_tracking: flags[5],
                device,
            },
        )
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let node = || 1..=NODES;
    prop_oneof![
        4 => change(NODES).prop_map(Op::Change),
        1 => node().prop_map(Op::Leave),
        6 => (node(), 0..3u64, request()).prop_map(|(node, client, ask)| Op::Ask(node, client, ask)),
        3 => (node(), any::<bool>(), any::<bool>()).prop_map(|(n, cast, new)| Op::Poll(n, cast, new)),
        1 => (node(), 0..3u64).prop_map(|(node, client)| Op::Disconnect(node, client)),
        1 => (node(), any_config()).prop_map(|(node, config)| Op::Reload(node, Box::new(config))),
        1 => node().prop_map(Op::Cancel),
        1 => (node(), any::<bool>()).prop_map(|(node, on)| Op::Multicast(node, on)),
    ]
}

pub(crate) fn apply_op(cluster: &mut Cluster, op: &Op, config: &QuorumConfig) {
    let node = match op {
        Op::Change(change) => return apply(cluster, change, config),
        Op::Leave(node)
        | Op::Ask(node, ..)
        | Op::Poll(node, ..)
        | Op::Disconnect(node, _)
        | Op::Reload(node, _)
        | Op::Cancel(node)
        | Op::Multicast(node, _) => *node,
    };
    if !cluster.is_up(node) {
        return;
    }
    match op.clone() {
        Op::Change(_) => unreachable!("handled above"),
        Op::Leave(node) => cluster.leave(node),
        Op::Ask(node, client, request) => {
            cluster.events(node);
            cluster.input(
                node,
                Input::Request {
                    client: ClientId(client),
                    request,
                },
            );
            let replies = cluster.events(node);
            let count = replies
                .iter()
                .filter(|event| matches!(event, Effect::Reply { .. }))
                .count();
            assert_eq!(count, 1, "one answer to every request");
        }
        Op::Poll(node, cast_vote, current) => {
            let ring = cluster.engine(node).ring();
            let ring = if current {
                ring
            } else {
                RingId {
                    seq: ring.seq + 1,
                    ..ring
                }
            };
            cluster.status(
                node,
                Request::QdevicePoll {
                    name: b"dev".to_vec(),
                    cast_vote,
                    ring,
                },
            );
        }
        Op::Disconnect(node, client) => {
            cluster.input(
                node,
                Input::Disconnect {
                    client: ClientId(client),
                },
            );
        }
        Op::Reload(node, config) => {
            cluster.input(node, Input::Reload(config));
        }
        Op::Cancel(node) => {
            cluster.input(node, Input::CancelWaitForAll);
        }
        Op::Multicast(node, on) => {
            cluster.input(node, Input::MulticastPossible(on));
        }
    }
}
