//! Running a program of `tests/c` with each library and comparing what it prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_testkit::{CProgram, Library, Load, Node};

pub(crate) use quorate_testkit::compare::assert_same;

/// Only a call that never returns takes this long.
const LIMIT: Duration = Duration::from_secs(40);

/// A program of `tests/c`.
pub(crate) fn program(name: &str) -> PathBuf {
    let mut program = CProgram::new(name).source(&format!("tests/c/{name}.c"));
    if name == "calls" {
        program = program.source("tests/c/calls_device.c");
    }
    program.link("votequorum").build()
}

/// Runs a program of `tests/c` to its end and returns what it printed, after making sure that it
/// ran with the library it should.
pub(crate) fn run(
    node: &Node,
    program: &Path,
    arguments: &[&str],
    library: Library,
    load: Load,
) -> String {
    let outputs = [
        node.directory().join("stdout"),
        node.directory().join("stderr"),
    ];
    let mut command = node.command(program).with_args(arguments);
    library.apply(&mut command, load);
    command.stdout(fs::File::create(&outputs[0]).expect("a file can be made"));
    command.stderr(fs::File::create(&outputs[1]).expect("a file can be made"));
    let mut process = command.spawn().expect("the program starts");
    let status = process.wait_for(LIMIT);
    let [stdout, stderr] = outputs.map(|path| fs::read_to_string(path).expect("text"));
    let complaint = || format!("{library:?} {arguments:?}\n{stdout}\n{stderr}");
    let status = status.unwrap_or_else(|why| panic!("{why}: {}", complaint()));
    assert!(status.success(), "{status}: {}", complaint());
    let _ = library.check_first_line(&stderr);
    stdout
}
