//! The manual has a page for every function, which says what the header says, in examples that
//! compile, and reads without a warning.

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
    suite.test_with("examples_of_the_manual", &compiler, examples);
    suite.test_with("overview_of_libquorate", &compiler, overview_of_libquorate);
    let readers = Requirements::none().program("mandoc").program("groff");
    suite.test_with("pages_without_warnings", &readers, without_warnings);
}

/// A library's header, and what its functions begin with.
const LIBRARIES: [(&str, &[&str], &str); 2] = [
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
];

fn page(name: &str) -> PathBuf {
    source_root().join("man").join(format!("{name}.3"))
}

/// The pages of a library's functions.
fn pages(symbols: &str) -> impl Iterator<Item = (&str, String)> {
    functions(symbols).map(|name| {
        let text = fs::read_to_string(page(name));
        (name, text.unwrap_or_else(|why| panic!("{name}(3): {why}")))
    })
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
        assert!(count >= 10, "{count} functions");
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
    let common = include_str!("libcorosync_common.symbols");
    let lists = LIBRARIES.map(|(_, _, symbols)| symbols);
    let functions: Vec<_> = lists
        .into_iter()
        .chain([common])
        .flat_map(functions)
        .collect();
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
            let synopsis = between(&text, ".SH SYNOPSIS\n", ".SH DESCRIPTION");
            let lines = synopsis
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

fn example(text: &str) -> String {
    let example = between(text, ".EX\n", ".EE");
    example.replace("\\-", "-").replace("\\e", "\\")
}

fn examples() {
    for (header, _, symbols) in LIBRARIES {
        for (name, text) in pages(symbols) {
            let example = example(&text);
            assert!(
                example.contains(&format!("{name}(")),
                "{name}(3) does not use it"
            );
            compile(name, header, &example);
        }
    }
}

/// It has all functions and no others.
fn overview_of_libquorate() {
    let text = fs::read_to_string(page("libquorate_overview")).expect("the page is there");
    let tags = text.lines().filter_map(|line| line.strip_prefix(".BR "));
    let described: BTreeSet<_> = tags.filter_map(|tag| tag.strip_suffix(" ()")).collect();
    let exported = include_str!("libquorate.symbols").lines();
    let exported = exported.filter_map(|line| Some(line.split_once('@')?.0));
    assert_eq!(described, exported.collect());
    compile("libquorate", "quorate.h", &example(&text));
}

fn without_warnings() {
    let directory = source_root().join("man");
    let mut count = 0;
    for entry in fs::read_dir(&directory).expect("the pages are there") {
        let path = entry.expect("the pages are there").path();
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
