//! Corosync's own long-running clients, and sbd: the same history in a real cluster and in a
//! simulated one, where they run unprivileged.

use std::fs;

use quorate_testkit::compare::assert_same;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{CProgram, Cluster, Requirements, Scratch, Signal, Suite};

use crate::stage::{Stage, Started, without_chance};
use crate::tool::{config, config_with, printed};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-quorumtool")
        .program("setpriv")
        .program("stdbuf");
    suite.test_with("clients/quorumtool_monitor", &needs, || both(monitor));
    let notifyd = needs.clone().program("corosync-notifyd");
    suite.test_with("clients/notifyd", &notifyd, || both(notifyd_history));
    let sbd = needs.program("sbd").program("unshare");
    suite.test_with("clients/sbd", &sbd, sbd_in_both);
}

/// Plays it in both clusters of three, and compares what comes of it.
fn both(play: fn(&Stage) -> String) {
    let scratch = Scratch::new("clients");
    let config = config(&scratch, 3);
    let real = play(&Stage::Real(Cluster::builder().nodes(3).start()));
    let simulated = play(&Stage::simulated("clients", &config));
    assert_same("what it printed", &real, &simulated);
}

/// `corosync-quorumtool -m` on node 1.
fn monitor(stage: &Stage) -> String {
    let mut tool = stage.start(1, &["stdbuf", "-oL", "corosync-quorumtool", "-m"]);
    shows(&tool, 3, "Total votes:      3", "node3");
    stage.kill(3);
    shows(&tool, 2, "Total votes:      2", "node2");
    stage.up(3);
    shows(&tool, 3, "Total votes:      3", "node3");
    stage.partition(&[&[1], &[2, 3]]);
    shows(&tool, 1, "Total votes:      1", "node1 (local)");
    stage.settle(&[2, 3], true);
    stage.heal();
    shows(&tool, 3, "Total votes:      3", "node3");
    printed(&stage.run(2, &["corosync-quorumtool", "-e", "4"]));
    stage.leave(3);
    shows(&tool, 2, "Expected votes:   4", "node2");
    tool.process.signal(Signal::SIGTERM);
    tool.process.wait_for(LIMIT).expect("it ends");
    without_chance(&tool.text())
}

/// Waits for the last thing that the tool has printed to be this, to the last node.
fn shows(tool: &Started, nodes: usize, votes: &str, last: &str) {
    let count = format!("Nodes:            {nodes}\n");
    tool.wait_printed(votes, |text| {
        let block = text.rsplit("Quorum information\n").next();
        let block = block.unwrap_or_default();
        let end = block.trim_end().ends_with(last);
        block.contains(&count) && block.contains(votes) && end
    });
}

/// `corosync-notifyd` on node 1. What it says of members and of quorum comes over two connections,
/// in no certain order.
fn notifyd_history(stage: &Stage) -> String {
    let mut notifyd = stage.start(1, &["stdbuf", "-oL", "corosync-notifyd", "-f", "-o", "-n"]);
    says(&notifyd, "is now quorate", 1);
    stage.kill(3);
    says(&notifyd, "[3] ip:10.77.0.3 left", 1);
    stage.kill(2);
    says(&notifyd, "has lost quorum", 1);
    says(&notifyd, "[2] ip:10.77.0.2 left", 1);
    stage.up(2);
    says(&notifyd, "is now quorate", 2);
    says(&notifyd, "[2] ip:10.77.0.2 joined", 1);
    stage.up(3);
    says(&notifyd, "[3] ip:10.77.0.3 joined", 1);
    stage.settle(&[1, 2, 3], true);
    stage.partition(&[&[1], &[2, 3]]);
    says(&notifyd, "has lost quorum", 2);
    stage.settle(&[2, 3], true);
    stage.heal();
    says(&notifyd, "is now quorate", 3);
    says(&notifyd, "[3] ip:10.77.0.3 joined", 2);
    stage.settle(&[1, 2, 3], true);
    notifyd.process.signal(Signal::SIGTERM);
    let status = notifyd.process.wait_for(LIMIT).expect("it ends");
    let text = notifyd.text();
    let about = |parts: &[&str]| -> String {
        let wanted = |line: &&str| parts.iter().any(|part| line.contains(part));
        let lines = text.lines().filter(wanted);
        lines.map(|line| format!("{line}\n")).collect()
    };
    let members = about(&[" ip:"]);
    let quorum = about(&["is now quorate", "has lost quorum"]);
    format!("{members}{quorum}{status}\n")
}

fn says(notifyd: &Started, part: &str, times: usize) {
    notifyd.wait_printed(part, |text| text.matches(part).count() >= times);
}

/// sbd's cluster watcher and nothing else: no disk, no watchdog, no pacemaker; at debug level 2 it
/// says that it would have fenced instead of fencing. It listens to no corosync but root's, so it
/// runs as root of a user namespace of its own.
fn sbd_in_both() {
    let scratch = Scratch::new("sbd");
    let lines = "wait_for_all: 0";
    let config = config_with(&scratch, 2, lines);
    let real = Cluster::builder().nodes(2).quorum(lines).start();
    let real = sbd(&Stage::Real(real));
    let simulated = sbd(&Stage::simulated("sbd", &config));
    assert_same("what sbd was told", &real, &simulated);
}

fn sbd(stage: &Stage) -> String {
    let spy = CProgram::new("spy.so")
        .source("tests/c/spy.c")
        .flag("-shared")
        .flag("-fPIC")
        .build();
    let spied = stage.directory().join("spied");
    let script = format!(
        "LD_PRELOAD=\"{spy} $LD_PRELOAD\" QUORATE_SPY={spied} \\
         SBD_SYNC_RESOURCE_STARTUP=no SBD_PACEMAKER=no \\
         exec sbd -w /dev/null -Z -Z -P -P -c -n node1 watch",
        spy = spy.display(),
        spied = spied.display()
    );
    let mut started = stage.start(1, &["unshare", "-r", "sh", "-c", &script]);
    let told = |from: usize, part: &str| {
        quorate_testkit::wait_until(&format!("sbd to be told {part:?}"), || {
            let text = fs::read_to_string(&spied).unwrap_or_default();
            match text.get(from..).unwrap_or_default().contains(part) {
                true => Ok(text.len()),
                false => Err(format!("{text}\n{}", started.text())),
            }
        })
    };
    told(0, "getinfo(0) = 1 node=1 state=1 total=2 flags=0x2\n");
    stage.partition(&[&[1], &[2]]);
    let so_far = told(0, "getinfo(0) = 1 node=1 state=1 total=1 flags=0\n");
    stage.heal();
    told(so_far, "total=2 flags=0x2\n");
    // How often it asks is up to its timer.
    let text = fs::read_to_string(&spied).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    let steady = lines.join("\n");
    stage.kill(1);
    stage.up(1);
    told(
        text.len(),
        "initialize callbacks=0 = 1\ngetinfo(0) = 1 node=1 state=1",
    );
    started.process.signal(Signal::SIGTERM);
    let status = started
        .process
        .wait_for(LIMIT)
        .expect("it ends when asked to");
    format!("{steady}\n{status}\n")
}
