//! The crate `rust-corosync` from the public registry, on both libraries.

use quorate_testkit::compile::bindings_program;
use quorate_testkit::library::LoaderTrace;
use quorate_testkit::{Cluster, Library, Load, Outcome, Requirements, Suite};

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

fn rust_corosync() -> Outcome {
    let program = match bindings_program() {
        Ok(program) => program,
        Err(why) => return Outcome::Skipped(why),
    };
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
