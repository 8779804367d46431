//! Generates the C headers into `OUT_DIR`. `make headers` copies them to
//! `include/`, and `tests/headers.rs` compares the two.

use cbindgen::Style;
use std::path::{Path, PathBuf};
use std::{env, fs};

struct Header {
    name: &'static str,
    style: Style,
    guard: &'static str,
    includes: &'static [&'static str],
    /// What C has and Rust does not: macros, inline functions, enums that come in from C.
    fragment: &'static str,
    sources: &'static [&'static str],
}

const HEADERS: [Header; 3] = [
    Header {
        name: "corotypes.h",
        style: Style::Tag,
        guard: "COROTYPES_H_DEFINED",
        includes: &["stdint.h", "errno.h", "time.h", "sys/time.h"],
        fragment: "src/headers/corotypes.h",
        sources: &["src/corotypes.rs"],
    },
    Header {
        name: "votequorum.h",
        style: Style::Tag,
        guard: "COROSYNC_VOTEQUORUM_H_DEFINED",
        includes: &["corosync/corotypes.h"],
        fragment: "src/headers/votequorum.h",
        sources: &[
            "src/votequorum/types.rs",
            "src/votequorum/calls.rs",
            "src/votequorum/dispatch.rs",
            "src/votequorum/qdevice.rs",
        ],
    },
    Header {
        name: "ncssdk.h",
        style: Style::Both,
        guard: "NCSSDK_H_DEFINED",
        includes: &["stdint.h"],
        fragment: "src/headers/ncssdk.h",
        sources: &[
            "src/ncssdk/types.rs",
            "src/ncssdk/codes.rs",
            "src/ncssdk/calls.rs",
            "src/ncssdk/dispatch.rs",
        ],
    },
];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for input in ["build.rs", "cbindgen.toml", "src"] {
        println!("cargo::rerun-if-changed={input}");
    }
    println!("cargo::rustc-env=QUORATE_HEADERS={}", out.display());
    for header in HEADERS {
        fs::write(out.join(header.name), generate(&root, &header)).expect("OUT_DIR is writable");
    }
}

fn generate(root: &Path, header: &Header) -> String {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
        .unwrap_or_else(|error| panic!("cbindgen.toml: {error}"));
    config.style = header.style;
    config.include_guard = Some(header.guard.to_owned());
    config.sys_includes = header.includes.iter().map(ToString::to_string).collect();
    let fragment = fs::read_to_string(root.join(header.fragment));
    config.after_includes =
        Some(fragment.unwrap_or_else(|error| panic!("{}: {error}", header.fragment)));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in header.sources {
        builder = builder.with_src(root.join(source));
    }
    let mut text = Vec::new();
    builder
        .generate()
        .unwrap_or_else(|error| panic!("{}: {error}", header.name))
        .write(&mut text);
    let text = String::from_utf8(text).expect("cbindgen writes UTF-8");
    // An empty first line, and blanks that cbindgen leaves at line ends.
    text.trim_start()
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}
