//! Pacemaker's daemons and `crm_mon`: the same history in a real cluster and in a simulated one,
//! where they run unprivileged, as root of user namespaces.

use std::fs;
use std::thread;

use quorate_testkit::compare::assert_same;
use quorate_testkit::{Cluster, Requirements, Scratch, Suite, source_root, wait_until};

use crate::stage::{Stage, Started};
use crate::tool::config;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = ["pacemakerd", "crm_mon", "setpriv", "ip", "unshare"]
        .iter()
        .fold(Requirements::cluster(), |needs, name| needs.program(name));
    suite.test_with("pacemaker/one_node", &needs, || both(1, one_node));
    suite.test_with("pacemaker/three_nodes", &needs, || both(3, three_nodes));
}

fn both(nodes: usize, play: fn(&Stage) -> String) {
    let scratch = Scratch::new("pacemaker");
    let config = config(&scratch, nodes);
    let real = || play(&Stage::Real(Cluster::builder().nodes(nodes).start()));
    let simulated = || play(&Stage::simulated("pacemaker", &config));
    // Both at once: Pacemaker waits long for nodes that might come.
    let (real, simulated) = thread::scope(|scope| {
        let real = scope.spawn(real);
        let simulated = simulated();
        (real.join().expect("it was played"), simulated)
    });
    assert_same("what crm_mon says", &real, &simulated);
}

fn start(stage: &Stage, node: u32) -> Started {
    let script = source_root().join("tests/pacemaker.sh");
    let script = script.display().to_string();
    let directory = stage.directory().display().to_string();
    let node_name = node.to_string();
    let words: &[&str] = match stage {
        // Its nodes are namespaces; the mounts are to go with Pacemaker.
        Stage::Real(_) => &["unshare", "-m"],
        Stage::Simulated { .. } => &["unshare", "-rmnpf", "--kill-child", "--mount-proc"],
    };
    stage.start(node, &[words, &[&script, &node_name, &directory]].concat())
}

/// Waits until `crm_mon` on a node says all of this, and tells what is certain of what it says. Not
/// which node speaks for all: that is up to when each daemon started.
fn says(stage: &Stage, node: u32, parts: &[String]) -> String {
    let file = stage.directory().join(format!("monitor.{node}"));
    let text = wait_until(&format!("crm_mon on node {node} to say {parts:?}"), || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        match parts.iter().all(|part| text.contains(part.as_str())) {
            true => Ok(text),
            false => Err(text),
        }
    });
    let mut certain = format!("node {node}:\n");
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '*']);
        if let Some((_, partition)) = line.split_once(") - partition ") {
            certain += &format!("partition {partition}\n");
        }
        let known = ["Stack:", "Online:", "OFFLINE:"];
        if known.iter().any(|start| line.starts_with(start)) || line.contains("configured") {
            certain += &format!("{line}\n");
        }
    }
    certain
}

/// The end of `crm_mon`'s line of who speaks for all. Between the two it says MIXED-VERSION until
/// every node has told its features.
fn partition(quorum: &str) -> String {
    format!(") - partition {quorum}")
}

fn one_node(stage: &Stage) -> String {
    let _pacemaker = start(stage, 1);
    says(
        stage,
        1,
        &["Online: [ node1 ]".into(), partition("with quorum")],
    )
}

fn three_nodes(stage: &Stage) -> String {
    let _pacemakers = [1, 2, 3].map(|node| start(stage, node));
    let mut text = String::new();
    let mut all_say = |nodes: &[u32], quorum: &str| {
        let list = |state: &str, here: bool| {
            let listed = (1..=3).filter(|node| nodes.contains(node) == here);
            let names: String = listed.map(|node| format!("node{node} ")).collect();
            (!names.is_empty()).then(|| format!("{state}: [ {names}]"))
        };
        let states = [list("Online", true), list("OFFLINE", false)];
        let mut parts: Vec<_> = states.into_iter().flatten().collect();
        parts.push(partition(quorum));
        for node in nodes {
            text += &says(stage, *node, &parts);
        }
    };
    all_say(&[1, 2, 3], "with quorum");
    stage.partition(&[&[1], &[2, 3]]);
    all_say(&[1], "WITHOUT quorum");
    all_say(&[2, 3], "with quorum");
    stage.heal();
    all_say(&[1, 2, 3], "with quorum");
    stage.kill(3);
    all_say(&[1, 2], "with quorum");
    text
}
