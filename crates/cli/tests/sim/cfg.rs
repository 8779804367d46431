//! libcfg: the same calls, and corosync-cfgtool, in a real cluster and in a simulated one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Cluster, Node, Requirements, Scratch, Suite, wait_until};

use crate::tool::{config, printed, simulated};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = ["cfg", "cmap"]
        .iter()
        .fold(Requirements::cluster(), |needs, name| {
            needs.header(&format!("corosync/{name}.h"))
        })
        .program("corosync-cfgtool")
        .program("setpriv");
    suite.test_with("cfg/calls", &needs, calls);
    suite.test_with("cfg/votes", &needs, votes);
    suite.test_with("cfg/ends", &needs, ends);
    suite.test_with("cfg/tool", &needs, tool);
    suite.test_with("cfg/a_file_read_again", &needs, a_file_read_again);
}

fn program() -> PathBuf {
    CProgram::new("cfg")
        .source("tests/c/cfg.c")
        .link("cfg")
        .link("cmap")
        .flag("-pthread")
        .build()
}

/// A shell that is given `$cfg`.
fn shell(program: &Path, script: &str) -> [String; 3] {
    let text = format!("cfg={}\n{script}", program.display());
    ["sh".to_owned(), "-c".to_owned(), text]
}

fn real(node: &Node, words: &[String]) -> String {
    let command = node.command(&words[0]).with_args(&words[1..]).output();
    let text = printed(&command.expect("it runs"));
    // Counters, of which the simulation keeps none.
    let lines = text
        .lines()
        .filter(|line| !line.contains(" runtime.services."));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A cluster of three whose first node has found out how much its links carry.
fn cluster() -> Cluster {
    let cluster = Cluster::builder().nodes(3).start();
    wait_until("the links to be measured", || {
        let command = cluster.node(1).command("corosync-cfgtool");
        let output = command.with_args(["-n"]).output();
        let text = printed(&output.expect("it runs"));
        match text.matches("connected mtu: 1446").count() {
            2 => Ok(()),
            _ => Err(text),
        }
    });
    cluster
}

/// Runs a script in both clusters, on node 1.
fn compare(cluster: &Cluster, config: &Path, program: &Path, script: &str, part: &str) {
    let words = shell(program, script);
    let [real, simulated] = [
        real(cluster.node(1), &words),
        printed(&simulated(config, &words)),
    ];
    assert!(real.contains(part), "{script} printed\n{real}");
    assert_same(script, &real, &simulated);
}

fn calls() {
    let (cluster, program) = (cluster(), program());
    let scratch = Scratch::new("cfg");
    let config = config(&scratch, 3);
    for (script, part) in [
        ("$cfg status 0 1 2 3 9", "\"0 10.77.0.1\" \"n33\""),
        ("$cfg addresses 0 1 2 3 9", "local_get = 1 1"),
        ("$cfg tracking", "dispatch = 6"),
        ("$cfg reload", "config.reload_status type 5 1 before"),
        ("$cfg kill 9 reason; $cfg kill 0 reason", "kill_node = 12"),
    ] {
        compare(&cluster, &config, &program, script, part);
    }
}

/// Votes of which no shutdown comes.
fn votes() {
    let (cluster, program) = (cluster(), program());
    let scratch = Scratch::new("cfg");
    let config = config(&scratch, 3);
    for votes in ["n", "yn", "ny", "sn", "fn", "en", "an"] {
        let script = format!("$cfg shutdown 0 {votes}");
        compare(&cluster, &config, &program, &script, "try_shutdown = 10");
    }
    // Nobody waits for those who say nothing for longer than this.
    for votes in ["n-", "y-w"] {
        let script =
            format!("corosync-cmapctl -s cfg.shutdown_timeout u32 2000; $cfg shutdown 0 {votes}");
        compare(&cluster, &config, &program, &script, "try_shutdown = 10");
    }
}

/// Nodes that end: what they and others see of it. In a script, `gone N` waits until node 1 has
/// lost node N, and then says so.
fn ends() {
    let (cluster, program) = (cluster(), program());
    let scratch = Scratch::new("cfg");
    let config = config(&scratch, 3);
    for (script, part, ends) in [
        (
            "$cfg kill 3 because; gone 3; $cfg kill 3 again",
            "kill_node = 12",
            3,
        ),
        ("$cfg kill 1 myself; until_down", "kill_node = 1", 1),
        ("$cfg shutdown 0 yy; until_down", "try_shutdown = 1\n", 1),
        ("$cfg shutdown 1 ny; until_down", "try_shutdown = 1\n", 1),
        (
            "corosync-cfgtool -k 2; gone 2; corosync-cfgtool -k 2; echo $?",
            "NOT_EXIST",
            2,
        ),
        (
            "corosync-cfgtool -H --force; until_down",
            "Shutting down",
            1,
        ),
    ] {
        let script = format!(
            "gone() {{ while corosync-cmapctl -g runtime.members.$1.status | grep -q joined
                do sleep 0.02; done; echo lost $1; }}
            until_down() {{ while corosync-quorumtool -s >/dev/null 2>&1
                do sleep 0.02; done; echo down; }}
            exec 2>&1; {script}"
        );
        compare(&cluster, &config, &program, &script, part);
        wait_until("the daemon to end", || {
            let node = cluster.node(ends);
            (!node.is_running()).then_some(()).ok_or_else(|| node.log())
        });
        cluster.recover();
    }
}

fn tool() {
    let (cluster, program) = (cluster(), program());
    let scratch = Scratch::new("cfg");
    let config = config(&scratch, 3);
    for (arguments, part) in [
        ("-s", "nodeid:          2:\tconnected"),
        ("-s -b", "= n33"),
        ("-s -i 0", "10.77.0.1"),
        ("-s -i 1", ""),
        ("-s -i 10.77.0.1", "connected"),
        ("-n", "nodeid: 3 reachable"),
        ("-a 1", "10.77.0.1"),
        ("-a 3", "10.77.0.3"),
        ("-a 9", "Could not get"),
        ("-L", ""),
        ("-R", "Done"),
        ("-k 9", "NOT_EXIST"),
        ("-x", "invalid option"),
    ] {
        let script = format!("exec 2>&1; corosync-cfgtool {arguments}; echo status $?");
        compare(&cluster, &config, &program, &script, part);
    }
}

/// What a node reads again: votes that were added, a key that may not change, keys that were set
/// by hand; and a file that is wrong.
fn a_file_read_again() {
    let cluster = Cluster::builder().nodes(2).start();
    let scratch = Scratch::new("cfg");
    let config = config(&scratch, 2);
    let script = "
        exec 2>&1
        keys() { corosync-cmapctl | grep -E '^(config|quorum|nodelist|totem|some)[.]' |
            grep -v -E 'votequorum|bindnetaddr'; corosync-quorumtool -s | grep -E 'votes|Quorum:'; }
        corosync-cmapctl -s some.key u32 5
        corosync-cmapctl -s quorum.other u32 5
        keys
        for file in $files; do
            sed -i -e 's/cluster_name:.*/cluster_name: other/' \\
                -e 's/nodeid: 2/nodeid: 2\\nquorum_votes: 3/' $file
        done
        corosync-cfgtool -R; keys
        for file in $files; do echo nonsense >> $file; done
        corosync-cfgtool -R; echo $?; keys";
    let with_files = |files: &[&Path]| {
        let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let text = format!("files='{}'\n{script}", files.join(" "));
        ["sh".to_owned(), "-c".to_owned(), text]
    };
    // Each of the real nodes has a file of its own.
    let files = [1, 2].map(|node| cluster.node(node).config_path());
    let files = files.each_ref().map(PathBuf::as_path);
    let real = real(cluster.node(1), &with_files(&files));
    assert!(real.contains("quorum_votes (u32) = 3"), "{real}");
    for path in [scratch.path(), &config] {
        fs::set_permissions(path, Permissions::from_mode(0o777)).expect("it is ours");
    }
    let simulated = printed(&simulated(&config, &with_files(&[&config])));
    assert_same("a file read again", &real, &simulated);
}
