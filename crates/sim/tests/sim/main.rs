//! The simulated cluster, driven as a library.

mod clients;
mod configuration;
mod cpg;
mod device;
mod faults;
mod histories;
mod membership;
mod options;
mod order;
mod orders;
mod replay;
mod scenarios;
mod search;
mod transport;

use std::time::Duration;

use quorate_engine::{Compat, NodeId};
use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;

/// Milliseconds of virtual time.
pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A configuration of nodes `1..=votes.len()` and keys of the quorum section.
pub(crate) fn config(votes: &[u32], keys: &[(&str, &str)]) -> ClusterConfig {
    let count = u32::try_from(votes.len()).expect("few nodes");
    let mut config = ClusterConfig::with_nodes(1..=count);
    for (node, &votes) in (1..).zip(votes) {
        config.set_votes(NodeId(node), votes);
    }
    for (name, text) in keys {
        config.set_quorum(name, text).expect("a good value");
    }
    config
}

/// A cluster of all these nodes in one ring, with nothing under way.
pub(crate) fn cluster_of(config: ClusterConfig, compat: Compat) -> Cluster {
    let mut cluster = Cluster::new(config, compat, 1);
    cluster.start_all().expect("a good configuration");
    cluster.run_until_quiet();
    cluster
}

pub(crate) fn cluster(votes: &[u32], keys: &[(&str, &str)]) -> Cluster {
    cluster_of(config(votes, keys), Compat::default())
}

pub(crate) fn ids(nodes: &[u32]) -> Vec<NodeId> {
    nodes.iter().copied().map(NodeId).collect()
}

/// Kills a node and waits until the others have noticed.
pub(crate) fn down(cluster: &mut Cluster, node: u32) {
    cluster.kill(NodeId(node)).expect("the node is up");
    cluster.run_until_quiet();
}

pub(crate) fn up(cluster: &mut Cluster, node: u32) {
    cluster.up(NodeId(node)).expect("the node starts");
    cluster.run_until_quiet();
}

pub(crate) fn split(cluster: &mut Cluster, groups: &[&[u32]]) {
    let groups: Vec<_> = groups.iter().map(|group| ids(group)).collect();
    cluster.partition(&groups).expect("known nodes");
    cluster.run_until_quiet();
}

pub(crate) fn heal(cluster: &mut Cluster) {
    cluster.heal();
    cluster.run_until_quiet();
}

/// The ring's representative, its members, and whether they are quorate, as a node sees it.
pub(crate) fn view(cluster: &Cluster, node: u32) -> (u32, Vec<u32>, bool) {
    let engine = cluster.engine(NodeId(node)).expect("the node is up");
    let members = engine.members().iter().map(|id| id.0).collect();
    (engine.ring().node.0, members, engine.is_quorate())
}

pub(crate) fn quorate(cluster: &Cluster, nodes: &[u32]) -> Vec<bool> {
    nodes.iter().map(|&node| view(cluster, node).2).collect()
}

/// Expected votes, total votes, quorum.
pub(crate) fn votes(cluster: &Cluster, node: u32) -> (u32, u32, u32) {
    let engine = cluster.engine(NodeId(node)).expect("the node is up");
    let info = engine.node_info(NodeId(node)).expect("it knows itself");
    (info.expected_votes, info.total_votes, info.quorum)
}
