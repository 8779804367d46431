//! wait_for_all.

use quorate_engine::{Input, Message, NodeFlags, NodeId, QuorumConfig, Status};

use crate::cluster::Cluster;
use crate::{quorate, set_expected};

fn config(nodes: u32) -> QuorumConfig {
    QuorumConfig {
        wait_for_all: Some(true),
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

fn waits(cluster: &Cluster, node: u32) -> bool {
    let us = cluster.engine(node).nodes().last().unwrap();
    us.flags.contains(NodeFlags::WFA_STATUS)
}

#[test]
fn all_have_to_be_seen_once() {
    let config = config(3);
    let mut cluster = Cluster::of(&QuorumConfig::default());
    for node in 1..=3 {
        cluster.start(node, config.clone()).unwrap();
    }
    cluster.partition(&[&[1, 2]]);
    assert_eq!(cluster.votes(1), (3, 2, 2, false));
    cluster.heal();
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    cluster.crash(3);
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
}

/// Observed on corosync 3.1.7; vqsim makes node 1 quorate here.
#[test]
fn waiting_begins_again_with_every_loss_of_quorum() {
    let config = config(3);
    let mut cluster = Cluster::of(&config);
    cluster.crash(3);
    assert_eq!(quorate(&cluster), [(1, true), (2, true)]);
    cluster.crash(2);
    assert_eq!(quorate(&cluster), [(1, false)]);
    cluster.start(2, config.clone()).unwrap();
    cluster.heal();
    assert_eq!(quorate(&cluster), [(1, false), (2, false)]);
    cluster.start(3, config).unwrap();
    cluster.heal();
    assert_eq!(quorate(&cluster), [(1, true), (2, true), (3, true)]);
}

#[test]
fn joining_a_quorate_cluster_ends_waiting() {
    let config = config(3);
    let mut cluster = Cluster::of(&config);
    cluster.crash(3);
    cluster.crash(2);
    cluster.start(3, config.clone()).unwrap();
    cluster.start(2, config.clone()).unwrap();
    cluster.heal();
    cluster.crash(2);
    cluster.start(2, config).unwrap();
    assert!(waits(&cluster, 2));
    cluster.heal();
    assert!(!waits(&cluster, 2));
    assert!(cluster.quorate(2));
}

#[test]
fn expected_votes_may_be_lowered_to_what_is_there() {
    let mut cluster = Cluster::of(&config(4));
    cluster.partition(&[&[1], &[2, 3, 4]]);
    assert!(waits(&cluster, 1));
    assert_eq!(quorate(&cluster)[0], (1, false));
    assert_eq!(cluster.status(1, set_expected(1)), Status::Ok);
    assert_eq!(cluster.votes(1), (1, 1, 1, true), "now all are here");
}

#[test]
fn only_a_node_that_does_not_wait_itself_ends_waiting() {
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(1, config(4)).unwrap();
    let tells = |flags| Input::Deliver {
        from: NodeId(2),
        message: Message::NodeInfo {
            node: NodeId(2),
            votes: 1,
            expected_votes: 4,
            flags,
        },
    };
    cluster.input(1, tells(NodeFlags::QUORATE | NodeFlags::WFA_STATUS));
    assert!(waits(&cluster, 1));
    cluster.input(1, tells(NodeFlags::QUORATE));
    assert!(!waits(&cluster, 1));
}

#[test]
fn a_reload_makes_nobody_wait() {
    let mut cluster = Cluster::of(&config(3));
    cluster.crash(3);
    cluster.input(1, Input::Reload(Box::new(config(3))));
    assert!(!waits(&cluster, 1));
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
}

#[test]
fn waiting_ends_with_the_two_node_that_brought_it() {
    let plain = QuorumConfig::with_nodes(1..=2);
    let two_node = QuorumConfig {
        two_node: true,
        ..plain.clone()
    };
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(1, two_node).unwrap();
    assert!(waits(&cluster, 1));
    cluster.input(1, Input::Reload(Box::new(plain)));
    assert!(!waits(&cluster, 1));
}

/// Found in a comparison with a real cluster: the key's falling back to 0 is a change like any
/// other, and every change makes votequorum read its configuration.
#[test]
fn cancelling_forgets_what_an_administrator_set() {
    let mut cluster = Cluster::of(&config(3));
    assert_eq!(cluster.status(1, set_expected(4)), Status::Ok);
    assert_eq!(cluster.votes(2), (4, 3, 3, true));
    cluster.input(1, Input::CancelWaitForAll);
    assert_eq!(cluster.votes(2), (3, 3, 2, true));
}

#[test]
fn cancelling_reaches_every_node() {
    let config = config(3);
    let mut cluster = Cluster::of(&QuorumConfig::default());
    for node in 1..=2 {
        cluster.start(node, config.clone()).unwrap();
    }
    cluster.heal();
    assert_eq!(quorate(&cluster), [(1, false), (2, false)]);
    cluster.input(2, Input::CancelWaitForAll);
    assert_eq!(quorate(&cluster), [(1, true), (2, true)]);
}

#[test]
fn follows_two_node_unless_configured() {
    let two_node = QuorumConfig {
        two_node: true,
        ..QuorumConfig::with_nodes(1..=2)
    };
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(1, two_node.clone()).unwrap();
    assert_eq!(cluster.votes(1), (2, 1, 1, false));
    cluster.start(2, two_node).unwrap();
    cluster.heal();
    assert_eq!(quorate(&cluster), [(1, true), (2, true)]);
    cluster.crash(2);
    assert_eq!(quorate(&cluster), [(1, true)]);
}
