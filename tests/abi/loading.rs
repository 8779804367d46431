//! Programs built against any libvotequorum start on ours, silently.

use std::path::Path;
use std::process::Command;

use quorate_testkit::{CProgram, Library, Load, Requirements, Scratch, Suite, source_root};

use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let needs = Requirements::none()
        .ours()
        .program("cc")
        .header("corosync/votequorum.h");
    suite.test_with("loading/built_against_the_original", &needs, || {
        let directory = Library::Original.find().expect("checked before");
        starts_on_ours("original", &directory);
    });
    suite.test_with("loading/built_against_ours", &needs, || {
        starts_on_ours("ours", &source_root().join("build/lib"));
    });
    suite.test_with("loading/built_against_no_versions", &needs, || {
        let scratch = Scratch::new("abi");
        output_of(
            Command::new("cc")
                .args(["-shared", "-fPIC", "-Wl,-soname,libvotequorum.so.8", "-o"])
                .arg(scratch.path().join("libvotequorum.so"))
                .arg(source_root().join("tests/abi/stub.c")),
        );
        starts_on_ours("unversioned", scratch.path());
    });
    suite.test_with(
        "loading/preloaded_instead_of_the_original",
        &needs,
        one_is_mapped,
    );
    suite.test_with("loading/linked_statically", &needs, linked_statically);
}

/// An argument is refused, then a handle, by every function.
const PRINTED: &str = "7 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n";

fn program(name: &str, directory: &Path) -> std::path::PathBuf {
    CProgram::new(&format!("abi-{name}"))
        .source("tests/abi/program.c")
        .flag(&format!("-L{}", directory.display()))
        .link("votequorum")
        .build()
}

/// With all symbols bound at the start; the loader complains on standard error about versions.
fn starts_on_ours(name: &str, directory: &Path) {
    let program = program(name, directory);
    for load in [Load::Path, Load::Preload] {
        let mut command = Command::new(&program);
        Library::Ours.apply(&mut command, load);
        let printed = output_of(command.env("LD_BIND_NOW", "1"));
        assert_eq!(printed, PRINTED, "built against {name}, {load:?}");
    }
}

/// The soname is right: a preloaded library replaces the original instead of joining it.
fn one_is_mapped() {
    let program = program(
        "original",
        &Library::Original.find().expect("checked before"),
    );
    let mut command = Command::new(program);
    Library::Ours.apply(&mut command, Load::Preload);
    let log = output_of(command.env("LD_DEBUG", "libs"));
    let started: Vec<&str> = log
        .lines()
        .filter_map(|line| Some(line.split_once("calling init: ")?.1))
        .filter(|file| file.contains("libvotequorum"))
        .collect();
    assert_eq!(
        started,
        [Library::Ours.file().to_str().expect("text")],
        "{log}"
    );
}

fn linked_statically() {
    let program = CProgram::new("abi-static")
        .source("tests/abi/program.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", source_root().join("build/lib").display()))
        .link(":libvotequorum.a")
        .build();
    assert_eq!(output_of(&mut Command::new(program)), PRINTED);
}
