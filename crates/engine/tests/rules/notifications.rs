//! What trackers are told, when, and in which order.

use quorate_engine::NodeState::{Dead, Member, Unset};
use quorate_engine::{
    ClientId, Effect, Input, NodeId, Notification, QuorumConfig, Reply, Request, RingId, Status,
};

use crate::cluster::{Cluster, node_list, quorum};
use crate::{set_expected, set_votes, track};

fn three() -> Cluster {
    Cluster::of(&QuorumConfig::with_nodes(1..=3))
}

const CURRENT: u8 = quorate_engine::track::CURRENT;
const CHANGES: u8 = quorate_engine::track::CHANGES;
const CHANGES_ONLY: u8 = quorate_engine::track::CHANGES_ONLY;

fn all_members(us: u32) -> Notification {
    let mut nodes: Vec<_> = (1..=3)
        .filter(|&id| id != us)
        .map(|id| (id, Member))
        .collect();
    nodes.push((us, Member));
    quorum(true, &nodes)
}

#[test]
fn the_present_state_comes_before_the_answer() {
    for flags in [CURRENT, CHANGES, CURRENT | CHANGES_ONLY] {
        let mut cluster = three();
        let seq = cluster.engine(2).ring().seq;
        let request = Request::TrackStart { context: 77, flags };
        let client = ClientId(9);
        let effects = cluster.feed(2, Input::Request { client, request });
        let notify = |notification| Effect::Notify {
            client,
            context: 77,
            notification,
        };
        let expected = [
            notify(node_list(1, seq, &[1, 2, 3])),
            notify(all_members(2)),
            Effect::Reply {
                client,
                reply: Reply::Status(Status::Ok),
            },
        ];
        assert_eq!(effects, expected, "flags {flags}");
    }
}

#[test]
fn changes_only_tells_nothing_at_first() {
    let mut cluster = three();
    assert_eq!(cluster.status(2, track(0, CHANGES_ONLY)), Status::Ok);
    assert_eq!(cluster.notifications(2), []);
    cluster.crash(3);
    assert_eq!(cluster.notifications(2).len(), 2);
}

#[test]
fn current_alone_does_not_track() {
    let mut cluster = three();
    for _ in 0..2 {
        assert_eq!(cluster.status(1, track(0, CURRENT)), Status::Ok);
    }
    cluster.events(1);
    cluster.crash(3);
    assert_eq!(cluster.notifications(1), []);
    assert_eq!(cluster.status(1, Request::TrackStop), Status::NotExist);
}

#[test]
fn a_second_trackstart_is_refused_and_keeps_the_first_context() {
    let mut cluster = three();
    assert_eq!(cluster.status(1, track(10, CHANGES)), Status::Ok);
    cluster.events(1);
    assert_eq!(cluster.status(1, track(20, CHANGES)), Status::Exist);
    let contexts = |events: Vec<Effect>| {
        let of = |event| match event {
            Effect::Notify { context, .. } => Some(context),
            _ => None,
        };
        events.into_iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(contexts(cluster.events(1)), [20, 20]);
    cluster.crash(3);
    assert_eq!(contexts(cluster.events(1)), [10, 10]);
    assert_eq!(cluster.status(1, Request::TrackStop), Status::Ok);
    assert_eq!(cluster.status(1, Request::TrackStop), Status::NotExist);
    cluster.events(1);
    cluster.crash(2);
    assert_eq!(contexts(cluster.events(1)), []);
}

#[test]
fn a_closed_connection_tracks_no_more() {
    let mut cluster = three();
    cluster.status(1, track(0, CHANGES));
    cluster.events(1);
    cluster.input(
        1,
        Input::Disconnect {
            client: ClientId(1),
        },
    );
    cluster.crash(3);
    assert_eq!(cluster.notifications(1), []);
}

#[test]
fn the_newest_tracker_is_told_first() {
    let mut cluster = three();
    for client in [1, 2] {
        cluster.request(1, client, track(client, CHANGES_ONLY));
    }
    cluster.events(1);
    cluster.status(1, set_expected(4));
    let told: Vec<_> = cluster
        .events(1)
        .into_iter()
        .filter_map(|event| match event {
            Effect::Notify { client, .. } => Some(client),
            _ => None,
        })
        .collect();
    assert_eq!(told, [ClientId(2), ClientId(1)]);
}

/// NODELIST in the process phase, QUORUM at activation, changed or not; the dead stay listed.
#[test]
fn a_membership_change_is_told_in_two_steps() {
    let mut cluster = three();
    cluster.status(2, track(0, CHANGES_ONLY));
    cluster.kill(3);
    let ring = RingId {
        node: NodeId(1),
        seq: 100,
    };
    cluster.form(ring, &[1, 2], &[vec![1, 2]]);
    assert_eq!(cluster.notifications(2), [node_list(1, 100, &[1, 2])]);
    assert!(cluster.engine(2).is_syncing());
    cluster.settle();
    assert_eq!(
        cluster.notifications(2),
        [quorum(true, &[(1, Member), (3, Dead), (2, Member)])]
    );
}

#[test]
fn libquorum_hears_of_a_change_before_the_trackers() {
    let mut cluster = three();
    cluster.status(1, track(0, CHANGES_ONLY));
    cluster.events(1);
    cluster.partition(&[&[1], &[2, 3]]);
    let events = cluster.events(1);
    let changed = events.iter().position(|event| {
        matches!(event, Effect::QuorumChanged { quorate: false, members, .. } if members.len() == 1)
    });
    let told = events.iter().position(|event| {
        matches!(
            event,
            Effect::Notify {
                notification: Notification::Quorum { quorate: false, .. },
                ..
            }
        )
    });
    assert!(changed.expect("libquorum is told") < told.expect("the tracker is told"));
}

#[test]
fn outside_of_a_change_only_flips_are_told() {
    let mut cluster = three();
    cluster.status(1, track(0, CHANGES_ONLY));
    cluster.events(1);
    cluster.status(1, set_votes(2, 2));
    assert_eq!(
        cluster.notifications(1),
        [Notification::ExpectedVotes { expected_votes: 4 }],
        "expected votes rise, nothing flips"
    );
    cluster.status(1, set_votes(0, 100));
    let seen = cluster.notifications(1);
    assert_eq!(
        seen,
        [
            Notification::ExpectedVotes {
                expected_votes: 104
            },
            quorum(false, &[(2, Member), (3, Member), (1, Member)]),
        ]
    );
}

#[test]
fn a_registered_qdevice_is_listed_last_with_no_state() {
    let mut cluster = three();
    let register = Request::QdeviceRegister {
        name: b"dev".to_vec(),
    };
    assert_eq!(cluster.status(1, register), Status::Ok);
    cluster.events(1);
    cluster.status(1, track(0, CURRENT));
    let listed = quorum(true, &[(2, Member), (3, Member), (1, Member), (0, Unset)]);
    assert_eq!(cluster.notifications(1)[1], listed);
    cluster.status(2, track(0, CURRENT));
    assert_eq!(
        cluster.notifications(2)[1],
        all_members(2),
        "only where it is registered"
    );
}

#[test]
fn a_flip_during_a_change_is_told_once() {
    let mut cluster = three();
    cluster.status(1, track(0, CHANGES_ONLY));
    cluster.events(1);
    cluster.partition(&[&[1], &[2, 3]]);
    let told = cluster.notifications(1);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], quorum(false, &[(2, Dead), (3, Dead), (1, Member)]));
}
