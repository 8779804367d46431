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

/// All that the shipped C libraries are made of besides our own crates.
const IN_THE_LIBRARIES: [&str; 8] = [
    "libc",
    "proc-macro2",
    "quote",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-ident",
    "zerocopy",
];
/// Only at build time of the above.
const MACROS: [&str; 1] = ["zerocopy-derive"];

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

fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(source_root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo's metadata")
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

/// What the static library is linked from.
fn libraries() {
    let metadata = metadata();
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a graph");
    let name_of: BTreeMap<&str, &str> = packages(&metadata)
        .iter()
        .map(|package| (text(package, "id"), text(package, "name")))
        .collect();
    let root = packages(&metadata)
        .iter()
        .find(|package| text(package, "name") == "quorate");
    let mut seen = BTreeSet::new();
    let mut next = vec![text(root.expect("our package"), "id")];
    while let Some(id) = next.pop() {
        let node = nodes
            .iter()
            .find(|node| text(node, "id") == id)
            .expect("a node");
        for dependency in node["deps"].as_array().expect("dependencies") {
            let kinds = dependency["dep_kinds"].as_array().expect("kinds");
            let id = text(dependency, "pkg");
            // Kind null is a normal one.
            if kinds.iter().any(|kind| kind["kind"].is_null()) && seen.insert(id) {
                next.push(id);
            }
        }
    }
    let found: BTreeSet<&str> = seen.iter().map(|id| name_of[id]).collect();
    let foreign = found
        .into_iter()
        .filter(|name| !name.starts_with("quorate"));
    let allowed = || IN_THE_LIBRARIES.iter().chain(&MACROS);
    let unknown: Vec<_> = foreign
        .filter(|name| !allowed().any(|known| known == name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
