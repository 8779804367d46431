//! allow_downscale and expected_votes_tracking.

use quorate_engine::NodeState::{Dead, Leaving, Member};
use quorate_engine::{Compat, Effect, Input, KeyValue, NodeId, QuorumConfig, RingId};

use crate::cluster::{Cluster, node_list, quorum};
use crate::{set_expected, track};

fn downscale(nodes: u32) -> QuorumConfig {
    QuorumConfig {
        allow_downscale: true,
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

/// Trace of corosync 3.1.7, four nodes stopping cleanly.
#[test]
fn clean_stops_lower_expected_votes_and_not_quorum() {
    let mut cluster = Cluster::of(&downscale(4));
    assert_eq!(cluster.votes(1), (4, 4, 3, true));
    cluster.leave(4);
    assert_eq!(cluster.votes(1), (3, 3, 3, true));
    cluster.status(1, track(0, 4));
    cluster.events(1);
    cluster.leave(3);
    assert_eq!(cluster.votes(1), (2, 2, 3, false));
    let seq = cluster.engine(1).ring().seq;
    let told = [
        quorum(false, &[(2, Member), (3, Leaving), (4, Dead), (1, Member)]),
        node_list(1, seq, &[1, 2]),
        quorum(false, &[(2, Member), (3, Dead), (4, Dead), (1, Member)]),
    ];
    assert_eq!(cluster.notifications(1), told);
    cluster.leave(2);
    assert_eq!(cluster.votes(1), (1, 1, 3, false));
}

#[test]
fn without_the_option_a_clean_stop_says_nothing() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    assert_eq!(cluster.feed(3, quorate_engine::Input::Leave), []);
    cluster.leave(3);
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
}

#[test]
fn setexpected_moves_the_barrier() {
    let mut cluster = Cluster::of(&downscale(4));
    cluster.leave(4);
    assert_eq!(
        cluster.status(1, set_expected(3)),
        quorate_engine::Status::Ok
    );
    let keys = cluster.engine(2).runtime_keys();
    assert_eq!(keys["ev_barrier"], KeyValue::U32(3));
    // Tracking, which downscale implies, keeps expected votes at the highest ever seen here.
    assert_eq!(cluster.votes(1), (4, 3, 3, true));
}

fn tracking(nodes: u32) -> QuorumConfig {
    QuorumConfig {
        expected_votes_tracking: true,
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

#[test]
fn the_barrier_outlives_a_restart() {
    let mut cluster = Cluster::of(&tracking(3));
    assert_eq!(cluster.barrier(1), Some(3));
    assert_eq!(
        cluster.status(1, set_expected(5)),
        quorate_engine::Status::Ok
    );
    assert_eq!(cluster.barrier(1), Some(5));
    cluster.crash(1);
    cluster.start(1, tracking(3)).unwrap();
    assert_eq!(cluster.votes(1), (5, 1, 3, false));
}

/// The original loses it: a restarted node is as gullible as a new one.
#[test]
fn the_original_loses_the_barrier() {
    let mut cluster = Cluster::with_compat(&tracking(3), Compat::COROSYNC_3_1);
    assert_eq!(
        cluster.status(1, set_expected(5)),
        quorate_engine::Status::Ok
    );
    assert_eq!(cluster.barrier(1), None);
    let logged = cluster
        .events(1)
        .iter()
        .any(|event| matches!(event, Effect::Log(_)));
    assert!(logged);
    cluster.crash(1);
    cluster.start(1, tracking(3)).unwrap();
    assert_eq!(cluster.votes(1), (3, 1, 2, false));
}

/// The original lets a barrier of 0 stand for `quorum.expected_votes`, so that a node without a
/// node list is quorate alone.
#[test]
fn configured_expected_votes_count_besides_the_barrier() {
    let config = QuorumConfig {
        expected_votes: Some(4),
        ..tracking(0)
    };
    let mut original = Cluster::with_compat(&QuorumConfig::default(), Compat::COROSYNC_3_1);
    original.start(1, config.clone()).unwrap();
    assert_eq!(original.votes(1), (1, 1, 1, true));
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(1, config).unwrap();
    assert_eq!(cluster.votes(1), (4, 1, 3, false));
}

#[test]
fn no_tie_is_broken_with_more_than_half() {
    let mut cluster = Cluster::of(&QuorumConfig {
        auto_tie_breaker: true,
        ..downscale(4)
    });
    cluster.leave(4);
    cluster.leave(3);
    assert_eq!(cluster.votes(1), (2, 2, 3, false));
}

#[test]
fn the_last_node_to_leave_counts_nobody() {
    let mut cluster = Cluster::of(&downscale(1));
    cluster.input(1, Input::Leave);
    assert_eq!(cluster.votes(1), (1, 0, 1, false));
    let mut cluster = Cluster::of(&downscale(5));
    cluster.partition(&[&[1]]);
    cluster.input(1, Input::Leave);
    assert_eq!(cluster.votes(1), (5, 0, 1, false));
}

#[test]
fn with_tracking_every_node_is_believed() {
    let mut cluster = Cluster::of(&tracking(4));
    cluster.partition(&[&[1], &[2], &[3], &[4]]);
    assert_eq!(
        cluster.status(1, set_expected(6)),
        quorate_engine::Status::Ok
    );
    cluster.partition(&[&[1, 2]]);
    let seen_by_2 = cluster.engine(2).node_info(NodeId(1)).unwrap();
    assert_eq!((seen_by_2.expected_votes, seen_by_2.quorum), (6, 4));
    assert_eq!(cluster.info(2).expected_votes, 4);
}

#[test]
fn the_barrier_is_stored_only_when_it_rises() {
    let mut cluster = Cluster::of(&tracking(3));
    let nodes = vec![NodeId(1), NodeId(2)];
    let ring = RingId {
        node: NodeId(1),
        seq: 999,
    };
    let mut effects = cluster.feed(
        1,
        Input::SyncInit {
            ring,
            members: nodes,
        },
    );
    effects.extend(cluster.feed(1, Input::SyncProcess));
    effects.extend(cluster.feed(1, Input::SyncActivate));
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, Effect::PersistBarrier(_)))
    );
}
