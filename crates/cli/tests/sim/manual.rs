//! quorate(1) knows every command and flag and no other, quorate-scenario(5) every key; its example
//! is played.

use std::collections::BTreeSet;
use std::fs;

use quorate_testkit::{Scratch, Suite, source_root};

use crate::tool::{printed, quorate, quorate_command};

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test("manual/commands_and_flags", commands_and_flags);
    suite.test("manual/keys_of_scenarios", keys_of_scenarios);
    suite.test("manual/example_scenario", example_scenario);
}

fn page(name: &str) -> String {
    let text = fs::read_to_string(source_root().join("man").join(name));
    text.expect("the page is there").replace("\\-", "-")
}

/// The parts of a page under headings of a kind, with their names.
fn parts<'a>(page: &'a str, heading: &str) -> Vec<(&'a str, &'a str)> {
    let parts = page.split(heading).skip(1);
    parts
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name, text.split("\n.S").next().unwrap_or(text)))
        .collect()
}

/// The words of lines that are bold from their beginning.
fn bold(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter(|line| line.starts_with(".B"))
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)))
        .collect()
}

/// The options with which lines begin, of help or of a page's tags.
fn flags<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    lines
        .filter(|line| line.starts_with('-'))
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .filter(|word| word.len() > 2 && word.starts_with("--") && *word != "--help")
        .collect()
}

fn help(words: &[&str]) -> String {
    printed(&quorate_command("help", words))
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let (_, list) = help.split_once("Commands:\n").expect("it has commands");
    let list = list.split("\n\n").next().expect("a part");
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

fn commands_and_flags() {
    let page = page("quorate.1");
    let all = help(&[]);
    let sections = parts(&page, ".SS quorate ");
    let described: BTreeSet<_> = sections.iter().map(|(name, _)| *name).collect();
    assert_eq!(described, commands(&all).into_iter().collect());
    for (name, text) in sections {
        let mut helps = help(&[name]);
        if name == "ctl" {
            let verbs = helps.clone();
            for verb in commands(&verbs) {
                assert!(bold(text).contains(verb), "quorate ctl {verb}");
                helps.push_str(&help(&[name, verb]));
            }
        }
        let options = helps.lines().filter_map(|line| line.strip_prefix("  "));
        let tags = text.lines().filter_map(|line| line.strip_prefix(".B"));
        let tags = tags.filter_map(|line| Some(line.split_once(' ')?.1));
        let known = flags(options.map(str::trim_start));
        assert_eq!(flags(tags), known, "quorate {name}");
    }
}

/// Where the fields of what the parser reads are described.
const KEYS: [(&str, &str); 12] = [
    ("RawScenario", "FILE"),
    ("RawCluster", "CLUSTER"),
    ("RawFault", "FAULTS"),
    ("RawCall", "STEPS"),
    ("RawStep", "STEPS"),
    ("RawVotes", "STEPS"),
    ("RawExpected", "STEPS"),
    ("RawDevice", "STEPS"),
    ("RawKey", "STEPS"),
    ("RawRingNumber", "STEPS"),
    ("RawExpectation", "EXPECTATIONS"),
    ("RawFinal", "THE END"),
];

fn keys_of_scenarios() {
    let source = source_root().join("crates/sim/src/scenario/raw.rs");
    let source = fs::read_to_string(source).expect("the parser is there");
    let page = page("quorate-scenario.5");
    let sections = parts(&page, ".SH ");
    let parsed: Vec<_> = parts(&source, "pub(super) struct ")
        .into_iter()
        .filter_map(|(name, text)| Some((name.strip_suffix(" {")?, text.split("\n}").next()?)))
        .collect();
    let names: BTreeSet<_> = parsed.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, KEYS.iter().map(|(name, _)| *name).collect());
    for (name, fields) in parsed {
        let (_, heading) = KEYS
            .iter()
            .find(|(known, _)| *known == name)
            .expect("known");
        let section = sections.iter().find(|(title, _)| title == heading);
        let (_, text) = section.expect("the section is there");
        let keys: Vec<_> = fields
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub(super) ")?.split(':').next())
            .collect();
        assert!(keys.len() > 1, "{name}: {keys:?}");
        for key in keys {
            assert!(bold(text).contains(key), "{name}: {key} in {heading}");
        }
    }
}

fn example_scenario() {
    let page = page("quorate-scenario.5");
    let (_, example) = page.split_once(".EX\n").expect("it has an example");
    let (example, _) = example.split_once(".EE").expect("it ends");
    let scratch = Scratch::new("manual");
    let file = scratch.path().join("scenario.toml");
    fs::write(&file, example).expect("a file can be written");
    let file = file.to_str().expect("text");
    printed(&quorate(&["--scenario", file, "--check-determinism"]));
}
