//! What `quorate run` does with programs, and what it leaves behind.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use quorate_control::idle::family;
use quorate_testkit::{Process, Requirements, Scratch, Signal, Suite, wait_until};

use crate::tool::{QUORATE, errors, finish, printed, quorate, spawn, start, unprivileged};

pub(crate) fn run_all(suite: &mut Suite) {
    let sh = Requirements::none().program("sh").program("setpriv");
    suite.test_with("run/exit_status", &sh, exit_status);
    suite.test_with(
        "run/a_failed_program_is_named",
        &sh,
        a_failed_program_is_named,
    );
    suite.test_with("run/ends_that_are_meant", &sh, ends_that_are_meant);
    suite.test_with("run/a_program_ends_too_soon", &sh, a_program_ends_too_soon);
    suite.test_with("run/other_programs_fail", &sh, other_programs_fail);
    suite.test_with(
        "run/other_programs_are_asked",
        &sh,
        other_programs_are_asked,
    );
    suite.test_with("run/usage", &sh, usage);
    suite.test_with("run/signals_are_forwarded", &sh, signals_are_forwarded);
    suite.test("run/status_without_corosync", status_without_corosync);
    suite.test_with("run/status_on_another_node", &sh, status_on_another_node);
    suite.test_with("run/nothing_is_left_behind", &sh, nothing_is_left_behind);
    suite.test_with(
        "run/a_killed_quorate_is_cleared_away",
        &sh,
        a_killed_quorate_is_cleared_away,
    );
    suite.test_with(
        "run/a_program_dies_in_the_middle",
        &sh.program("corosync-quorumtool"),
        a_program_dies_in_the_middle,
    );
}

fn exit_status() {
    for (program, expected) in [
        (&["true"][..], 0),
        (&["sh", "-c", "exit 7"], 7),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["/nonexistent"], 127),
        (&["/etc/passwd"], 126),
    ] {
        let output = unprivileged(&[&["--quiet", "--"], program].concat());
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{program:?} {}",
            errors(&output)
        );
    }
}

/// A scenario in a file, and what was written of its run.
struct Bench(Scratch);

impl Bench {
    fn new(name: &str, scenario: &str) -> Self {
        let scratch = Scratch::new(name);
        fs::write(scratch.path().join("scenario.toml"), scenario).expect("a file can be written");
        Self(scratch)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("it is written")
    }

    /// Exit status and standard error.
    fn run(&self, pace: &str, words: &[&str]) -> (Option<i32>, String) {
        let paths = ["scenario.toml", "tap", "junit"].map(|name| self.0.path().join(name));
        let [file, tap, junit] = paths.each_ref().map(|path| path.to_str().expect("text"));
        let start = ["--quiet", "--pace", pace, "--scenario", file];
        let output = quorate(&[&start[..], &["--tap", tap, "--junit", junit], words].concat());
        (output.status.code(), errors(&output))
    }
}

/// Two steps, the first of them so late that a program has ended before if it does not wait.
const STEPS: &str = "[cluster]\nnodes = 3\n[[step]]\nat = \"600s\"\nkill = 3\n\
    [[step]]\npace = \"idle\"\nup = 3\nexpect = { quorate = true }\n";

const QUIET: &str = "[cluster]\nnodes = 3\n";

fn a_failed_program_is_named() {
    let bench = Bench::new("named", QUIET);
    for (script, code, with) in [
        ("kill -9 $$", 137, "ended with 137 (SIGKILL)"),
        ("exit 4", 4, "ended with 4"),
    ] {
        for stop in [&["--stop-at-end"][..], &[]] {
            let (status, shown) = bench.run("real", &[stop, &["--", "sh", "-c", script]].concat());
            assert_eq!(status, Some(code), "{shown}");
            let line = format!("quorate: node 1: sh: {with} at ");
            assert!(shown.starts_with(&line), "{shown}");
            assert_eq!(shown.lines().count(), 1, "{shown}");
            let (tap, junit) = (bench.text("tap"), bench.text("junit"));
            let failed =
                format!("not ok 2 - node 1: sh: ends well\n  ---\n  message: \"it {with}\"");
            assert!(tap.contains(&failed), "{tap}");
            assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
            let failed = format!("<failure message=\"it {with}\"/>");
            assert!(junit.contains(&failed), "{junit}");
        }
    }
}

/// Nothing is said of them.
fn ends_that_are_meant() {
    let expects = format!("{QUIET}[expect]\nexit_code = 4\n");
    let sleeps = "exec sleep 1000";
    for (scenario, script, case) in [
        (QUIET, sleeps, "node 1: sh: ends well"),
        (QUIET, "exit 0", "node 1: sh: ends well"),
        (STEPS, sleeps, "node 1: sh: ends well"),
        (&expects, "exit 4", "the program ends with 4"),
    ] {
        let bench = Bench::new("meant", scenario);
        let words = ["--stop-at-end", "--on", "2", "--", "sh", "-c", sleeps];
        let ended = bench.run("idle", &[&words[..], &["--", "sh", "-c", script]].concat());
        assert_eq!(ended, (Some(0), String::new()), "{script}");
        let tap = bench.text("tap");
        assert!(!tap.contains("not ok"), "{tap}");
        assert!(tap.contains(&format!(" - {case}\n")), "{tap}");
        assert!(tap.ends_with(" - node 2: sh: ends well\n"), "{tap}");
        let programs = tap.matches(": ends well").count() + tap.matches("program ends").count();
        assert_eq!(programs, 2, "{tap}");
    }
}

/// It was to stay until the scenario is over.
fn a_program_ends_too_soon() {
    // A step that is played in two parts is one.
    let received = STEPS.replace("true", "true, received_exactly = []");
    let expects = format!("{STEPS}[expect]\nexit_code = 5\n");
    for (scenario, script, with) in [
        (STEPS, "exit 0", "0"),
        (&expects, "exit 5", "5"),
        (&received, "exit 0", "0"),
    ] {
        let bench = Bench::new("soon", scenario);
        let (status, shown) = bench.run("real", &["--stop-at-end", "--", "sh", "-c", script]);
        assert_eq!(status, Some(0), "{shown}");
        let line = format!("quorate: node 1: sh: ended with {with} at ");
        assert!(shown.starts_with(&line), "{shown}");
        let missed = ", before the scenario was over: 2 steps happened without it\n";
        assert!(shown.ends_with(missed), "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
        let note = shown.trim().trim_start_matches("quorate: ");
        let (tap, junit) = (bench.text("tap"), bench.text("junit"));
        assert!(tap.ends_with(&format!("# {note}\n")), "{tap}");
        assert!(
            junit.contains(&format!("<system-err>{note}</system-err>")),
            "{junit}"
        );
        assert!(junit.contains("failures=\"0\""), "{junit}");
        // One that is not asked to stay may go when it likes.
        let ended = bench.run("real", &["--", "sh", "-c", script]);
        assert_eq!(ended, (Some(0), String::new()));
    }
    let bench = Bench::new("soon", STEPS);
    let (status, shown) = bench.run("real", &["--stop-at-end", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(status, Some(137));
    assert!(
        shown.starts_with("quorate: node 1: sh: ended with 137 (SIGKILL) at "),
        "{shown}"
    );
    assert!(shown.ends_with("2 steps happened without it\n"), "{shown}");
}

/// Ends when the process that has written its id to a file is no more.
const UNTIL_THE_OTHER_ENDS: &str = "until test -s $0; do sleep 0.01; done; while kill -0 $(cat $0) 2>/dev/null; do sleep 0.01; done; exit $1";

/// What programs beside the main one end with.
fn other_programs_fail() {
    let scratch = Scratch::new("others");
    let path = |name: &str| scratch.path().join(name).to_str().expect("text").to_owned();
    let (pid, junit) = (path("pid"), path("report.xml"));
    let run = |other: &[&str], main: &str| {
        let options = ["--quiet", "--junit", &junit, "--on", "2", "--"];
        let ending = ["--", "sh", "-c", UNTIL_THE_OTHER_ENDS, &pid, main];
        let output = quorate(&[&options, other, &ending].concat());
        let _ = std::fs::remove_file(&pid);
        let report = std::fs::read_to_string(&junit).expect("it is written");
        (output.status.code(), errors(&output), report)
    };
    let script = format!("echo $$ > {pid}; exit $0");
    let (code, shown, report) = run(&["sh", "-c", &script, "7"], "0");
    assert_eq!(code, Some(7));
    assert!(
        shown.starts_with("quorate: node 2: sh: ended with 7 at "),
        "{shown}"
    );
    assert_eq!(shown.lines().count(), 1, "{shown}");
    assert!(report.contains("tests=\"3\" failures=\"1\""), "{report}");
    assert!(
        report.contains("name=\"node 2: sh: ends well\""),
        "{report}"
    );
    let (code, shown, _) = run(&["sh", "-c", &script, "0"], "0");
    assert_eq!((code, shown.as_str()), (Some(0), ""));
    // The main program comes first, but nothing is kept back.
    let (code, shown, _) = run(&["sh", "-c", &script, "7"], "3");
    assert_eq!(code, Some(3));
    assert!(shown.contains("node 2: sh: ended with 7"), "{shown}");
    // One that cannot be started, however soon the main program ends.
    let unfit = [("/nonexistent", 127), ("/etc/passwd", 126)];
    for (other, expected) in std::iter::repeat_n(unfit, 10).flatten() {
        let words = ["--quiet", "--on", "3", "--", other, "--", "true"];
        let output = quorate(&words);
        let shown = errors(&output);
        assert_eq!(output.status.code(), Some(expected), "{shown}");
        assert!(shown.contains(&format!("node 3: {other}: ")), "{shown}");
    }
}

/// With --stop-at-end they may die of SIGTERM, but not say that something was wrong; and who dies
/// with its machine has not failed.
fn other_programs_are_asked() {
    let scratch = Scratch::new("asked");
    let file = scratch.path().join("off.toml");
    let text = "[cluster]\nnodes = 3\n[[step]]\npace = \"idle\"\npower_off = 3\n";
    std::fs::write(&file, text).expect("a file can be written");
    let scenario = file.to_str().expect("text");
    let sleeps = "exec sleep 1000";
    let judges = "trap 'sleep 0.1; exit 5' TERM; while :; do sleep 1000 & wait; done";
    for (other, expected) in [(sleeps, 0), (judges, 5)] {
        let options = ["--quiet", "--pace", "idle", "--stop-at-end", "--scenario"];
        let programs = ["--on", "2", "--", "sh", "-c", other, "--on", "3", "--"];
        let programs = [&programs[..], &["sh", "-c", sleeps, "--"]].concat();
        let main = ["sh", "-c", sleeps];
        let output = quorate(&[&options[..], &[scenario], &programs, &main].concat());
        assert_eq!(output.status.code(), Some(expected), "{}", errors(&output));
    }
}

fn usage() {
    for (arguments, word) in [
        (&["--nodes", "0", "--", "true"][..], "--nodes"),
        (&["--node", "4", "--", "true"], "no node 4"),
        (&[], "neither a program nor a scenario"),
        (&["--config", "/nonexistent", "--", "true"], "/nonexistent"),
        (&["--on", "2"], "--on 2"),
        (&["--on", "9", "--", "true"], "--on 9: there is no node 9"),
        (
            &["--node", "9", "--", "true"],
            "--node 9: there is no node 9",
        ),
        (
            &["./program"],
            "A program and its arguments come behind '--'",
        ),
        // Though words of any kind may come behind '--'.
        (
            &["--nodez", "3", "--", "true"],
            "a similar argument exists: '--node",
        ),
        (
            &["--nodez=3", "--quiet", "--", "true", "--nodez"],
            "a similar argument exists: '--node",
        ),
        (
            &["--compat", "nothing", "--", "true"],
            "--compat nothing: unknown; expected uint8-quorum",
        ),
    ] {
        let output = unprivileged(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(errors(&output).contains(word), "{}", errors(&output));
    }
}

fn status_without_corosync() {
    for words in [&["status"][..], &["watch", "--once", "--corosync"]] {
        let mut command = std::process::Command::new(QUORATE);
        command.args(words).env("QUORATE_RUN_DIR", "/nonexistent");
        let output = finish(spawn(&mut command));
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let shown = errors(&output);
        assert!(shown.ends_with("; does corosync run?\n"), "{shown}");
    }
}

fn signals_are_forwarded() {
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let mut child = start(&["--quiet", "--", "sh", "-c", script]);
    first_line(&mut child);
    let process = Process::new(child);
    process.signal(Signal::SIGTERM);
    assert_eq!(process.output().status.code(), Some(9));
}

fn first_line(child: &mut std::process::Child) -> String {
    let stdout = child.stdout.as_mut().expect("it is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("text");
    line.trim().to_owned()
}

fn status_on_another_node() {
    let output = unprivileged(&["--quiet", "--on", "2", "--", QUORATE, "status"]);
    let text = printed(&output);
    assert!(
        text.starts_with("cluster quorate, node 2: quorate\n"),
        "{text}"
    );
    assert!(
        text.contains("         3  member       1  node3\n"),
        "{text}"
    );
}

/// The directory of a cluster, given that of one of its nodes.
fn home(run_dir: &str) -> &Path {
    Path::new(run_dir)
        .parent()
        .expect("it is in the cluster's directory")
}

fn nothing_is_left_behind() {
    let script = "echo $QUORATE_RUN_DIR; ls $QUORATE_RUN_DIR";
    let text = printed(&quorate(&["--quiet", "--", "sh", "-c", script]));
    let mut lines = text.lines();
    let run_dir = lines.next().expect("a line");
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["cfg", "cmap", "cpg", "quorum", "votequorum"]
    );
    assert!(!home(run_dir).exists(), "{run_dir}");
}

fn a_killed_quorate_is_cleared_away() {
    let told = "echo $QUORATE_RUN_DIR; exec sleep 600";
    let mut child = start(&[
        "--quiet", "--on", "2", "--", "sleep", "600", "--", "sh", "-c", told,
    ]);
    let run_dir = first_line(&mut child);
    assert!(home(&run_dir).exists());
    // The first may say where it is before the other is started.
    let mut programs = Vec::new();
    wait_until("the start of the programs", || {
        programs = family([child.id()]).split_off(1);
        match programs.len() {
            2 => Ok(()),
            _ => Err(format!("{programs:?}")),
        }
    });
    child.kill().expect("it runs");
    // Nobody waits for them any more.
    wait_until("the end of the programs", || {
        let runs = |id: &&u32| fs::read_link(format!("/proc/{id}/exe")).is_ok();
        match programs.iter().find(runs) {
            None => Ok(()),
            Some(id) => Err(format!("{id} runs")),
        }
    });
    // Any other quorate on this machine may clear it away from now on.
    assert!(home(&run_dir).exists(), "nobody could clear it away yet");
    let _ = finish(child);
    printed(&quorate(&["--quiet", "--", "true"]));
    assert!(!home(&run_dir).exists(), "{run_dir}");
}

/// One of two programs dies while it is connected; the other one goes on.
fn a_program_dies_in_the_middle() {
    let script = format!(
        "corosync-quorumtool -m >/dev/null & sleep 0.1; kill -9 $!; wait; exec {QUORATE} status"
    );
    let text = printed(&unprivileged(&["--quiet", "--", "sh", "-c", &script]));
    assert!(text.contains("node 1: quorate"), "{text}");
}
