//! The examples of the manual, each of which a program of `tests/c` runs: one that it does not use
//! is an error of the compiler.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use quorate_testkit::{CProgram, Library, Scratch, source_root};

use crate::{build, run_with};

/// The examples of the pages whose names begin with one of these.
fn written(beginnings: &[&str], scratch: &Scratch) {
    let pages = fs::read_dir(source_root().join("man")).expect("it is there");
    let mut pages: Vec<PathBuf> = pages.map(|page| page.expect("one").path()).collect();
    pages.sort();
    pages.retain(|page| {
        let name = page.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".3") && beginnings.iter().any(|begin| name.starts_with(begin))
    });
    let mut examples = String::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("text");
        if let Some((_, rest)) = text.split_once(".EX\n") {
            let (example, _) = rest.split_once(".EE").expect("it ends");
            examples += &example.replace("\\-", "-").replace("\\e", "\\");
        } else {
            let other = text.starts_with(".so man3/") || text.contains("_overview 3");
            assert!(other, "{} has no example", page.display());
        }
    }
    fs::write(scratch.path().join("examples.h"), examples).expect("it can be written");
}

fn program(name: &str, scratch: &Scratch) -> CProgram {
    CProgram::new(name)
        .source(&format!("tests/c/{name}.c"))
        .include(&source_root().join("include"))
        .include(scratch.path())
        .flag(&format!("-L{}", build().join("lib").display()))
}

fn printed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
}

pub(crate) fn examples() {
    let scratch = Scratch::new("manual");
    written(&["votequorum_", "quorate_", "libquorate_", "cs_"], &scratch);
    let path = program("manual", &scratch)
        .flag("-D_DEFAULT_SOURCE")
        .link("quorate")
        .link("votequorum")
        .link("corosync_common")
        .build();
    let scenario = scratch.path().join("device.toml");
    let text = "[cluster]\nnodes = 3\n[cluster.quorum]\n\"device.model\" = \"net\"\n\
        \"device.votes\" = 1\n";
    fs::write(&scenario, text).expect("it can be written");
    let mut command = Command::new(&path);
    run_with(command.arg(scenario), Library::Ours);
    let text = printed(&mut command);
    for line in ["not tracked: CS_ERR_NOT_EXIST", "quorate: 1", "score 7"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("it was finalized before"), "{text}");
}

pub(crate) fn ncs_examples() {
    let scratch = Scratch::new("manual");
    written(&["NCS_", "ncs_"], &scratch);
    let path = program("manual_ncs", &scratch)
        .flag("-D_DEFAULT_SOURCE")
        .flag("-pthread")
        .link("ncssdk")
        .link("quorate")
        .build();
    let mut command = Command::new(&path);
    run_with(&mut command, Library::Ours);
    let text = printed(&mut command);
    for line in ["epoch ", "node with the bit 0x1 has it"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
