//! Changes of the configuration at runtime.

use quorate_engine::{
    DeviceConfig, Effect, InfoFlags, Input, LogLevel, Message, NodeId, QuorumConfig, Reconfigure,
    Request, Status,
};

use crate::cluster::Cluster;
use crate::qdevice::{NAME, config as with_device, poll, register};
use crate::{set_expected, with_votes};

fn reload(cluster: &mut Cluster, node: u32, config: &QuorumConfig) -> Vec<Effect> {
    cluster.input(node, Input::Reload(Box::new(config.clone())))
}

fn reload_all(cluster: &mut Cluster, config: &QuorumConfig) {
    for node in cluster.nodes() {
        reload(cluster, node, config);
    }
}

fn critical(effects: &[Effect], key: &str) -> bool {
    effects.iter().any(|effect| match effect {
        Effect::Log(line) => line.level == LogLevel::Critical && line.text.contains(key),
        _ => false,
    })
}

#[test]
fn votes_and_expected_votes_are_told_to_all() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    let effects = reload(&mut cluster, 2, &with_votes(&[1, 3, 1]));
    let node = NodeId(2);
    let said: Vec<_> = effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Multicast(Message::Reconfigure(change)) => Some(change),
            _ => None,
        })
        .collect();
    let changes = [
        Reconfigure::NodeVotes { node, votes: 3 },
        Reconfigure::ExpectedVotes(5),
    ];
    assert_eq!(said, changes);
    for node in 1..=3 {
        assert_eq!(cluster.votes(node), (5, 5, 3, true));
    }
}

#[test]
fn a_smaller_cluster_needs_fewer_votes() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=5));
    cluster.partition(&[&[1, 2, 3], &[4, 5]]);
    for node in [1, 2, 3] {
        reload(&mut cluster, node, &QuorumConfig::with_nodes(1..=3));
    }
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
}

#[test]
fn what_an_administrator_set_is_lost() {
    let config = QuorumConfig::with_nodes(1..=3);
    let mut cluster = Cluster::of(&config);
    cluster.status(1, set_expected(5));
    reload(&mut cluster, 1, &config);
    assert_eq!(cluster.votes(2), (3, 3, 2, true));
}

#[test]
fn two_node_brings_wait_for_all_and_takes_it_away() {
    let plain = QuorumConfig::with_nodes(1..=2);
    let two_node = QuorumConfig {
        two_node: true,
        ..plain.clone()
    };
    let mut cluster = Cluster::of(&plain);
    reload_all(&mut cluster, &two_node);
    let both = InfoFlags(InfoFlags::TWO_NODE.0 | InfoFlags::WAIT_FOR_ALL.0);
    assert!(cluster.info(1).flags.contains(both));
    assert!(cluster.quorate(1), "a reload does not make anybody wait");
    cluster.crash(2);
    assert_eq!(cluster.votes(1), (2, 1, 1, true));
    reload_all(&mut cluster, &plain);
    assert_eq!(cluster.info(1).flags, InfoFlags::default());
    assert_eq!(cluster.votes(1), (2, 1, 2, false));
}

#[test]
fn options_that_need_a_restart_stay() {
    let config = QuorumConfig::with_nodes(1..=3);
    let mut cluster = Cluster::of(&config);
    let other = QuorumConfig {
        wait_for_all: Some(true),
        last_man_standing: true,
        allow_downscale: true,
        ..config
    };
    reload_all(&mut cluster, &other);
    assert_eq!(cluster.info(1).flags, InfoFlags::QUORATE);
}

#[test]
fn a_tie_breaker_switched_off_for_odd_votes_comes_back() {
    let odd = QuorumConfig {
        auto_tie_breaker: true,
        ..QuorumConfig::with_nodes(1..=3)
    };
    let mut cluster = Cluster::of(&odd);
    assert!(!cluster.info(1).flags.contains(InfoFlags::AUTO_TIE_BREAKER));
    reload_all(
        &mut cluster,
        &QuorumConfig {
            auto_tie_breaker: true,
            ..with_votes(&[1, 1, 2])
        },
    );
    assert!(cluster.info(1).flags.contains(InfoFlags::AUTO_TIE_BREAKER));
}

#[test]
fn nothing_configured_keeps_the_votes() {
    let mut cluster = Cluster::of(&QuorumConfig::with_nodes(1..=3));
    let effects = reload(&mut cluster, 1, &QuorumConfig::default());
    assert!(critical(&effects, "quorum.expected_votes"));
    assert_eq!(cluster.votes(1), (3, 3, 2, true));
}

#[test]
fn a_contradicting_device_is_disabled() {
    let lms = QuorumConfig {
        last_man_standing: true,
        ..QuorumConfig::with_nodes(1..=3)
    };
    let mut cluster = Cluster::of(&lms);
    let device = with_device(3).device;
    let effects = reload(
        &mut cluster,
        1,
        &QuorumConfig {
            device,
            ..lms.clone()
        },
    );
    assert!(critical(&effects, "quorum.last_man_standing"));
    assert_eq!(cluster.status(1, register(NAME)), Status::Access);
    assert_eq!(poll(&mut cluster, 1, true), Status::Access);
    let master = Request::QdeviceMasterWins {
        name: NAME.to_vec(),
        allow: true,
    };
    assert_eq!(cluster.status(1, master), Status::Access);
    let info = Request::SetExtraInfo { data: Vec::new() };
    assert_eq!(cluster.status(1, info), Status::Access);
}

#[test]
fn a_registered_device_beats_two_node() {
    let mut cluster = Cluster::of(&with_device(2));
    cluster.status(1, register(NAME));
    let both = QuorumConfig {
        two_node: true,
        ..with_device(2)
    };
    let effects = reload(&mut cluster, 1, &both);
    assert!(critical(&effects, "quorum.two_node"));
    assert!(!cluster.info(1).flags.contains(InfoFlags::TWO_NODE));
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
    reload(&mut cluster, 2, &both);
    assert!(cluster.info(2).flags.contains(InfoFlags::TWO_NODE));
    assert_eq!(cluster.status(2, register(NAME)), Status::Access);
}

#[test]
fn device_votes_can_be_lowered_only_while_inquorate() {
    let votes = |votes| DeviceConfig {
        votes: Some(votes),
        ..DeviceConfig::default()
    };
    let config = |n| QuorumConfig {
        device: Some(votes(n)),
        ..QuorumConfig::with_nodes(1..=4)
    };
    let mut cluster = Cluster::of(&config(2));
    reload(&mut cluster, 1, &config(3));
    assert_eq!(cluster.info(2).qdevice_votes, 3);
    reload(&mut cluster, 1, &config(1));
    assert_eq!(cluster.info(2).qdevice_votes, 3, "the highest counts");
}
