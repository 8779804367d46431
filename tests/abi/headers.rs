//! The headers compile in every language version, and so does what was written for the original's.

use std::path::Path;

use quorate_testkit::{CProgram, Library, Requirements, Suite, source_root};

use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let ours = Requirements::none().ours().program("cc").program("c++");
    let both = ours.clone().header("corosync/votequorum.h");
    suite.test_with("headers/compile_everywhere", &ours, compile_everywhere);
    suite.test_with("headers/are_source_compatible", &both, source_compatible);
    suite.test_with("headers/layouts", &both, layouts);
    suite.test_with("headers/common_functions", &both, common_functions);
}

pub(crate) const PEDANTIC: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

pub(crate) fn compile(
    compiler: &str,
    standard: &str,
    source: &str,
    flags: &[&str],
    include: &Path,
) {
    let mut command = std::process::Command::new(compiler);
    let language = if compiler == "c++" { "c++" } else { "c" };
    command
        .arg(standard)
        .args(flags)
        .arg("-I")
        .arg(include)
        .args(["-fsyntax-only", "-x", language]);
    output_of(command.arg(source_root().join("tests/abi").join(source)));
}

fn compile_everywhere() {
    let include = source_root().join("include");
    for standard in ["-std=c99", "-std=c11", "-std=c17", "-std=c2x", "-std=gnu17"] {
        compile("cc", standard, "program.c", &PEDANTIC, &include);
    }
    for standard in ["-std=c++11", "-std=c++17", "-std=c++20"] {
        compile("c++", standard, "program.c", &PEDANTIC, &include);
    }
}

fn source_compatible() {
    // Strictly standard C is more than the original's header offers.
    let include = crate::original_headers();
    compile(
        "cc",
        "-std=gnu11",
        "program.c",
        &["-Wall", "-Wextra", "-Werror"],
        include,
    );
    compile(
        "c++",
        "-std=gnu++17",
        "program.c",
        &["-Wall", "-Wextra", "-Werror"],
        include,
    );
}

fn layouts() {
    for include in [&source_root().join("include"), crate::original_headers()] {
        compile(
            "cc",
            "-std=gnu11",
            "layout.c",
            &["-Wall", "-Wextra", "-Werror"],
            include,
        );
    }
}

fn common_functions() {
    let program = CProgram::new("common")
        .source("tests/abi/common.c")
        .link("corosync_common");
    let program = program.build();
    let [original, ours] = Library::BOTH.map(|library| {
        let mut command = std::process::Command::new(&program);
        library.apply(&mut command, quorate_testkit::Load::Path);
        let loaded = output_of(command.env("LD_DEBUG", "files"));
        let expected = library
            .find()
            .expect("checked before")
            .join("libcorosync_common.so.4");
        let proof = format!("calling init: {}", expected.display());
        let real = expected.canonicalize().expect("it was found");
        let resolved = format!("calling init: {}", real.display());
        let usr_merged = proof.replace("/usr/lib", "/lib");
        assert!(
            [proof, resolved, usr_merged]
                .iter()
                .any(|line| loaded.contains(line.as_str())),
            "{library:?} was not loaded:\n{loaded}"
        );
        output_of(command.env_remove("LD_DEBUG"))
    });
    assert_eq!(original, ours);
}
