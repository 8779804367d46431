//! What the members of a cluster are told when it changes.

use quorate_testkit::{Cluster, Requirements, Suite};

use crate::member::{Callbacks, Member};

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    suite.test_with("changes/node_killed", needs, node_killed);
}

fn node_killed() {
    let cluster = Cluster::builder().nodes(3).start();
    let members = Member::on_all(&cluster, Callbacks::Thread);
    let node3_failed = |line: &str| line.contains("members=0x3 failed=0x4");
    cluster.node(3).kill();
    for member in &members[..2] {
        member.wait_last("node 3 failed", node3_failed);
    }
    for member in &members {
        println!("{}\n{}", member.node, member.text());
    }
}
