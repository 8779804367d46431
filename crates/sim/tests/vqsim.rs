//! The simulated cluster against `corosync-vqsim`, which runs corosync's own votequorum: random
//! scenarios; quorate flag and members of every node compared after every step.
//!
//! The engine's own comparison is more thorough, ring ids included. This one is about what is
//! built around the engine, and about reading the same corosync.conf. vqsim names rings after the
//! node that was first in a partition and starts nodes within it; a simulated ring, like a real
//! one, has its lowest node's name, and nodes start alone. So ring ids are not compared.
//!
//! `QUORATE_VQSIM_STEPS` and `QUORATE_VQSIM_SEED` as for the engine; `QUORATE_REQUIRE_ALL=1` makes a
//! missing `corosync-vqsim` a failure.

#[path = "../../engine/tests/vqsim/configuration.rs"]
#[expect(dead_code, reason = "the engine's comparison has more groups")]
mod configuration;
#[path = "../../engine/tests/vqsim/simulator.rs"]
#[expect(dead_code, reason = "here it is asked for its state otherwise")]
mod simulator;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use configuration::{GATED, Random};
use quorate_engine::{Compat, NodeId, QuorumConfig};
use quorate_sim::config::ClusterConfig;
use quorate_sim::{Cluster, Running};
use simulator::{Simulator, State};

const WORKERS: usize = 16;
const STEPS_PER_SCENARIO: usize = 20;
const PARTITIONS: usize = 3;
/// vqsim can show a state that is still changing: an equal one has to last for so long.
const SETTLED: Duration = Duration::from_millis(120);
/// A different one has to last for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Quorate and members, by node.
type Views = BTreeMap<u32, (bool, Vec<u32>)>;

/// A list decides by the *previous* ring. Every `move` of vqsim renews all rings, those whose
/// members stay the same too; here, as with totem, they stand.
fn has_tie_breaker_list(config: &QuorumConfig) -> bool {
    let node = config.auto_tie_breaker_node.as_deref();
    node.is_some_and(|text| text.contains(|c: char| c.is_ascii_digit()))
}

struct Scenario {
    random: Random,
    cluster: Cluster,
    partition_of: BTreeMap<u32, usize>,
}

impl Scenario {
    fn new(seed: u64) -> (Self, String) {
        let mut random = Random(seed);
        let quorum = loop {
            let group = random.pick(&GATED);
            let quorum = configuration::random(group, &mut random);
            if !has_tie_breaker_list(&quorum) {
                break quorum;
            }
        };
        let file = configuration::file_of(&quorum);
        let config = ClusterConfig::parse("corosync.conf", &file).expect("a good file");
        let mut cluster = Cluster::new(config, Compat::COROSYNC_3_1, seed);
        let partition_of = cluster.nodes().map(|node| (node.0, 0)).collect();
        // vqsim's nodes join one by one.
        for node in cluster.nodes().collect::<Vec<_>>() {
            cluster.up(node).expect("it starts");
            cluster.run_until_quiet();
        }
        let scenario = Scenario {
            random,
            cluster,
            partition_of,
        };
        (scenario, file)
    }

    fn nodes(&self, running: Running) -> Vec<u32> {
        let is = |node: &NodeId| self.cluster.running(*node) == Some(running);
        self.cluster.nodes().filter(is).map(|node| node.0).collect()
    }

    /// A random command, carried out here and returned as vqsim wants it.
    fn step(&mut self) -> String {
        let (up, down) = (self.nodes(Running::Up), self.nodes(Running::Down));
        let used: BTreeSet<_> = up.iter().map(|node| self.partition_of[node]).collect();
        let used: Vec<_> = used.into_iter().collect();
        let command = match self.random.below(100) {
            0..=24 if up.len() > 1 => {
                let node = self.random.pick(&up);
                self.cluster.kill(NodeId(node)).expect("it is up");
                format!("down {node}")
            }
            25..=54 if !down.is_empty() => {
                let (node, into) = (self.random.pick(&down), self.random.pick(&used));
                self.partition_of.insert(node, into);
                self.partition();
                self.cluster.up(NodeId(node)).expect("it is down");
                format!("up {into}:{node}")
            }
            _ => {
                let into = self.random.below(PARTITIONS);
                let node = self.random.pick(&up);
                self.partition_of.insert(node, into);
                self.partition();
                format!("move {into}:{node}")
            }
        };
        self.cluster.run_until_quiet();
        command
    }

    fn partition(&mut self) {
        let group = |partition| {
            let here = self
                .partition_of
                .iter()
                .filter(move |(_, at)| **at == partition);
            here.map(|(&node, _)| NodeId(node)).collect()
        };
        let groups: Vec<_> = (0..PARTITIONS).map(group).collect();
        self.cluster.partition(&groups).expect("known nodes");
    }

    fn views(&self) -> Views {
        let view = |node| {
            let engine = self.cluster.engine(NodeId(node)).expect("it is up");
            let members = engine.members().iter().map(|id| id.0).collect();
            (node, (engine.is_quorate(), members))
        };
        self.nodes(Running::Up).into_iter().map(view).collect()
    }
}

/// vqsim lists members in the order in which they came.
fn views(state: &State) -> Views {
    let mut views = Views::new();
    for (&node, (quorate, _, _, members)) in state {
        let mut members = members.clone();
        members.sort_unstable();
        views.insert(node, (*quorate, members));
    }
    views
}

/// What vqsim shows once it has shown the same as ours for a while, or after a long while.
fn shown(simulator: &mut Simulator, ours: &Views) -> Views {
    let started = Instant::now();
    let mut same_since = None;
    loop {
        let theirs = views(&simulator.show());
        if theirs == *ours {
            let since = *same_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= SETTLED {
                return theirs;
            }
        } else {
            same_since = None;
        }
        if started.elapsed() > PATIENCE {
            return theirs;
        }
        thread::sleep(Duration::from_millis(40));
    }
}

/// The number of steps that agreed, and the first difference.
fn run(seed: u64, vqsim: &Path) -> (usize, Option<String>) {
    let (mut scenario, file) = Scenario::new(seed);
    let mut simulator = Simulator::start(vqsim, seed, &file);
    let mut history = format!("seed {seed}\n{file}");
    for step in 0..=STEPS_PER_SCENARIO {
        if step > 0 {
            let command = scenario.step();
            history += &format!("> {command}\n");
            simulator.command(&command);
        }
        let ours = scenario.views();
        let theirs = shown(&mut simulator, &ours);
        if ours != theirs {
            return (
                step,
                Some(format!("{history}ours   {ours:?}\nvqsim  {theirs:?}")),
            );
        }
    }
    (STEPS_PER_SCENARIO, None)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok();
    text.map(|text| text.parse().expect("a number"))
}

#[test]
fn agrees_with_corosync_vqsim() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let vqsim = std::env::split_paths(&path)
        .map(|dir| dir.join("corosync-vqsim"))
        .find(|file| file.is_file());
    let Some(vqsim) = vqsim else {
        println!("skipped: corosync-vqsim is not installed");
        let required = std::env::var_os("QUORATE_REQUIRE_ALL").is_some();
        assert!(!required, "corosync-vqsim is required");
        return;
    };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = clock.expect("a clock after 1970").as_secs();
    let seed = number("QUORATE_VQSIM_SEED").unwrap_or(now * 1_000_000);
    let steps = number("QUORATE_VQSIM_STEPS").map_or(300, |n| usize::try_from(n).expect("fewer"));
    println!("QUORATE_VQSIM_SEED={seed} QUORATE_VQSIM_STEPS={steps}");
    let (next, done) = (AtomicU64::new(seed), AtomicUsize::new(0));
    let differences = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while done.load(Ordering::Relaxed) < steps {
                    let (compared, difference) = run(next.fetch_add(1, Ordering::Relaxed), &vqsim);
                    done.fetch_add(compared.max(1), Ordering::Relaxed);
                    differences.lock().expect("no panic").extend(difference);
                }
            });
        }
    });
    let differences = differences.into_inner().expect("no panic");
    println!(
        "{} steps compared, {} differences",
        done.into_inner(),
        differences.len()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
