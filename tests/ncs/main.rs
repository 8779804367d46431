//! libncssdk on private clusters of real daemons.

use std::path::PathBuf;
use std::process::ExitCode;

use quorate_testkit::{CProgram, Library, Requirements, Suite, source_root};

mod cases;
mod changes;
mod history;
mod limits;
mod locks;
mod member;
mod sessions;
mod shortage;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(sessions::ROLE) {
        sessions::use_all();
        return ExitCode::SUCCESS;
    }
    let mut suite = Suite::from_arguments("ncs");
    let needs = Requirements::cluster().program("c++").ours();
    suite.test(
        "a_disagreement_is_noticed",
        history::a_disagreement_is_noticed,
    );
    sessions::run(&mut suite, &needs);
    cases::run(&mut suite, &needs);
    changes::run(&mut suite, &needs);
    limits::run(&mut suite, &needs);
    locks::run(&mut suite, &needs);
    shortage::run(&mut suite, &needs);
    suite.finish()
}

/// A program of `tests/c`, built with the installed kind of header and library.
fn program(name: &str) -> PathBuf {
    built(CProgram::new(name).source(&format!("tests/c/{name}.c")))
}

fn cxx_program(name: &str) -> PathBuf {
    let source = format!("tests/c/{name}.cpp");
    built(CProgram::new(name).compiler("c++").source(&source))
}

fn built(program: CProgram) -> PathBuf {
    let directory = Library::Ours.find().expect("checked before");
    program
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", directory.display()))
        .flag(&format!("-Wl,-rpath,{}", directory.display()))
        .link("ncssdk")
        .build()
}
