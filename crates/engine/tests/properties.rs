//! What holds for any sequence of operations.
//!
//! *Never two quorate partitions* is promised only where it can be: nodes start, crash, are
//! partitioned and merged in any way, also in the middle of a synchronisation, and every vote
//! counts once: expected votes are at least the sum of all votes, with or without `wait_for_all`.
//!
//! It is not promised
//! - with `auto_tie_breaker`, not even with `wait_for_all`: a node that was cut off remembers
//!   another lowest node than the majority does (`rules/tie_breaker.rs` has both cases);
//! - with `two_node`, where fencing decides;
//! - with `last_man_standing`, `allow_downscale`, or an administrator's changes: expected votes
//!   then differ between partitions, as they do when they are configured too low;
//! - with a quorum of 256 and more and `uint8_quorum`.
//!
//! *All agree after healing* is promised in the same cases; with `wait_for_all` only when all nodes
//! are up: a node that missed an interrupted synchronisation may wait longer than others.

mod cluster;

use cluster::Cluster;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use quorate_engine::{
    ClientId, Compat, DeviceConfig, Effect, Engine, Input, NodeId, NodelistEntry, Notification,
    QuorumConfig, Request, RingId,
};

const NODES: u32 = 5;

/// What happens to the membership.
#[derive(Clone, Debug)]
enum Change {
    Up(u32),
    Crash(u32),
    /// For each node, the group it is in from now on.
    Partition(Vec<usize>),
    /// The same, and some messages are delivered; then the next change comes.
    Interrupted(Vec<usize>, usize),
    Wait(u16),
}

fn change(nodes: u32) -> impl Strategy<Value = Change> {
    let groups = || vec(0..3usize, nodes as usize);
    prop_oneof![
        2 => (1..=nodes).prop_map(Change::Up),
        2 => (1..=nodes).prop_map(Change::Crash),
        3 => groups().prop_map(Change::Partition),
        2 => (groups(), 0..12usize).prop_map(|(groups, n)| Change::Interrupted(groups, n)),
        1 => any::<u16>().prop_map(Change::Wait),
    ]
}

fn apply(cluster: &mut Cluster, change: &Change, config: &QuorumConfig) {
    match change {
        Change::Up(node) if !cluster.is_up(*node) => {
            // A contradicting configuration keeps it down.
            cluster.start(*node, config.clone()).ok();
        }
        Change::Crash(node) if cluster.is_up(*node) => cluster.crash(*node),
        Change::Up(_) | Change::Crash(_) => {}
        Change::Partition(groups) => {
            regroup(cluster, groups);
            cluster.settle();
        }
        Change::Interrupted(groups, delivered) => {
            regroup(cluster, groups);
            for _ in 0..*delivered {
                cluster.deliver_one();
            }
        }
        Change::Wait(ms) => cluster.advance(u64::from(*ms)),
    }
}

fn regroup(cluster: &mut Cluster, groups: &[usize]) {
    let of_group = |group| {
        let here = |&node: &u32| groups[node as usize - 1] == group;
        cluster.nodes().into_iter().filter(here).collect::<Vec<_>>()
    };
    let wanted: Vec<_> = (0..3)
        .map(of_group)
        .filter(|group| !group.is_empty())
        .collect();
    let wanted: Vec<&[u32]> = wanted.iter().map(Vec::as_slice).collect();
    cluster.form_groups(&wanted);
}

/// Rings with at least one node that is quorate, once all is quiet.
fn quorate_rings(cluster: &Cluster) -> Vec<RingId> {
    let mut rings: Vec<_> = cluster
        .nodes()
        .into_iter()
        .filter(|&node| cluster.quorate(node))
        .map(|node| cluster.engine(node).ring())
        .collect();
    rings.sort_unstable_by_key(|ring| (ring.node, ring.seq));
    rings.dedup();
    rings
}

fn node_list(votes: &[u32]) -> Vec<NodelistEntry> {
    (1..)
        .zip(votes)
        .map(|(id, &votes)| NodelistEntry {
            node: NodeId(id),
            quorum_votes: Some(votes),
        })
        .collect()
}

/// Configurations with which no vote can count for two partitions.
fn exclusive_config() -> impl Strategy<Value = QuorumConfig> {
    let votes = vec(
        prop_oneof![3 => Just(1u32), 2 => 0..5u32, 1 => 0..1000u32],
        2..=5,
    );
    (votes, 0..4u32, any::<bool>(), any::<bool>()).prop_map(|(votes, more, explicit, wait)| {
        QuorumConfig {
            expected_votes: explicit.then(|| votes.iter().sum::<u32>() + more),
            wait_for_all: Some(wait),
            nodelist: node_list(&votes),
            ..QuorumConfig::default()
        }
    })
}

fn exclusive_case() -> impl Strategy<Value = (QuorumConfig, Vec<Change>)> {
    exclusive_config().prop_flat_map(|config| {
        let nodes = u32::try_from(config.nodelist.len()).expect("a few nodes");
        (Just(config), vec(change(nodes), 0..30))
    })
}

/// Anything a client, an administrator or a device may do.
#[derive(Clone, Debug)]
enum Op {
    Change(Change),
    Leave(u32),
    Ask(u32, u64, Request),
    Poll(u32, bool, bool),
    Disconnect(u32, u64),
    Reload(u32, Box<QuorumConfig>),
    Cancel(u32),
    Multicast(u32, bool),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => Just(b"dev".to_vec()), 1 => Just(b"other".to_vec()), 1 => vec(any::<u8>(), 0..300)]
}

fn votes() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..12u32, 1 => 200..300u32, 1 => any::<u32>()]
}

fn request() -> impl Strategy<Value = Request> {
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

fn any_config() -> impl Strategy<Value = QuorumConfig> {
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

fn op() -> impl Strategy<Value = Op> {
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

fn apply_op(cluster: &mut Cluster, op: &Op, config: &QuorumConfig) {
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

/// Others ascending, the local node last, then perhaps the device.
fn check_order(us: u32, events: &[Effect]) {
    for event in events {
        let Effect::Notify {
            notification: Notification::Quorum { nodes, .. },
            ..
        } = event
        else {
            continue;
        };
        let ids: Vec<_> = nodes.iter().map(|entry| entry.node).collect();
        let place = ids
            .iter()
            .position(|&id| id == NodeId(us))
            .expect("the local node");
        assert!(ids[..place].is_sorted(), "{ids:?}");
        assert!(
            ids[place + 1..].iter().all(|&id| id == NodeId::QDEVICE),
            "{ids:?}"
        );
    }
}

proptest! {
    #[test]
    fn never_two_quorate_partitions((config, changes) in exclusive_case()) {
        let mut cluster = Cluster::of(&config);
        for change in &changes {
            apply(&mut cluster, change, &config);
            if cluster.is_stable() {
                let rings = quorate_rings(&cluster);
                prop_assert!(rings.len() <= 1, "{rings:?} after {change:?}");
            }
        }
    }

    #[test]
    fn all_agree_after_healing((config, changes) in exclusive_case()) {
        let mut cluster = Cluster::of(&config);
        for change in &changes {
            apply(&mut cluster, change, &config);
        }
        cluster.heal();
        let waits = config.wait_for_all == Some(true);
        let up = cluster.nodes();
        for &node in &up {
            let view = |node: u32| {
                let engine = cluster.engine(node);
                let quorate = engine.is_quorate() && !waits;
                (quorate, engine.ring(), engine.members().to_vec())
            };
            prop_assert_eq!(view(node), view(up[0]), "node {} of {:?}", node, &up);
        }
        for entry in &config.nodelist {
            if !cluster.is_up(entry.node.0) {
                cluster.start(entry.node.0, config.clone()).unwrap();
            }
        }
        cluster.heal();
        for entry in &config.nodelist {
            let (expected, total, quorum, quorate) = cluster.votes(entry.node.0);
            prop_assert_eq!(quorate, total >= quorum && (!waits || total == expected));
        }
    }

    /// Whatever happens: no panic, one answer per request, notifications in order, and the same
    /// again when it happens again.
    #[test]
    fn anything_may_happen_and_the_same_follows(
        config in any_config(),
        original in any::<bool>(),
        ops in vec(op(), 0..40),
    ) {
        let compat = if original { Compat::COROSYNC_3_1 } else { Compat::default() };
        let run = || {
            let mut cluster = Cluster::empty(compat, cluster::Order::Corosync);
            for node in 1..=NODES {
                apply(&mut cluster, &Change::Up(node), &config);
            }
            cluster.heal();
            let mut told = Vec::new();
            for op in &ops {
                apply_op(&mut cluster, op, &config);
                for node in cluster.nodes() {
                    let events = cluster.events(node);
                    check_order(node, &events);
                    told.push(events);
                }
            }
            (cluster, told)
        };
        prop_assert!(run() == run());
    }

    #[test]
    fn any_configuration_starts_or_names_the_key(
        config in any_config(),
        node in 0..=NODES + 1,
        barrier in any::<u32>(),
    ) {
        match Engine::start(NodeId(node), config, Compat::default(), barrier) {
            Ok((engine, effects)) => {
                prop_assert_eq!(engine.node_id(), NodeId(node));
                let tells = |effect: &Effect| matches!(effect, Effect::Multicast(_));
                prop_assert_eq!(effects.iter().filter(|effect| tells(effect)).count(), 1);
            }
            Err(refused) => prop_assert!(refused.to_string().starts_with(refused.error.key())),
        }
    }
}
