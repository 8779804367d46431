//! Every function with its successes and errors: the same with both libraries.

use quorate_testkit::{Cluster, Library, Load, Requirements, Suite};

use crate::compare::{assert_same, program, run};

/// What can be asked of any cluster and leaves no trace.
const HARMLESS: [&str; 5] = ["handles", "contexts", "infos", "tracking", "dispatches"];

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().ours();
    suite.test_with("calls/one_node", &needs, one_node);
    suite.test_with("calls/one_node_over_sockets", &needs, one_node_over_sockets);
    suite.test_with("calls/three_nodes", &needs, three_nodes);
    suite.test_with(
        "calls/three_nodes_and_a_device",
        &needs,
        three_nodes_and_a_device,
    );
}

/// Runs the sections with the original and with ours on the same cluster and compares; what is
/// returned is for checks that the sections did what they are meant to.
fn compare(cluster: &Cluster, node: u32, sections: &[&str]) -> String {
    let calls = program("calls");
    let node = cluster.node(node);
    let original = run(node, &calls, sections, Library::Original, Load::Path);
    for load in [Load::Path, Load::Preload] {
        let ours = run(node, &calls, sections, Library::Ours, load);
        assert_same(
            &format!("{sections:?} on node {}, {load:?}", node.id()),
            &original,
            &ours,
        );
    }
    original
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    HARMLESS.iter().chain(more).copied().collect()
}

fn one_node() {
    let cluster = Cluster::builder().start();
    let text = compare(&cluster, 1, &with(&["expectations", "device"]));
    assert!(
        text.contains("getinfo(0) = 1 node=1 state=1 votes=1"),
        "{text}"
    );
}

fn one_node_over_sockets() {
    let cluster = Cluster::builder().system("qb_ipc_type: socket").start();
    compare(&cluster, 1, &with(&["expectations", "device"]));
}

fn three_nodes() {
    let cluster = Cluster::builder().nodes(3).start();
    let all = with(&["expectations", "votes", "device"]);
    let text = compare(&cluster, 1, &all);
    assert!(text.contains("getinfo(3) = 1 node=3 state=1"), "{text}");

    cluster.node(3).kill();
    cluster.wait_members(&[1, 2], true);
    let text = compare(&cluster, 1, &all);
    assert!(text.contains("getinfo(3) = 1 node=3 state=2"), "{text}");

    cluster.node(2).kill();
    cluster.wait_members(&[1], false);
    let text = compare(&cluster, 1, &HARMLESS);
    assert!(
        text.contains("event quorum context=0x5 quorate=0"),
        "{text}"
    );
}

fn three_nodes_and_a_device() {
    let device = "device {\nmodel: net\nvotes: 1\ntimeout: 60000\nnet {\nhost: 127.0.0.1\n}\n}";
    let cluster = Cluster::builder().nodes(3).quorum(device).start();
    let sections = with(&["expectations", "device"]);
    // The device's vote raises what is expected for good: only from the second time on a run finds
    // the cluster as the run before it did.
    run(
        cluster.node(1),
        &program("calls"),
        &sections,
        Library::Original,
        Load::Path,
    );
    let text = compare(&cluster, 1, &sections);
    assert!(text.contains("device_votes=1"), "{text}");
}
