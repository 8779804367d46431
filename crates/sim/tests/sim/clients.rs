//! Connections: answers, notifications, and what becomes of them.

use quorate_engine::{ClientId, NodeId, NodeState, Notification, Reply, Request, Status, track};
use quorate_sim::{Cluster, OutputKind, Running};

use crate::{cluster, down, ms};

fn track(cluster: &mut Cluster, node: u32) -> ClientId {
    let client = cluster.attach(NodeId(node)).unwrap();
    let request = Request::TrackStart {
        context: 7,
        flags: track::CHANGES,
    };
    cluster.request(client, request).unwrap();
    client
}

fn notifications(cluster: &mut Cluster) -> Vec<Notification> {
    let told = |kind| match kind {
        OutputKind::Notify {
            notification,
            context,
            ..
        } => {
            assert_eq!(context, 7);
            Some(notification)
        }
        _ => None,
    };
    cluster
        .outputs()
        .into_iter()
        .filter_map(|output| told(output.kind))
        .collect()
}

/// Observed on corosync: the present state first, then the answer.
#[test]
fn tracking_begins_with_the_present_state() {
    let mut cluster = cluster(&[1; 2], &[]);
    let client = track(&mut cluster, 1);
    let kinds: Vec<_> = cluster
        .outputs()
        .into_iter()
        .map(|output| output.kind)
        .collect();
    let [
        OutputKind::Notify {
            notification: Notification::NodeList { .. },
            ..
        },
        OutputKind::Notify {
            notification: Notification::Quorum { .. },
            ..
        },
        OutputKind::Reply {
            client: to,
            reply: Reply::Status(Status::Ok),
        },
    ] = &kinds[..]
    else {
        panic!("{kinds:?}");
    };
    assert_eq!(*to, client);
}

#[test]
fn a_change_is_told_as_node_list_then_quorum() {
    let mut cluster = cluster(&[1; 3], &[]);
    track(&mut cluster, 2);
    cluster.outputs();
    down(&mut cluster, 3);
    let told = notifications(&mut cluster);
    let [
        Notification::NodeList { ring, members },
        Notification::Quorum {
            quorate: true,
            nodes,
        },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(members, &[NodeId(1), NodeId(2)]);
    assert_eq!(*ring, cluster.engine(NodeId(2)).unwrap().ring());
    let states: Vec<_> = nodes
        .iter()
        .map(|entry| (entry.node.0, entry.state))
        .collect();
    let expected = [
        (1, NodeState::Member),
        (3, NodeState::Dead),
        (2, NodeState::Member),
    ];
    assert_eq!(states, expected);
}

#[test]
fn a_paused_node_answers_when_it_goes_on() {
    let mut cluster = cluster(&[1; 3], &[]);
    let client = cluster.attach(NodeId(1)).unwrap();
    cluster.pause(NodeId(1)).unwrap();
    let node = NodeId(1);
    cluster.request(client, Request::GetInfo { node }).unwrap();
    cluster.run_until(cluster.now() + ms(20_000));
    assert_eq!(cluster.outputs(), []);
    cluster.resume(node).unwrap();
    let outputs = cluster.outputs();
    let reply = |kind: &OutputKind| {
        matches!(
            kind,
            OutputKind::Reply {
                reply: Reply::Info(Ok(_)),
                ..
            }
        )
    };
    assert!(
        matches!(&outputs[..], [output] if reply(&output.kind)),
        "{outputs:?}"
    );
}

#[test]
fn a_registration_is_answered_when_its_message_came_back() {
    let mut cluster = cluster(&[1; 2], &[("device.model", "net"), ("device.votes", "1")]);
    let client = cluster.attach(NodeId(1)).unwrap();
    let name = b"dev".to_vec();
    cluster
        .request(client, Request::QdeviceRegister { name })
        .unwrap();
    assert_eq!(cluster.outputs(), []);
    cluster.run_until_quiet();
    let kinds: Vec<_> = cluster
        .outputs()
        .into_iter()
        .map(|output| output.kind)
        .collect();
    let reply = Reply::Status(Status::Ok);
    assert_eq!(kinds, [OutputKind::Reply { client, reply }]);
}

#[test]
fn connections_end_with_the_daemon() {
    let mut cluster = cluster(&[1; 2], &[]);
    let client = track(&mut cluster, 1);
    cluster.watch(NodeId(1)).unwrap();
    cluster.outputs();
    cluster.kill(NodeId(1)).unwrap();
    let kinds: Vec<_> = cluster
        .outputs()
        .into_iter()
        .map(|output| output.kind)
        .collect();
    assert_eq!(
        kinds,
        [OutputKind::Disconnected { client }, OutputKind::Stopped]
    );
    assert!(cluster.request(client, Request::TrackStop).is_err());
    assert_eq!(cluster.running(NodeId(1)), Some(Running::Down));
    assert!(cluster.attach(NodeId(1)).is_err());
}

#[test]
fn a_closed_connection_is_told_nothing() {
    let mut cluster = cluster(&[1; 3], &[]);
    let client = track(&mut cluster, 1);
    cluster.outputs();
    cluster.detach(client);
    down(&mut cluster, 3);
    assert_eq!(cluster.outputs(), []);
}

#[test]
fn a_watched_node_tells_membership_and_keys() {
    let mut cluster = cluster(&[1; 2], &[]);
    cluster.watch(NodeId(1)).unwrap();
    down(&mut cluster, 2);
    let kinds: Vec<_> = cluster
        .outputs()
        .into_iter()
        .map(|output| output.kind)
        .collect();
    let lost = kinds.iter().any(|kind| {
        matches!(kind, OutputKind::Quorum { quorate: false, members, .. } if members == &[NodeId(1)])
    });
    assert!(lost, "{kinds:?}");
    cluster.set_expected(NodeId(1), 1).unwrap();
    cluster.run_until_quiet();
    let key = |kind: &OutputKind| {
        matches!(
            kind,
            OutputKind::RuntimeKey {
                name: "ev_barrier",
                ..
            }
        )
    };
    assert!(cluster.outputs().iter().any(|output| key(&output.kind)));
}
