//! votequorum's rules, one by one, and transcripts of real clusters.

#[path = "../cluster/mod.rs"]
mod cluster;
mod configuration;
mod downscale;
mod extra_info;
mod last_man_standing;
mod notifications;
mod qdevice;
mod qdevice_in_sync;
mod reload;
mod tie_breaker;
mod votes;
mod wait_for_all;

use quorate_engine::{NodeId, QuorumConfig, Request};

use cluster::Cluster;

/// A node list with these votes for nodes 1, 2, 3 and so on.
fn with_votes(votes: &[u32]) -> QuorumConfig {
    let mut config = QuorumConfig::with_nodes(1..=u32::try_from(votes.len()).unwrap());
    for (entry, &votes) in config.nodelist.iter_mut().zip(votes) {
        entry.quorum_votes = Some(votes);
    }
    config
}

fn quorate(cluster: &Cluster) -> Vec<(u32, bool)> {
    cluster
        .nodes()
        .into_iter()
        .map(|node| (node, cluster.quorate(node)))
        .collect()
}

fn set_expected(expected_votes: u32) -> Request {
    Request::SetExpected { expected_votes }
}

fn set_votes(node: u32, votes: u32) -> Request {
    Request::SetVotes {
        node: NodeId(node),
        votes,
    }
}

fn track(context: u64, flags: u8) -> Request {
    Request::TrackStart { context, flags }
}
