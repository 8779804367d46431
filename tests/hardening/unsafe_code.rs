//! The list in `docs/security.md` of everything unsafe and why it is sound is what the sources say.
//! `QUORATE_WRITE_DOCS=1 cargo test --test hardening -- unsafe_code` writes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use quorate_testkit::{Suite, source_root};

const DOCUMENT: &str = "docs/security.md";
const BEGIN: &str = "<!-- The list below is made from the sources: see tests/hardening. -->\n";
const END: &str = "<!-- End of the list. -->\n";

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test("unsafe_code/list", list_is_fresh);
    suite.test("unsafe_code/places", only_where_it_may_be);
}

struct Block {
    function: String,
    reason: String,
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory)
        .expect("sources")
        .flatten()
        .collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Sources of what is shipped.
fn shipped() -> Vec<PathBuf> {
    let root = source_root();
    let mut found = Vec::new();
    sources(&root.join("src"), &mut found);
    let crates = fs::read_dir(root.join("crates")).expect("our crates");
    let mut crates: Vec<_> = crates.flatten().map(|entry| entry.path()).collect();
    crates.sort();
    for path in crates.iter().filter(|path| !path.ends_with("testkit")) {
        sources(&path.join("src"), &mut found);
    }
    found
}

/// What stands in front of the tests of a file.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("sources are text");
    let tests = text
        .find("#[cfg(test)]\nmod ")
        .or_else(|| text.find("#[cfg(test)]\npub(crate) mod "));
    let tests = tests.or_else(|| text.find("#[cfg(all(test, not(loom)))]\nmod "));
    text[..tests.unwrap_or(text.len())].to_owned()
}

fn is_unsafe(line: &str) -> bool {
    let line = line.trim_start();
    let kinds = [
        "unsafe {",
        "unsafe impl",
        "unsafe extern \"C\" {",
        "unsafe extern \"C-unwind\" {",
    ];
    !line.starts_with("//") && kinds.iter().any(|kind| line.contains(kind))
}

fn function(line: &str) -> Option<String> {
    let line = line.trim_start();
    let (before, after) = line.split_once("fn ")?;
    let words = ["pub", "const", "unsafe", "extern", "async"];
    let keywords = before
        .split_whitespace()
        .all(|word| words.iter().any(|known| word.starts_with(known)) || word.starts_with('"'));
    let name: String = after
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (keywords && !name.is_empty()).then_some(name)
}

fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut inside, mut found) = (String::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = function(line) {
            inside = name;
        }
        if !is_unsafe(line) {
            continue;
        }
        // The comment is above the statement that the block is in.
        let above = lines[..at]
            .iter()
            .rev()
            .take(6)
            .position(|line| line.trim_start().starts_with("// SAFETY:"));
        let reason = above.map(|above| {
            let comment = lines[at - 1 - above..at]
                .iter()
                .map(|line| line.trim_start());
            let comment = comment.take_while(|line| line.starts_with("//"));
            let words: Vec<&str> = comment
                .map(|line| line.trim_start_matches("//").trim())
                .collect();
            words.join(" ").trim_start_matches("SAFETY: ").to_owned()
        });
        let function = match line.contains("unsafe impl") {
            true => line
                .trim()
                .trim_end_matches(" {}")
                .trim_end_matches(" {")
                .to_owned(),
            false => inside.clone(),
        };
        let reason = reason.unwrap_or_else(|| "a declaration".to_owned());
        found.push(Block { function, reason });
    }
    found
}

fn list() -> String {
    let root = source_root();
    let mut text = String::new();
    for path in shipped() {
        let blocks = blocks(&code(&path));
        if blocks.is_empty() {
            continue;
        }
        let name = path.strip_prefix(&root).expect("a source").display();
        let _ = write!(text, "\n`{name}`\n\n| in | why it is sound |\n|---|---|\n");
        for block in blocks {
            let reason = block.reason.replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {reason} |", block.function);
        }
    }
    text.push('\n');
    text
}

fn list_is_fresh() {
    let path = source_root().join(DOCUMENT);
    let text = fs::read_to_string(&path).expect("the document");
    let begin = text.find(BEGIN).expect("the list's beginning") + BEGIN.len();
    let end = text.find(END).expect("the list's end");
    let list = list();
    if env::var_os("QUORATE_WRITE_DOCS").is_some() {
        let fresh = [&text[..begin], &list, &text[end..]].concat();
        fs::write(path, fresh).expect("the document can be written");
        return;
    }
    assert!(list.lines().count() > 100, "{list}");
    quorate_testkit::compare::assert_same(
        "QUORATE_WRITE_DOCS=1 cargo test --test hardening -- unsafe_code",
        &text[begin..end],
        &list,
    );
}

/// The boundaries to C, and system calls.
const PLACES: [&str; 6] = [
    "src/",
    "crates/boundary/src/",
    "crates/control-c/src/",
    "crates/ipc/src/server/sys.rs",
    "crates/ipc/src/sys",
    "crates/preload/src/",
];

fn only_where_it_may_be() {
    let root = source_root();
    for path in shipped() {
        let name = path
            .strip_prefix(&root)
            .expect("a source")
            .to_string_lossy();
        let may = PLACES.iter().any(|place| name.starts_with(place));
        assert!(
            may || blocks(&code(&path)).is_empty(),
            "unsafe code in {name}"
        );
    }
}
