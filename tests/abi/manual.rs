//! The manual has a page for every function, which says what the header says, and reads without a
//! warning. Its examples are run by `control/examples_of_the_manual`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use quorate_testkit::{CProgram, Requirements, Scratch, Suite, source_root};

use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let compiler = Requirements::none().program("cc");
    suite.test("a_page_for_every_function", a_page_for_every_function);
    suite.test(
        "the_readme_names_every_function",
        the_readme_names_every_function,
    );
    suite.test_with("prototypes_of_the_manual", &compiler, prototypes);
    suite.test("overview_of_libquorate", overview_of_libquorate);
    let readers = Requirements::none().program("mandoc").program("groff");
    suite.test_with("pages_without_warnings", &readers, without_warnings);
}

/// A library's header, and what its functions begin with.
const LIBRARIES: [(&str, &[&str], &str); 4] = [
    (
        "corosync/votequorum.h",
        &["votequorum_"],
        include_str!("libvotequorum.symbols"),
    ),
    (
        "ncssdk.h",
        &["NCS_", "ncs_"],
        include_str!("libncssdk.symbols"),
    ),
    (
        "quorate.h",
        &["quorate_"],
        include_str!("libquorate.symbols"),
    ),
    (
        "corosync/corotypes.h",
        &["cs_", "qb_", "hdb_"],
        include_str!("libcorosync_common.symbols"),
    ),
];

fn page(name: &str) -> PathBuf {
    source_root().join("man").join(format!("{name}.3"))
}

/// The pages of a library's functions; some lead to the one they are on.
fn pages(symbols: &str) -> impl Iterator<Item = (&str, String)> {
    functions(symbols).map(|name| {
        let read = |name: &str| {
            let text = fs::read_to_string(page(name));
            text.unwrap_or_else(|why| panic!("{name}(3): {why}"))
        };
        let text = read(name);
        let text = match elsewhere(&text) {
            Some(other) => read(other),
            None => text,
        };
        (name, text)
    })
}

/// Which page this one stands for, if it is no more than a reference.
fn elsewhere(text: &str) -> Option<&str> {
    text.strip_prefix(".so man3/")?.strip_suffix(".3\n")
}

/// The functions among a library's symbols.
fn functions(symbols: &str) -> impl Iterator<Item = &str> {
    symbols
        .lines()
        .filter_map(|line| line.split('@').next().filter(|name| !name.is_empty()))
        .filter(|name| name.contains('_') && !name.contains('.'))
}

fn a_page_for_every_function() {
    for (_, beginnings, symbols) in LIBRARIES {
        let mut count = 0;
        for (name, text) in pages(symbols) {
            count += 1;
            assert!(
                beginnings.iter().any(|part| name.starts_with(part)),
                "{name}"
            );
            let (_, names) = text.split_once(".SH NAME\n").expect("a page has a name");
            let names = names
                .split_once(" \\- ")
                .expect("it says what it is about")
                .0;
            assert!(
                names.split(", ").any(|one| one == name),
                "{name}(3): {names}"
            );
            for heading in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "RETURN VALUE",
                "CALLBACKS",
                "EXAMPLE",
            ] {
                assert!(
                    text.contains(&format!(".SH {heading}\n")),
                    "{name}(3): {heading}"
                );
            }
        }
        assert!(count >= 3, "{count} functions");
    }
}

/// In a row of a status table, without the prefix that the table's head gives.
fn the_readme_names_every_function() {
    let text = fs::read_to_string(source_root().join("README.md")).expect("text");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<_> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`'))
        .flat_map(str::split_whitespace)
        .collect();
    let lists = LIBRARIES.iter().filter(|library| library.0 != "quorate.h");
    let functions: Vec<_> = lists.flat_map(|library| functions(library.2)).collect();
    assert!(functions.len() >= 30, "{functions:?}");
    for name in functions {
        let short = name.strip_prefix("votequorum_").unwrap_or(name);
        assert!(named.contains(short), "{name} is in no table of README.md");
    }
}

/// The lines of a page between two of its requests.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).expect("a page has this part");
    rest.split_once(end).expect("the part ends").0
}

fn compile(name: &str, header: &str, code: &str) {
    let scratch = Scratch::new("manual");
    let source = scratch.path().join("page.c");
    let text = format!(
        "#include <poll.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n\
         #include <{header}>\n{code}\nint main(void) {{ return 0; }}\n"
    );
    fs::write(&source, text).expect("a file can be written");
    let _ = CProgram::new(&format!("manual-{name}"))
        .source(&source.to_string_lossy())
        .include(&source_root().join("include"))
        .flag("-Wno-unused-function")
        .flag("-c")
        .build();
}

/// A prototype that differs from the header's is an error of the compiler.
fn prototypes() {
    for (header, _, symbols) in LIBRARIES {
        let mut code = String::new();
        for (name, text) in pages(symbols) {
            // Types of callbacks are shown where they are described.
            let shown = between(&text, ".SH SYNOPSIS\n", ".SH PARAMETERS");
            let lines = shown
                .lines()
                .filter_map(|line| line.strip_prefix(".B \"")?.strip_suffix('"'));
            let prototype: Vec<&str> = lines.collect();
            assert!(
                prototype.concat().contains(&format!("{name}(")),
                "{name}(3)"
            );
            code.push_str(&prototype.join("\n"));
            code.push('\n');
        }
        compile(&header.replace('/', "-"), header, &code);
    }
}

/// It has all functions and no others.
fn overview_of_libquorate() {
    let text = fs::read_to_string(page("libquorate_overview")).expect("the page is there");
    let tags = text
        .lines()
        .filter_map(|line| line.strip_prefix(".BR quorate_"));
    let described: BTreeSet<_> = tags.filter_map(|tag| tag.strip_suffix(" (3)")).collect();
    let exported = include_str!("libquorate.symbols").lines();
    let exported = exported.filter_map(|line| line.split('@').next()?.strip_prefix("quorate_"));
    assert_eq!(described, exported.collect());
}

fn without_warnings() {
    let directory = source_root().join("man");
    let mut count = 0;
    for entry in fs::read_dir(&directory).expect("the pages are there") {
        let path = entry.expect("the pages are there").path();
        if elsewhere(&fs::read_to_string(&path).expect("text")).is_some() {
            continue;
        }
        let complaints = output_of(
            Command::new("groff")
                .args(["-ww", "-man", "-z", "-Tutf8"])
                .arg(&path),
        );
        assert_eq!(complaints, "", "{}", path.display());
        let mandoc = Command::new("mandoc")
            .args(["-T", "lint", "-W", "warning"])
            .arg(&path)
            .output();
        let complaints = String::from_utf8(mandoc.expect("mandoc runs").stdout).expect("text");
        assert_eq!(complaints, "", "{}", path.display());
        count += 1;
    }
    assert!(count > 25, "{count} pages");
}
