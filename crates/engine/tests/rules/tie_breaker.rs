//! auto_tie_breaker.

use quorate_engine::{Input, KeyValue, NodeId, QuorumConfig};

use crate::cluster::Cluster;
use crate::quorate;

fn config(nodes: u32, node: Option<&str>) -> QuorumConfig {
    QuorumConfig {
        auto_tie_breaker: true,
        auto_tie_breaker_node: node.map(str::to_owned),
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

/// As vqsim and real clusters show it.
#[test]
fn lowest_node_of_the_last_majority_decides() {
    let mut cluster = Cluster::of(&config(4, None));
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, true), (4, true)]
    );
    cluster.partition(&[&[1, 2], &[3, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, false)]
    );
    cluster.heal();
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, true), (4, true)]
    );
    cluster.partition(&[&[1], &[2, 3, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, false), (2, true), (3, true), (4, true)]
    );
    cluster.crash(2);
    assert_eq!(
        quorate(&cluster),
        [(1, false), (3, false), (4, false)],
        "the lowest was 2"
    );
}

#[test]
fn highest_and_list_decide() {
    let halves: &[&[u32]] = &[&[1, 2], &[3, 4]];
    let upper = [(1, false), (2, false), (3, true), (4, true)];
    for node in ["highest", "4", "3 1", "4 2"] {
        let mut cluster = Cluster::of(&config(4, Some(node)));
        cluster.partition(halves);
        assert_eq!(quorate(&cluster), upper, "{node}");
    }
}

#[test]
fn no_tie_if_the_others_could_be_quorate_alone() {
    let mut cluster = Cluster::of(&config(6, Some("1")));
    cluster.partition(&[&[1, 2, 3, 4], &[5, 6]]);
    cluster.partition(&[&[1, 2], &[3, 4]]);
    assert_eq!(
        quorate(&cluster)[..4],
        [(1, false), (2, false), (3, false), (4, false)]
    );
}

/// Half of 5 is 2 for corosync, which is why odd clusters need wait_for_all.
#[test]
fn half_minus_one_wins_in_an_odd_cluster() {
    let odd = QuorumConfig {
        wait_for_all: Some(true),
        ..config(5, None)
    };
    let mut cluster = Cluster::of(&odd);
    cluster.crash(5);
    cluster.partition(&[&[1, 2], &[3, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, false)]
    );
}

/// Node ids are signed numbers for votequorum: 2147483649 is lower than 1.
#[test]
fn high_bit_ids_are_the_lowest() {
    let high = 0x8000_0001;
    let nodes = QuorumConfig {
        auto_tie_breaker: true,
        ..QuorumConfig::with_nodes([1, high])
    };
    let mut cluster = Cluster::of(&nodes);
    cluster.partition(&[&[1], &[high]]);
    assert_eq!(quorate(&cluster), [(1, false), (high, true)]);
    assert!(NodeId(high) < NodeId(1));
    let keys = cluster.engine(high).runtime_keys();
    assert_eq!(keys["lowest_node_id"], KeyValue::U32(high));
}

/// The node that was cut off first still remembers itself as the lowest. vqsim shows the same.
#[test]
fn two_splits_give_two_quorate_partitions() {
    let mut cluster = Cluster::of(&config(4, None));
    cluster.partition(&[&[1], &[2, 3, 4]]);
    cluster.partition(&[&[1, 3], &[2, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, true)]
    );
}

/// wait_for_all does not help: what node 3 says about quorum is from before the second split, and
/// ends the waiting of node 1.
#[test]
fn two_splits_give_two_quorate_partitions_in_spite_of_wait_for_all() {
    let mut cluster = Cluster::of(&QuorumConfig {
        wait_for_all: Some(true),
        ..config(4, None)
    });
    cluster.partition(&[&[1], &[2, 3, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, false), (2, true), (3, true), (4, true)]
    );
    cluster.partition(&[&[1, 3], &[2, 4]]);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, true)]
    );
}

#[test]
fn half_minus_one_loses_if_all_others_were_lost_at_once() {
    let odd = QuorumConfig {
        wait_for_all: Some(true),
        ..config(5, None)
    };
    let mut cluster = Cluster::of(&odd);
    cluster.partition(&[&[1, 2], &[3, 4, 5]]);
    assert_eq!(
        quorate(&cluster),
        [(1, false), (2, false), (3, true), (4, true), (5, true)]
    );
}

#[test]
fn a_leaving_node_still_counts_itself() {
    let leaving = QuorumConfig {
        allow_downscale: true,
        ..config(5, None)
    };
    let leaving = QuorumConfig {
        wait_for_all: Some(true),
        ..leaving
    };
    let mut cluster = Cluster::of(&leaving);
    cluster.input(1, Input::Leave);
    assert_eq!(
        cluster.engine(1).runtime_keys()["lowest_node_id"],
        KeyValue::U32(1)
    );
    assert_eq!(
        cluster.engine(2).runtime_keys()["lowest_node_id"],
        KeyValue::U32(2)
    );
}
