//! `quorate run --replay`: what a real node's programs were told, told again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use quorate_testkit::compare::assert_same;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{
    CProgram, Cluster, Library, Load, Node, Process, Requirements, Scratch, Signal, Suite,
    wait_until,
};

use crate::tool::{QUORATE, errors, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().program("corosync-quorumtool");
    suite.test_with("replay/of_a_real_node", &needs, of_a_real_node);
    suite.test("replay/deviations_are_named", deviations_are_named);
    suite.test("replay/bad_recordings", bad_recordings);
}

/// A program of `tests/c` that prints every callback, and the recorder, on one real node.
struct Witnesses {
    recorder: Process,
    watcher: Process,
    log: PathBuf,
    told: PathBuf,
}

impl Witnesses {
    fn start(node: &Node, program: &Path) -> Self {
        let [log, told, errors] =
            ["log.jsonl", "told", "errors"].map(|name| node.directory().join(name));
        let mut record = node.command(QUORATE).with_args(["record", "--log"]);
        record.arg(&log);
        let recorder = record.spawn().expect("it starts");
        let mut watch = node.command(program).with_args(["blocking"]);
        Library::Original.apply(&mut watch, Load::Path);
        watch.stdout(File::create(&told).expect("it can be made"));
        watch.stderr(File::create(errors).expect("it can be made"));
        let watcher = watch.spawn().expect("it starts");
        let witnesses = Self {
            recorder,
            watcher,
            log,
            told,
        };
        witnesses.wait("event quorum", "\"event\":\"view\"");
        witnesses
    }

    /// Both have been told of something; the program so often.
    fn wait_times(&self, times: usize, told: &str, recorded: &str) {
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        wait_until(&format!("{told}, {recorded}"), || {
            let texts = [read(&self.told), read(&self.log)];
            let seen = texts[0].matches(told).count() >= times && texts[1].contains(recorded);
            seen.then_some(()).ok_or_else(|| texts.concat())
        });
    }

    fn wait(&self, told: &str, recorded: &str) {
        self.wait_times(1, told, recorded);
    }

    /// The recording, and what the program was told until its daemon died.
    fn finish(mut self) -> (PathBuf, String) {
        self.watcher.wait_for(LIMIT).expect("it ends");
        self.wait("finalize", "\"event\":\"disconnected\"");
        self.recorder.signal(Signal::SIGTERM);
        let status = self.recorder.wait_for(LIMIT).expect("it ends");
        assert!(status.success(), "{status}");
        (self.log, fs::read_to_string(self.told).expect("text"))
    }
}

/// Partition, kill, restart, clean stop, votes: a program sees the same callbacks again.
fn of_a_real_node() {
    let program = CProgram::new("watch-replay")
        .source("tests/c/watch.c")
        .link("votequorum")
        .build();
    let cluster = Cluster::builder().nodes(3).start();
    let witnesses = Witnesses::start(cluster.node(1), &program);
    let view = |members: &str, votes: u32| {
        format!(
            "\"members\":[{members}],\"quorate\":{},\"votes\":{votes}",
            votes > 1
        )
    };
    cluster.node(3).kill();
    cluster.wait_members(&[1, 2], true);
    witnesses.wait("3:2", &view("1,2", 2));
    cluster.node(3).start();
    cluster.wait_all_members();
    cluster.partition(&[&[1], &[2, 3]]);
    cluster.wait_members(&[1], false);
    witnesses.wait("quorate=0", &view("1", 1));
    cluster.heal();
    cluster.wait_all_members();
    let changes: [(&[&str], &str, &str); 2] = [
        (
            &["-n", "2", "-v", "3"],
            "votes=5",
            "\"votes\":5,\"expected\":5",
        ),
        (&["-e", "7"], "votes=7", "\"expected\":7"),
    ];
    for (arguments, told, recorded) in changes {
        let mut tool = cluster
            .node(2)
            .command("corosync-quorumtool")
            .with_args(arguments);
        printed(&tool.output().expect("it runs"));
        witnesses.wait(told, recorded);
    }
    cluster.node(3).stop();
    cluster.wait_members(&[1, 2], true);
    witnesses.wait_times(2, "3:2,1:1\n", &view("1,2", 4));
    cluster.node(1).kill();
    let (log, told) = witnesses.finish();
    let log = log.to_str().expect("text");
    let replay = [
        "--quiet",
        "--compat",
        "corosync-3.1",
        "--pace",
        "idle",
        "--replay",
        log,
        "--",
    ];
    let program = program.to_str().expect("text");
    let output = quorate(&[&replay[..], &[program, "blocking"]].concat());
    assert_same("the replay", &told, &printed(&output));
}

fn recording(scratch: &Scratch, lines: &[&str]) -> PathBuf {
    let file = scratch.path().join("log.jsonl");
    let began = "{\"time_us\":0,\"event\":\"recording\",\"version\":1,\"began\":\"\"}";
    let keys = "{\"time_us\":1,\"node\":1,\"event\":\"configured\",\"keys\":{\
        \"quorum.provider\":\"corosync_votequorum\",\"nodelist.node.0.nodeid\":\"1\"}}";
    let connected = "{\"time_us\":1,\"node\":1,\"event\":\"connected\"}";
    let text = [&[began, connected, keys], lines].concat().join("\n");
    fs::write(&file, text + "\n").expect("it can be written");
    file
}

/// A node with one vote of one is quorate; whoever recorded something else is told so.
fn deviations_are_named() {
    let scratch = Scratch::new("replay");
    let view = |votes: u32| {
        format!(
            "{{\"time_us\":3,\"node\":1,\"event\":\"view\",\"ring\":\"1.5\",\"members\":[1],\
             \"quorate\":true,\"votes\":{votes},\"expected\":1,\"highest_expected\":1,\
             \"quorum\":1,\"flags\":2,\"nodes\":[{{\"id\":1,\"state\":1,\"votes\":1,\
             \"expected\":1}}]}}"
        )
    };
    let told = |what: &str| {
        format!(
            "{{\"time_us\":2,\"node\":1,\"event\":\"notified\",\"client\":1,\
             \"notification\":\"{what}\"}}"
        )
    };
    let nodes = told("nodelist 1.5: 1");
    for (quorum, votes, expected) in [
        ("quorum 1: 1/1", 1, None),
        (
            "quorum 0: 1/1",
            1,
            Some(
                ":5: what was recorded can be simulated: the node was told \
            quorum 0: 1/1; in the simulation, quorum 1: 1/1",
            ),
        ),
        (
            "quorum 1: 1/1",
            7,
            Some(
                ":6: what was recorded can be simulated: votes: recorded 7, \
            simulated 1",
            ),
        ),
    ] {
        let file = recording(&scratch, &[&nodes, &told(quorum), &view(votes)]);
        let file = file.to_str().expect("text");
        let output = quorate(&["--quiet", "--pace", "idle", "--replay", file, "--", "true"]);
        let code = if expected.is_some() { 123 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{}", errors(&output));
        assert!(
            errors(&output).contains(expected.unwrap_or("")),
            "{}",
            errors(&output)
        );
    }
}

fn bad_recordings() {
    let scratch = Scratch::new("replay");
    let file = recording(&scratch, &["{\"time_us\":0,\"event\":\"healed\"}"]);
    let log = scratch.path().join("run.jsonl");
    let log = log.to_str().expect("text");
    printed(&quorate(&["--quiet", "--log", log, "--", "true"]));
    for (file, expected) in [
        (
            file.to_str().expect("text"),
            "log.jsonl:4: this is earlier than the line before",
        ),
        (log, "run.jsonl:1: this is not a recording"),
        ("/nonexistent", "/nonexistent: "),
    ] {
        let output = quorate(&["--replay", file, "--", "true"]);
        assert_eq!(output.status.code(), Some(64), "{}", errors(&output));
        assert!(errors(&output).contains(expected), "{}", errors(&output));
    }
}
