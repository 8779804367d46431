//! The quorum device: registration, polls, timeouts, master_wins, extra info.

use quorate_engine::{
    ClientId, DeviceConfig, Effect, InfoFlags, Input, Message, NodeFlags, NodeId, QuorumConfig,
    Reply, Request, RingId, Status, Timer,
};

use crate::cluster::Cluster;
use crate::quorate;

pub(crate) const NAME: &[u8] = b"Qdevice";

pub(crate) fn config(nodes: u32) -> QuorumConfig {
    QuorumConfig {
        device: Some(DeviceConfig {
            timeout: 1000,
            sync_timeout: 3000,
            ..DeviceConfig::default()
        }),
        ..QuorumConfig::with_nodes(1..=nodes)
    }
}

pub(crate) fn register(name: &[u8]) -> Request {
    Request::QdeviceRegister {
        name: name.to_vec(),
    }
}

pub(crate) fn unregister(name: &[u8]) -> Request {
    Request::QdeviceUnregister {
        name: name.to_vec(),
    }
}

pub(crate) fn poll(cluster: &mut Cluster, node: u32, cast_vote: bool) -> Status {
    let ring = cluster.engine(node).ring();
    cluster.status(
        node,
        Request::QdevicePoll {
            name: NAME.to_vec(),
            cast_vote,
            ring,
        },
    )
}

pub(crate) fn flags(cluster: &Cluster, seen_by: u32, node: u32) -> InfoFlags {
    let flags = cluster
        .engine(seen_by)
        .node_info(NodeId(node))
        .unwrap()
        .flags;
    InfoFlags(flags.0 & !InfoFlags::QUORATE.0)
}

#[test]
fn the_device_has_one_vote_less_than_there_are_nodes() {
    let mut cluster = Cluster::of(&config(3));
    assert_eq!(cluster.votes(1), (5, 3, 3, true));
    assert_eq!(cluster.info(1).qdevice_votes, 2);
    cluster.partition(&[&[1], &[2, 3]]);
    assert_eq!(quorate(&cluster), [(1, false), (2, false), (3, false)]);
    assert_eq!(cluster.status(1, register(NAME)), Status::Ok);
    assert_eq!(
        quorate(&cluster)[0],
        (1, false),
        "registering is not voting"
    );
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
    assert_eq!(cluster.votes(1), (5, 3, 3, true));
    assert_eq!(poll(&mut cluster, 1, false), Status::Ok);
    assert_eq!(cluster.votes(1), (5, 1, 3, false));
}

#[test]
fn configured_device_votes_raise_expected_votes_when_counted() {
    let device = DeviceConfig {
        votes: Some(3),
        ..DeviceConfig::default()
    };
    let config = QuorumConfig {
        device: Some(device),
        ..QuorumConfig::with_nodes(1..=2)
    };
    let mut cluster = Cluster::of(&QuorumConfig::default());
    cluster.start(1, config.clone()).unwrap();
    assert_eq!(cluster.votes(1), (4, 1, 3, false));
    cluster.start(2, config).unwrap();
    cluster.heal();
    assert_eq!(cluster.votes(1), (5, 2, 3, false));
}

#[test]
fn registration_is_answered_when_its_message_comes_back() {
    let mut cluster = Cluster::of(&config(2));
    let client = ClientId(3);
    let effects = cluster.feed(
        1,
        Input::Request {
            client,
            request: register(NAME),
        },
    );
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Reply { .. }))
    );
    let second = Input::Request {
        client: ClientId(4),
        request: register(NAME),
    };
    let busy = Effect::Reply {
        client: ClientId(4),
        reply: Reply::Status(Status::TryAgain),
    };
    assert!(cluster.feed(1, second).contains(&busy));
    cluster.settle();
    let done = Effect::Reply {
        client,
        reply: Reply::Status(Status::Ok),
    };
    assert!(cluster.events(1).contains(&done));
}

#[test]
fn names_are_checked() {
    let mut cluster = Cluster::of(&config(2));
    assert_eq!(cluster.status(1, unregister(NAME)), Status::NotExist);
    assert_eq!(poll(&mut cluster, 1, true), Status::NotExist);
    assert_eq!(
        cluster.status(1, register(&[b'x'; 255])),
        Status::InvalidParam
    );
    assert_eq!(cluster.status(1, register(NAME)), Status::Ok);
    assert_eq!(cluster.status(1, register(NAME)), Status::Ok, "again");
    assert_eq!(cluster.status(1, register(b"other")), Status::Exist);
    assert_eq!(
        cluster.status(2, register(b"other")),
        Status::Exist,
        "known from node 1"
    );
    assert_eq!(
        cluster.status(1, unregister(b"other")),
        Status::InvalidParam
    );
    let ring = cluster.engine(1).ring();
    let wrong = |ring| Request::QdevicePoll {
        name: b"other".to_vec(),
        cast_vote: true,
        ring,
    };
    assert_eq!(cluster.status(1, wrong(ring)), Status::InvalidParam);
    let old_ring = RingId {
        seq: ring.seq - 4,
        ..ring
    };
    assert_eq!(
        cluster.status(1, wrong(old_ring)),
        Status::MessageError,
        "checked first"
    );
}

#[test]
fn a_rename_reaches_all_nodes() {
    let mut cluster = Cluster::of(&config(2));
    let rename = |old: &[u8]| Request::QdeviceUpdate {
        old: old.to_vec(),
        new: b"new".to_vec(),
    };
    assert_eq!(cluster.status(1, rename(NAME)), Status::NotExist);
    cluster.status(1, register(NAME));
    assert_eq!(cluster.status(1, rename(b"other")), Status::InvalidParam);
    let long = Request::QdeviceUpdate {
        old: NAME.to_vec(),
        new: vec![b'x'; 255],
    };
    assert_eq!(cluster.status(1, long), Status::InvalidParam);
    assert_eq!(cluster.status(1, rename(NAME)), Status::Ok);
    assert_eq!(cluster.info(2).qdevice_name, b"new");
    assert_eq!(poll(&mut cluster, 1, true), Status::InvalidParam);
}

#[test]
fn the_name_is_forgotten_with_the_last_registration() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    cluster.status(2, register(NAME));
    assert_eq!(cluster.status(1, unregister(NAME)), Status::Ok);
    assert_eq!(cluster.info(1).qdevice_name, NAME);
    assert_eq!(cluster.status(2, unregister(NAME)), Status::Ok);
    assert_eq!(cluster.info(1).qdevice_name, b"");
    assert_eq!(cluster.status(1, register(b"other")), Status::Ok);
}

#[test]
fn a_late_poll_costs_the_vote_and_not_the_registration() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    poll(&mut cluster, 1, true);
    cluster.crash(2);
    cluster.advance(4000);
    cluster.events(1);
    poll(&mut cluster, 1, true);
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
    cluster.advance(999);
    poll(&mut cluster, 1, true);
    cluster.advance(999);
    assert!(cluster.quorate(1), "every poll starts the timer anew");
    cluster.advance(1);
    assert_eq!(cluster.votes(1), (3, 1, 2, false));
    assert_eq!(flags(&cluster, 1, 1), InfoFlags::QDEVICE_REGISTERED);
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
    assert!(cluster.quorate(1));
}

#[test]
fn only_changed_votes_are_multicast() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    let ring = cluster.engine(1).ring();
    let request = Request::QdevicePoll {
        name: NAME.to_vec(),
        cast_vote: true,
        ring,
    };
    let poll = Input::Request {
        client: ClientId(1),
        request,
    };
    let says = |effects: Vec<Effect>| {
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Multicast(_)))
            .count()
    };
    assert_eq!(says(cluster.feed(1, poll.clone())), 1);
    cluster.settle();
    assert_eq!(says(cluster.feed(1, poll)), 0);
}

#[test]
fn getinfo_counts_the_vote_of_the_node_asked_about() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    poll(&mut cluster, 1, true);
    let total = |cluster: &Cluster, node| {
        cluster
            .engine(2)
            .node_info(NodeId(node))
            .unwrap()
            .total_votes
    };
    assert_eq!((total(&cluster, 1), total(&cluster, 2)), (3, 2));
    cluster.crash(1);
    assert_eq!(
        (total(&cluster, 1), total(&cluster, 2)),
        (2, 1),
        "stale flags of a dead node"
    );
}

#[test]
fn masters_partition_is_quorate() {
    let mut cluster = Cluster::of(&config(4));
    for node in 1..=4 {
        cluster.status(node, register(NAME));
        let allow = Request::QdeviceMasterWins {
            name: NAME.to_vec(),
            allow: true,
        };
        assert_eq!(cluster.status(node, allow), Status::Ok);
    }
    cluster.partition(&[&[1], &[2, 3, 4]]);
    let free = QuorumConfig {
        device: None,
        ..config(4)
    };
    assert_eq!(
        quorate(&cluster),
        [(1, false), (2, false), (3, false), (4, false)]
    );
    poll(&mut cluster, 1, true);
    assert!(cluster.quorate(1));
    cluster.input(1, Input::Reload(Box::new(free)));
    assert!(cluster.quorate(1), "1 of 4 votes, yet the master");
    let refuse = Request::QdeviceMasterWins {
        name: NAME.to_vec(),
        allow: false,
    };
    cluster.status(1, refuse);
    assert!(!cluster.quorate(1));
}

#[test]
fn unregistering_takes_everything_back() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    poll(&mut cluster, 1, true);
    cluster.status(
        1,
        Request::QdeviceMasterWins {
            name: NAME.to_vec(),
            allow: true,
        },
    );
    cluster.status(
        1,
        Request::SetExtraInfo {
            data: b"info".to_vec(),
        },
    );
    assert_ne!(flags(&cluster, 2, 1), InfoFlags::default());
    cluster.status(1, unregister(NAME));
    assert_eq!(flags(&cluster, 2, 1), InfoFlags::default());
    cluster.advance(60_000);
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
}

/// A device without votes shows what master_wins does by itself.
#[test]
fn master_wins_has_to_be_asked_for_on_every_node() {
    let device = DeviceConfig {
        votes: Some(0),
        ..DeviceConfig::default()
    };
    let config = QuorumConfig {
        device: Some(device),
        ..QuorumConfig::with_nodes(1..=4)
    };
    let mut cluster = Cluster::of(&config);
    cluster.partition(&[&[1, 2], &[3, 4]]);
    cluster.status(1, register(NAME));
    cluster.status(
        1,
        Request::QdeviceMasterWins {
            name: NAME.to_vec(),
            allow: true,
        },
    );
    poll(&mut cluster, 1, true);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, false), (3, false), (4, false)]
    );
    cluster.status(2, register(NAME));
    cluster.status(
        2,
        Request::QdeviceMasterWins {
            name: NAME.to_vec(),
            allow: true,
        },
    );
    poll(&mut cluster, 2, false);
    assert_eq!(
        quorate(&cluster),
        [(1, true), (2, true), (3, false), (4, false)]
    );
}

/// A node's own message, sent before a poll and delivered after it, takes back what the poll said.
#[test]
fn a_timer_counts_only_for_a_device_that_is_alive() {
    let own = |flags| Input::Deliver {
        from: NodeId(1),
        message: Message::NodeInfo {
            node: NodeId(1),
            votes: 1,
            expected_votes: 3,
            flags,
        },
    };
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    cluster.input(
        1,
        own(NodeFlags::QDEVICE_REGISTERED | NodeFlags::QDEVICE_ALIVE),
    );
    assert_eq!(
        cluster.feed(1, Input::TimerExpired(Timer::Qdevice)),
        [],
        "not armed"
    );
    poll(&mut cluster, 1, true);
    cluster.input(1, own(NodeFlags::QDEVICE_REGISTERED));
    assert_eq!(
        cluster.feed(1, Input::TimerExpired(Timer::Qdevice)),
        [],
        "not alive"
    );
}
