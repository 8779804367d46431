//! The crate `rust-corosync` from the public registry, on both libraries.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

use quorate_testkit::compile::output_directory;
use quorate_testkit::library::LoaderTrace;
use quorate_testkit::{Cluster, Library, Load, Outcome, Requirements, Suite, source_root};

use crate::compare::assert_same;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = ["cfg", "cmap", "cpg", "quorum", "votequorum"]
        .iter()
        .fold(Requirements::cluster(), |needs, name| {
            needs.header(&format!("corosync/{name}.h"))
        })
        .ours();
    suite.test_with("bindings/rust_corosync", &needs, rust_corosync);
}

fn cargo(arguments: &[&str]) -> Output {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(program)
        .args(arguments)
        .arg("--manifest-path")
        .arg(source_root().join("tests/rust-corosync/Cargo.toml"))
        .env("CARGO_TARGET_DIR", target())
        .output()
        .expect("cargo runs")
}

fn target() -> PathBuf {
    output_directory().join("rust-corosync")
}

fn rust_corosync() -> Outcome {
    let fetched = cargo(&["fetch", "--locked"]);
    if !fetched.status.success() {
        let why = String::from_utf8_lossy(&fetched.stderr);
        let last = why.lines().last().unwrap_or_default().trim();
        return Outcome::Skipped(format!("the crate can't be fetched: {last}"));
    }
    let built = cargo(&["build", "--locked", "--offline"]);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let program = target().join("debug/quorate-test-rust-corosync");

    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let [original, ours] = Library::BOTH.map(|library| {
        let trace = LoaderTrace::new(&node.directory().join(format!("trace-{library:?}")));
        let mut command = node.command(&program);
        library.apply(&mut command, Load::Path);
        trace.apply(&mut command);
        let output = command.output().expect("the program runs");
        assert!(output.status.success(), "{library:?}: {output:?}");
        trace.check(library);
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    assert!(
        original.contains("event quorum 0x4d true [nodeid: 1, state: Member]"),
        "{original}"
    );
    assert_same("rust-corosync", &original, &ours);
    Outcome::Passed
}
