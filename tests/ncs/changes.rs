//! What the members of a cluster are told when it changes: the same, in the same order.

use quorate_testkit::{Cluster, Node, Requirements, Signal, Suite};

use crate::history::{Callback, assert_agreement, parse};
use crate::member::{Callbacks, Member};

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    for (name, test) in [
        ("changes/node_killed", node_killed as fn()),
        ("changes/node_stopped", node_stopped),
        ("changes/partition_and_healing", partition_and_healing),
        ("changes/quorum_lost_and_regained", quorum_lost_and_regained),
        ("changes/daemon_restarted", daemon_restarted),
        ("changes/epoch_outlives_programs", epoch_outlives_programs),
        ("changes/a_stopped_member", a_stopped_member),
        ("changes/master_by_address", master_by_address),
    ] {
        suite.test_with(name, needs, test);
    }
}

fn three_nodes() -> Cluster {
    Cluster::builder().nodes(3).start()
}

/// Waits until the last callback of all of these members tells of `nodes`, which none has failed
/// to tell, and checks that they agree.
fn settle(members: &[&Member], nodes: u32) -> Vec<Vec<Callback>> {
    let logs: Vec<_> = members
        .iter()
        .map(|member| {
            let what = format!("{nodes:#x} to be members");
            let text = member.wait_last(&what, |last| parse(last).members == nodes);
            text.iter().map(|line| parse(line)).collect()
        })
        .collect();
    assert_agreement(&logs);
    logs
}

fn refs(members: &[Member]) -> Vec<&Member> {
    members.iter().collect()
}

fn last(log: &[Callback]) -> Callback {
    *log.last().expect("there are callbacks")
}

/// The program of the guide: told that its node leaves, it finds every call refused, deregisters,
/// and asks until it is accepted.
fn assert_came_back(member: &Member) {
    let text = member.text();
    let lines: Vec<_> = text
        .lines()
        .skip_while(|line| !line.contains("members=0 "))
        .collect();
    assert_eq!(lines[1], "query 8 epoch=0 members=0", "{text}");
    assert_eq!(lines[2], "deregistered 0", "{text}");
    assert!(lines.contains(&"registered again"), "{text}");
    let refusals = lines.iter().filter(|line| line.starts_with("refused"));
    assert!(refusals.clone().all(|line| *line == "refused 8"), "{text}");
}

/// The node is gone with all that ran on it.
fn node_killed() {
    let cluster = three_nodes();
    let mut members = Member::on_all(&cluster, Callbacks::Thread);
    drop(members.pop());
    cluster.node(3).kill();
    for log in settle(&refs(&members), 0x3) {
        // Node 3 has the highest address, and is the first master; then node 2 has.
        assert_eq!(log[0], parse("epoch=3 members=0x7 failed=0 master=0x4"));
        assert_eq!(log[1], parse("epoch=4 members=0x3 failed=0x4 master=0x2"));
        assert_eq!(log.len(), 2);
    }
    cluster.node(3).start();
    cluster.wait_all_members();
    members.push(Member::start(cluster.node(3), Callbacks::Thread));
    for log in settle(&refs(&members), 0x7) {
        // The master stays, whoever comes.
        assert_eq!(last(&log), parse("epoch=5 members=0x7 failed=0 master=0x2"));
    }
}

/// Corosync 3.1 tells nobody that it is being stopped, whatever its configuration: to the others
/// the node has failed.
fn node_stopped() {
    let cluster = three_nodes();
    let members = Member::on_all(&cluster, Callbacks::Thread);
    cluster.node(1).stop();
    let [_, two, three] = &members[..] else {
        unreachable!("three nodes")
    };
    for log in settle(&[two, three], 0x6) {
        assert_eq!(log[1], parse("epoch=4 members=0x6 failed=0x1 master=0x4"));
        assert_eq!(log.len(), 2);
    }
    settle(&[&members[0]], 0);
    cluster.node(1).start();
    cluster.wait_all_members();
    settle(&refs(&members), 0x7);
    assert_came_back(&members[0]);
}

/// One node alone has no quorum: its program is told that it leaves, and that it may not come
/// back before the network is whole.
fn partition_and_healing() {
    let cluster = three_nodes();
    let members = Member::on_all(&cluster, Callbacks::Poll);
    cluster.partition(&[&[3], &[1, 2]]);
    for log in settle(&refs(&members[..2]), 0x3) {
        assert_eq!(log[1], parse("epoch=4 members=0x3 failed=0x4 master=0x2"));
        assert_eq!(log.len(), 2);
    }
    let cut_off = &members[2];
    let end = settle(&[cut_off], 0).remove(0);
    assert_eq!(last(&end), parse("epoch=3 members=0 failed=0 master=0"));
    cut_off.wait_line("it is refused", |line| line == "refused 8");
    assert!(!cut_off.text().contains("registered again"));
    cluster.heal();
    for log in settle(&refs(&members), 0x7) {
        assert_eq!(last(&log), parse("epoch=5 members=0x7 failed=0 master=0x2"));
    }
    assert_came_back(cut_off);
}

fn quorum_lost_and_regained() {
    let cluster = three_nodes();
    let members = Member::on_all(&cluster, Callbacks::Thread);
    cluster.partition(&[&[1], &[2], &[3]]);
    for log in settle(&refs(&members), 0) {
        assert_eq!(last(&log).epoch, last(&log[..log.len() - 1]).epoch);
    }
    cluster.heal();
    for (member, log) in members.iter().zip(settle(&refs(&members), 0x7)) {
        assert!(last(&log).epoch >= 3, "the epoch goes on: {log:?}");
        assert_came_back(member);
    }
}

/// The program outlives its daemon, whether that was stopped or killed.
fn daemon_restarted() {
    let cluster = three_nodes();
    let members = Member::on_all(&cluster, Callbacks::Thread);
    for end in [Node::stop as fn(&Node), Node::kill] {
        let before = last(&settle(&[&members[0]], 0x7)[0]);
        end(cluster.node(2));
        let told = last(&settle(&[&members[1]], 0)[0]);
        assert_eq!((told.epoch, told.failed), (before.epoch, 0));
        for log in settle(&[&members[0], &members[2]], 0x5) {
            assert_eq!(last(&log).epoch, before.epoch + 1);
            assert_eq!(last(&log).failed, 0x2);
        }
        cluster.node(2).start();
        for log in settle(&refs(&members), 0x7) {
            assert_eq!(last(&log).epoch, before.epoch + 2);
        }
    }
    assert_came_back(&members[1]);
}

/// The last program ends, and the epoch stays with the daemons.
fn epoch_outlives_programs() {
    let cluster = three_nodes();
    let mut members = Member::on_all(&cluster, Callbacks::Thread);
    cluster.node(3).kill();
    settle(&refs(&members[..2]), 0x3);
    members[0].say("end");
    members[0].wait_line("its end", |line| line == "deregistered 0");
    members[1].process.signal(Signal::SIGKILL);
    members.clear();
    let again = Member::start(cluster.node(2), Callbacks::Thread);
    let log = settle(&[&again], 0x3).remove(0);
    assert_eq!(log, [parse("epoch=4 members=0x3 failed=0 master=0x2")]);
}

/// Who answers newcomers is stopped: they ask somebody else. It misses nothing meanwhile.
fn a_stopped_member() {
    let cluster = three_nodes();
    let oldest = Member::start(cluster.node(1), Callbacks::Thread);
    settle(&[&oldest], 0x7);
    let second = Member::start(cluster.node(2), Callbacks::Thread);
    settle(&[&second], 0x7);
    oldest.process.signal(Signal::SIGSTOP);
    let newcomer = Member::start(cluster.node(3), Callbacks::Thread);
    settle(&[&newcomer], 0x7);
    cluster.node(2).kill();
    settle(&[&newcomer], 0x5);
    assert_eq!(oldest.callbacks().len(), 1);
    oldest.process.signal(Signal::SIGCONT);
    settle(&[&oldest, &newcomer], 0x5);
}

/// Node ids in the reverse order of the addresses: it is the address that counts.
fn master_by_address() {
    let cluster = Cluster::builder().nodes(3).prepare();
    for node in cluster.nodes() {
        let text = std::fs::read_to_string(node.config_path()).expect("it was written");
        let swapped = text
            .replace("nodeid: 1\n", "nodeid: first\n")
            .replace("nodeid: 3\n", "nodeid: 1\n")
            .replace("nodeid: first\n", "nodeid: 3\n");
        assert_ne!(text, swapped);
        node.write_config(&swapped);
        node.launch();
    }
    cluster.wait_all_members();
    let mut members = Member::on_all(&cluster, Callbacks::Thread);
    // The third node has the id 1, the second one 2.
    drop(members.pop());
    cluster.node(3).kill();
    for log in settle(&refs(&members), 0x6) {
        assert_eq!(log[0], parse("epoch=3 members=0x7 failed=0 master=0x1"));
        assert_eq!(log[1], parse("epoch=4 members=0x6 failed=0x1 master=0x2"));
    }
}
