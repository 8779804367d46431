//! `quorate search`: a program's mistake is found, its history shrunk, and the result replayed.

use std::fs;
use std::path::Path;
use std::process::Output;

use quorate_sim::scenario::{Operation, Scenario};
use quorate_testkit::{CProgram, Library, Requirements, Scratch, Suite};

use crate::tool::{config, errors, quorate, quorate_command};

pub(crate) fn run_all(suite: &mut Suite) {
    let sh = Requirements::none().program("sh");
    let guard = Requirements::none()
        .program("cc")
        .header("corosync/votequorum.h")
        .ours();
    suite.test_with("search/the_example", &guard, the_example);
    suite.test_with("search/the_corrected_example", &guard, corrected);
    suite.test_with("search/the_same_again", &guard, the_same_again);
    suite.test_with("search/what_hangs_is_found", &sh, hangs);
    suite.test_with("search/fails_when_nothing_happens", &sh, nothing_happens);
    suite.test_with("search/a_scenario_comes_first", &sh, scenario_first);
    suite.test("search/usage", usage);
}

fn search(more: &[&str]) -> Output {
    quorate_command("search", more)
}

/// `examples/guard.c`, and the words that run it with a library.
fn guard(library: Library, flags: &[&str]) -> Vec<String> {
    let name = if flags.is_empty() {
        "guard"
    } else {
        "guard-corrected"
    };
    let program = CProgram::new(name)
        .source("examples/guard.c")
        .link("votequorum");
    let program = flags
        .iter()
        .fold(program, |program, flag| program.flag(flag));
    let directory = library.find().expect("it is there");
    vec![
        "env".to_owned(),
        format!("LD_LIBRARY_PATH={}", directory.display()),
        program.build().display().to_string(),
    ]
}

fn with<'a>(options: &[&'a str], words: &'a [String]) -> Vec<&'a str> {
    let words = words.iter().map(String::as_str);
    options.iter().copied().chain(["--"]).chain(words).collect()
}

fn replay(found: &Path, words: &[String]) -> Output {
    let file = found.to_str().expect("text");
    let options = [
        "--quiet",
        "--pace",
        "idle",
        "--stop-at-end",
        "--scenario",
        file,
    ];
    quorate(&with(&options, words))
}

/// With each library: the history that is left is one step, one that takes quorum away from
/// node 1, and it makes the program fail again.
fn the_example() {
    for library in Library::BOTH {
        let scratch = Scratch::new("search");
        let config = config(&scratch, 3);
        let found = scratch.path().join("found.toml");
        let words = guard(library, &[]);
        let [config, output] = [&config, &found].map(|path| path.to_str().expect("text"));
        let options = ["--seed", "7", "--config", config, "--output", output];
        let search = search(&with(&options, &words));
        let shown = errors(&search);
        assert_eq!(search.status.code(), Some(123), "{shown}");
        let why = "the program ends with 0: it ended with 1";
        assert!(shown.contains(&format!("failed: {why}\n")), "{shown}");
        assert!(
            shown.contains("the service runs, and this node is not quorate"),
            "{shown}"
        );
        // That is told once, as what failed in the search.
        assert!(!shown.contains("not as expected at"), "{shown}");
        assert!(!shown.contains("quorate: seed 0"), "{shown}");
        let scenario = Scenario::load(&found).expect("a scenario");
        let operations = scenario.steps.iter().map(|step| step.operation.as_ref());
        let operations: Vec<_> = operations.collect();
        let takes_quorum = match operations[..] {
            [Some(Operation::Partition(groups))] => groups.len() == 2,
            [Some(Operation::Kill(nodes))] => nodes.len() == 2,
            _ => false,
        };
        assert!(takes_quorum, "{operations:?}");
        let again = replay(&found, &words);
        assert_eq!(again.status.code(), Some(123), "{}", errors(&again));
        assert!(errors(&again).contains(why), "{}", errors(&again));
        // The corrected program lives through it.
        let corrected = replay(&found, &guard(library, &["-DCORRECTED"]));
        assert_eq!(corrected.status.code(), Some(0), "{}", errors(&corrected));
    }
}

fn corrected() {
    for library in Library::BOTH {
        let words = guard(library, &["-DCORRECTED"]);
        let options = ["--seed", "7", "--runs", "60", "--faults"];
        let output = search(&with(&options, &words));
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(errors(&output).contains("none of 60 runs failed"));
    }
}

/// The seed decides which run fails, and what is left of it, not how many run at a time.
fn the_same_again() {
    let words = guard(Library::Ours, &[]);
    let printed = |jobs| {
        let output = search(&with(&["--seed", "40", "--jobs", jobs], &words));
        assert_eq!(output.status.code(), Some(123), "{}", errors(&output));
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(printed("1"), printed("3"));
}

/// A program that does not end when it is asked to.
fn hangs() {
    let script = "trap '' TERM; while :; do sleep 0.01; done";
    let options = ["--seed", "1", "--timeout", "1", "--runs", "1"];
    let words = ["sh", "-c", script].map(str::to_owned);
    let output = search(&with(&options, &words));
    let shown = errors(&output);
    assert_eq!(output.status.code(), Some(123), "{shown}");
    let why = "the program ends within 1s of real time: it was still running";
    assert!(shown.contains(why), "{shown}");
}

fn nothing_happens() {
    let words = ["sh", "-c", "echo said; exit 3"].map(str::to_owned);
    let output = search(&with(&["--nodes", "2"], &words));
    let shown = errors(&output);
    assert_eq!(output.status.code(), Some(123), "{shown}");
    let why = "it fails when nothing happens: the program ends with 0: it ended with 3";
    assert!(shown.contains(why), "{shown}");
    assert!(shown.starts_with("said\n"), "{shown}");
}

/// Its steps, its expectations and its files, wherever it is.
fn scenario_first() {
    let scratch = Scratch::new("search");
    config(&scratch, 2);
    let file = scratch.path().join("start.toml");
    let text = "[cluster]\nconfig = \"corosync.conf\"\n[[step]]\nat = \"1s\"\nkill = 2\n\
        [[step]]\npace = \"idle\"\nexpect = { node = 1, quorate = false }\n[expect]\nexit_code = 3\n";
    fs::write(&file, text).expect("a file can be written");
    let options = ["--scenario", file.to_str().expect("text"), "--runs", "5"];
    for (code, expected) in [("3", 0), ("4", 123)] {
        let words = ["sh", "-c", &format!("exit {code}")].map(str::to_owned);
        let output = search(&with(&options, &words));
        assert_eq!(output.status.code(), Some(expected), "{}", errors(&output));
    }
    let wrong = text.replace("quorate = false", "quorate = true");
    fs::write(&file, wrong).expect("a file can be written");
    let words = ["sh", "-c", "exit 3"].map(str::to_owned);
    let output = search(&with(&options, &words));
    let shown = errors(&output);
    let why = "it fails when nothing happens: node 1: quorate: quorate: expected true, found false";
    assert!(shown.contains(why), "{shown}");
}

fn usage() {
    for (arguments, word) in [
        (
            &["--operations", "reload", "--", "true"][..],
            "--operations reload",
        ),
        (&["--node", "4", "--", "true"], "no node 4"),
        (&["--config", "/nonexistent", "--", "true"], "/nonexistent"),
        (
            &["--scenario", "/nonexistent", "--", "true"],
            "/nonexistent",
        ),
        (
            &["--compat", "nothing", "--", "true"],
            "unknown; expected uint8-quorum",
        ),
        (&["--steps", "0", "--", "true"], "--steps"),
        (&[], "PROGRAM"),
    ] {
        let output = search(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(errors(&output).contains(word), "{}", errors(&output));
    }
}
