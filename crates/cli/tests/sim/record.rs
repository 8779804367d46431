//! `quorate record`.

use std::fs;
use std::path::Path;
use std::process::Command;

use quorate_testkit::{Process, Requirements, Scratch, Signal, Suite, source_root, wait_until};

use crate::tool::{QUORATE, errors, printed, quorate, spawn};

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test("record/of_a_simulated_node", of_a_simulated_node);
    suite.test("record/nothing_is_overwritten", nothing_is_overwritten);
    suite.test("record/without_corosync", without_corosync);
    suite.test_with(
        "record/a_paused_daemon",
        &Requirements::none().program("sh"),
        a_paused_daemon,
    );
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("it was written")
}

/// Everything that happens to the node is there, in order, until its daemon dies.
fn of_a_simulated_node() {
    let scratch = Scratch::new("record");
    let log = scratch.path().join("log.jsonl");
    let log_name = log.to_str().expect("text");
    let scenario = source_root().join("examples/split-brain.toml");
    let scenario = scenario.to_str().expect("text");
    let start = [
        "--quiet",
        "--pace",
        "idle",
        "--stop-at-end",
        "--scenario",
        scenario,
        "--",
    ];
    let record = [QUORATE, "record", "--log", log_name];
    printed(&quorate(&[&start[..], &record].concat()));
    let text = read(&log);
    let mut rest = text.as_str();
    for part in [
        "\"event\":\"recording\",\"version\":1,",
        "\"node\":1,\"event\":\"connected\"}",
        "\"nodelist.node.2.nodeid\":\"3\"",
        "\"notification\":\"nodelist 1.9: 1 2 3\"",
        "\"notification\":\"quorum 1: 2/1 3/1 1/1\"",
        "\"service\":\"quorum\",\"notification\":\"quorum 1 ring 1.9: 1 2 3\"",
        "\"members\":[1,2,3],\"quorate\":true,\"votes\":3,\"expected\":3,\"highest_expected\":3,\
         \"quorum\":2,\"flags\":2,\"nodes\":[{\"id\":1,\"state\":1,\"votes\":1,\"expected\":3},",
        "\"notification\":\"nodelist 1.d: 1 2; joined; left 3\"",
        "\"notification\":\"quorum 0: 2/2 3/2 1/1\"",
        "\"members\":[1],\"quorate\":false,\"votes\":1,",
        "\"notification\":\"quorum 1: 2/1 3/1 1/1\"",
        "\"event\":\"disconnected\",\"reason\":\"the daemon closed the connection\"}\n",
    ] {
        let Some(at) = rest.find(part) else {
            panic!("{part} is missing in the rest of\n{text}");
        };
        rest = &rest[at + part.len()..];
    }
    assert_eq!(rest, "", "a daemon's end is told once");
}

fn nothing_is_overwritten() {
    let scratch = Scratch::new("record");
    let log = scratch.path().join("log.jsonl");
    fs::write(&log, "an incident").expect("it can be written");
    let mut command = Command::new(QUORATE);
    let output = command
        .args(["record", "--log"])
        .arg(&log)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("log.jsonl: File exists"),
        "{}",
        errors(&output)
    );
    assert_eq!(read(&log), "an incident");
}

/// It waits for a daemon that is not there, and each signal ends it in good order.
fn without_corosync() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let scratch = Scratch::new("record");
        let log = scratch.path().join("log.jsonl");
        let mut command = Command::new(QUORATE);
        command
            .args(["record", "--log"])
            .arg(&log)
            .env("QUORATE_RUN_DIR", scratch.path());
        let recorder = Process::new(spawn(&mut command));
        wait_until("the recorder to say so", || {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let there = text.contains("\"event\":\"disconnected\"") && text.ends_with('\n');
            there.then_some(()).ok_or(text)
        });
        recorder.signal(signal);
        let output = recorder.output();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{signal}: {}",
            errors(&output)
        );
        assert_eq!(read(&log).lines().count(), 2);
        let told = errors(&output);
        let asked = "quorate: no corosync answers: ";
        assert!(
            told.starts_with(asked) && told.ends_with("; waiting for one\n"),
            "{told}"
        );
    }
}

/// A daemon that does not answer is not one that is gone.
fn a_paused_daemon() {
    let scratch = Scratch::new("record");
    let [log, scenario] = ["log.jsonl", "scenario.toml"].map(|name| scratch.path().join(name));
    let steps = "[cluster]\nnodes = 1\n[[step]]\nat = \"1s\"\npause = 1\n\
        [[step]]\nat = \"3s\"\nresume = 1\n";
    fs::write(&scenario, steps).expect("it can be written");
    // It ends when it has seen the daemon go on.
    let script = format!(
        "QUORATE_TIMEOUT_MS=200 {QUORATE} record --interval 20 --log {log} & \
         until grep -qs resumed {log}; do sleep 0.05; done; kill -TERM $!; wait $!",
        log = log.display()
    );
    let scenario = scenario.to_str().expect("text");
    printed(&quorate(&[
        "--quiet",
        "--scenario",
        scenario,
        "--",
        "sh",
        "-c",
        &script,
    ]));
    let text = read(&log);
    let [paused, resumed] = ["paused", "resumed"].map(|word| {
        text.find(&format!("\"event\":\"{word}\""))
            .unwrap_or_else(|| panic!("{word}: {text}"))
    });
    assert!(paused < resumed && !text.contains("disconnected"), "{text}");
}
