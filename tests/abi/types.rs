//! abidiff compares types by debug information, not only names.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quorate_testkit::{Library, Requirements, Scratch, Suite, source_root};

use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let needs = Requirements::none()
        .ours()
        .program("abidiff")
        .program("cc")
        .header("corosync/votequorum.h");
    suite.test_with("types/as_the_header_declares_them", &needs, as_declared);
    suite.test_with(
        "types/nothing_of_the_original_is_missing",
        &needs,
        nothing_missing,
    );
    suite.test_with("types/a_difference_is_found", &needs, a_difference_is_found);
}

/// Our library with debug information, as `make check` builds it.
fn ours() -> PathBuf {
    let path = source_root().join("build/abi/lib/libvotequorum.so.8");
    assert!(
        path.exists(),
        "{} is not built: run 'make check'",
        path.display()
    );
    path
}

/// A library of the original's functions with debug information; the distribution's has none.
fn declared(scratch: &Scratch, include: &Path, source: &Path) -> PathBuf {
    let map = scratch.path().join("map");
    std::fs::write(&map, "COROSYNC_VOTEQUORUM_1.0 { global: votequorum_*; };").expect("writable");
    let library = scratch.path().join("declared.so");
    output_of(
        Command::new("cc")
            .args([
                "-g",
                "-shared",
                "-fPIC",
                "-Wl,-soname,libvotequorum.so.8",
                "-I",
            ])
            .arg(include)
            .arg(format!("-Wl,--version-script={}", map.display()))
            .args([Path::new("-o"), &library, source]),
    );
    library
}

fn abidiff(original: &Path, ours: &Path) -> Output {
    Command::new("abidiff")
        .args([original, ours])
        .output()
        .expect("abidiff runs")
}

/// What abidiff's exit status says: an error of its own or of usage, a change, an incompatible one.
fn verdict(output: &Output) -> (bool, bool, bool) {
    let bits = output.status.code().expect("abidiff exits");
    (bits & 3 != 0, bits & 4 != 0, bits & 8 != 0)
}

fn assert_only_additions(original: &Path) {
    let output = abidiff(original, &ours());
    let report = String::from_utf8_lossy(&output.stdout);
    let (failed, _, incompatible) = verdict(&output);
    assert!(!failed && !incompatible, "{report}");
    let summary = report.lines().next().unwrap_or_default();
    assert!(
        summary.starts_with("Functions changes summary: 0 Removed, 0 Changed")
            && summary.ends_with("3 Added functions"),
        "{report}"
    );
}

fn as_declared() {
    let scratch = Scratch::new("abi");
    let source = source_root().join("tests/abi/stub.c");
    assert_only_additions(&declared(&scratch, crate::original_headers(), &source));
}

fn nothing_missing() {
    assert_only_additions(&Library::Original.file());
}

/// The comparison is worth something only if it notices a change of each kind.
fn a_difference_is_found() {
    let header = std::fs::read_to_string(crate::original_headers().join("corosync/votequorum.h"))
        .expect("checked before");
    let stub = std::fs::read_to_string(source_root().join("tests/abi/stub.c")).expect("committed");
    for (from, to) in [
        ("unsigned int node_votes;", "uint64_t node_votes;"),
        ("\tuint64_t seq;", "\tuint32_t seq;"),
        ("int *fd", "char *fd"),
        ("unsigned int votes)", "uint64_t votes)"),
        (
            "cs_dispatch_flags_t dispatch_types",
            "uint64_t dispatch_types",
        ),
    ] {
        assert!(
            header.contains(from),
            "the header has no {from:?} to change"
        );
        let scratch = Scratch::new("abi");
        let include = scratch.path().join("include/corosync");
        std::fs::create_dir_all(&include).expect("writable");
        std::fs::write(include.join("votequorum.h"), header.replace(from, to)).expect("writable");
        let source = scratch.path().join("stub.c");
        std::fs::write(&source, stub.replace(from, to)).expect("writable");
        let changed = declared(&scratch, &scratch.path().join("include"), &source);
        let output = abidiff(&changed, &ours());
        let report = String::from_utf8_lossy(&output.stdout);
        let summary = report.lines().next().unwrap_or_default();
        assert!(
            !summary.contains(" 0 Changed"),
            "{from} -> {to} was not noticed: {report}"
        );
    }
}
