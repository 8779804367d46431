//! The simulated quorum device.

use quorate_engine::{Compat, NodeId};
use quorate_sim::{Cluster, DeviceAction, OperationError, What};

use crate::{cluster_of, config, down, ms, quorate, view, votes};

fn with_device(nodes: usize) -> Cluster {
    let keys = [
        ("device.model", "net"),
        ("device.votes", "1"),
        ("device.timeout", "2000"),
        ("device.sync_timeout", "3000"),
    ];
    cluster_of(config(&vec![1; nodes], &keys), Compat::default())
}

fn start(cluster: &mut Cluster, node: u32) {
    cluster
        .device(NodeId(node), DeviceAction::Start { vote: true })
        .unwrap();
    cluster.run_until(cluster.now() + ms(100));
}

#[test]
fn its_vote_counts_while_it_polls() {
    let mut cluster = with_device(2);
    start(&mut cluster, 1);
    assert_eq!(votes(&cluster, 1), (3, 3, 2));
    down(&mut cluster, 2);
    cluster.run_until(cluster.now() + ms(60_000));
    assert_eq!(votes(&cluster, 1), (3, 2, 2));
    assert_eq!(view(&cluster, 1), (1, vec![1], true));
    cluster
        .device(NodeId(1), DeviceAction::Vote(false))
        .unwrap();
    cluster.run_until_quiet();
    cluster.run_until(cluster.now() + ms(100));
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
}

/// A change waits for the device: the new membership shows before the new decision.
#[test]
fn a_change_waits_for_its_vote() {
    let mut cluster = with_device(2);
    start(&mut cluster, 1);
    cluster.device(NodeId(1), DeviceAction::Stop).unwrap();
    cluster.kill(NodeId(2)).unwrap();
    // The device has polled half a second ago at most; detection takes 6.6 s, so it is dead by
    // then and nothing waits.
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 1), (1, vec![1], false));

    let mut cluster = with_device(2);
    start(&mut cluster, 1);
    cluster.leave(NodeId(2)).unwrap();
    cluster.run_until(cluster.now() + ms(2));
    cluster.device(NodeId(1), DeviceAction::Stop).unwrap();
    let before = cluster.now();
    cluster.run_until(before + ms(20));
    assert!(cluster.engine(NodeId(1)).unwrap().is_syncing());
    assert_eq!(view(&cluster, 1), (1, vec![1], true), "the old decision");
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
    let waited = cluster.now() - before;
    assert!(
        waited >= ms(3000) && waited < ms(3020),
        "sync_timeout: {waited:?}"
    );
}

#[test]
fn a_dead_device_loses_its_vote_after_its_timeout() {
    let mut cluster = with_device(2);
    start(&mut cluster, 1);
    down(&mut cluster, 2);
    cluster.run_until(cluster.now() + ms(50));
    cluster.device(NodeId(1), DeviceAction::Stop).unwrap();
    cluster.run_until(cluster.now() + ms(900));
    assert_eq!(quorate(&cluster, &[1]), [true]);
    cluster.run_until(cluster.now() + ms(1200));
    assert_eq!(quorate(&cluster, &[1]), [false]);
    start(&mut cluster, 1);
    assert_eq!(
        quorate(&cluster, &[1]),
        [true],
        "registered under its name still"
    );
}

#[test]
fn it_unregisters() {
    let mut cluster = with_device(2);
    start(&mut cluster, 1);
    cluster.device(NodeId(1), DeviceAction::Unregister).unwrap();
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 1).1, 2);
    let gone = cluster.device(NodeId(1), DeviceAction::Stop);
    assert_eq!(gone, Err(OperationError::NoDevice(NodeId(1))));
}

#[test]
fn it_ends_with_its_node_and_survives_a_pause() {
    let mut cluster = with_device(3);
    start(&mut cluster, 1);
    cluster.pause(NodeId(1)).unwrap();
    cluster.run_until(cluster.now() + ms(20_000));
    cluster.resume(NodeId(1)).unwrap();
    cluster.run_until(cluster.now() + ms(2000));
    assert_eq!(votes(&cluster, 1).1, 4);
    cluster.kill(NodeId(1)).unwrap();
    cluster.run_until_quiet();
    cluster.up(NodeId(1)).unwrap();
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 1).1, 3);
}

#[test]
fn a_device_that_the_configuration_forbids_gives_up() {
    let mut cluster = with_device(2);
    let two_node = config(
        &[1, 1],
        &[
            ("two_node", "1"),
            ("device.model", "net"),
            ("device.votes", "1"),
        ],
    );
    cluster.reload(NodeId(1), two_node).unwrap();
    cluster.run_until_quiet();
    cluster
        .device(NodeId(1), DeviceAction::Start { vote: true })
        .unwrap();
    let gave_up =
        |what: &What| matches!(what, What::Device { action } if action.contains("refused"));
    assert!(cluster.log().iter().any(|record| gave_up(&record.what)));
}
