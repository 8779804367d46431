//! Other services on the same ordered transport.

use std::collections::BTreeMap;

use quorate_engine::{Compat, NodeId};
use quorate_sim::{Cluster, GroupEvent, Outbox, RingChange, ServiceId, Services};

use crate::{config, ids};

const SYNCHRONISED: [ServiceId; 2] = [ServiceId::Cmap, ServiceId::Cpg];

/// Writes down what each node hears, and says its name when it is its turn.
#[derive(Debug, Default)]
struct Listener(BTreeMap<NodeId, Vec<String>>);

impl Services for Listener {
    fn synchronised(&self) -> &[ServiceId] {
        &SYNCHRONISED
    }

    fn handle(&mut self, node: NodeId, event: GroupEvent<'_>, outbox: &mut Outbox) {
        let text = match event {
            GroupEvent::Started => "started".to_owned(),
            GroupEvent::Leaving => "leaving".to_owned(),
            GroupEvent::Stopped => "stopped".to_owned(),
            GroupEvent::RingChanged(RingChange {
                members,
                left,
                joined,
                ..
            }) => {
                format!("ring {} -{} +{}", text(members), text(left), text(joined))
            }
            GroupEvent::SyncAborted => "aborted".to_owned(),
            GroupEvent::SyncProcess(service) => {
                outbox.multicast(service, node.0.to_string().into_bytes());
                format!("process {service:?}")
            }
            GroupEvent::SyncActivated(service) => format!("activate {service:?}"),
            GroupEvent::SyncCompleted => "complete".to_owned(),
            GroupEvent::Delivered {
                from,
                service,
                data,
            } => {
                format!("{service:?} {from} {}", String::from_utf8_lossy(data))
            }
        };
        self.0.entry(node).or_default().push(text);
    }
}

fn text(nodes: &[NodeId]) -> String {
    let ids: Vec<_> = nodes.iter().map(ToString::to_string).collect();
    ids.join(",")
}

fn listening(nodes: usize) -> Cluster<Listener> {
    let config = config(&vec![1; nodes], &[]);
    let mut cluster = Cluster::with_services(config, Compat::default(), 3, Listener::default());
    cluster.start_all().unwrap();
    cluster.run_until_quiet();
    cluster
}

fn heard(cluster: &mut Cluster<Listener>) -> BTreeMap<NodeId, Vec<String>> {
    std::mem::take(&mut cluster.services_mut().0)
}

#[test]
fn services_synchronise_one_after_the_other() {
    let mut cluster = listening(2);
    heard(&mut cluster);
    cluster.up_again(2);
    let heard = heard(&mut cluster);
    let expected = [
        "ring 1,2 -2 +2",
        "process Cmap",
        "Cmap 1 1",
        "Cmap 2 2",
        "activate Cmap",
        "process Cpg",
        // Who speaks last in one turn begins the next.
        "Cpg 2 2",
        "Cpg 1 1",
        "activate Cpg",
        "complete",
    ];
    assert_eq!(heard[&NodeId(1)], expected);
}

trait UpAgain {
    fn up_again(&mut self, node: u32);
}

impl UpAgain for Cluster<Listener> {
    /// Down and up before anybody noticed: it leaves and joins at once.
    fn up_again(&mut self, node: u32) {
        self.kill(NodeId(node)).unwrap();
        self.up(NodeId(node)).unwrap();
        self.run_until_quiet();
    }
}

#[test]
fn all_members_hear_the_same_in_the_same_order() {
    let mut cluster = listening(4);
    heard(&mut cluster);
    for (node, word) in [(3, "a"), (1, "b"), (2, "c"), (1, "d")] {
        let data = word.as_bytes().to_vec();
        cluster
            .multicast(NodeId(node), ServiceId::Cpg, data)
            .unwrap();
    }
    cluster.run_until_quiet();
    let heard = heard(&mut cluster);
    let expected = ["Cpg 1 b", "Cpg 1 d", "Cpg 2 c", "Cpg 3 a"];
    for node in 1..=4 {
        assert_eq!(heard[&NodeId(node)], expected);
    }
}

/// What was not delivered when the ring broke goes out on the next one, when its synchronisation is
/// over.
#[test]
fn undelivered_messages_go_out_on_the_next_ring() {
    let mut cluster = listening(3);
    heard(&mut cluster);
    cluster.partition(&[ids(&[1, 2]), ids(&[3])]).unwrap();
    cluster
        .multicast(NodeId(3), ServiceId::Cpg, b"late".to_vec())
        .unwrap();
    cluster.run_until_quiet();
    let heard = heard(&mut cluster);
    assert_eq!(heard[&NodeId(3)][0], "ring 3 -1,2 +");
    assert!(heard[&NodeId(3)].ends_with(&["complete".to_owned(), "Cpg 3 late".to_owned()]));
    assert!(!heard[&NodeId(1)].contains(&"Cpg 3 late".to_owned()));
    assert_eq!(heard[&NodeId(1)][0], "ring 1,2 -3 +");
}

#[test]
fn a_ring_that_breaks_while_it_synchronises_aborts() {
    let mut cluster = listening(3);
    heard(&mut cluster);
    cluster.up_again(3);
    heard(&mut cluster);
    cluster.kill(NodeId(3)).unwrap();
    cluster.up(NodeId(3)).unwrap();
    while cluster
        .engine(NodeId(1))
        .is_some_and(|engine| !engine.is_syncing())
    {
        assert!(cluster.step());
    }
    cluster.kill(NodeId(2)).unwrap();
    cluster.run_until_quiet();
    let heard = heard(&mut cluster);
    assert_eq!(heard[&NodeId(1)][1..3], ["aborted", "ring 1,3 -2 +"]);
    assert_eq!(heard[&NodeId(1)].last().unwrap(), "complete");
    assert_eq!(heard[&NodeId(2)].last().unwrap(), "stopped");
}
