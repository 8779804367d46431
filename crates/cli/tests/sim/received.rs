//! What programs have received, in which order, and whether they have read it.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use quorate_testkit::{CProgram, Library, Requirements, Scratch, Suite};

use crate::tool::{errors, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::none()
        .program("cc")
        .header("corosync/votequorum.h")
        .program("corosync-quorumtool")
        .program("corosync-cmapctl")
        .ours();
    suite.test_with("received/in_order", &needs, in_order);
    suite.test_with("received/steps_wait_in_real_time", &needs, real_time);
    suite.test_with("received/by_nobody", &needs, by_nobody);
    suite.test_with("received/what_is_missing_is_shown", &needs, missing);
    suite.test_with("received/unread_events_do_not_count", &needs, unread);
    suite.test_with(
        "received/by_programs_of_other_services",
        &needs,
        other_services,
    );
    suite.test_with("received/all_requests_are_in_the_log", &needs, logged);
}

struct Bench(Scratch);

impl Bench {
    fn new() -> Self {
        Self(Scratch::new("received"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it was written")
    }

    fn run(&self, scenario: &str, more: &[&str]) -> Output {
        self.run_at("idle", scenario, more)
    }

    fn run_at(&self, pace: &str, scenario: &str, more: &[&str]) -> Output {
        let file = self.path("scenario.toml");
        fs::write(&file, scenario).expect("a file can be written");
        let paths = ["tap", "xml", "log"].map(|name| self.path(name));
        let [tap, junit, log] = paths.each_ref().map(|path| path.to_str().expect("text"));
        let file = file.to_str().expect("text");
        let start = [
            "--quiet",
            "--pace",
            pace,
            "--stop-at-end",
            "--scenario",
            file,
        ];
        let files = ["--tap", tap, "--junit", junit, "--log", log];
        quorate(&[&start[..], &files, more].concat())
    }
}

/// The words that run a program of `tests/c` with a library.
fn program(name: &str, library: Library) -> [String; 3] {
    let program = CProgram::new(&format!("{name}-received"))
        .source(&format!("tests/c/{name}.c"))
        .link("votequorum")
        .build();
    let directory = library.find().expect("it is there");
    let directory = format!("LD_LIBRARY_PATH={}", directory.display());
    ["env".to_owned(), directory, program.display().to_string()]
}

const HISTORY: &str = r#"
    [cluster]
    nodes = 3
    [[step]]
    pace = "idle"
    expect = { received_exactly = [
        { node = 1, service = "votequorum", event = "nodelist", members = [1, 2, 3], ring = "1.9" },
        { event = "quorum", quorate = true },
    ] }
    [[step]]
    pace = "idle"
    partition = [[1], [2, 3]]
    expect = { node = 1, quorate = false, received = [
        { event = "nodelist", members = [1] },
        { event = "quorum", quorate = false, members = [1], nodes = [1, 2, 3] },
    ] }
    [[step]]
    pace = "idle"
    heal = true
    expect = { node = 1, received = [{ event = "quorum", quorate = true }] }
    [expect]
    received = [{ event = "quorum", quorate = false }, { event = "quorum", quorate = true }]
"#;

fn in_order() {
    for library in Library::BOTH {
        let bench = Bench::new();
        let [env, directory, watch] = program("watch", library);
        let words = [
            "--check-determinism",
            "--",
            &env,
            &directory,
            &watch,
            "poll",
        ];
        let output = bench.run(HISTORY, &words);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{library:?}: {}",
            errors(&output)
        );
        let tap = bench.text("tap");
        let name = "programs on node 1 received [nodelist members 1] [quorum members 1,";
        assert!(tap.contains(name), "{tap}");
    }
}

/// A step that waits until all are idle does so at every pace: what the one before has done has come
/// to programs, and they have read it.
fn real_time() {
    let bench = Bench::new();
    let [env, directory, watch] = program("watch", Library::Ours);
    let words = ["--", &env, &directory, &watch, "poll"];
    let round = "[[step]]\npace = \"idle\"\nleave = 2\n[[step]]\npace = \"idle\"\n\
        expect = { node = 1, received = [{ event = \"quorum\", quorate = false }] }\n\
        [[step]]\npace = \"idle\"\nup = 2\n[[step]]\npace = \"idle\"\n\
        expect = { node = 1, received = [{ event = \"quorum\", quorate = true }] }\n";
    // A program may be fast enough to have read in time by chance.
    let start = "[cluster]\nnodes = 2\n[[step]]\n\
        on_call = { function = \"votequorum_trackstart\" }\nexpect = { quorate = true }\n";
    let scenario = start.to_owned() + &round.repeat(10);
    let output = bench.run_at("real", &scenario, &words);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

/// The program connects to node 1 alone.
fn by_nobody() {
    let bench = Bench::new();
    let [env, directory, watch] = program("watch", Library::Ours);
    let words = ["--", &env, &directory, &watch, "poll"];
    let scenario = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\n\
        expect = { node = 2, received = [{ event = \"quorum\", quorate = true }] }\n\
        [[step]]\npace = \"idle\"\n\
        expect = { node = 1, received = [{ event = \"quorum\", quorate = true }] }\n";
    let output = bench.run(scenario, &words);
    assert_eq!(output.status.code(), Some(123));
    let shown = errors(&output);
    let nobody = "[quorum quorate true] did not come; no program connected to node 2\n";
    assert!(shown.contains(nobody), "{shown}");
    let nothing = "[quorum quorate true] did not come; nothing was received\n";
    assert!(shown.contains(nothing), "{shown}");
}

fn missing() {
    let bench = Bench::new();
    let [env, directory, watch] = program("watch", Library::Ours);
    let words = ["--", &env, &directory, &watch, "poll"];
    let scenario = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nkill = 2\n\
        expect = { node = 1, received = [\n\
        { event = \"quorum\", quorate = false },\n{ event = \"nodelist\", members = [1] } ] }\n";
    let output = bench.run(scenario, &words);
    assert_eq!(output.status.code(), Some(123));
    let name = "programs on node 1 received [quorum quorate false] [nodelist members 1]";
    let failure = "[nodelist members 1] did not come after [quorum quorate false]; received: ";
    let found = "node 1: votequorum nodelist ring \"1.d\", members 1; \
        node 1: votequorum quorum quorate false, members 1, nodes 1 2";
    let shown = errors(&output);
    let path = bench.path("scenario.toml");
    let place = format!("{}:6", path.display());
    assert!(
        shown.contains(&format!(": {place}: {name}: {failure}")),
        "{shown}"
    );
    assert!(shown.contains(found), "{shown}");
    let tap = bench.text("tap");
    assert!(
        tap.contains(&format!("not ok 1 - {place}: {name}\n")),
        "{tap}"
    );
    assert!(tap.contains("did not come after"), "{tap}");
    let junit = bench.text("xml");
    assert!(
        junit.contains(&format!("name=\"{place}: {name}\"")),
        "{junit}"
    );
    assert!(
        junit.contains("<failure message=\"[nodelist members 1] did not come"),
        "{junit}"
    );
}

/// It tracks, and reads nothing.
fn unread() {
    for library in Library::BOTH {
        let bench = Bench::new();
        let orders = bench.path("orders");
        fs::write(
            &orders,
            "initialize 0\ntrackstart 2\ngetinfo 0\nfinalize 0\n",
        )
        .expect("a file");
        let words = program("client", library).join(" ");
        let script = format!("{words} <{}", orders.display());
        let scenario = "[cluster]\nnodes = 1\n\
            [expect]\nreceived = [{ event = \"quorum\", quorate = true }]\n";
        let output = bench.run(scenario, &["--", "sh", "-c", &script]);
        assert_eq!(output.status.code(), Some(123));
        let shown = errors(&output);
        assert!(
            shown.contains("[quorum quorate true] did not come; received: "),
            "{shown}"
        );
        assert!(
            shown.contains("quorum quorate true, members 1, nodes 1 (not read)"),
            "{shown}"
        );
    }
}

fn other_services() {
    let bench = Bench::new();
    let scenario = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nkill = 2\n\
        expect = { node = 1, received = [\n\
        { service = \"quorum\", event = \"quorum\", quorate = true, members = [1, 2] },\n\
        { service = \"quorum\", event = \"quorum\", quorate = false, members = [1] } ] }\n";
    let words = ["--", "stdbuf", "-o0", "corosync-quorumtool", "-m"];
    printed(&bench.run(scenario, &words));
}

/// Those of all services, the same in every run.
fn logged() {
    let bench = Bench::new();
    let scenario = "[cluster]\nnodes = 2\n";
    let script = "corosync-quorumtool -s >/dev/null; corosync-cmapctl -g totem.version; \
        corosync-cmapctl -s a.b u8 3; exit 0";
    let words = ["--check-determinism", "--", "sh", "-c", script];
    let output = bench.run(scenario, &words);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let log = bench.text("log");
    for part in [
        "\"event\":\"client_connected\"",
        "\"request\":\"quorum_trackstart 1\"",
        "\"notification\":\"quorum quorum quorate true, members 1 2\"",
        "\"request\":\"quorum_getquorate\"",
        "\"request\":\"getinfo ",
        "\"request\":\"cmap_get totem.version\"",
        "\"request\":\"cmap_set a.b\"",
        "\"event\":\"reply\"",
        "\"event\":\"client_gone\"",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}
