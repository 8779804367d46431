//! The same programs in a real cluster and in a simulated one: the same output.

use std::fs;
use std::path::PathBuf;

use quorate_testkit::wait::LIMIT;
use quorate_testkit::{CProgram, Cluster, Library, Load, Requirements, Scratch, Suite, wait_until};

use crate::tool::{printed, quorate};

/// The private clusters' addresses, and nothing that would be a difference.
const CONFIG: &str = "totem {\nversion: 2\ncluster_name: quorate\ntransport: knet\ntoken: 1000\n\
    token_coefficient: 0\ncrypto_cipher: none\ncrypto_hash: none\n}\n\
    quorum {\nprovider: corosync_votequorum\n}\n";

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-quorumtool")
        .program("corosync-cmapctl")
        .ours();
    suite.test_with("same/tools", &needs, tools);
    suite.test_with("same/calls", &needs, calls);
    suite.test_with("same/callbacks", &needs, callbacks);
}

fn config(scratch: &Scratch) -> PathBuf {
    let node =
        |n: u32| format!("node {{\nname: node{n}\nnodeid: {n}\nring0_addr: 10.77.0.{n}\n}}\n");
    let nodes: String = (1..=3).map(node).collect();
    let file = scratch.path().join("corosync.conf");
    fs::write(&file, format!("{CONFIG}nodelist {{\n{nodes}}}\n")).expect("it can be written");
    file
}

fn simulated(config: &std::path::Path, program: &[&str]) -> String {
    let config = config.to_str().expect("text");
    let arguments = [
        "--quiet",
        "--compat",
        "corosync-3.1",
        "--config",
        config,
        "--",
    ];
    printed(&quorate(&[&arguments[..], program].concat()))
}

/// The number of a ring depends on how often nodes called each other, and the date on the time.
fn without_chance(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("Date:") && !line.starts_with("Ring ID:"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn tools() {
    let scratch = Scratch::new("same");
    let config = config(&scratch);
    let cluster = Cluster::builder().nodes(3).start();
    let real = |words: &[&str]| {
        let command = cluster
            .node(1)
            .command(words[0])
            .with_args(&words[1..])
            .output();
        printed(&command.expect("it runs"))
    };
    for words in [
        &["corosync-quorumtool", "-s"][..],
        &["corosync-quorumtool", "-l"],
        &["corosync-quorumtool", "-i", "-s"],
        &["corosync-quorumtool", "-e", "3"],
        &["corosync-quorumtool", "-n", "2", "-v", "1"],
        &["corosync-cfgtool", "-a", "2"],
    ] {
        let [real, simulated] =
            [real(words), simulated(&config, words)].map(|t| without_chance(&t));
        assert_eq!(real, simulated, "{words:?}");
    }
    // The keys and their types, and the values of those that do not count anything. The rest is
    // what the test clusters have set besides.
    let keys = |text: String| {
        let lines = text.lines().filter(|line| {
            !["resources.", "logging.", "system."]
                .iter()
                .any(|p| line.starts_with(p))
        });
        let counts = |line: &str| line.contains(".rx (") || line.contains(".tx (");
        let key = |line: &str| match counts(line) {
            true => line.split(" = ").next().unwrap_or_default().to_owned(),
            false => line.to_owned(),
        };
        lines.map(key).collect::<Vec<_>>()
    };
    let words = ["corosync-cmapctl"];
    assert_eq!(keys(real(&words)), keys(simulated(&config, &words)));
}

/// Every function of votequorum, with both libraries: a real daemon and a simulated one answer
/// alike.
fn calls() {
    let scratch = Scratch::new("same");
    let config = config(&scratch);
    let source = |name| format!("tests/c/{name}.c");
    let program = CProgram::new("calls-sim")
        .source(&source("calls"))
        .source(&source("calls_device"));
    let program = program.link("votequorum").build();
    let program = program.to_str().expect("text");
    let cluster = Cluster::builder().nodes(3).start();
    let ours = Library::Ours.find().expect("it is built");
    let ours = format!("LD_LIBRARY_PATH={}", ours.display());
    for section in [
        "handles",
        "contexts",
        "infos",
        "tracking",
        "dispatches",
        "expectations",
        "votes",
        "device",
    ] {
        let mut command = cluster.node(1).command(program).with_args([section]);
        Library::Original.apply(&mut command, Load::Path);
        let real = without_rings(&printed(&command.output().expect("it runs")));
        let original = simulated(&config, &[program, section]);
        assert_eq!(real, without_rings(&original), "{section}, the C library");
        let by_us = simulated(&config, &["env", &ours, program, section]);
        assert_eq!(real, without_rings(&by_us), "{section}, our library");
    }
}

/// The same history twice: the program is told the same, in the same order.
fn callbacks() {
    let watch = CProgram::new("watch-sim")
        .source("tests/c/watch.c")
        .link("votequorum")
        .build();
    let scratch = Scratch::new("same");
    let cluster = Cluster::builder().nodes(3).start();
    let log = scratch.path().join("watch");
    let mut command = cluster.node(1).command(&watch).with_args(["blocking"]);
    Library::Original.apply(&mut command, Load::Path);
    command.stdout(fs::File::create(&log).expect("it can be made"));
    let mut watcher = command.spawn().expect("it starts");
    let told = |part: &str| {
        wait_until(part, || {
            let text = fs::read_to_string(&log).expect("text");
            if text.contains(part) {
                Ok(())
            } else {
                Err(text)
            }
        });
    };
    told("event quorum");
    cluster.node(3).kill();
    cluster.wait_members(&[1, 2], true);
    cluster.node(3).start();
    cluster.wait_all_members();
    cluster.partition(&[&[1], &[2, 3]]);
    cluster.wait_members(&[1], false);
    cluster.wait_members(&[2, 3], true);
    cluster.heal();
    cluster.wait_all_members();
    let set = cluster
        .node(2)
        .command("corosync-quorumtool")
        .with_args(["-e", "4"])
        .output();
    printed(&set.expect("it runs"));
    told("votes=4");
    cluster.node(3).stop();
    cluster.wait_members(&[1, 2], false);
    cluster.node(1).kill();
    watcher.wait_for(LIMIT).expect("it ends");
    let real = without_rings(&fs::read_to_string(&log).expect("text"));

    let steps = [
        "kill = 3",
        "up = 3",
        "partition = [[1], [2, 3]]",
        "heal = true",
        "set_expected = { node = 2, votes = 4 }",
        "leave = 3",
        "kill = 1",
    ];
    let step = |operation| format!("[[step]]\npace = \"idle\"\n{operation}\n");
    let steps: String = steps.map(step).concat();
    let scenario = scratch.path().join("scenario.toml");
    let text = format!("[cluster]\nnodes = 3\ncompat = [\"corosync-3.1\"]\n{steps}");
    fs::write(&scenario, text).expect("it can be written");
    let words = [scenario.as_os_str(), watch.as_os_str()].map(|word| word.to_str().expect("text"));
    let arguments = [
        "-q",
        "--pace",
        "idle",
        "--scenario",
        words[0],
        "--",
        words[1],
        "blocking",
    ];
    assert_eq!(real, without_rings(&printed(&quorate(&arguments))));
    assert!(
        real.contains("quorate=0") && real.ends_with("dispatch = 2\nfinalize = 1\n"),
        "{real}"
    );
}

fn without_rings(text: &str) -> String {
    let word = |word: &str| match word.split_once("ring=") {
        Some((before, ring)) => format!(
            "{before}ring={}",
            ring.split('.').next().unwrap_or_default()
        ),
        None => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}
