//! Memory runs out for the library's own threads: nothing of the group is lost by it.

use quorate_testkit::{Cluster, Requirements, Suite};

use crate::cases::converse_with;
use crate::program;

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    let whole = "rounds 1, wrong 0, lost: descriptors 0, rings 0, memory none\n".repeat(2);
    let large = "register 6\nheld 5 by 1\nheld 5 by 1\nderegister 0\n";
    for (case, expected) in [
        ("one_after_the_other", whole.as_str()),
        ("the_state_is_large", large),
        (
            "memory_does_not_come_in_time",
            "register 1\nmemory failed 1\nheld 5 by 1\nheld 5 by 1\nderegister 0\n",
        ),
        ("the_oldest_goes", "held 5 by 1\nmemory failed 1\n"),
        (
            "quorum_is_lost",
            "members 7 lock 0\nmembers 0 unlock 8\nmemory failed 1\nderegister 0\n",
        ),
        (
            "nodes_die",
            "members 7 lock 0\n\
            members 3 failed 4 epoch 1\n\
            members 0 lock 8\n\
            memory failed 1\n\
            deregister 0\n\
            register 0 members 7 lock 0 deregister 0\n",
        ),
    ] {
        suite.test_with(&format!("shortage/{case}"), needs, || {
            let nodes = if ["nodes_die", "quorum_is_lost"].contains(&case) {
                3
            } else {
                1
            };
            assert_eq!(outcome(nodes, case), expected);
        });
    }
}

fn outcome(nodes: usize, case: &str) -> String {
    let cluster = Cluster::builder().nodes(nodes).start();
    let mut command = cluster.node(1).command(program("ncs_shortage"));
    if case.ends_with("in_time") {
        command.env("QUORATE_TIMEOUT_MS", "2000");
    }
    converse_with(command.with_args([case]), |line| {
        match line {
            "node 3 dies" => cluster.node(3).kill(),
            "node 2 dies" => cluster.node(2).kill(),
            "both come back" => {
                cluster.node(2).start();
                cluster.node(3).start();
                cluster.wait_all_members();
            }
            _ => return false,
        }
        true
    })
}
