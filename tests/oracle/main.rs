//! The simulation against corosync: the same random histories in a simulated cluster and in a real
//! one, compared after every step.
//!
//! Which rings form in a real cluster and who speaks first on them is chance. It is read from the
//! daemons' logs, and the simulation forms the same rings.
//!
//! A history of every configuration is recorded in `recorded/`, so that the simulation can be
//! compared where no daemon can run. `QUORATE_RECORD=1` writes them anew. Of those, some are played
//! live each day, others the next. `QUORATE_ORACLE_HISTORIES=N` plays so many new histories live,
//! all configurations in turn, from the seed `QUORATE_ORACLE_SEED` on (by default, of the time).
//!
//! The simulation's invariants are not asserted here: with `two_node`, for one, both halves of a
//! cluster are quorate after a cut, in corosync as well.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use quorate_testkit::{Requirements, Suite, source_root};

mod configurations;
mod device;
mod history;
mod play;
mod random;
mod real;
mod rings;
mod simulated;

use configurations::{CONFIGURATIONS, Configuration};
use play::{Step, differences, operations};
use real::Real;
use simulated::Simulated;

const RECORD: &str = "QUORATE_RECORD";
/// How many of the recorded histories are also played live in a run.
const LIVE: usize = 4;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("oracle");
    for configuration in live_today() {
        let name = format!("live/{}", configuration.name);
        suite.test_with(&name, &Requirements::cluster(), || live(&configuration));
    }
    for configuration in &CONFIGURATIONS {
        let name = format!("recorded/{}", configuration.name);
        suite.test(&name, || recorded(configuration));
    }
    if let Some(histories) = random::wanted() {
        suite.test_with("random", &Requirements::cluster(), || {
            random::play(&histories)
        });
    }
    suite.finish()
}

/// All of them when they are recorded; otherwise some each day, so that all have their turn.
fn live_today() -> Vec<Configuration> {
    if records() {
        return CONFIGURATIONS.to_vec();
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let day = since.map_or(0, |since| since.as_secs() / (24 * 60 * 60));
    let first = usize::try_from(day).unwrap_or(0) * LIVE;
    let turn = (first..first + LIVE).map(|number| CONFIGURATIONS[number % CONFIGURATIONS.len()]);
    turn.collect()
}

fn records() -> bool {
    std::env::var(RECORD).is_ok_and(|value| value == "1")
}

fn play_live(configuration: &Configuration, seed: u64) -> Vec<Step> {
    let mut cluster = Real::new(configuration);
    let history = configuration.history(seed);
    history.iter().map(|op| cluster.step(op)).collect()
}

/// The same history in the simulation, with the same rings.
fn simulate(configuration: &Configuration, real: &[Step]) -> Vec<Step> {
    let mut cluster = Simulated::new(configuration, configuration.seed);
    let steps = real.iter();
    steps
        .map(|step| cluster.step(&step.operation, &step.rings))
        .collect()
}

fn live(configuration: &Configuration) {
    let real = play_live(configuration, configuration.seed);
    if records() {
        let mut text = serde_json::to_string_pretty(&real).expect("it can be written as JSON");
        text.push('\n');
        fs::write(file(configuration), text).expect("the recording can be written");
    }
    compare(&real, &simulate(configuration, &real));
}

fn recorded(configuration: &Configuration) {
    let text = fs::read_to_string(file(configuration)).expect("there is a recording");
    let real: Vec<Step> = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(
        operations(&real),
        configuration.history(configuration.seed),
        "the recording is of another history; {RECORD}=1 makes a new one"
    );
    compare(&real, &simulate(configuration, &real));
}

fn compare(real: &[Step], simulated: &[Step]) {
    let differences = differences(real, simulated);
    assert!(differences.is_empty(), "\n{differences}");
}

fn file(configuration: &Configuration) -> PathBuf {
    let recordings = source_root().join("tests/oracle/recorded");
    recordings.join(format!("{}.json", configuration.name))
}
