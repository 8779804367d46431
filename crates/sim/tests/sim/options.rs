//! votequorum's options in the simulated cluster: runs recorded from the original.

use quorate_engine::{Compat, NodeId, Status};
use quorate_sim::ViolationKind;
use quorate_sim::config::Value;

use crate::{cluster, cluster_of, config, down, heal, ms, quorate, split, up, view, votes};

/// Recorded from corosync-vqsim 3.1.7: 4 nodes, `auto_tie_breaker: 1`.
#[test]
fn auto_tie_breaker() {
    let mut cluster = cluster(&[1; 4], &[("auto_tie_breaker", "1")]);
    assert_eq!(quorate(&cluster, &[1, 2, 3, 4]), [true; 4]);
    split(&mut cluster, &[&[1, 2], &[3, 4]]);
    assert_eq!(view(&cluster, 1), (1, vec![1, 2], true));
    assert_eq!(view(&cluster, 3), (3, vec![3, 4], false));
    heal(&mut cluster);
    assert_eq!(view(&cluster, 4), (1, vec![1, 2, 3, 4], true));
    split(&mut cluster, &[&[2, 3, 4], &[1]]);
    assert_eq!(view(&cluster, 2), (2, vec![2, 3, 4], true));
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
    down(&mut cluster, 2);
    assert_eq!(
        view(&cluster, 3),
        (3, vec![3, 4], false),
        "the lowest of the majority is gone"
    );
}

/// Also shown by corosync-vqsim 3.1.7: a list decides by the previous ring, so the half that lost
/// the tie wins it when its ring forms anew with the same members.
#[test]
fn a_tie_breaker_list_forgets_who_lost() {
    let keys = [("auto_tie_breaker", "1"), ("auto_tie_breaker_node", "1 3")];
    let mut cluster = cluster(&[1; 4], &keys);
    split(&mut cluster, &[&[1, 2], &[3, 4]]);
    assert_eq!(quorate(&cluster, &[1, 3]), [true, false]);
    assert_eq!(cluster.violations(), []);
    // Longer than the token timeout, shorter than the consensus timeout after it.
    cluster.pause(NodeId(4)).unwrap();
    cluster.run_until(cluster.now() + ms(5000));
    cluster.resume(NodeId(4)).unwrap();
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 3), (3, vec![3, 4], true));
    let kinds: Vec<_> = cluster.violations().iter().map(|v| &v.kind).collect();
    assert!(
        matches!(kinds[..], [ViolationKind::TwoQuorate(_)]),
        "{kinds:?}"
    );
}

/// Observed on corosync 3.1.7: the loss of quorum makes all wait again.
#[test]
fn wait_for_all() {
    let mut cluster = cluster(&[1; 3], &[("wait_for_all", "1")]);
    down(&mut cluster, 3);
    assert_eq!(quorate(&cluster, &[1, 2]), [true; 2]);
    down(&mut cluster, 2);
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
    up(&mut cluster, 2);
    assert_eq!(quorate(&cluster, &[1, 2]), [false; 2]);
    up(&mut cluster, 3);
    assert_eq!(quorate(&cluster, &[1, 2, 3]), [true; 3]);
}

#[test]
fn wait_for_all_can_be_cancelled_through_cmap() {
    let mut cluster = cluster(&[1; 3], &[("wait_for_all", "1")]);
    for node in [3, 2] {
        down(&mut cluster, node);
    }
    up(&mut cluster, 2);
    let key = "quorum.cancel_wait_for_all";
    cluster.set_key(NodeId(1), key, Some(Value::U8(1))).unwrap();
    cluster.run_until_quiet();
    assert_eq!(quorate(&cluster, &[1, 2]), [true; 2]);
    assert_eq!(
        cluster.keys(NodeId(1)).unwrap().u8(key),
        Some(0),
        "it falls back"
    );
}

#[test]
fn a_node_that_joins_a_quorate_cluster_does_not_wait() {
    let mut cluster = cluster(&[1; 3], &[("wait_for_all", "1")]);
    down(&mut cluster, 3);
    down(&mut cluster, 2);
    up(&mut cluster, 3);
    up(&mut cluster, 2);
    down(&mut cluster, 1);
    up(&mut cluster, 1);
    assert_eq!(quorate(&cluster, &[1, 2, 3]), [true; 3]);
}

/// Observed on corosync 3.1.7: 4 to 3 to 2 stays quorate, 1 does not.
#[test]
fn last_man_standing() {
    let keys = [
        ("last_man_standing", "1"),
        ("last_man_standing_window", "1000"),
        ("wait_for_all", "1"),
    ];
    let mut cluster = cluster(&[1; 4], &keys);
    for (leaver, expected) in [(4, 3), (3, 2)] {
        down(&mut cluster, leaver);
        assert_eq!(
            votes(&cluster, 1).0,
            expected + 1,
            "before the window has passed"
        );
        cluster.run_until(cluster.now() + ms(1000));
        assert_eq!(votes(&cluster, 1).0, expected);
        assert_eq!(quorate(&cluster, &[1, 2]), [true; 2]);
    }
    down(&mut cluster, 2);
    cluster.run_until(cluster.now() + ms(2000));
    assert_eq!(view(&cluster, 1), (1, vec![1], false));
}

/// Recorded from corosync 3.1.7 (also -vqsim): 3 nodes of 200 votes have quorum 301, or 45.
#[test]
fn eight_bits_of_quorum_split_the_cluster_in_three() {
    let split_in_three = |compat| {
        let mut cluster = cluster_of(config(&[200; 3], &[]), compat);
        split(&mut cluster, &[&[1], &[2], &[3]]);
        cluster
    };
    let sound = split_in_three(Compat::default());
    assert_eq!(votes(&sound, 1), (600, 200, 301));
    assert_eq!(quorate(&sound, &[1, 2, 3]), [false; 3]);
    assert_eq!(sound.violations(), []);

    let original = split_in_three(Compat {
        uint8_quorum: true,
        ..Compat::default()
    });
    assert_eq!(votes(&original, 1), (600, 200, 45));
    assert_eq!(quorate(&original, &[1, 2, 3]), [true; 3]);
    let last = original.violations().last().expect("a violation");
    let ViolationKind::TwoQuorate(rings) = &last.kind else {
        panic!("{last}");
    };
    assert_eq!(rings.len(), 3);
    assert!(
        last.to_string()
            .contains("seed 1: 3 partitions are quorate at once"),
        "{last}"
    );
}

/// Observed on corosync 3.1.7: expected votes follow clean stops, quorum stays.
#[test]
fn allow_downscale() {
    let mut cluster = cluster(&[1; 4], &[("allow_downscale", "1")]);
    for (leaver, expected) in [(4, 3), (3, 2), (2, 1)] {
        cluster.leave(NodeId(leaver)).unwrap();
        cluster.run_until_quiet();
        assert_eq!((votes(&cluster, 1).0, votes(&cluster, 1).2), (expected, 3));
    }
}

#[test]
fn expected_votes_tracking_survives_a_restart() {
    let mut cluster = cluster(&[1; 3], &[("expected_votes_tracking", "1")]);
    assert_eq!(cluster.set_expected(NodeId(1), 5), Ok(Status::Ok));
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 1), (5, 3, 3));
    down(&mut cluster, 1);
    cluster.up(NodeId(1)).unwrap();
    assert_eq!(votes(&cluster, 1).0, 5, "the barrier was stored");
}

#[test]
fn two_node() {
    let mut cluster = cluster(&[1; 2], &[("two_node", "1")]);
    down(&mut cluster, 2);
    assert_eq!(view(&cluster, 1), (1, vec![1], true));
    cluster.up(NodeId(2)).unwrap();
    assert_eq!(view(&cluster, 2), (2, vec![2], false), "it waits for all");
    cluster.run_until_quiet();
    assert_eq!(quorate(&cluster, &[1, 2]), [true; 2]);
    split(&mut cluster, &[&[1], &[2]]);
    let kinds: Vec<_> = cluster.violations().iter().map(|v| &v.kind).collect();
    assert!(
        matches!(kinds[..], [ViolationKind::TwoQuorate(_)]),
        "fencing decides: {kinds:?}"
    );
}

#[test]
fn votes_and_expected_votes_change_everywhere() {
    let mut cluster = cluster(&[1; 3], &[]);
    assert_eq!(cluster.set_expected(NodeId(2), 4), Ok(Status::Ok));
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 3), (4, 3, 3));
    assert_eq!(cluster.set_expected(NodeId(2), 2), Ok(Status::InvalidParam));
    assert_eq!(cluster.set_votes(NodeId(1), NodeId(3), 2), Ok(Status::Ok));
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 1), (4, 4, 3));
    assert_eq!(
        cluster.set_votes(NodeId(1), NodeId(8), 2),
        Ok(Status::NameNotFound)
    );
}

#[test]
fn a_reload_reaches_the_ring_at_once_and_others_when_they_start() {
    let mut cluster = cluster(&[1; 3], &[]);
    down(&mut cluster, 3);
    let mut new = config(&[1; 3], &[]);
    new.set_quorum("expected_votes", "6").unwrap();
    cluster.reload(NodeId(1), new).unwrap();
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 2), (6, 2, 4));
    cluster.up(NodeId(3)).unwrap();
    assert_eq!(votes(&cluster, 3).0, 6);
}

#[test]
fn keys_take_effect_or_are_refused() {
    let mut cluster = cluster(&[1; 3], &[]);
    let set = |cluster: &mut crate::Cluster, key, value| cluster.set_key(NodeId(1), key, value);
    set(&mut cluster, "quorum.expected_votes", Some(Value::U32(5))).unwrap();
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 2), (5, 3, 3));
    set(&mut cluster, "quorum.expected_votes", None).unwrap();
    cluster.run_until_quiet();
    assert_eq!(votes(&cluster, 2).0, 3);
    for key in ["quorum.wait_for_all", "nodelist.node.0.quorum_votes"] {
        assert!(set(&mut cluster, key, Some(Value::U8(1))).is_err(), "{key}");
    }
    assert!(set(&mut cluster, "a b", Some(Value::U8(1))).is_err());
}
