//! `quorate ctl`: every verb, and what is refused.

use std::fs;
use std::process::Command;

use quorate_testkit::{Process, Requirements, Scratch, Signal, Suite};

use crate::live::{Served, quorate};
use crate::tool::{QUORATE, errors, printed, spawn};

pub(crate) fn run_all(suite: &mut Suite) {
    let none = Requirements::none();
    let cmap = none.clone().program("corosync-cmapctl");
    suite.test_with("ctl/every_verb", &cmap, every_verb);
    suite.test_with("ctl/refusals", &none, refusals);
    let tool = none.clone().program("sh").program("corosync-quorumtool");
    suite.test_with("ctl/waits_for_connections", &tool, waits_for_connections);
    let bash = none.clone().program("bash");
    suite.test_with("ctl/nobody_reads", &bash, nobody_reads);
}

fn every_verb() {
    let scratch = Scratch::new("verbs");
    let file = scratch.path().join("new.conf");
    let node = |n: u32| format!("node {{\nnodeid: {n}\nring0_addr: n{n}\nquorum_votes: 2\n}}\n");
    let list: String = (1..=3).map(node).collect();
    let quorum = "quorum {\nprovider: corosync_votequorum\n}\n";
    fs::write(&file, format!("nodelist {{\n{list}}}\n{quorum}")).expect("it can be written");
    let cluster = Served::start("verbs", &["--pace", "manual"]);
    let state = |id: usize| cluster.node(id)["running"].clone();
    cluster.done("kill 3");
    assert_eq!(state(3), "down");
    cluster.done("up 3");
    cluster.done("pause 2 3");
    assert_eq!([state(2), state(3)], ["paused", "paused"]);
    cluster.done("resume 3 2");
    cluster.done("leave 3");
    assert_eq!(state(3), "leaving");
    cluster.done("wait");
    assert_eq!(state(3), "down");
    cluster.done("partition 1,2 3");
    assert_eq!(cluster.status()["groups"], serde_json::json!([[1, 2], [3]]));
    cluster.done("heal");
    cluster.done("up 3");
    cluster.done("restart 2");
    cluster.done("power-off 1");
    assert_eq!([state(1), state(2)], ["down", "up"]);
    cluster.done("up 1");
    cluster.done("wait");
    cluster.done("setvotes 2 4");
    cluster.done("wait");
    assert_eq!(cluster.node(1)["total_votes"], 6);
    cluster.done("setexpected 9");
    cluster.done("wait");
    assert_eq!(cluster.node(3)["expected_votes"], 9);
    cluster.done("set-key 1 quorum.expected_votes 11");
    cluster.done("wait");
    assert_eq!(cluster.node(1)["expected_votes"], 11);
    cluster.done("set-key 1 my.key --delete");
    printed(&cluster.ctl(&[
        "do",
        "set_key = { node = 2, key = \"my.key\", value = \"a b\" }",
    ]));
    let text = printed(&cluster.exec("2", &["corosync-cmapctl", "-g", "my.key"]));
    assert_eq!(text, "my.key (str) = a b\n");
    printed(&cluster.ctl(&["reload", file.to_str().expect("text")]));
    cluster.done("wait");
    assert_eq!(cluster.node(2)["votes"], 2);
    printed(&cluster.ctl(&["list"]))
        .lines()
        .find(|line| *line == cluster.name)
        .expect("listed");
    cluster.done("stop");
    assert!(!cluster.directory().exists());
    assert_eq!(cluster.ctl(&["status"]).status.code(), Some(69));
}

fn refusals() {
    let cluster = Served::start("refusals", &["--pace", "manual"]);
    cluster.done("kill 3");
    cluster.done("pause 2");
    for (words, code, reason) in [
        ("kill 3", 1, "kill 3: node 3 is down at this point"),
        ("up 1 3", 1, "up 1 3: node 1 is up at this point"),
        ("setvotes 2 1", 1, "node 2 is paused at this point"),
        ("qdevice 1 stop", 1, "no quorum device runs on node 1"),
        ("setexpected 1", 1, "CS_ERR_INVALID_PARAM"),
        ("kill 9", 64, "kill 9: node 9 is not in the cluster"),
        ("kill 1 1", 64, "node 1 is named twice"),
        ("partition 1,2 2", 64, "node 2 is named twice"),
        ("partition 1;2", 64, "1;2"),
        ("setvotes 0 1", 64, "--on"),
        ("set-key 1 no!name 1", 64, "no!name"),
        (
            "reload /nonexistent",
            64,
            "reload /nonexistent: No such file",
        ),
        ("do nonsense", 64, "do nonsense: "),
        ("wait --connected 9", 64, "node 9 is not in the cluster"),
        ("wait --connections 1", 64, "--connected"),
        ("advance 1", 64, "500ms"),
        ("advance 25h", 64, "a day at most"),
        ("fly", 64, "fly"),
    ] {
        let before = cluster.status();
        let output = cluster.ctl(&words.split(' ').collect::<Vec<_>>());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words}: {}",
            errors(&output)
        );
        assert!(
            errors(&output).contains(reason),
            "{words}: {}",
            errors(&output)
        );
        assert_eq!(before["nodes"], cluster.status()["nodes"], "{words}");
    }
    for arguments in [&["exec", "--node", "9", "--", "true"][..], &["env", "9"]] {
        let (verb, rest) = arguments.split_first().expect("a verb");
        let output = quorate(&[&[verb, "--name", &cluster.name], rest].concat());
        assert_eq!(output.status.code(), Some(64));
        assert!(errors(&output).contains("node 9"), "{}", errors(&output));
    }
    assert_eq!(
        cluster.exec("1", &["/nonexistent"]).status.code(),
        Some(127)
    );
}

/// A program that is slow to begin is waited for, if that is asked for.
fn waits_for_connections() {
    let cluster = Served::start("connected", &["--pace", "manual"]);
    let script = "sleep 0.2; exec corosync-quorumtool -m";
    let start = ["exec", "--name", &cluster.name, "--node", "2", "--"];
    let mut command = Command::new(QUORATE);
    command.args(start).args(["sh", "-c", script]);
    let program = Process::new(spawn(&mut command));
    // Nobody knows of it yet.
    cluster.done("wait");
    cluster.done("wait --connected 2");
    let waits = [
        "wait",
        "--connected",
        "2",
        "--connections",
        "9",
        "--limit",
        "10ms",
    ];
    let output = cluster.ctl(&waits);
    assert_eq!(output.status.code(), Some(1));
    let reason = "of 9 connections to node 2";
    assert!(errors(&output).contains(reason), "{}", errors(&output));
    let connected = cluster.status()["connected"].clone();
    assert_eq!(connected[0]["node"], 2, "{connected}");
    assert_eq!(connected[0]["program"], "corosync-quorum", "{connected}");
    program.signal(Signal::SIGTERM);
    let _ = program.output();
}

/// Whoever reads only the beginning of what is printed, or nothing, is no trouble.
fn nobody_reads() {
    let cluster = Served::start("unread", &["--pace", "manual"]);
    let name = &cluster.name;
    for words in ["ctl status --json", "ctl list", "watch --once", "env"] {
        let command = format!("{QUORATE} {words} --name {name}");
        for (script, expected) in [
            (
                format!("{command} 2>&1 >&- | cat; exit ${{PIPESTATUS[0]}}"),
                1,
            ),
            (
                format!("{{ sleep 0.1; {command}; }} 2>&1 | true; exit ${{PIPESTATUS[0]}}"),
                0,
            ),
            (format!("{command} >/dev/full"), 1),
        ] {
            let output = Command::new("bash")
                .args(["-c", &script])
                .output()
                .expect("it runs");
            let text = String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout);
            let code = output.status.code();
            assert!(!text.contains("panicked"), "{script}: {text}");
            assert!(
                code == Some(expected) || code == Some(0),
                "{script}: {code:?} {text}"
            );
        }
    }
}
