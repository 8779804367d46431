//! `quorate timeline`.

use std::fs;
use std::process::Command;

use quorate_testkit::{Scratch, Suite, source_root};

use crate::tool::{QUORATE, errors, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test("timeline/of_a_run", of_a_run);
    suite.test("timeline/bad_logs", bad_logs);
}

fn timeline(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(QUORATE);
    command.arg("timeline").args(arguments);
    command
        .env_remove("LC_ALL")
        .env_remove("LC_CTYPE")
        .env("LANG", "C.UTF-8");
    command.output().expect("it runs")
}

/// What a run logs can be drawn, as text without colours since nobody looks at a terminal, and as
/// a picture.
fn of_a_run() {
    let scratch = Scratch::new("timeline");
    let path = |name: &str| scratch.path().join(name).to_str().expect("text").to_owned();
    let [log, svg] = ["run.jsonl", "run.svg"].map(path);
    let scenario = source_root().join("examples/split-brain.toml");
    let scenario = scenario.to_str().expect("text");
    printed(&quorate(&[
        "--quiet",
        "--scenario",
        scenario,
        "--log",
        &log,
    ]));
    let text = printed(&timeline(&[&log]));
    assert!(
        text.starts_with("run.jsonl (simulated, virtual time, "),
        "{text}"
    );
    assert!(
        text.contains("\nnode 2  aA━") && text.contains("b╌"),
        "{text}"
    );
    assert!(
        text.contains("3        20 s  partitioned: {1} {2} {3}\n"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(printed(&timeline(&[&log, "--ascii"])).is_ascii());
    assert_eq!(printed(&timeline(&[&log, "--svg", &svg])), "");
    let picture = fs::read_to_string(&svg).expect("it was written");
    assert!(
        picture.contains("not quorate, 1 of 3 votes; ring 2.11 of 2; from "),
        "{picture}"
    );
}

/// The file and the line are named, and nothing is written.
fn bad_logs() {
    let scratch = Scratch::new("timeline");
    let log = scratch.path().join("bad.jsonl");
    let svg = scratch.path().join("bad.svg");
    let [log_name, svg_name] = [&log, &svg].map(|path| path.to_str().expect("text"));
    for (text, expected) in [
        ("", "bad.jsonl:1: there is no record in this log"),
        (
            "{\"time_us\":1,\"event\":\"healed\"}\nhello\n",
            "bad.jsonl:2: not a record of a log: ",
        ),
    ] {
        fs::write(&log, text).expect("it can be written");
        let output = timeline(&[log_name, "--svg", svg_name]);
        assert_eq!(output.status.code(), Some(1));
        assert!(errors(&output).contains(expected), "{}", errors(&output));
        assert!(!svg.exists());
    }
    let output = timeline(&["/nonexistent"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("/nonexistent: "),
        "{}",
        errors(&output)
    );
}
