//! Votes, expected votes, quorum, two_node.

use quorate_engine::{
    ClientId, Compat, Input, NodeFlags, NodeId, Notification, QuorumConfig, Request, Status,
};

use crate::cluster::{Cluster, Order};
use crate::{quorate, set_expected, set_votes, track, with_votes};

#[test]
fn majority_partition_is_quorate() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=5));
    assert_eq!(cluster.votes(1), (5, 5, 3, true));
    cluster.partition(&[&[1, 2, 3], &[4, 5]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, true), (4, false), (5, false)]
    );
    assert_eq!(cluster.votes(4), (5, 2, 3, false));
    cluster.heal();
    assert!(
        cluster
            .nodes()
            .into_iter()
            .all(|node| cluster.votes(node) == (5, 5, 3, true))
    );
}

#[test]
fn expected_votes_of_the_configuration_overrides_the_node_list() {
    let config = QuorumConfig {
        expected_votes: Some(7),
        ..QuorumConfig::with_nodes(1..=3)
    };
    let cluster = Cluster::of(&config);
    assert_eq!(cluster.votes(1), (7, 3, 4, false));
}

#[test]
fn expected_votes_rise_with_the_votes_present_and_are_told_first() {
    let config = QuorumConfig {
        expected_votes: Some(2),
        ..QuorumConfig::with_nodes(1..=3)
    };
    let mut cluster = Cluster::of(&QuorumConfig {
        nodelist: Vec::new(),
        ..config.clone()
    });
    for node in 1..=3 {
        cluster.start(node, config.clone()).unwrap();
    }
    cluster.partition(&[&[1, 2]]);
    cluster.status(1, track(0, 4));
    cluster.events(1);
    cluster.heal();
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    let told = cluster.notifications(1);
    let kind = |n: &Notification| match n {
        Notification::NodeList { .. } => "node list",
        Notification::ExpectedVotes { expected_votes: 3 } => "expected 3",
        Notification::Quorum { .. } => "quorum",
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told.iter().map(kind).collect::<Vec<_>>(),
        ["node list", "expected 3", "quorum"]
    );
}

#[test]
fn votes_of_a_node_without_a_node_list() {
    let config = QuorumConfig {
        expected_votes: Some(5),
        votes: Some(3),
        ..QuorumConfig::default()
    };
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(8, config.clone()).unwrap();
    assert_eq!(cluster.votes(8), (5, 3, 3, true));
    cluster
        .start(
            9,
            QuorumConfig {
                votes: None,
                ..config
            },
        )
        .unwrap();
    assert_eq!(cluster.votes(9), (5, 1, 3, false));
}

/// With 3 x 200 votes, quorum is 301 and corosync keeps 45 of it.
#[test]
fn quorum_in_eight_bits_gives_a_triple_split_brain() {
    let config = with_votes(&[200, 200, 200]);
    let split: &[&[u32]] = &[&[1], &[2], &[3]];
    let mut original = Cluster::with_compat(&config, Compat::COROSYNC_3_1);
    assert_eq!(original.votes(1), (600, 600, 45, true));
    original.partition(split);
    assert_eq!(quorate(&original), [(1, true), (2, true), (3, true)]);

    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.votes(1), (600, 600, 301, true));
    cluster.partition(split);
    assert_eq!(quorate(&cluster), [(1, false), (2, false), (3, false)]);
}

#[test]
fn two_node_needs_one_vote_of_two() {
    let config = QuorumConfig {
        two_node: true,
        wait_for_all: Some(false),
        ..QuorumConfig::with_nodes(1..=2)
    };
    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.votes(1), (2, 2, 1, true));
    cluster.crash(2);
    assert_eq!(cluster.votes(1), (2, 1, 1, true));
}

#[test]
fn two_node_with_a_third_node_counts_as_usual() {
    let config = QuorumConfig {
        two_node: true,
        wait_for_all: Some(false),
        ..QuorumConfig::with_nodes(1..=3)
    };
    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    cluster.crash(3);
    assert_eq!(cluster.votes(1).2, 1);
}

#[test]
fn setexpected_is_checked_against_votes_and_quorum() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    cluster.status(2, track(5, 4));
    for refused in [0, 1, 2, 6, u32::MAX] {
        assert_eq!(
            cluster.status(1, set_expected(refused)),
            Status::InvalidParam,
            "{refused}"
        );
    }
    cluster.events(2);
    assert_eq!(cluster.status(1, set_expected(5)), Status::Ok);
    let told = [Notification::ExpectedVotes { expected_votes: 5 }];
    assert_eq!(
        cluster.notifications(2),
        told,
        "nobody became quorate or inquorate"
    );
    for node in 1..=3 {
        assert_eq!(cluster.votes(node), (5, 3, 3, true));
    }
    assert_eq!(cluster.status(3, set_expected(3)), Status::Ok);
    assert_eq!(
        cluster.votes(1),
        (3, 3, 2, true),
        "an administrator may lower quorum"
    );
}

#[test]
fn an_inquorate_partition_can_be_made_quorate_by_setexpected() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=5));
    cluster.partition(&[&[1, 2]]);
    cluster.status(1, track(0, 4));
    cluster.events(1);
    assert_eq!(cluster.status(1, set_expected(3)), Status::Ok);
    assert_eq!(cluster.votes(2), (3, 2, 2, true));
    let told = cluster.notifications(1);
    assert!(matches!(
        told[0],
        Notification::ExpectedVotes { expected_votes: 3 }
    ));
    assert!(matches!(
        told[1],
        Notification::Quorum { quorate: true, .. }
    ));
}

#[test]
fn wrapped_expected_votes_are_refused_unless_compatible() {
    let config = QuorumConfig::with_nodes(1..=3);
    let mut original = Cluster::with_compat(&config, Compat::COROSYNC_3_1);
    assert_eq!(original.status(1, set_expected(u32::MAX)), Status::Ok);
    assert_eq!(original.votes(1), (u32::MAX, 3, 2, true));
}

#[test]
fn setvotes_changes_a_node_everywhere() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=4));
    assert_eq!(cluster.status(1, set_votes(17, 2)), Status::NameNotFound);
    assert_eq!(cluster.status(1, set_votes(2, 3)), Status::Ok);
    for node in 1..=4 {
        assert_eq!(cluster.votes(node), (6, 6, 4, true));
    }
    cluster.partition(&[&[1, 2], &[3, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, false)]
    );
}

#[test]
fn setvotes_that_would_lose_quorum_is_refused_and_leaves_no_trace() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    cluster.partition(&[&[1, 2]]);
    let before = cluster.clone();
    assert_eq!(cluster.status(1, set_votes(2, 0)), Status::InvalidParam);
    cluster.forget_events();
    let mut untouched = before;
    untouched.forget_events();
    assert!(cluster == untouched);
}

/// Observed on corosync 3.1.7: the manual page calls node 0 the local node.
#[test]
fn setvotes_of_node_0_means_the_quorum_device() {
    let config = QuorumConfig::with_nodes(1..=2);
    let mut cluster = Cluster::with_compat(&config, Compat::COROSYNC_3_1);
    assert_eq!(cluster.status(1, set_votes(0, 1000)), Status::Ok);
    assert_eq!(cluster.votes(1), (1002, 2, 246, false));
    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.status(1, set_votes(0, 1000)), Status::Ok);
    assert_eq!(cluster.votes(1), (1002, 2, 502, false));
}

#[test]
fn getinfo_of_dead_and_unknown_nodes() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    cluster.crash(3);
    let engine = cluster.engine(1);
    let dead = engine.node_info(NodeId(3)).unwrap();
    assert_eq!((dead.state.code(), dead.votes, dead.total_votes), (2, 1, 2));
    assert_eq!(engine.node_info(NodeId(0)).unwrap().node, NodeId(1));
    assert_eq!(engine.node_info(NodeId(4)), None);
    let answer = cluster.request(1, 1, Request::GetInfo { node: NodeId(4) });
    assert_eq!(answer, quorate_engine::Reply::Info(Err(Status::NotExist)));
}

#[test]
fn a_node_that_comes_back_knows_what_the_quorate_ones_know() {
    let config = QuorumConfig::with_nodes(1..=4);
    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.status(1, set_expected(5)), Status::Ok);
    cluster.crash(4);
    cluster.start(4, config).unwrap();
    assert_eq!(cluster.votes(4), (4, 1, 3, false));
    cluster.heal();
    assert_eq!(cluster.votes(4), (5, 4, 3, true));
}

#[test]
fn a_full_multicast_queue_refuses_changes() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    cluster.feed(1, Input::MulticastPossible(false));
    assert_eq!(cluster.status(1, set_votes(2, 2)), Status::NoResources);
    assert_eq!(cluster.status(1, set_expected(4)), Status::NoResources);
    cluster.feed(1, Input::MulticastPossible(true));
    assert_eq!(cluster.status(1, set_expected(5)), Status::Ok);
}

#[test]
fn absurd_votes_neither_panic_nor_give_quorum() {
    let mut cluster = Cluster::of(&with_votes(&[u32::MAX, u32::MAX, 1]));
    assert_eq!(cluster.votes(3), (u32::MAX, u32::MAX, 1 << 31, true));
    cluster.partition(&[&[1, 2], &[3]]);
    assert!(!cluster.quorate(3));
}

#[test]
fn setvotes_must_not_make_a_two_node_majority_meaningless() {
    let config = QuorumConfig {
        two_node: true,
        wait_for_all: Some(false),
        ..QuorumConfig::with_nodes(1..=2)
    };
    let mut cluster = Cluster::of(&config);
    assert_eq!(cluster.status(1, set_votes(2, 2)), Status::Ok);
    assert_eq!(cluster.status(1, set_votes(2, 3)), Status::InvalidParam);
}

#[test]
fn setexpected_counts_here_before_its_message_is_back() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    let request = set_expected(5);
    cluster.feed(
        1,
        Input::Request {
            client: ClientId(1),
            request,
        },
    );
    assert_eq!(cluster.votes(1), (5, 3, 2, true));
    assert_eq!(cluster.votes(2), (3, 3, 2, true));
    cluster.settle();
    assert_eq!(cluster.votes(2), (5, 3, 3, true));
}

#[test]
fn a_node_is_first_until_it_meets_another() {
    let config = QuorumConfig::with_nodes(1..=3);
    let mut cluster = Cluster::empty(Compat::default(), Order::Corosync);
    let is_first = |cluster: &Cluster| {
        let us = cluster.engine(1).nodes().last().unwrap();
        us.flags.contains(NodeFlags::FIRST)
    };
    cluster.start(1, config.clone()).unwrap();
    assert!(is_first(&cluster));
    cluster.start(2, config).unwrap();
    cluster.heal();
    assert!(!is_first(&cluster));
}
