//! Scenarios with programs: what is expected, what programs see, and whether it is the same twice.

use std::fs;
use std::path::{Path, PathBuf};

use quorate_testkit::{CProgram, Requirements, Scratch, Suite, source_root};

use crate::tool::{errors, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    let tools = Requirements::none()
        .program("corosync-quorumtool")
        .program("timeout");
    let compiled = tools.clone().program("cc").header("corosync/votequorum.h");
    suite.test_with("scenarios/expectations", &tools, expectations);
    suite.test("scenarios/examples", examples);
    suite.test("scenarios/errors_are_shown_in_their_place", errors_in_place);
    suite.test_with("scenarios/the_same_twice", &tools, the_same_twice);
    suite.test_with("scenarios/a_node_goes_away", &compiled, a_node_goes_away);
    suite.test_with("scenarios/events_unread", &tools, events_unread);
    suite.test_with(
        "scenarios/a_paused_node_does_not_answer",
        &tools,
        a_paused_node,
    );
}

fn scenario(scratch: &Scratch, text: &str) -> PathBuf {
    let file = scratch.path().join("scenario.toml");
    fs::write(&file, text).expect("a file can be written");
    file
}

fn arguments<'a>(file: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let file = file.to_str().expect("text");
    [&["--quiet", "--scenario", file, "--pace", "idle"], more].concat()
}

/// What is expected decides about the exit status, TAP and JUnit say why.
fn expectations() {
    let scratch = Scratch::new("scenario");
    let reports = ["tap", "xml"].map(|name| scratch.path().join(name));
    let [tap, xml] = reports.each_ref().map(|path| path.to_str().expect("text"));
    for (expected, code, good) in [("true", 3, false), ("false", 4, false), ("false", 3, true)] {
        let file = scenario(
            &scratch,
            &format!(
                "[cluster]\nnodes = 2\n[[step]]\nat = \"1s\"\nkill = 2\n[[step]]\npace = \"idle\"\n\
                 expect = {{ node = 1, quorate = {expected} }}\n[expect]\nexit_code = {code}\n"
            ),
        );
        let more = ["--tap", tap, "--junit", xml, "--", "sh", "-c", "exit 3"];
        let output = quorate(&arguments(&file, &more));
        let expected = if good { 0 } else { 123 };
        assert_eq!(output.status.code(), Some(expected), "{}", errors(&output));
        let tap = fs::read_to_string(&reports[0]).expect("it was written");
        assert_eq!(tap.contains("\nnot ok "), !good, "{tap}");
        let xml = fs::read_to_string(&reports[1]).expect("it was written");
        assert_eq!(xml.contains("<failure"), !good, "{xml}");
    }
}

fn examples() {
    for name in ["split-brain", "triple-split-brain"] {
        let file = source_root().join(format!("examples/{name}.toml"));
        printed(&quorate(&arguments(&file, &["--check-determinism"])));
    }
}

fn errors_in_place() {
    let scratch = Scratch::new("scenario");
    let file = scenario(
        &scratch,
        "[cluster]\nnodes = 3\n[[step]]\nat = \"1s\"\nkill = 4\n",
    );
    let output = quorate(&arguments(&file, &[]));
    assert_eq!(output.status.code(), Some(64));
    let shown = errors(&output);
    assert!(
        shown.contains(":5:8: node 4 is not in the cluster"),
        "{shown}"
    );
    assert!(shown.contains("5 | kill = 4\n  |        ^"), "{shown}");
}

fn the_same_twice() {
    let file = source_root().join("examples/split-brain.toml");
    let more = [
        "--check-determinism",
        "--",
        "sh",
        "-c",
        "corosync-quorumtool -s >/dev/null; exit 0",
    ];
    printed(&quorate(&arguments(&file, &more)));
}

/// The program's connection hangs up, and the next one is refused, whether its node is killed or
/// stops in good order.
fn a_node_goes_away() {
    let watch = CProgram::new("watch-sim")
        .source("tests/c/watch.c")
        .link("votequorum")
        .build();
    let script = format!(
        "timeout 20 {} poll; ls $QUORATE_RUN_DIR; corosync-quorumtool -s; echo status $?",
        watch.display()
    );
    for how in ["kill", "leave"] {
        let scratch = Scratch::new("scenario");
        let text = format!("[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\n{how} = 1\n");
        let file = scenario(&scratch, &text);
        let text = printed(&quorate(&arguments(&file, &["--", "sh", "-c", &script])));
        assert!(text.starts_with("tracking\n  event nodes"), "{how}: {text}");
        assert!(
            text.ends_with("dispatch = 2\nfinalize = 1\nstatus 1\n"),
            "{how}: {text}"
        );
    }
}

/// A program that leaves events unread does not hold up the scenario.
fn events_unread() {
    let scratch = Scratch::new("scenario");
    let text = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nkill = 2\n";
    let file = scenario(&scratch, text);
    let more = [
        "--stop-at-end",
        "--",
        "stdbuf",
        "-o0",
        "corosync-quorumtool",
        "-m",
    ];
    let text = printed(&quorate(&arguments(&file, &more)));
    assert!(text.contains("Quorate:          Yes"), "{text}");
    assert!(text.contains("Quorate:          No"), "{text}");
}

/// As with a stopped daemon, requests wait; they are answered when the node goes on.
fn a_paused_node() {
    let scratch = Scratch::new("scenario");
    let text = "[cluster]\nnodes = 1\n[[step]]\nat = \"1s\"\npause = 1\n\
        [[step]]\nat = \"3s\"\nresume = 1\n";
    let file = scenario(&scratch, text);
    let script = "sleep 1.2; timeout 0.3 corosync-quorumtool -s; echo status $?
        timeout 20 corosync-quorumtool -s";
    let file = file.to_str().expect("text");
    let more = ["--quiet", "--scenario", file, "--", "sh", "-c", script];
    let text = printed(&quorate(&more));
    assert!(
        text.starts_with("status 124\nQuorum information\n"),
        "{text}"
    );
    assert!(text.contains("Quorate:          Yes"), "{text}");
}
