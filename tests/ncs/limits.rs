//! A group that says nothing, and callers who have set a limit.

use quorate_testkit::{Cluster, Node, NodeCommand, Requirements, Signal, Suite};

use crate::cases::{converse, converse_with};
use crate::member::{Callbacks, Member};
use crate::program;

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    for (name, test) in [
        ("limits/a_stopped_daemon", a_stopped_daemon as fn()),
        ("limits/members_that_say_nothing", members_that_say_nothing),
    ] {
        suite.test_with(name, needs, test);
    }
}

fn limited(node: &Node, case: &str, limit: &str) -> NodeCommand {
    let mut command = node.command(program("ncs_limits")).with_args([case]);
    command.env("QUORATE_TIMEOUT_MS", limit);
    command
}

/// What was asked in vain has come to nothing when corosync goes on; only a lock that was given up
/// is.
fn a_stopped_daemon() {
    let cluster = Cluster::builder().nodes(1).start();
    let over_sockets = Cluster::builder().system("qb_ipc_type: socket").start();
    for (case, limit, expected) in [
        (
            "requests",
            "300",
            "lock 0\n\
             lock 1 trylock 1 unlock 1 query 0 deregister 0\n\
             free 0 0 0\n\
             deregister 0 0\n",
        ),
        (
            "newcomer",
            "300",
            "register 1 1 untouched\nlock 0 deregister 0\n",
        ),
        ("crowd", "300", "failed 400 query 0\nfree 400\n"),
        ("holder", "2000", "first 0\nunlock 0 second 0\n"),
    ] {
        for cluster in [&cluster, &over_sockets] {
            let printed = converse(cluster, limited(cluster.node(1), case, limit));
            assert_eq!(printed, expected, "{case}");
        }
    }
}

/// The daemons live, and none of those who could give a newcomer the state says anything. It is
/// told so, leaves nothing behind, and is admitted when they go on.
fn members_that_say_nothing() {
    let cluster = Cluster::builder().nodes(3).start();
    let mut members = Member::on_all(&cluster, Callbacks::Thread);
    drop(members.pop());
    let signal = |what: Signal| {
        for member in &members {
            member.process.signal(what);
        }
        true
    };
    let command = limited(cluster.node(3), "newcomer", "2500");
    let printed = converse_with(command, |order| match order {
        "silence" => signal(Signal::SIGSTOP),
        "speech" => signal(Signal::SIGCONT),
        _ => false,
    });
    assert_eq!(printed, "register 1 1 untouched\nlock 0 deregister 0\n");
    cluster.node(3).kill();
    let logs = members.iter().map(|member| {
        let told = |last: &str| last.contains("members=0x3 ");
        member.wait_last("that node 3 is gone", told)
    });
    let logs: Vec<_> = logs.collect();
    assert_eq!(logs[0].last(), logs[1].last());
}
