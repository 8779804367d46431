//! What is built in comes from where it should, under licences that allow it, and is no more than
//! is known. All of it from `Cargo.lock` and what cargo has downloaded: no network is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

use quorate_testkit::{Suite, source_root};
use serde_json::Value;

/// Every package must offer one of these.
const LICENCES: [&str; 6] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Unicode-3.0",
    "Zlib",
];

/// Only used while building, and nothing of it is in what is built.
const BUILD_ONLY: [(&str, &str); 1] = [("cbindgen", "MPL-2.0")];

/// What goes into each shipped C library besides our own crates: its package, the features it is
/// built with, and all that cargo compiles for it, also what only makes code for it.
const LIBRARIES: [(&str, &str, &[&str]); 3] = [
    // libvotequorum, libcorosync_common, libncssdk
    (
        "quorate",
        "c-library",
        &[
            "libc",
            "proc-macro2",
            "quote",
            "syn",
            "thiserror",
            "thiserror-impl",
            "unicode-ident",
            "zerocopy",
            "zerocopy-derive",
        ],
    ),
    // libquorate
    (
        "quorate-control-c",
        "c-library",
        &[
            "bitflags",
            "itoa",
            "libc",
            "linux-raw-sys",
            "memchr",
            "proc-macro2",
            "quote",
            "rustix",
            "serde",
            "serde_core",
            "serde_derive",
            "serde_json",
            "syn",
            "thiserror",
            "thiserror-impl",
            "unicode-ident",
            "zmij",
        ],
    ),
    // libquorate_preload
    ("quorate-preload", "", &["libc"]),
];

/// Packages that are there in two versions. In the libraries, only one that makes code for them.
const TWICE: [&str; 7] = [
    "getrandom",
    "hashbrown",
    "linux-raw-sys",
    "rustix",
    "syn",
    "unicode-width",
    "winnow",
];

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test("dependencies/licences", licences);
    suite.test("dependencies/sources", sources);
    suite.test("dependencies/duplicates", duplicates);
    suite.test("dependencies/libraries", libraries);
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(source_root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn metadata() -> Value {
    let metadata = cargo(&[
        "metadata",
        "--offline",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    serde_json::from_slice(&metadata).expect("cargo's metadata")
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or("")
}

fn packages(metadata: &Value) -> &Vec<Value> {
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 30, "{}", packages.len());
    packages
}

/// `A OR B` wants one of the two, `A AND B` both. Parentheses nest no deeper than that.
fn is_allowed(expression: &str) -> bool {
    let plain = |text: &str| LICENCES.contains(&text.trim_matches(['(', ')', ' ']));
    let any = |text: &str| {
        text.split(" OR ")
            .flat_map(|part| part.split('/'))
            .any(plain)
    };
    !expression.is_empty() && expression.split(" AND ").all(any)
}

fn licences() {
    assert!(is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0") && !is_allowed("GPL-3.0"));
    for package in packages(&metadata()) {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        let known = is_allowed(licence) || BUILD_ONLY.contains(&(name, licence));
        assert!(known, "{name}: {licence}");
    }
}

fn sources() {
    for package in packages(&metadata()) {
        let (name, source) = (text(package, "name"), text(package, "source"));
        let ours = source.is_empty() && name.starts_with("quorate");
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert!(ours || source == registry, "{name} from {source}");
    }
}

fn duplicates() {
    let mut versions = BTreeMap::<&str, BTreeSet<&str>>::new();
    let metadata = metadata();
    for package in packages(&metadata) {
        versions
            .entry(text(package, "name"))
            .or_default()
            .insert(text(package, "version"));
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let twice: Vec<_> = twice.map(|(name, _)| *name).collect();
    assert_eq!(twice, TWICE);
}

/// `cargo tree` chooses features as for a build of that package alone.
fn libraries() {
    for (package, features, known) in LIBRARIES {
        let tree = cargo(&[
            "tree",
            "--offline",
            "--locked",
            "--package",
            package,
            "--features",
            features,
            "--target",
            "x86_64-unknown-linux-gnu",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ]);
        let tree = String::from_utf8(tree).expect("names are text");
        let found: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| !name.starts_with("quorate"))
            .collect();
        assert_eq!(Vec::from_iter(found), known, "{package}");
    }
}
