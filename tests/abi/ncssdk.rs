//! `ncssdk.h` and the library: there is no original to compare them with.

use std::process::Command;

use quorate_testkit::{Requirements, Suite, source_root};

use crate::headers::{PEDANTIC, compile};
use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let ours = Requirements::none().ours().program("cc").program("c++");
    suite.test_with("ncssdk/header_compiles_everywhere", &ours, everywhere);
    suite.test_with("ncssdk/a_programs_own_types", &ours, own_types);
    suite.test_with("ncssdk/layout", &ours, layout);
    suite.test_with("ncssdk/every_declaration_has_an_author", &ours, authors);
    let readelf = ours.clone().program("readelf");
    suite.test_with("ncssdk/is_never_unloaded", &readelf, never_unloaded);
}

fn everywhere() {
    let include = source_root().join("include");
    for standard in ["-std=c99", "-std=c11", "-std=c17", "-std=c2x", "-std=gnu17"] {
        compile("cc", standard, "ncs_program.c", &PEDANTIC, &include);
    }
    for standard in ["-std=c++11", "-std=c++17", "-std=c++20"] {
        compile("c++", standard, "ncs_program.c", &PEDANTIC, &include);
    }
}

/// Identical types stand beside the header's; others of the same widths take their place.
fn own_types() {
    let include = source_root().join("include");
    let [warnings @ .., _] = PEDANTIC;
    for own in ["-DNCS_OWN_TYPES", "-DOWN_TYPES_ALIKE"] {
        let flags = [&warnings[..], &["-Werror", own]].concat();
        compile("cc", "-std=c11", "ncs_program.c", &flags, &include);
        compile("c++", "-std=c++17", "ncs_program.c", &flags, &include);
    }
    let flags = [&PEDANTIC[..], &["-DNCS_OWN_TYPES"]].concat();
    compile("cc", "-std=c99", "ncs_program.c", &flags, &include);
}

fn layout() {
    let include = source_root().join("include");
    compile("cc", "-std=gnu11", "ncs_layout.c", &PEDANTIC, &include);
}

/// The comment before every declaration says whether it is Novell's or ours.
fn authors() {
    let header = source_root().join("include/ncssdk.h");
    let header = std::fs::read_to_string(header).expect("committed");
    let mut comment = String::new();
    let mut declarations = 0;
    for line in header.lines() {
        let text = line.trim_start();
        if text.starts_with("/*") {
            comment.clear();
        }
        if text.starts_with("/*") || text.starts_with('*') {
            comment.push_str(text);
            continue;
        }
        let is_macro = text.starts_with("#define") && !text.contains("NCSSDK_H_DEFINED");
        let is_member = line.starts_with("    ") && text.ends_with(';');
        let is_other = line.starts_with("typedef") || line.starts_with("NCS_RETURN ");
        if is_macro || is_member || is_other {
            declarations += 1;
            let named = comment.contains("[DOC]") || comment.contains("[OURS]");
            assert!(named, "{line}: {comment}");
        }
    }
    assert!(declarations > 70, "{declarations}");
}

fn never_unloaded() {
    let library = crate::library("libncssdk.so.1");
    let section = output_of(Command::new("readelf").arg("--dynamic").arg(library));
    assert!(section.contains("NODELETE"), "{section}");
}
