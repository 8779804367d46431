//! Corosync's own C libraries, unmodified, as clients of our server.

mod node;
mod programs;

use node::Node;
use programs::{compile, have_libraries, run, skip};
use std::path::Path;

/// Compiles and runs a program, and holds its output against the file next to it.
fn works(name: &str) {
    if !have_libraries() {
        return;
    }
    let node = Node::start(name);
    let program = compile(&node.dir, name);
    let output = run(&node.run_dir(), &program, &[]);
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/c/{name}.out"));
    let expected = std::fs::read_to_string(expected).unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(said == expected, "{}\n{said}\n{errors}", output.status);
    assert!(output.status.success());
}

#[test]
fn libvotequorum() {
    works("votequorum");
}

#[test]
fn libquorum() {
    works("quorum");
}

#[test]
fn libcmap() {
    works("cmap");
}

#[test]
fn libcfg() {
    works("cfg");
}

#[test]
fn libcpg() {
    works("cpg");
}

/// What corosync's own tools make of the node: their words must be in the output.
fn tool_says(name: &str, arguments: &[&str], words: &[&str]) {
    let program = Path::new("/usr/sbin").join(name);
    if !program.exists() {
        return skip(&format!("{name} is missing"));
    }
    let node = Node::start(name);
    let output = run(&node.run_dir(), &program, arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let missing = words.iter().find(|word| !said.contains(**word));
    assert_eq!(missing, None, "{name}: {}\n{said}\n{errors}", output.status);
}

#[test]
fn corosync_cmapctl() {
    let words = ["nodelist.node.0.name (str) = one", "totem.token (u32) = 3"];
    tool_says("corosync-cmapctl", &[], &words);
}

#[test]
fn corosync_quorumtool() {
    let words = [
        "Quorum provider:  corosync_votequorum",
        "Ring ID:          1.8",
        "Quorate:          Yes",
        "Expected votes:   20",
        "Flags:            2Node Quorate",
        "         1         10 one (local)",
    ];
    tool_says("corosync-quorumtool", &["-s"], &words);
}

#[test]
fn corosync_cfgtool() {
    let words = ["Local node ID 1, transport knet", "192.0.2.1"];
    tool_says("corosync-cfgtool", &["-s"], &words);
}

#[test]
fn corosync_cpgtool() {
    tool_says("corosync-cpgtool", &[], &["Group Name"]);
}
