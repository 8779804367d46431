//! The simulation against corosync: the same random histories in a simulated cluster and in a real
//! one, compared after every step.
//!
//! The real cluster's answers are also kept in `recorded/`, so that the simulation can be compared
//! with them where no daemon can run. `QUORATE_RECORD=1` writes them anew.
//!
//! The simulation's invariants are not asserted here: with `two_node`, for one, both halves of a
//! cluster are quorate after a cut, in corosync as well.
//!
//! Quorum devices are not part of the histories: how fast a device votes after a change of the
//! ring decides what is seen.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use quorate_testkit::{Requirements, Suite, source_root};

mod history;
mod play;
mod real;
mod simulated;

use history::{CONFIGURATIONS, Configuration, OPEN_DIFFERENCE};
use play::{Step, differences, operations, step, without_expectations_of_others};
use real::Real;
use simulated::Simulated;

const RECORD: &str = "QUORATE_RECORD";

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("oracle");
    for configuration in &CONFIGURATIONS {
        let name = format!("live/{}", configuration.name);
        suite.test_with(&name, &Requirements::cluster(), || live(configuration));
    }
    for configuration in &CONFIGURATIONS {
        let name = format!("recorded/{}", configuration.name);
        suite.test(&name, || recorded(configuration));
    }
    suite.test("recorded/open_difference", open_difference);
    suite.finish()
}

fn simulate(configuration: &Configuration) -> Vec<Step> {
    let mut cluster = Simulated::new(configuration);
    let history = configuration.history();
    history.iter().map(|op| step(&mut cluster, op)).collect()
}

fn live(configuration: &Configuration) {
    let mut cluster = Real::new(configuration);
    let history = configuration.history();
    let real: Vec<Step> = history.iter().map(|op| step(&mut cluster, op)).collect();
    if std::env::var(RECORD).is_ok_and(|value| value == "1") {
        let mut text = serde_json::to_string_pretty(&real).expect("it can be written as JSON");
        text.push('\n');
        fs::write(file(configuration), text).expect("the recording can be written");
    }
    compare(&real, &simulate(configuration));
}

fn recorded(configuration: &Configuration) {
    let text = fs::read_to_string(file(configuration)).expect("there is a recording");
    let real: Vec<Step> = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(
        operations(&real),
        configuration.history(),
        "the recording is of another history; {RECORD}=1 makes a new one"
    );
    compare(&real, &simulate(configuration));
}

/// What is known to differ still does, and nothing else: so that it is noticed when it is put right,
/// and when it gets worse.
fn open_difference() {
    let (name, seed) = OPEN_DIFFERENCE;
    let of_that_name = CONFIGURATIONS.iter().find(|other| other.name == name);
    let configuration = Configuration {
        name: "open_difference",
        seed,
        ..*of_that_name.expect("there is one")
    };
    let text = fs::read_to_string(file(&configuration)).expect("there is a recording");
    let real: Vec<Step> = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(operations(&real), configuration.history());
    let simulated = simulate(&configuration);
    assert_ne!(real, simulated, "the difference is gone: compare as usual");
    let [real, simulated] = [real, simulated].map(without_expectations_of_others);
    compare(&real, &simulated);
}

fn compare(real: &[Step], simulated: &[Step]) {
    let differences = differences(real, simulated);
    assert!(differences.is_empty(), "\n{differences}");
}

fn file(configuration: &Configuration) -> PathBuf {
    let recordings = source_root().join("tests/oracle/recorded");
    recordings.join(format!("{}.json", configuration.name))
}
