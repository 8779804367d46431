//! What nodes are told over their ring, reminders, and reloads.

use quorate_engine::NodeId;
use quorate_sim::config::Value;
use quorate_sim::{OperationError, OutputKind, Running};

use crate::{cluster, config, ms, split, view};

/// As `corosync-cfgtool -k`: the node dies without a goodbye, so the others need the token timeout.
#[test]
fn a_node_is_killed_over_the_ring() {
    let mut cluster = cluster(&[1; 3], &[]);
    let start = cluster.now();
    cluster.kill_over_ring(NodeId(1), NodeId(3), "why").unwrap();
    cluster.run_until(start + ms(100));
    assert_eq!(cluster.running(NodeId(3)), Some(Running::Down));
    assert_eq!(view(&cluster, 1).1, [1, 2, 3], "nobody has noticed");
    let log: Vec<_> = cluster.log().iter().map(ToString::to_string).collect();
    assert!(
        log.iter()
            .any(|line| line.contains("Killed by node 1 : why")),
        "{log:?}"
    );
    cluster.run_until_quiet();
    assert_eq!(view(&cluster, 1).1, [1, 2]);
    // Who is not in the ring does not hear of it.
    split(&mut cluster, &[&[1], &[2]]);
    cluster.kill_over_ring(NodeId(1), NodeId(2), "why").unwrap();
    cluster.run_until_quiet();
    assert_eq!(cluster.running(NodeId(2)), Some(Running::Up));
    let refused = cluster.kill_over_ring(NodeId(3), NodeId(1), "why");
    assert_eq!(refused, Err(OperationError::Down(NodeId(3))));
}

/// As `corosync-cfgtool -H`: the others know at once.
#[test]
fn a_node_shuts_itself_down() {
    let mut cluster = cluster(&[1; 3], &[]);
    let start = cluster.now();
    cluster.shut_down(NodeId(2)).unwrap();
    cluster.run_until(start + ms(100));
    assert_eq!(cluster.running(NodeId(2)), Some(Running::Down));
    assert_eq!(view(&cluster, 1).1, [1, 3]);
}

/// The reminders of a node in a list of outputs.
fn reminders(cluster: &mut quorate_sim::Cluster) -> Vec<u64> {
    let outputs = cluster.outputs().into_iter();
    let reminders = outputs.filter_map(|output| match output.kind {
        OutputKind::Reminder(number) => Some(number),
        _ => None,
    });
    reminders.collect()
}

/// In time; late on a node that is frozen; never after the node's corosync is gone.
#[test]
fn reminders_of_services() {
    let mut cluster = cluster(&[1; 2], &[]);
    let node = NodeId(1);
    cluster.watch(node).unwrap();
    let number = cluster.remind(node, ms(50)).unwrap();
    cluster.run_until(cluster.now() + ms(49));
    assert!(reminders(&mut cluster).is_empty());
    cluster.run_until(cluster.now() + ms(1));
    assert_eq!(reminders(&mut cluster), [number]);
    let late = cluster.remind(node, ms(50)).unwrap();
    cluster.pause(node).unwrap();
    cluster.run_until(cluster.now() + ms(100));
    assert!(reminders(&mut cluster).is_empty());
    cluster.resume(node).unwrap();
    assert_eq!(reminders(&mut cluster), [late]);
    cluster.remind(node, ms(50)).unwrap();
    cluster.kill(node).unwrap();
    cluster.up(node).unwrap();
    cluster.run_until(cluster.now() + ms(100));
    assert!(reminders(&mut cluster).is_empty());
}

/// As corosync 3.1.7: keys set by hand go if a reload looks after them, and stay elsewhere; the
/// cluster's name cannot change while corosync runs.
#[test]
fn what_a_reload_leaves() {
    let mut cluster = cluster(&[1; 2], &[]);
    let node = NodeId(1);
    for key in ["quorum.other", "some.key"] {
        cluster.set_key(node, key, Some(Value::U32(5))).unwrap();
    }
    let mut new = config(&[1; 2], &[("expected_votes", "3")]);
    new.set_quorum("provider", "other").unwrap();
    cluster.reload(node, new).unwrap();
    cluster.run_until_quiet();
    let keys = cluster.keys(node).unwrap();
    assert_eq!(keys.get("quorum.other"), None);
    assert_eq!(keys.u32("some.key"), Some(5));
    assert_eq!(keys.u32("quorum.expected_votes"), Some(3));
    assert_eq!(keys.str("quorum.provider"), Some("corosync_votequorum"));
    let wrong = cluster.reload_wrong(node, "line 1".to_owned()).unwrap();
    cluster.watch(node).unwrap();
    cluster.run_until_quiet();
    let refused = |kind: &OutputKind| matches!(kind, OutputKind::Reloaded { number, keys: None } if *number == wrong);
    assert!(cluster.outputs().iter().any(|output| refused(&output.kind)));
}
