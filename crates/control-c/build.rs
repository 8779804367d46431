//! Generates `quorate.h` into `OUT_DIR`. `make headers` copies it to `include/`, and
//! `tests/header.rs` compares the two.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for input in ["build.rs", "cbindgen.toml", "src"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
        .unwrap_or_else(|error| panic!("cbindgen.toml: {error}"));
    let sources = ["types.rs", "start.rs", "calls.rs", "time.rs", "state.rs"];
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in sources {
        builder = builder.with_src(root.join("src").join(source));
    }
    let mut text = Vec::new();
    builder
        .generate()
        .unwrap_or_else(|error| panic!("quorate.h: {error}"))
        .write(&mut text);
    let text = String::from_utf8(text).expect("cbindgen writes UTF-8");
    // An empty first line, and blanks that cbindgen leaves at line ends.
    let lines = text.trim_start().lines();
    let text: String = lines
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect();
    let header = out.join("quorate.h");
    fs::write(&header, text).expect("OUT_DIR is writable");
    println!("cargo::rustc-env=QUORATE_HEADER={}", header.display());
}
