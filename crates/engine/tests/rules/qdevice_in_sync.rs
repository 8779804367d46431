//! Membership changes while a quorum device is polling.

use quorate_engine::{ClientId, Effect, Input, LogLevel, NodeId, Request, RingId, Status};

use crate::cluster::{Cluster, node_list};
use crate::qdevice::{NAME, config, poll, register};
use crate::track;

fn polled() -> Cluster {
    let mut cluster = Cluster::of(&config(2));
    assert_eq!(cluster.status(1, register(NAME)), Status::Ok);
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
    cluster.status(1, track(0, 4));
    cluster.events(1);
    cluster
}

/// NODELIST at once, QUORUM only after the poll; getinfo in between shows new members and the old
/// decision.
#[test]
fn a_change_waits_for_a_poll_with_the_new_ring() {
    let mut cluster = polled();
    let old_ring = cluster.engine(1).ring();
    cluster.crash(2);
    let ring = cluster.engine(1).ring();
    assert_eq!(cluster.notifications(1), [node_list(1, ring.seq, &[1])]);
    assert!(cluster.engine(1).is_syncing());
    assert!(cluster.quorate(1));
    assert_eq!(cluster.info(1).total_votes, 2);
    let stale = Request::QdevicePoll {
        name: NAME.to_vec(),
        cast_vote: true,
        ring: old_ring,
    };
    assert_eq!(cluster.status(1, stale), Status::MessageError);
    assert!(cluster.engine(1).is_syncing());
    cluster.events(1);
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
    assert!(!cluster.engine(1).is_syncing());
    assert_eq!(cluster.votes(1), (3, 2, 2, true));
    assert_eq!(cluster.notifications(1).len(), 1, "QUORUM, changed or not");
}

#[test]
fn waiting_ends_with_sync_timeout() {
    let mut cluster = polled();
    cluster.crash(2);
    cluster.advance(2999);
    assert!(cluster.engine(1).is_syncing());
    cluster.advance(1);
    assert!(!cluster.engine(1).is_syncing());
    assert_eq!(cluster.votes(1), (3, 1, 2, false));
}

#[test]
fn waiting_ends_with_unregistration() {
    let mut cluster = polled();
    cluster.crash(2);
    let unregister = Request::QdeviceUnregister {
        name: NAME.to_vec(),
    };
    assert_eq!(cluster.status(1, unregister), Status::Ok);
    assert!(!cluster.engine(1).is_syncing());
    assert!(!cluster.quorate(1));
}

#[test]
fn nothing_waits_for_a_device_that_does_not_poll() {
    let mut cluster = Cluster::of(&config(2));
    cluster.status(1, register(NAME));
    cluster.crash(2);
    assert!(!cluster.engine(1).is_syncing());
}

#[test]
fn the_waiting_node_holds_up_the_others() {
    let mut cluster = Cluster::of(&config(3));
    cluster.status(1, register(NAME));
    poll(&mut cluster, 1, true);
    cluster.crash(3);
    assert!(cluster.engine(2).is_syncing());
    poll(&mut cluster, 1, true);
    assert!(!cluster.engine(2).is_syncing());
}

#[test]
fn a_newer_ring_replaces_the_one_that_waits() {
    let mut cluster = polled();
    cluster.crash(2);
    cluster.events(1);
    let ring = RingId {
        node: NodeId(1),
        seq: 900,
    };
    assert_eq!(cluster.feed(1, Input::SyncAbort), []);
    cluster.feed(
        1,
        Input::SyncInit {
            ring,
            members: vec![NodeId(1)],
        },
    );
    let effects = cluster.feed(1, Input::SyncProcess);
    assert_eq!(effects.last(), Some(&Effect::SyncWait));
    let effects = cluster.feed(1, Input::SyncProcess);
    assert_eq!(
        effects,
        [Effect::SyncWait],
        "what was said is not said again"
    );
    assert_eq!(poll(&mut cluster, 1, true), Status::Ok);
}

#[test]
fn the_name_is_known_to_nodes_that_join() {
    let mut cluster = Cluster::of(&config(2));
    cluster.crash(2);
    cluster.status(1, register(NAME));
    cluster.start(2, config(2)).unwrap();
    cluster.heal();
    assert_eq!(cluster.info(2).qdevice_name, NAME);
}

#[test]
fn a_poll_releases_only_what_waits() {
    let mut cluster = polled();
    let ring = cluster.engine(1).ring();
    let request = Request::QdevicePoll {
        name: NAME.to_vec(),
        cast_vote: false,
        ring,
    };
    let effects = cluster.feed(
        1,
        Input::Request {
            client: ClientId(1),
            request,
        },
    );
    assert!(!effects.contains(&Effect::SyncReleased));
}

#[test]
fn repeating_the_name_surprises_nobody() {
    let mut cluster = polled();
    cluster.crash(2);
    poll(&mut cluster, 1, true);
    let warned = cluster.events(1).into_iter().any(|event| match event {
        Effect::Log(line) => line.level == LogLevel::Warning,
        _ => false,
    });
    assert!(!warned);
}
