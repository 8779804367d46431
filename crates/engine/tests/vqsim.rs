//! The engine against `corosync-vqsim`, which runs corosync's own votequorum: random scenarios,
//! the quorate flag, the ring and the members of every node compared after every step.
//!
//! vqsim activates a synchronisation before its messages are delivered, which shows with
//! `wait_for_all` and `last_man_standing`: those configurations are compared in vqsim's order,
//! and reported, not gated. So are those with fewer expected votes than there are votes.
//!
//! vqsim's nodes are processes that race. In the reported configurations the order in which they
//! hear each other can decide who is quorate; there, every outcome that some order gives is
//! accepted, and remembered. In the gated ones only one outcome is ever possible. What is possible
//! but not seen may become ever more: such a scenario ends early, and another one begins.
//!
//! `QUORATE_VQSIM_STEPS` sets the number of gated steps, `QUORATE_VQSIM_SEED` repeats a run,
//! `QUORATE_VQSIM_VERBOSE` shows the reported differences too, and `QUORATE_REQUIRE_ALL=1` makes a
//! missing `corosync-vqsim` a failure.

mod cluster;
#[path = "vqsim/configuration.rs"]
mod configuration;
#[path = "vqsim/scenario.rs"]
mod scenario;
#[path = "vqsim/simulator.rs"]
mod simulator;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use configuration::{GATED, Group, REPORTED};
use scenario::Scenario;
use simulator::Simulator;

/// vqsim mostly waits; this many of them keep one processor about busy.
const WORKERS: usize = 16;
const STEPS_PER_SCENARIO: usize = 25;
const DEFAULT_STEPS: usize = 1200;

#[derive(Debug, Default)]
struct Tally {
    scenarios: usize,
    steps: usize,
    /// Steps after which more than one state was possible.
    ambiguous: usize,
    /// Scenarios that ended early because too much had become possible.
    ended_early: usize,
    differences: Vec<String>,
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

fn find_vqsim() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join("corosync-vqsim"))
        .find(|file| file.is_file())
}

/// Runs scenarios of these groups in turn until enough steps were compared.
fn compare(groups: &[Group], steps: usize, seed: u64, vqsim: &Path) -> BTreeMap<Group, Tally> {
    let results = Mutex::new(BTreeMap::<Group, Tally>::new());
    let next = AtomicU64::new(0);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(steps.div_ceil(STEPS_PER_SCENARIO)) {
            scope.spawn(|| {
                while done.load(Ordering::Relaxed) < steps {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let group = groups[usize::try_from(number).unwrap() % groups.len()];
                    let seed = seed.wrapping_add(number);
                    let left = steps.saturating_sub(done.load(Ordering::Relaxed));
                    let tally = run(group, seed, STEPS_PER_SCENARIO.min(left), vqsim);
                    done.fetch_add(tally.steps, Ordering::Relaxed);
                    results.lock().unwrap().entry(group).or_default().add(tally);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.scenarios += other.scenarios;
        self.steps += other.steps;
        self.ambiguous += other.ambiguous;
        self.ended_early += other.ended_early;
        self.differences.extend(other.differences);
    }
}

/// Compares until the first difference; afterwards the two have different pasts.
fn run(group: Group, seed: u64, steps: usize, vqsim: &Path) -> Tally {
    let mut tally = Tally {
        scenarios: 1,
        ..Tally::default()
    };
    let mut scenario = Scenario::new(group, seed);
    let mut simulator = Simulator::start(vqsim, seed, &scenario.config_file());
    let mut history = format!("{group:?}, seed {seed}\n{}", scenario.config_file());
    for step in 0..=steps {
        if step > 0 {
            let command = scenario.step();
            history += &format!("> {command}\n");
            simulator.command(&command);
            tally.steps += 1;
        }
        let ours = scenario.states();
        let theirs = simulator.settled_state(&ours, scenario.settle_ms());
        scenario.observe(&theirs);
        tally.ambiguous += usize::from(ours.len() > 1);
        if !ours.contains(&theirs) {
            tally
                .differences
                .push(format!("{history}ours   {ours:?}\nvqsim  {theirs:?}"));
            break;
        }
        if scenario.is_lost_in_worlds() {
            tally.ended_early += 1;
            break;
        }
    }
    tally
}

fn report(title: &str, results: &BTreeMap<Group, Tally>) -> usize {
    let mut all = 0;
    for (group, tally) in results {
        let differences = tally.differences.len();
        println!(
            "{title} {group:?}: {} steps in {} scenarios ({} ended early), {differences} differing, \
             {} ambiguous",
            tally.steps, tally.scenarios, tally.ended_early, tally.ambiguous
        );
        all += differences;
    }
    all
}

#[test]
fn agrees_with_corosync_vqsim() {
    let Some(vqsim) = find_vqsim() else {
        println!("skipped: corosync-vqsim is not installed");
        assert!(
            std::env::var_os("QUORATE_REQUIRE_ALL").is_none(),
            "corosync-vqsim is required"
        );
        return;
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    let seed = number("QUORATE_VQSIM_SEED").unwrap_or(now.as_secs() * 1_000_000);
    let steps = number("QUORATE_VQSIM_STEPS").map_or(DEFAULT_STEPS, |n| n.try_into().unwrap());
    println!("QUORATE_VQSIM_SEED={seed} QUORATE_VQSIM_STEPS={steps}");

    let reported = compare(&REPORTED, steps / 10, seed, &vqsim);
    report("reported", &reported);
    if std::env::var_os("QUORATE_VQSIM_VERBOSE").is_some() {
        for text in reported.values().flat_map(|tally| &tally.differences) {
            println!("{text}\n");
        }
    }
    let gated = compare(&GATED, steps, seed, &vqsim);
    let differences = report("gated", &gated);
    for text in gated.values().flat_map(|tally| &tally.differences) {
        println!("{text}\n");
    }
    assert_eq!(differences, 0, "with QUORATE_VQSIM_SEED={seed}");
    let ambiguous: usize = gated.values().map(|tally| tally.ambiguous).sum();
    assert_eq!(
        ambiguous, 0,
        "more than one outcome accepted with QUORATE_VQSIM_SEED={seed}"
    );
    let compared: usize = gated.values().map(|tally| tally.steps).sum();
    assert!(compared >= steps, "only {compared} steps compared");
}
