//! Corosync's own C libraries, unmodified, as clients of our server.

mod node;
mod programs;

use node::Node;
use programs::{compile, have_libraries, run};
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
