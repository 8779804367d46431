//! The tests that the documents name are there, and the compiler that README names can read the
//! sources.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use quorate_testkit::source_root;

/// All files below a directory with one of these endings.
fn files(directory: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let is = |ending: &&str| path.extension().is_some_and(|end| end == *ending);
        if path.is_dir() {
            files(&path, endings, found);
        } else if endings.iter().any(is) {
            found.push(path);
        }
    }
}

/// Whatever could be part of a test's name in the sources, and the names of the files.
fn words() -> HashSet<String> {
    let mut paths = Vec::new();
    for directory in ["tests", "crates", "src", "fuzz/fuzz_targets"] {
        files(&source_root().join(directory), &["rs", "c"], &mut paths);
    }
    let mut words = HashSet::new();
    // Not this one, which has names of nothing.
    paths.retain(|path| !path.ends_with(file!()));
    for path in paths {
        let name = path.file_name().expect("a file has a name");
        words.insert(name.to_string_lossy().into_owned());
        words.insert(
            path.file_stem()
                .expect("a stem")
                .to_string_lossy()
                .into_owned(),
        );
        let text = fs::read_to_string(&path).expect("text");
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.extend(parts.filter(|word| word.len() > 2).map(str::to_owned));
    }
    words
}

/// The names in the last column of each table whose head calls that column "test".
fn named(document: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        let mut cells = line.trim_end_matches(" |").rsplit(" | ");
        let last = cells.next().unwrap_or_default();
        inside = line.starts_with('|') && (inside || last == "test");
        if inside {
            names.extend(last.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    names
}

/// Whether a name of a suite, a package, a file or a test is one; `*` stands for anything.
fn is_there(words: &HashSet<String>, name: &str) -> bool {
    if name.starts_with("quorate") {
        let packages = source_root().join("crates");
        return name == "quorate" || packages.join(&name["quorate-".len()..]).is_dir();
    }
    let last = name.trim_end_matches('/').rsplit(['/', ':']).next();
    let last = last.unwrap_or_default();
    match last.split_once('*') {
        _ if last == "*" => true,
        None => words.contains(last),
        Some((begins, ends)) => words
            .iter()
            .any(|word| word.starts_with(begins) && word.ends_with(ends)),
    }
}

#[test]
fn named_tests_are_there() {
    let words = words();
    let mut count = 0;
    let mut missing = Vec::new();
    for file in ["behaviour.md", "testing.md", "clients.md"] {
        let path = source_root().join("docs").join(file);
        let document = fs::read_to_string(&path).expect("text");
        for name in named(&document) {
            count += 1;
            if !is_there(&words, &name) {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert!(count > 150, "{count} names");
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

/// A condition that binds a name and goes on with `&&`, which came with Rust 1.88.
fn chained(text: &str) -> Option<&str> {
    let is_let = |line: &str| {
        ["if let ", "while let "]
            .iter()
            .any(|start| line.contains(start))
    };
    let lines = || text.lines().map(str::trim);
    let pairs = lines().zip(lines().skip(1));
    let broken = pairs.filter(|(line, next)| is_let(line) && next.starts_with("&& "));
    let whole = lines().filter(|line| {
        let chains = is_let(line) && line.contains(" && ") && line.ends_with('{');
        (chains || line.contains("&& let ")) && !line.starts_with("//")
    });
    broken.map(|(_, next)| next).chain(whole).next()
}

/// As long as no test has that compiler.
#[test]
fn the_oldest_compiler_named_knows_the_syntax() {
    let manifest = fs::read_to_string(source_root().join("Cargo.toml")).expect("text");
    assert!(manifest.contains("rust-version = \"1.85\""), "look again");
    assert!(chained("if let Some(a) = b\n    && a > 1\n{").is_some());
    assert!(chained("while let Some(a) = b && a > 1 {").is_some());
    assert!(chained("if a > 1 && let Some(b) = c {").is_some());
    assert!(chained("if let Some(a) = b {\n    c(a && d)\n}").is_none());
    let mut paths = Vec::new();
    for directory in [
        "benches",
        "crates",
        "examples",
        "src",
        "tests",
        "fuzz/fuzz_targets",
    ] {
        files(&source_root().join(directory), &["rs"], &mut paths);
    }
    assert!(paths.len() > 300, "{} files", paths.len());
    paths.retain(|path| !path.ends_with(file!()));
    for path in paths {
        let text = fs::read_to_string(&path).expect("text");
        let found = chained(&text);
        assert!(found.is_none(), "{}: {found:?}", path.display());
    }
}

#[test]
fn a_name_of_nothing_is_noticed() {
    let words = words();
    let table = "| case | test |\n|---|---|\n| `a` | `behaviour/models`, `no_such_thing` |\n\n`b`";
    assert_eq!(named(table), ["behaviour/models", "no_such_thing"]);
    assert!(is_there(&words, "behaviour/models"));
    assert!(is_there(&words, "behaviour/null_*"));
    for nothing in ["behaviour/no_such_thing", "no_such_thing*", "quorate-thing"] {
        assert!(!is_there(&words, nothing), "{nothing}");
    }
}
