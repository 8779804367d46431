//! Random histories: what holds whatever happens, and that it happens the same way again.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_engine::{Compat, NodeId, Request};
use quorate_sim::config::ClusterConfig;
use quorate_sim::{Cluster, DeviceAction, Running, Violation};

use crate::{config, ids, ms};

#[derive(Clone, Debug)]
enum Op {
    Up(u32),
    Kill(u32),
    Leave(u32),
    Pause(u32),
    Resume(u32),
    Partition(Vec<usize>),
    Heal,
    Wait(u64),
    Settle,
}

fn op(nodes: u32) -> impl Strategy<Value = Op> {
    let node = || 1..=nodes;
    prop_oneof![
        3 => node().prop_map(Op::Up),
        2 => node().prop_map(Op::Kill),
        1 => node().prop_map(Op::Leave),
        1 => node().prop_map(Op::Pause),
        2 => node().prop_map(Op::Resume),
        3 => vec(0..3usize, nodes as usize).prop_map(Op::Partition),
        2 => Just(Op::Heal),
        3 => (0..9000u64).prop_map(Op::Wait),
        2 => Just(Op::Settle),
    ]
}

/// Operations that do not fit the state are refused, which is all the same here.
fn apply(cluster: &mut Cluster, op: &Op) {
    match op {
        Op::Up(node) => drop(cluster.up(NodeId(*node))),
        Op::Kill(node) => drop(cluster.kill(NodeId(*node))),
        Op::Leave(node) => drop(cluster.leave(NodeId(*node))),
        Op::Pause(node) => drop(cluster.pause(NodeId(*node))),
        Op::Resume(node) => drop(cluster.resume(NodeId(*node))),
        Op::Partition(group_of) => {
            let group = |group| {
                let here = |&node: &u32| group_of[node as usize - 1] == group;
                ids(&(1..).take(group_of.len()).filter(here).collect::<Vec<_>>())
            };
            cluster
                .partition(&[group(0), group(1), group(2)])
                .expect("known nodes");
        }
        Op::Heal => cluster.heal(),
        Op::Wait(wait) => cluster.run_until(cluster.now() + ms(*wait)),
        Op::Settle => cluster.run_until_quiet(),
    }
}

fn restore(cluster: &mut Cluster) {
    for node in cluster.nodes().collect::<Vec<_>>() {
        if cluster.running(node) == Some(Running::Paused) {
            cluster.resume(node).expect("it is paused");
        }
    }
    cluster.run_until_quiet();
    cluster.heal();
    cluster.start_all().expect("a good configuration");
    cluster.run_until_quiet();
}

fn run(config: &ClusterConfig, compat: Compat, seed: u64, ops: &[Op]) -> Cluster {
    let mut cluster = Cluster::new(config.clone(), compat, seed);
    cluster.start_all().expect("a good configuration");
    for op in ops {
        apply(&mut cluster, op);
    }
    restore(&mut cluster);
    cluster
}

/// Configurations in which every vote counts once.
fn exclusive() -> impl Strategy<Value = ClusterConfig> {
    let votes = vec(prop_oneof![3 => Just(1u32), 1 => 0..300u32], 2..=6);
    (votes, any::<bool>(), 0..3u32).prop_map(|(votes, wait, more)| {
        let expected = (votes.iter().sum::<u32>() + more).to_string();
        let wait = if wait { "1" } else { "0" };
        let mut keys = vec![("wait_for_all", wait)];
        if more > 0 {
            keys.push(("expected_votes", &expected));
        }
        config(&votes, &keys)
    })
}

fn with_ops(config: ClusterConfig) -> impl Strategy<Value = (ClusterConfig, Vec<Op>)> {
    let nodes = u32::try_from(config.nodes().len()).expect("few nodes");
    (Just(config), vec(op(nodes), 0..25))
}

proptest! {
    #[test]
    fn invariants_hold_where_every_vote_counts_once(
        (config, ops) in exclusive().prop_flat_map(with_ops),
        seed in any::<u64>(),
    ) {
        let cluster = run(&config, Compat::default(), seed, &ops);
        let none: &[Violation] = &[];
        prop_assert_eq!(cluster.violations(), none);
        let all: Vec<_> = cluster.nodes().collect();
        for &node in &all {
            let engine = cluster.engine(node).expect("it is up");
            prop_assert_eq!(engine.members(), &all[..]);
        }
    }

    #[test]
    fn the_same_history_gives_the_same_log(
        ops in vec(op(4), 0..25),
        seed in any::<u64>(),
        tie_breaker in any::<bool>(),
    ) {
        let tie_breaker = if tie_breaker { "1" } else { "0" };
        let config = config(&[1; 4], &[("auto_tie_breaker", tie_breaker)]);
        let log = || {
            let cluster = run(&config, Compat::default(), seed, &ops);
            cluster.log().iter().map(|record| format!("{record}\n{}\n", record.to_json())).collect::<String>()
        };
        let first = log();
        prop_assert!(first.contains("ring 1."));
        prop_assert_eq!(first, log());
    }

    /// With any option, device and administrator: no panic, and one ring in the end.
    #[test]
    fn any_history_ends_in_one_ring(
        ops in vec(prop_oneof![4 => op(4).prop_map(Ok), 1 => (1..=4u32, 0..6u32).prop_map(Err)], 0..25),
        options in vec(any::<bool>(), 5),
        seed in any::<u64>(),
    ) {
        let names = ["two_node", "last_man_standing", "auto_tie_breaker", "allow_downscale"];
        let mut keys: Vec<_> = names.iter().zip(&options).filter(|(_, on)| **on).map(|(&name, _)| (name, "1")).collect();
        if options[4] {
            keys = vec![("device.model", "net"), ("device.timeout", "1000")];
        }
        let mut cluster = Cluster::new(config(&[1; 4], &keys), Compat::COROSYNC_3_1, seed);
        cluster.start_all().expect("a good configuration");
        for op in &ops {
            match op {
                Ok(op) => apply(&mut cluster, op),
                Err((node, 0)) => drop(cluster.device(NodeId(*node), DeviceAction::Start { vote: true })),
                Err((node, 1)) => drop(cluster.device(NodeId(*node), DeviceAction::Stop)),
                Err((node, 2)) => drop(cluster.device(NodeId(*node), DeviceAction::Unregister)),
                Err((node, number)) => {
                    if let Ok(client) = cluster.attach(NodeId(*node)) {
                        let request = Request::SetExpected { expected_votes: *number };
                        cluster.request(client, request).expect("it is attached");
                    }
                }
            }
        }
        restore(&mut cluster);
        let all: Vec<_> = cluster.nodes().collect();
        for &node in &all {
            prop_assert_eq!(cluster.engine(node).expect("it is up").members(), &all[..]);
        }
    }
}

/// Two seeds differ in when things are noticed.
#[test]
fn the_seed_decides_about_chance() {
    let log = |seed| run(&config(&[1; 3], &[]), Compat::default(), seed, &[]).take_log();
    assert_eq!(log(5), log(5));
    assert_ne!(log(5), log(6));
}
