//! last_man_standing.

use quorate_engine::{Effect, InfoFlags, Input, LogLevel, NodeId, QuorumConfig, RingId, Timer};

use crate::cluster::Cluster;
use crate::{quorate, set_votes, track, with_votes};

fn config(nodes: u32) -> QuorumConfig {
    QuorumConfig {
        last_man_standing: true,
        last_man_standing_window: 1000,
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

/// As vqsim shows it, and without the option.
#[test]
fn five_nodes_go_down_one_by_one() {
    let mut cluster = Cluster::of(&QuorumConfig {
        wait_for_all: Some(true),
        ..config(5)
    });
    for node in [5, 4, 3] {
        cluster.crash(node);
        cluster.advance(1600);
    }
    assert_eq!(quorate(&cluster), [(1, true), (2, true)]);

    let mut without = Cluster::of(&QuorumConfig::with_nodes(1..=5));
    for node in [5, 4, 3] {
        without.crash(node);
    }
    assert_eq!(quorate(&without), [(1, false), (2, false)]);
}

/// Observed on corosync 3.1.7.
#[test]
fn four_nodes_stay_quorate_down_to_two() {
    let mut cluster = Cluster::of(&config(4));
    assert_eq!(cluster.votes(1), (4, 4, 3, true));
    cluster.crash(4);
    assert_eq!(cluster.votes(1), (4, 3, 3, true));
    cluster.advance(1000);
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    cluster.crash(3);
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
    cluster.advance(1000);
    assert_eq!(cluster.votes(1), (2, 2, 2, true));
    cluster.crash(2);
    cluster.advance(5000);
    assert_eq!(cluster.votes(1), (2, 1, 2, false));
}

#[test]
fn with_a_tie_breaker_the_lowest_may_stand_alone() {
    let mut cluster = Cluster::of(&QuorumConfig {
        auto_tie_breaker: true,
        ..config(4)
    });
    for node in [4, 3, 2] {
        cluster.crash(node);
        cluster.advance(1000);
    }
    assert_eq!(cluster.votes(1), (1, 1, 1, true));
}

#[test]
fn nobody_is_notified_and_the_window_starts_anew() {
    let mut cluster = Cluster::of(&config(5));
    cluster.status(1, track(0, 4));
    cluster.crash(5);
    cluster.advance(900);
    cluster.crash(4);
    cluster.advance(900);
    assert_eq!(cluster.votes(1), (5, 3, 3, true));
    cluster.events(1);
    cluster.advance(100);
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    assert_eq!(cluster.notifications(1), []);
}

#[test]
fn an_inquorate_partition_does_not_shrink() {
    let mut cluster = Cluster::of(&config(5));
    cluster.partition(&[&[1, 2, 3], &[4, 5]]);
    cluster.advance(10_000);
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
    assert_eq!(cluster.votes(4), (5, 2, 3, false));
}

#[test]
fn more_than_one_vote_switches_it_off() {
    let weighted = QuorumConfig {
        last_man_standing: true,
        ..with_votes(&[1, 1, 2])
    };
    let mut cluster = Cluster::of(&weighted);
    assert!(!cluster.info(1).flags.contains(InfoFlags::LAST_MAN_STANDING));
    let warned = cluster.events(1).into_iter().any(|event| match event {
        Effect::Log(line) => {
            line.level == LogLevel::Warning && line.text.contains("quorum.last_man_standing")
        }
        _ => false,
    });
    assert!(warned);
}

#[test]
fn switching_off_disarms_a_running_window() {
    let mut cluster = Cluster::of(&config(4));
    cluster.crash(4);
    assert_eq!(
        cluster.status(1, set_votes(2, 2)),
        quorate_engine::Status::Ok
    );
    // Node 2 tells its votes at the next occasion.
    let effects = cluster.feed(
        1,
        Input::Deliver {
            from: quorate_engine::NodeId(2),
            message: quorate_engine::Message::NodeInfo {
                node: quorate_engine::NodeId(2),
                votes: 2,
                expected_votes: 4,
                flags: quorate_engine::NodeFlags::QUORATE,
            },
        },
    );
    assert!(effects.contains(&Effect::CancelTimer(Timer::LastManStanding)));
    let before = cluster.votes(1);
    let effects = cluster.input(1, Input::TimerExpired(Timer::LastManStanding));
    assert_eq!(effects, []);
    assert_eq!(cluster.votes(1), before);
}

/// Does the window start when node 1's ring of five, or what is left of it, becomes this one?
fn starts_window(config: &QuorumConfig, before: &[u32], members: &[u32]) -> bool {
    let mut cluster = Cluster::of(config);
    cluster.partition(&[before]);
    let ring = RingId {
        node: NodeId(1),
        seq: 999,
    };
    let members = members.iter().copied().map(NodeId).collect();
    let effects = cluster.feed(1, Input::SyncInit { ring, members });
    let window = Effect::SetTimer {
        timer: Timer::LastManStanding,
        after_ms: 1000,
    };
    effects.contains(&window)
}

#[test]
fn the_window_starts_when_nodes_left_a_majority() {
    assert!(starts_window(&config(5), &[1, 2, 3, 4, 5], &[1, 2, 3]));
    assert!(!starts_window(&config(5), &[1, 2, 3, 4, 5], &[1, 2]));
    assert!(
        !starts_window(&config(5), &[1, 2, 3], &[1, 2, 3, 4]),
        "nobody left"
    );
}

#[test]
fn with_a_tie_breaker_the_window_starts_up_to_quorum() {
    let breaker = QuorumConfig {
        auto_tie_breaker: true,
        wait_for_all: Some(true),
        ..config(5)
    };
    assert!(starts_window(&breaker, &[1, 2], &[1, 2, 3]));
    assert!(starts_window(&breaker, &[1, 2, 3, 4, 5], &[1, 2]));
    assert!(!starts_window(&breaker, &[1, 2, 3], &[1, 2, 3, 4]));
}
