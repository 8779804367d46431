//! What a program may do to the library: each case prints what it got.

use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

use quorate_testkit::{Cluster, Node, NodeCommand, Requirements, Suite};

use crate::{cxx_program, program};

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    let cluster = LazyLock::new(|| Cluster::builder().nodes(1).start());
    for (program_name, list) in [
        ("ncs_calls", &CALLS[..]),
        ("ncs_threads", &THREADS),
        ("ncs_forks", &FORKS),
        ("ncs_hosts", &HOSTS),
        ("ncs_memory", &MEMORY),
    ] {
        for (case, expected) in list {
            suite.test_with(&format!("cases/{case}"), needs, || {
                let node = running(&cluster);
                let command = node.command(program(program_name)).with_args([case]);
                assert_eq!(converse(&cluster, command), *expected);
            });
        }
    }
    suite.test_with("cases/exceptions_pass_through", needs, || {
        let node = running(&cluster);
        let command = node.command(cxx_program("ncs_exception"));
        let printed = "0 0 0 caught: thrown in a callback, 0 2 0 0\n";
        assert_eq!(converse(&cluster, command), printed);
    });
    suite.test_with("cases/leaving_takes_its_time", needs, || {
        let cluster = Cluster::builder().nodes(2).start();
        let command = cluster.node(1).command(program("ncs_threads"));
        let printed = converse(&cluster, command.with_args(["leaving_takes_its_time"]));
        let expected = "register 8\nregister 0, callbacks ended 1\nderegister 0 0\n";
        assert_eq!(printed, expected);
    });
    suite.test_with("cases/over_sockets", needs, over_sockets);
    suite.test_with("cases/no_daemon", needs, || {
        let command = cluster.switch().space().command(program("ncs_calls"));
        assert_eq!(not_accepted(&cluster, command), 8);
    });
    suite.test_with("cases/limits", needs, || limits(&cluster));
    suite.test_with("cases/nodes_above_32", needs, nodes_above_32);
}

/// The node, with its daemon up again if a case has killed it.
fn running(cluster: &Cluster) -> &Node {
    let node = cluster.node(1);
    if !node.is_running() {
        node.start();
        cluster.wait_all_members();
    }
    node
}

/// Runs the program to its end and does to the cluster what it asks for on the way.
pub(crate) fn converse(cluster: &Cluster, command: NodeCommand) -> String {
    converse_with(command, |line| {
        match line {
            "kill" => cluster.node(1).kill(),
            "stop" | "silence" => cluster.node(1).pause(),
            "continue" | "speech" => cluster.node(1).resume(),
            "lose quorum" => {
                cluster.partition(&[&[1], &[2]]);
                cluster.wait_members(&[1], false);
            }
            "regain quorum" => {
                cluster.heal();
                cluster.wait_all_members();
            }
            _ => return false,
        }
        true
    })
}

/// Runs the program to its end. `obey` carries out the lines that are orders, and says which are.
pub(crate) fn converse_with(mut command: NodeCommand, obey: impl Fn(&str) -> bool) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("the program starts");
    process.converse(obey)
}

/// The code with which registering was refused, and nothing written.
fn not_accepted(cluster: &Cluster, command: NodeCommand) -> u32 {
    let printed = converse(cluster, command.with_args(["not_accepted"]));
    let code = printed
        .strip_prefix("register ")
        .and_then(|rest| rest.strip_suffix(" untouched\n"))
        .unwrap_or_else(|| panic!("{printed}"));
    code.parse().expect("a number")
}

/// Where corosync was configured to use sockets instead of shared memory, its end shows elsewhere.
fn over_sockets() {
    let cluster = Cluster::builder().system("qb_ipc_type: socket").start();
    for (program_name, (case, expected)) in [("ncs_calls", CALLS[2]), ("ncs_threads", THREADS[5])] {
        let command = cluster.node(1).command(program(program_name));
        let printed = converse(&cluster, command.with_args([case]));
        assert_eq!(printed, expected, "{case}");
    }
}

/// A limit for the daemon's answers holds for registering as well.
fn limits(cluster: &Cluster) {
    let node = running(cluster);
    let command = |limit: &str| {
        let mut command = node.command(program("ncs_calls"));
        command.env("QUORATE_TIMEOUT_MS", limit);
        command
    };
    assert_eq!(not_accepted(cluster, command("soon")), 2);
    node.pause();
    let stopped = not_accepted(cluster, command("200"));
    node.resume();
    assert_eq!(stopped, 1);
}

/// There is no bit for such a node; whether it is in the ring or only in the configuration.
fn nodes_above_32() {
    for (ids, nodes) in [(["nodeid: 33", ""], 1), (["nodeid: 1", "nodeid: 40"], 2)] {
        let cluster = Cluster::builder()
            .nodes(nodes)
            .quorum("expected_votes: 1")
            .prepare();
        let node = cluster.node(1);
        let path = node.config_path();
        let mut text = read(&path).replacen("nodeid: 1", ids[0], 1);
        text = text.replacen("nodeid: 2", ids[1], 1);
        if nodes == 2 {
            // The other one has no vote, so that this one is quorate without it.
            text = text.replacen("nodeid: 40\n", "nodeid: 40\nquorum_votes: 0\n", 1);
        }
        node.write_config(&text);
        node.start();
        node.wait_state("quorum", |state| state.quorate);
        let command = node.command(program("ncs_calls"));
        assert_eq!(not_accepted(&cluster, command), 3, "{ids:?}");
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the configuration can be read")
}

const CALLS: [(&str, &str); 5] = [
    (
        "bad_arguments",
        "register 2 2 2 2 untouched\n\
        query 2 2 untouched\n\
        lock 2 2 2\n\
        trylock 2 2 2 2 untouched\n\
        unlock 2 2 2 2\n\
        pools 2 3 untouched\n\
        database 3\n\
        fd 2 dispatch 2 2 2\n\
        query 0 members 1\n\
        trylock 0 unlock 0\n\
        deregister 0\n",
    ),
    (
        "bad_handles",
        "deregister 0\n\
        stale 9 9 9 9 9 9 9 9 9 untouched\n\
        another 9 9 9 9 9 9 9 9 9 untouched\n\
        usable 0 0\n\
        zero 9 9 9\n",
    ),
    (
        "keys",
        "shortest 0 longest 0\n\
        others 0 0 0\n\
        held 5 by 1\n\
        own 5 by 1, again 2\n\
        not mine 2\n\
        unlock 0, again 2\n\
        free 0 untouched\n\
        deregister 0\n\
        given up 0\n\
        deregister 0\n",
    ),
    (
        "callbacks_may_call_all",
        "fd 0\n\
        poll 1\n\
        blocked 0 1\n\
        told before it is called 1\n\
        query 0 same 1 failed 0 master 1\n\
        lock 0 trylock 5 by 1 unlock 0\n\
        pools 3 database 3\n\
        depth 10 dispatch 0 fd 0 dispatch 0 depth 11\n\
        deregister 0 itself 0 again 9\n\
        dispatch 0\n\
        depth 111 poll 0\n",
    ),
    (
        "callbacks_may_call_all_on_the_thread",
        "blocked 0 1\n\
        told before it is called 1\n\
        query 0 same 1 failed 0 master 1\n\
        lock 0 trylock 5 by 1 unlock 0\n\
        pools 3 database 3\n\
        depth 10 dispatch 2 fd 0 dispatch 0 depth 11\n\
        deregister 0 itself 0 again 9\n\
        depth 111\n",
    ),
];

const THREADS: [(&str, &str); 7] = [
    (
        "deregister_waits",
        "waiting\nderegister 0, callbacks ended 1\n",
    ),
    (
        "callbacks_hold_nobody_up",
        "lock 0 unlock 0 query 0 another 0\nderegister 0\n",
    ),
    (
        "waits_are_served",
        "first 0\nunlock 0\nlock 0, not cancelled\nderegister 0 0\n",
    ),
    (
        "deregister_ends_waits",
        "first 0\nderegister 0\nlock 9, not cancelled\nderegister 0\n",
    ),
    (
        "cancel_in_lock",
        "first 0\nunlock 0\nlock 0, cancelled\nheld 5\n",
    ),
    (
        "daemon_killed",
        "first 0\n\
        lock 8, not cancelled\n\
        members 0 registering in there 8\n\
        query 8 lock 8 unlock 8 trylock 8 database 3\n\
        deregister 0 0 0, again 9\n\
        register 8\n",
    ),
    ("many_at_once", "granted 0\ngranted 1200\nderegister 0\n"),
];

const FORKS: [(&str, &str); 5] = [
    ("containers", "wrong 0 0\n"),
    (
        "forked_child",
        "inherited 9 9 9 9\nown 0 0 0\nchild 0 parent 0 0 0\nderegister 0\n",
    ),
    (
        "fork_in_callback",
        "child 9\nchild 0 parent 0 0 0\nderegister 0\n",
    ),
    (
        "deregister_ends_dispatch",
        "fd 0\nderegister 0\ndispatch 9\nfd 0\nderegister 0\ndispatch 9\n",
    ),
    (
        "dispatching",
        "fd 0 same 0 1\n\
        nothing due 0 0 0\n\
        due 1 one 0 still due 1 other 0 nothing due 0 callbacks 2 mine 1\n\
        due 1 callbacks 4\n\
        deregister 0 0\n",
    ),
];

const HOSTS: [(&str, &str); 10] = [
    (
        "shared_memory_full",
        "refused 1, otherwise 0, at last 0, lost: descriptors 0, rings 0, memory none\n",
    ),
    (
        "no_shared_memory",
        "register 8, register 1, then right 1, lost: descriptors 0, rings 0, memory none\n",
    ),
    ("signals", "none failed, signals\n"),
    (
        "signals_in_callbacks",
        "on the thread 0 deregister 0\ndispatch 0 failures 0 deregister 0\n",
    ),
    (
        "signals_in_waits",
        "first 0 waits 1 unlock 0 second 0\n\
        waits 1 deregister 0 dispatch 9 deregister 0\n",
    ),
    (
        "fork_while_a_lock_is_waited_for",
        "first 0\nchild 9 9 0\nchild 0 unlock 0 second 0\n",
    ),
    ("executed", "executed 1, sockets 0, usable 1\n"),
    (
        "no_descriptors",
        "refused 1, otherwise 0, at last 0, lost: descriptors 0, rings 0, memory none\n",
    ),
    ("small_stack", "right 1\n"),
    (
        "loaded_and_unloaded",
        "used 1000, right 200, lost: descriptors 0, rings 0, memory none\n",
    ),
];

/// Each call, with all allocations failing from one on; then with that one alone.
const MEMORY: [(&str, &str); 4] = [
    (
        "out_of_memory",
        "register failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        one more failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        lock failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        deregister failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        register failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        one more failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        lock failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        deregister failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n",
    ),
    (
        "out_of_memory_at_first",
        "first rounds 1, wrong 0\nfirst rounds 1, wrong 0\n\
        child rounds 1, wrong 0\nchild rounds 1, wrong 0\n",
    ),
    (
        "out_of_memory_in_dispatch",
        "descriptor failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n\
        dispatch failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\n",
    ),
    (
        "no_address_space",
        "address space failed 1, wrong 0, lost: descriptors 0, rings 0, memory none\nat last 0\n",
    ),
];
