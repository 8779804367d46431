//! Changes of the membership.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_engine::QuorumConfig;

use crate::cluster::Cluster;

pub(crate) const NODES: u32 = 5;

/// What happens to the membership.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Up(u32),
    Crash(u32),
    /// For each node, the group it is in from now on.
    Partition(Vec<usize>),
    /// The same, and some messages are delivered; then the next change comes.
    Interrupted(Vec<usize>, usize),
    Wait(u16),
    /// Another node speaks first in the rings formed from now on.
    SpeakFirst(usize),
}

pub(crate) fn change(nodes: u32) -> impl Strategy<Value = Change> {
    let groups = || vec(0..3usize, nodes as usize);
    prop_oneof![
        2 => (1..=nodes).prop_map(Change::Up),
        2 => (1..=nodes).prop_map(Change::Crash),
        3 => groups().prop_map(Change::Partition),
        2 => (groups(), 0..12usize).prop_map(|(groups, n)| Change::Interrupted(groups, n)),
        1 => any::<u16>().prop_map(Change::Wait),
        1 => (0..nodes as usize).prop_map(Change::SpeakFirst),
    ]
}

pub(crate) fn apply(cluster: &mut Cluster, change: &Change, config: &QuorumConfig) {
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
        Change::SpeakFirst(node) => cluster.first_speaker = *node,
    }
}

pub(crate) fn regroup(cluster: &mut Cluster, groups: &[usize]) {
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
