//! Process groups in a real and in a simulated cluster: the same programs, with the C library, are
//! told the same, in the same order.

mod history;
mod stream;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Cluster, Requirements, Scratch, Suite};

use crate::tool::{config, printed, simulated};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-cpgtool")
        .program("setpriv")
        .program("mkfifo")
        .header("corosync/cpg.h");
    suite.test_with("groups/calls", &needs, calls);
    suite.test_with("groups/tool", &needs, tool);
    suite.test_with("groups/history", &needs, history::whole);
    suite.test_with("groups/node_stopped", &needs, history::node_stopped);
    suite.test("groups/disagreement_is_seen", stream::disagreement_is_seen);
    suite.test_with("groups/total_order", &needs, stream::total_order);
    suite.test_with(
        "groups/messages_in_flight",
        &needs,
        stream::messages_in_flight,
    );
}

fn program(name: &str) -> PathBuf {
    CProgram::new(name)
        .source(&format!("tests/c/{name}.c"))
        .link("cpg")
        .build()
}

/// A place for programs that run as somebody else.
fn shared_scratch() -> Scratch {
    let scratch = Scratch::new("groups");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).expect("its own");
    scratch
}

/// Every function, its successes and its errors.
fn calls() {
    let program = program("cpg_calls");
    let scratch = Scratch::new("groups");
    for nodes in [1, 3] {
        let config = config(&scratch, nodes);
        let cluster = Cluster::builder().nodes(nodes).start();
        // The last one leaves something behind in the real cluster.
        for section in [
            "handles",
            "names",
            "states",
            "fragments",
            "lists",
            "two",
            "strays",
        ] {
            let command = cluster.node(1).command(&program).with_args([section]);
            let real = printed(&{ command }.output().expect("it runs"));
            let simulated = printed(&simulated(
                &config,
                &[program.as_os_str(), section.as_ref()],
            ));
            assert_same(&format!("{section}, {nodes} nodes"), &real, &simulated);
            assert!(real.lines().count() > 8, "{section} printed {real}");
        }
    }
}

/// `corosync-cpgtool`, while a program is in two groups.
fn tool() {
    let member = program("cpg_script");
    let scratch = shared_scratch();
    let config = config(&scratch, 3);
    let cluster = Cluster::builder().nodes(3).start();
    for arguments in ["-e", "-n", "-d ,", "-e -d :", "-n -e -d /"] {
        // Process ids are chance.
        let script = format!(
            "mkfifo $1; {member} init join 'a group' until joined=1 tell $1 hear $1 & member=$!\n\
             read ready < $1; corosync-cpgtool {arguments} | sed 's/ *'$member/PID/; : > $1\n\
             wait; rm $1",
            member = member.display(),
        );
        let told = |kind: &str| {
            let pipe = scratch.path().join(kind);
            [
                "sh".into(),
                "-c".into(),
                script.clone(),
                "sh".into(),
                pipe.display().to_string(),
            ]
        };
        let words = told("real");
        let command = cluster.node(1).command("/bin/sh").with_args(&words[1..]);
        let real = printed(&{ command }.output().expect("it runs"));
        let simulated = printed(&simulated(&config, &told("simulated")));
        assert_same(arguments, &real, &simulated);
        let lists_members = !arguments.contains("-n");
        assert_eq!(real.contains("PID"), lists_members, "{real}");
    }
}
