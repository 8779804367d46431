//! libncssdk on private clusters of real daemons.

use std::path::PathBuf;
use std::process::ExitCode;

use quorate_testkit::{CProgram, Library, Requirements, Suite, source_root};

mod changes;
mod history;
mod locks;
mod member;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("ncs");
    let needs = Requirements::cluster().ours();
    suite.test(
        "a_disagreement_is_noticed",
        history::a_disagreement_is_noticed,
    );
    changes::run(&mut suite, &needs);
    locks::run(&mut suite, &needs);
    suite.finish()
}

/// A program of `tests/c`, built with the installed kind of header and library.
fn program(name: &str) -> PathBuf {
    let directory = Library::Ours.find().expect("checked before");
    CProgram::new(name)
        .source(&format!("tests/c/{name}.c"))
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", directory.display()))
        .flag(&format!("-Wl,-rpath,{}", directory.display()))
        .link("ncssdk")
        .build()
}
