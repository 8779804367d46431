//! The crate `rust-corosync` from the public registry, unmodified, in a simulated cluster.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use quorate_testkit::compare::assert_same;
use quorate_testkit::compile::bindings_program;
use quorate_testkit::library::LoaderTrace;
use quorate_testkit::{Cluster, Library, Load, Outcome, Requirements, Scratch, Suite};

use crate::tool::{config, printed, simulated};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = ["cfg", "cmap", "cpg", "quorum", "votequorum"]
        .iter()
        .fold(Requirements::cluster().program("setpriv"), |needs, name| {
            needs.header(&format!("corosync/{name}.h"))
        })
        .ours();
    suite.test_with("same/rust_corosync", &needs, rust_corosync);
}

/// With each library it prints what it prints with the C library on a real node. That ours prints
/// the same there is `real/bindings/rust_corosync`.
fn rust_corosync() -> Outcome {
    let program = match bindings_program() {
        Ok(program) => program,
        Err(why) => return Outcome::Skipped(why),
    };
    let cluster = Cluster::builder().start();
    let mut command = cluster.node(1).command(&program);
    Library::Original.apply(&mut command, Load::Path);
    let real = printed(&command.output().expect("it runs"));
    assert!(
        real.contains("event quorum 0x4d true [nodeid: 1, state: Member]"),
        "{real}"
    );

    let scratch = Scratch::new("bindings");
    let config = config(&scratch, 1);
    for library in Library::BOTH {
        let directory = scratch.path().join(format!("trace-{library:?}"));
        let trace = LoaderTrace::new(&directory);
        // The program runs as nobody, and its loader writes there.
        fs::set_permissions(&directory, Permissions::from_mode(0o777)).expect("it is ours");
        let mut variables = trace.environment().to_vec();
        let path = library.find().expect("it is there");
        variables.push(("LD_LIBRARY_PATH", path.into()));
        let mut words = vec![OsString::from("env")];
        for (name, value) in variables {
            let mut word = OsString::from(format!("{name}="));
            word.push(value);
            words.push(word);
        }
        words.push(program.clone().into());
        let text = printed(&simulated(&config, &words));
        trace.check(library);
        assert_same(&format!("rust-corosync, {library:?}"), &real, &text);
    }
    Outcome::Passed
}
