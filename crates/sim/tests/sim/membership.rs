//! Rings, and how long it takes to notice things.

use quorate_engine::NodeId;
use quorate_sim::{OperationError, Running, What};

use crate::{cluster, config, down, heal, ids, ms, quorate, split, up, view, votes};

#[test]
fn nodes_that_start_together_form_one_ring() {
    let cluster = cluster(&[1, 1, 1], &[]);
    for node in 1..=3 {
        assert_eq!(view(&cluster, node), (1, vec![1, 2, 3], true));
        assert_eq!(votes(&cluster, node), (3, 3, 2));
    }
    // Every node's first ring is 5, alone; see the ring ids of a real first start.
    let engine = cluster.engine(NodeId(1)).unwrap();
    assert_eq!(engine.ring().to_string(), "1.9");
    assert!(cluster.now() < ms(210), "within the merge interval");
    assert_eq!(cluster.violations(), []);
}

/// Three nodes: token 3000 + 650 ms, consensus 1.2 times that.
#[test]
fn a_crash_is_noticed_after_token_and_consensus_timeout() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let start = cluster.now();
    cluster.kill(NodeId(3)).unwrap();
    cluster.run_until(start + ms(3650 + 4380 - 1));
    assert_eq!(view(&cluster, 1), (1, vec![1, 2, 3], true));
    cluster.run_until(start + ms(3650 + 4380 + 10));
    assert_eq!(view(&cluster, 1), (1, vec![1, 2], true));
    assert_eq!(votes(&cluster, 1), (3, 2, 2));
}

#[test]
fn a_clean_leave_is_noticed_at_once() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let start = cluster.now();
    cluster.leave(NodeId(3)).unwrap();
    assert_eq!(cluster.running(NodeId(3)), Some(Running::Leaving));
    cluster.run_until_quiet();
    assert_eq!(cluster.running(NodeId(3)), Some(Running::Down));
    assert_eq!(view(&cluster, 1), (1, vec![1, 2], true));
    assert!(cluster.now() - start < ms(20));
}

#[test]
fn the_timeouts_are_those_of_the_file() {
    let text = "totem {\n token: 1000\n consensus: 1500\n}\nquorum {\n provider: corosync_votequorum\n}\n\
        nodelist {\n node {\n nodeid: 1\n }\n node {\n nodeid: 2\n }\n}\n";
    let config = quorate_sim::config::ClusterConfig::parse("corosync.conf", text).unwrap();
    let mut cluster = crate::cluster_of(config, quorate_engine::Compat::default());
    let start = cluster.now();
    cluster.kill(NodeId(2)).unwrap();
    cluster.run_until(start + ms(2499));
    assert_eq!(view(&cluster, 1).1, [1, 2]);
    cluster.run_until(start + ms(2510));
    assert_eq!(view(&cluster, 1).1, [1]);
}

#[test]
fn a_cut_shorter_than_the_token_timeout_changes_nothing() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let ring = cluster.engine(NodeId(1)).unwrap().ring();
    cluster.partition(&[ids(&[1, 2]), ids(&[3])]).unwrap();
    cluster.run_until(cluster.now() + ms(3600));
    heal(&mut cluster);
    assert_eq!(cluster.engine(NodeId(3)).unwrap().ring(), ring);
}

#[test]
fn a_cut_healed_after_the_token_timeout_gives_a_new_ring_of_all() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let ring = cluster.engine(NodeId(1)).unwrap().ring();
    cluster.partition(&[ids(&[1, 2]), ids(&[3])]).unwrap();
    cluster.run_until(cluster.now() + ms(4000));
    heal(&mut cluster);
    let after = cluster.engine(NodeId(3)).unwrap().ring();
    assert_eq!(after.seq, ring.seq + 4);
    assert_eq!(view(&cluster, 3), (1, vec![1, 2, 3], true));
}

/// Nothing is delivered on a ring that has lost a node.
#[test]
fn a_broken_ring_stands_still() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    cluster.kill(NodeId(3)).unwrap();
    assert_eq!(cluster.set_expected(NodeId(1), 4).unwrap().code(), 1);
    cluster.run_until(cluster.now() + ms(3000));
    assert_eq!(votes(&cluster, 2), (3, 3, 2));
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 2), (4, 2, 3));
}

#[test]
fn a_partition_leaves_the_majority_quorate() {
    let mut cluster = cluster(&[1, 1, 1, 1, 1], &[]);
    split(&mut cluster, &[&[1, 2], &[3, 4, 5]]);
    assert_eq!(view(&cluster, 1), (1, vec![1, 2], false));
    assert_eq!(view(&cluster, 4), (3, vec![3, 4, 5], true));
    heal(&mut cluster);
    assert_eq!(quorate(&cluster, &[1, 2, 3, 4, 5]), [true; 5]);
    assert_eq!(cluster.violations(), []);
}

/// A node that is not named stays with the others that are not.
#[test]
fn nodes_can_move_from_one_partition_to_another() {
    let mut cluster = cluster(&[1, 1, 1, 1, 1], &[]);
    split(&mut cluster, &[&[1, 2]]);
    split(&mut cluster, &[&[1], &[2, 3]]);
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
    assert_eq!(view(&cluster, 3), (2, vec![2, 3], false));
    assert_eq!(view(&cluster, 5), (4, vec![4, 5], false));
    assert_eq!(cluster.violations(), []);
}

#[test]
fn a_node_restarted_before_anybody_missed_it_joins_again() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let start = cluster.now();
    cluster.kill(NodeId(3)).unwrap();
    cluster.run_until(start + ms(100));
    up(&mut cluster, 3);
    assert_eq!(view(&cluster, 3), (1, vec![1, 2, 3], true));
    assert!(cluster.now() - start < ms(400));
}

#[test]
fn ring_ids_survive_a_restart() {
    let mut cluster = cluster(&[1, 1], &[]);
    let before = cluster.engine(NodeId(2)).unwrap().ring().seq;
    for node in [1, 2] {
        cluster.kill(NodeId(node)).unwrap();
    }
    cluster.up(NodeId(2)).unwrap();
    let alone = cluster.engine(NodeId(2)).unwrap().ring().seq;
    assert_eq!(alone, before + 5);
}

#[test]
fn a_paused_node_is_excluded_and_comes_back() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    cluster.pause(NodeId(1)).unwrap();
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 2), (2, vec![2, 3], true));
    assert_eq!(
        view(&cluster, 1),
        (1, vec![1, 2, 3], true),
        "it knows nothing of it"
    );
    assert_eq!(cluster.violations(), [], "a frozen node acts on nothing");
    cluster.resume(NodeId(1)).unwrap();
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 1), (1, vec![1, 2, 3], true));
}

#[test]
fn a_short_pause_goes_unnoticed() {
    let mut cluster = cluster(&[1, 1, 1], &[]);
    let ring = cluster.engine(NodeId(1)).unwrap().ring();
    cluster.pause(NodeId(1)).unwrap();
    cluster.run_until(cluster.now() + ms(3000));
    cluster.resume(NodeId(1)).unwrap();
    cluster.run_until(cluster.now() + ms(60_000));
    assert_eq!(cluster.engine(NodeId(2)).unwrap().ring(), ring);
}

#[test]
fn operations_say_what_does_not_fit() {
    let mut cluster = cluster(&[1, 1], &[]);
    let (one, nine) = (NodeId(1), NodeId(9));
    assert_eq!(cluster.up(one), Err(OperationError::AlreadyUp(one)));
    assert_eq!(cluster.kill(nine), Err(OperationError::UnknownNode(nine)));
    let twice = cluster.partition(&[ids(&[1]), ids(&[2, 1])]);
    assert_eq!(twice, Err(OperationError::InTwoGroups(one)));
    assert_eq!(cluster.resume(one), Err(OperationError::NotPaused(one)));
    cluster.pause(one).unwrap();
    assert_eq!(cluster.leave(one), Err(OperationError::Paused(one)));
    assert_eq!(
        cluster.set_expected(one, 2),
        Err(OperationError::Paused(one))
    );
    down(&mut cluster, 1);
    assert_eq!(cluster.kill(one), Err(OperationError::Down(one)));
    assert_eq!(
        cluster.set_votes(one, one, 2),
        Err(OperationError::Down(one))
    );
}

#[test]
fn a_contradicting_configuration_keeps_nodes_down() {
    let config = config(&[1, 1], &[("two_node", "1"), ("device.model", "net")]);
    let mut cluster = quorate_sim::Cluster::new(config, quorate_engine::Compat::default(), 1);
    let error = cluster.up(NodeId(1)).unwrap_err();
    assert!(matches!(
        error,
        OperationError::Refused {
            node: NodeId(1),
            ..
        }
    ));
    assert_eq!(cluster.running(NodeId(1)), Some(Running::Down));
    let refused = |what: &What| matches!(what, What::Refused { .. });
    assert!(cluster.log().iter().any(|record| refused(&record.what)));
}

#[test]
fn a_large_cluster_changes() {
    let mut cluster = cluster(&[1; 384], &[]);
    let members: Vec<u32> = (1..=384).collect();
    assert_eq!(view(&cluster, 200), (1, members, true));
    down(&mut cluster, 384);
    assert_eq!(votes(&cluster, 1), (384, 383, 193));
    let half: Vec<u32> = (1..=192).collect();
    split(&mut cluster, &[&half]);
    assert_eq!(quorate(&cluster, &[1, 193]), [false, false]);
    assert_eq!(cluster.violations(), []);
}
