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

#[path = "properties/changes.rs"]
mod changes;
mod cluster;
#[path = "properties/operations.rs"]
mod operations;

use changes::{Change, NODES, apply, change};
use cluster::{Cluster, Order};
use operations::{any_config, apply_op, node_list, op};
use proptest::collection::vec;
use proptest::prelude::*;
use quorate_engine::{Compat, Effect, Engine, NodeId, Notification, QuorumConfig, RingId};

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
            let mut cluster = Cluster::empty(compat, Order::Corosync);
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
