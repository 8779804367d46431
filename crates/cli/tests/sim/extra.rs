//! Extra information of quorum devices (8.1.0): a device on node 1, a tracker on node 2.
//!
//! No corosync that a distribution has knows of it. `extra.expected` is what upstream's library and
//! daemon (git 65235a81 of 2026-08-13, after 3.1.10) told; with `QUORATE_COROSYNC` naming the prefix
//! of such a build, it is asked again.

use std::fs;
use std::path::Path;

use quorate_testkit::compare::assert_same;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{CProgram, Cluster, Library, Requirements, Scratch, Suite, source_root};

use crate::stage::Stage;
use crate::tool::config_with;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().program("setpriv").ours();
    suite.test_with("matrix/extra_information", &needs, extra_information);
}

const DEVICE: &str = "device {\nmodel: net\nvotes: 1\n}";

/// What upstream's daemon still has of 3.1's quirks.
const QUIRKS: [&str; 3] = ["uint8-quorum", "lost-tracking", "wrapping-votes"];

fn extra_information() {
    let program = CProgram::new("extra")
        .source("tests/c/extra.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", source_root().join("build/lib").display()))
        .link("votequorum")
        .build();
    let file = source_root().join("tests/c/extra.expected");
    let expected = fs::read_to_string(&file).expect("text");
    let scratch = Scratch::new("extra");
    let config = config_with(&scratch, 2, DEVICE);
    let simulated = |library| {
        let stage = Stage::with_quirks("extra", &config, &QUIRKS);
        told(&stage, &program, library)
    };
    let real = |library| {
        let cluster = Cluster::builder().nodes(2).quorum(DEVICE).start();
        told(&Stage::Real(cluster), &program, library)
    };
    assert_same("ours, simulated", &expected, &simulated(Library::Ours));
    if has_models(Library::Original) {
        assert_same("upstream's", &expected, &real(Library::Original));
        assert_same("ours, on upstream's", &expected, &real(Library::Ours));
        assert_same(
            "upstream's, simulated",
            &expected,
            &simulated(Library::Original),
        );
    }
}

fn has_models(library: Library) -> bool {
    let bytes = fs::read(library.file()).expect("it can be read");
    let name = b"votequorum_model_initialize\0";
    bytes.windows(name.len()).any(|part| part == name)
}

/// What the device and the tracker print.
fn told(stage: &Stage, program: &Path, library: Library) -> String {
    let directory = library.find().expect("it is there");
    let library_path = format!("LD_LIBRARY_PATH={}", directory.display());
    let program = program.to_str().expect("UTF-8");
    let words = |role| ["env", &library_path, program, role].map(str::to_owned);
    let start = |node, role| {
        let words = words(role);
        stage.start(node, &words.each_ref().map(String::as_str))
    };
    stage.settle(&[1, 2], true);
    let mut watcher = start(2, "watch");
    watcher.wait_printed("that it tracks", |text| text.contains("trackstart = 1\n"));
    let mut device = start(1, "device");
    let both = [&mut device, &mut watcher].map(|started| {
        started.process.wait_for(LIMIT).expect("it ends");
        library.check_first_line(&started.text())
    });
    both.concat()
}
