//! votequorum's engines under any sequence of operations, requests and lost messages.

use std::time::Duration;

use quorate_engine::{Compat, NodeId, Request, RingId};
use quorate_sim::config::ClusterConfig;
use quorate_sim::{Cluster, DeviceAction, Running, ViolationKind};

use crate::input::Input;

const OPTIONS: [&str; 6] = [
    "wait_for_all",
    "two_node",
    "last_man_standing",
    "auto_tie_breaker",
    "allow_downscale",
    "expected_votes_tracking",
];
const OPERATIONS: usize = 40;

/// A configuration, then operations. The simulation's invariants hold after each of them, and in
/// the end all nodes are in one ring.
pub fn engine(data: &[u8]) {
    let mut input = Input(data);
    let nodes = 2 + u32::from(input.u8() % 4);
    let mut config = ClusterConfig::with_nodes(1..=nodes);
    let options = input.u8();
    for (bit, option) in OPTIONS.iter().enumerate() {
        if options >> bit & 1 == 1 {
            config.set_quorum(option, "1").expect("a good value");
        }
    }
    if options >> 6 & 1 == 1 {
        config
            .set_quorum("device.model", "net")
            .expect("a good value");
    }
    let compat = match options >> 7 {
        0 => Compat::default(),
        _ => Compat::COROSYNC_3_1,
    };
    let mut cluster = Cluster::new(config, compat, input.u64());
    // Options that contradict each other are refused, as corosync refuses to start.
    if cluster.start_all().is_err() {
        return;
    }
    let mut asked = false;
    for _ in 0..OPERATIONS {
        if input.is_empty() {
            break;
        }
        asked |= operate(&mut cluster, nodes, &mut input);
        check(&cluster, options == 0 && !asked);
    }
    restore(&mut cluster);
    check(&cluster, options == 0 && !asked);
    let all: Vec<_> = cluster.nodes().collect();
    for node in &all {
        // Configuration changes at run time may have made one refuse to start.
        if let Some(engine) = cluster.engine(*node).filter(|_| !asked) {
            assert_eq!(engine.members(), &all[..]);
        }
    }
}

/// Two quorate partitions, and other opinions of votes, are what some options and some
/// administrators bring about; nothing makes ring numbers fall.
fn check(cluster: &Cluster, plain: bool) {
    for violation in cluster.violations() {
        let always = match &violation.kind {
            ViolationKind::TwoQuorate(_) => false,
            ViolationKind::RingIdFell { .. } => true,
            ViolationKind::Disagreement { what, .. } => *what == "ring",
        };
        assert!(!plain && !always, "{violation}");
    }
}

/// True if it was somebody's request, which may make votes differ.
fn operate(cluster: &mut Cluster, nodes: u32, input: &mut Input<'_>) -> bool {
    let kind = input.u8();
    let node = NodeId(1 + u32::from(kind >> 4) % nodes);
    // Operations that do not fit the state are refused.
    match kind & 15 {
        0 => drop(cluster.up(node)),
        1 => drop(cluster.kill(node)),
        2 => drop(cluster.leave(node)),
        3 => drop(cluster.pause(node)),
        4 | 5 => drop(cluster.resume(node)),
        6 | 7 => {
            let bits = input.u16();
            let group = |wanted: u16| -> Vec<NodeId> {
                let of = |n: u32| bits >> (2 * n) & 3;
                (0..nodes)
                    .filter(|n| of(*n) == wanted)
                    .map(|n| NodeId(n + 1))
                    .collect()
            };
            drop(cluster.partition(&[group(0), group(1), group(2), group(3)]));
        }
        8 => cluster.heal(),
        9 | 10 => {
            let wait = Duration::from_millis(input.u16().into());
            cluster.run_until(cluster.now() + wait);
        }
        11 => cluster.run_until_quiet(),
        12 => {
            let action = match input.u8() % 4 {
                0 => DeviceAction::Start { vote: true },
                1 => DeviceAction::Start { vote: false },
                2 => DeviceAction::Stop,
                _ => DeviceAction::Unregister,
            };
            drop(cluster.device(node, action));
            return true;
        }
        _ => {
            if let Ok(client) = cluster.attach(node) {
                cluster
                    .request(client, request(input))
                    .expect("it is attached");
                if input.u8() & 1 == 1 {
                    cluster.detach(client);
                }
            }
            cluster.outputs();
            return true;
        }
    }
    false
}

fn request(input: &mut Input<'_>) -> Request {
    let device = || b"device".to_vec();
    match input.u8() % 13 {
        0 => Request::GetInfo {
            node: NodeId(input.u32()),
        },
        1 => Request::SetExpected {
            expected_votes: input.u16().into(),
        },
        2 => Request::SetExpected {
            expected_votes: input.u32(),
        },
        3 => Request::SetVotes {
            node: NodeId(input.u8().into()),
            votes: input.u32(),
        },
        4 => Request::TrackStart {
            context: input.u64(),
            flags: input.u8(),
        },
        5 => Request::TrackStop,
        6 => Request::QdeviceRegister { name: device() },
        7 => Request::QdeviceUnregister {
            name: input.string().to_vec(),
        },
        8 => Request::QdeviceUpdate {
            old: device(),
            new: input.string().to_vec(),
        },
        9 => Request::QdevicePoll {
            name: device(),
            cast_vote: input.u8() & 1 == 1,
            ring: RingId {
                node: NodeId(1),
                seq: input.u16().into(),
            },
        },
        10 => Request::QdeviceMasterWins {
            name: device(),
            allow: input.u8() & 1 == 1,
        },
        11 => Request::SetExtraInfo {
            data: input.string().to_vec(),
        },
        _ => Request::GetExtraInfo {
            node: NodeId(input.u8().into()),
        },
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
    let _ = cluster.start_all();
    cluster.run_until_quiet();
}
