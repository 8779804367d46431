//! Who speaks first, and rings that form as recorded.

use std::collections::BTreeMap;

use quorate_engine::{Compat, NodeId, RingId};
use quorate_sim::{Cluster, GroupEvent, Outbox, RecordedRing, ServiceId, Services};

use crate::{config, ids, ms, view};

/// Who spoke in cpg's turn of the latest synchronisation, as node 1 heard it.
#[derive(Debug, Default)]
struct Order(Vec<u32>);

impl Services for Order {
    fn synchronised(&self) -> &[ServiceId] {
        &[ServiceId::Cpg]
    }

    fn handle(&mut self, node: NodeId, event: GroupEvent<'_>, outbox: &mut Outbox) {
        match event {
            GroupEvent::RingChanged(_) if node == NodeId(1) => self.0.clear(),
            GroupEvent::SyncProcess(service) => outbox.multicast(service, Vec::new()),
            GroupEvent::Delivered { from, .. } if node == NodeId(1) => self.0.push(from.0),
            _ => {}
        }
    }
}

/// How often each order came about in so many seeds.
fn orders(nodes: usize, seeds: u64) -> BTreeMap<Vec<u32>, usize> {
    let mut orders = BTreeMap::new();
    for seed in 0..seeds {
        let config = config(&vec![1; nodes], &[]);
        let mut cluster = Cluster::with_services(config, Compat::default(), seed, Order::default());
        cluster.start_all().unwrap();
        cluster.run_until_quiet();
        // Before that, what was not delivered when an earlier ring broke.
        let heard = &cluster.services().0;
        let order = heard[heard.len() - nodes..].to_vec();
        *orders.entry(order).or_default() += 1;
    }
    orders
}

/// cpg's turn is the third, so it begins one before the lowest. See the documentation of the crate.
#[test]
fn late_nodes_change_the_order_and_the_punctual_order_comes_most_often() {
    let orders = orders(3, 3000);
    for first in [2, 3] {
        assert!(orders.keys().any(|order| order[0] == first), "{orders:?}");
    }
    let most = orders.iter().max_by_key(|(_, times)| **times);
    assert_eq!(most.map(|(order, _)| &order[..]), Some(&[3, 1, 2][..]));
    // A late node speaks after those that come after it.
    assert!(orders.contains_key(&vec![3, 2, 1]), "{orders:?}");
}

#[test]
fn the_same_seed_gives_the_same_order() {
    assert_eq!(orders(4, 50), orders(4, 50));
}

fn ring(after: u64, seq: u64, members: &[u32]) -> RecordedRing {
    RecordedRing {
        after: ms(after),
        id: RingId {
            node: NodeId(members[0]),
            seq,
        },
        members: ids(members),
        speakers: Vec::new(),
        heard: BTreeMap::new(),
        synchronised: true,
    }
}

#[test]
fn rings_form_as_recorded_and_only_so() {
    let mut cluster = Cluster::new(config(&[1, 1, 1], &[]), Compat::default(), 1);
    cluster.replay_rings(vec![
        ring(10, 5, &[1]),
        ring(20, 5, &[2]),
        ring(30, 5, &[3]),
        ring(700, 17, &[2, 3]),
    ]);
    cluster.start_all().unwrap();
    cluster.run_until(ms(699));
    assert_eq!(view(&cluster, 2).1, [2]);
    cluster.run_until_quiet();
    cluster.run_until(ms(60_000));
    assert_eq!(view(&cluster, 1).1, [1], "nobody merges");
    assert_eq!(view(&cluster, 2).1, [2, 3]);
    assert_eq!(
        cluster.engine(NodeId(3)).unwrap().ring().to_string(),
        "2.11"
    );
}

/// One ring is recorded as formed right after another, which had synchronised.
#[test]
fn a_recorded_synchronisation_comes_to_its_end() {
    let mut cluster = Cluster::new(config(&[1, 1], &[]), Compat::default(), 1);
    cluster.replay_rings(vec![
        ring(10, 5, &[1]),
        ring(10, 5, &[2]),
        ring(10, 9, &[1, 2]),
    ]);
    cluster.start_all().unwrap();
    cluster.run_until_quiet();
    let log: Vec<String> = cluster.log().iter().map(ToString::to_string).collect();
    let together = log.iter().position(|line| line.contains("ring 1.9"));
    let before = &log[..together.expect("it forms")];
    let alone = before.iter().filter(|line| line.contains("1 members"));
    assert_eq!(alone.count(), 2, "both have synchronised: {log:#?}");
    assert_eq!(view(&cluster, 1).1, [1, 2]);
}
