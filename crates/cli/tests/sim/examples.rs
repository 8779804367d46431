//! The programs of `examples/`: built as their first lines say, and run in simulated clusters.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use quorate_testkit::compile::{make, rust_program};
use quorate_testkit::{Outcome, Requirements, Scratch, Signal, Suite, source_root};

use crate::stage::{Stage, Started};
use crate::tool::{QUORATE, config, config_with, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::none()
        .ours()
        .program("cc")
        .program("pkg-config")
        .program("setpriv");
    let glib = needs.clone().file("/usr/include/glib-2.0/glib.h");
    suite.test("examples/are_short", are_short);
    suite.test_with("examples/watcher", &needs, || watches("watcher"));
    suite.test_with("examples/glib_watcher", &glib, || watches("glib_watcher"));
    suite.test("examples/rust_watcher", rust_watcher);
    suite.test_with("examples/readme", &needs, readme);
    suite.test_with("examples/qdevice", &needs, qdevice);
    suite.test_with("examples/ncs_worker", &needs, ncs_worker);
}

fn examples() -> PathBuf {
    source_root().join("examples")
}

fn are_short() {
    let sources = fs::read_dir(examples())
        .expect("it is there")
        .map(|entry| entry.expect("one").path());
    let sources = sources.filter(|path| path.extension().is_some_and(|kind| kind == "c"));
    let rust = examples().join("rust-watcher/src/main.rs");
    let sources: Vec<_> = sources.chain([rust]).collect();
    assert!(sources.len() >= 6, "{sources:?}");
    for path in sources {
        let lines = fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines < 150, "{} has {lines} lines", path.display());
    }
}

/// What is installed, and a program built with that.
struct Built {
    scratch: Scratch,
    program: PathBuf,
}

impl Built {
    /// Does what the comment at the top of the example says.
    fn new(name: &str) -> Self {
        let scratch = Scratch::new("examples");
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).expect("its own");
        let prefix = scratch.path().to_str().expect("text").to_owned();
        make("install", &[format!("PREFIX={prefix}")]);
        let source = fs::read_to_string(examples().join(format!("{name}.c"))).expect("text");
        let start = format!("cc {name}.c $(pkg-config ");
        let lines = source
            .lines()
            .map(|line| line.trim_start_matches([' ', '*']));
        let line = lines.into_iter().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("{name}.c does not say how to build it"));
        let program = scratch.path().join(name);
        let ending = format!("-o {name}");
        assert!(line.ends_with(&ending), "{line}");
        let line = line.replace("cc ", "cc -Wall -Wextra -Werror -O1 ");
        let line = line.replace(&ending, &format!("-o {}", program.display()));
        let mut shell = Command::new("sh");
        shell.args(["-ec", &line]).current_dir(examples());
        shell.env("PKG_CONFIG_PATH", format!("{prefix}/lib/pkgconfig"));
        printed(&shell.output().expect("it runs"));
        Self { scratch, program }
    }

    /// The words that run it with our libraries.
    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let libraries = format!("LD_LIBRARY_PATH={}/lib", self.scratch.path().display());
        let program = self.program.to_str().expect("text");
        let words = ["env", &libraries, program]
            .into_iter()
            .chain(arguments.iter().copied());
        words.map(str::to_owned).collect()
    }
}

/// What a watcher on node 1 of `examples/split-brain.toml` says, corosync's end included.
const WATCHED: &str = "\
members: 1 2 3  (ring 1.9)
QUORATE: 3 of 3 votes, 2 needed
members: 1 2  (ring 1.d)
QUORATE: 2 of 3 votes, 2 needed
members: 1  (ring 1.11)
NOT QUORATE: 1 of 3 votes, 2 needed
members: 1 2  (ring 1.15)
QUORATE: 2 of 3 votes, 2 needed
members: 1 2 3  (ring 1.19)
QUORATE: 3 of 3 votes, 2 needed
no corosync";

/// Errors have other words in Rust.
fn without_reasons(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.split_once("no corosync") {
            Some(_) => "no corosync",
            None => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

fn watches_with(words: &[String]) {
    let split = examples().join("split-brain.toml");
    let run = |scenario: &Path, patience: &str| {
        let scenario = scenario.to_str().expect("text");
        let start = ["--quiet", "--pace", "idle", "--scenario", scenario, "--"];
        let words = words.iter().map(String::as_str);
        let words: Vec<_> = start.into_iter().chain(words).chain([patience]).collect();
        without_reasons(&printed(&quorate(&words)))
    };
    assert_eq!(run(&split, "1"), WATCHED);
    // Corosync is starting, and says so twice; it dies when the program asks for more.
    let scratch = Scratch::new("examples");
    let starting = scratch.path().join("starting.toml");
    let text = "[cluster]\nnodes = 1\n\
        [[fault]]\nfunction = \"votequorum_initialize\"\nnth = \"1-2\"\nerror = \"CS_ERR_TRY_AGAIN\"\n\
        [[step]]\non_call = { function = \"votequorum_getinfo\" }\nkill = 1\n";
    fs::write(&starting, text).expect("it can be written");
    let told = "members: 1  (ring 1.5)";
    let expected = format!("no corosync\nno corosync\n{told}\nno corosync");
    assert_eq!(run(&starting, "3"), expected);
}

fn watches(name: &str) {
    watches_with(&Built::new(name).words(&[]));
}

fn rust_watcher() -> Outcome {
    match rust_program("examples/rust-watcher", "rust-watcher") {
        Err(why) => Outcome::Skipped(why),
        Ok(program) => {
            watches_with(&[program.to_str().expect("text").to_owned()]);
            Outcome::Passed
        }
    }
}

fn start(stage: &Stage, node: u32, words: &[String]) -> Started {
    stage.start(node, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// One of two nodes stays quorate without the other as long as its device votes, and a device that
/// is asked to end leaves in good order.
fn qdevice() {
    let built = Built::new("qdevice");
    let scratch = Scratch::new("examples");
    let config = config_with(
        &scratch,
        2,
        "expected_votes: 3\ndevice {\nmodel: net\nvotes: 1\n}",
    );
    let stage = Stage::simulated("qdevice", &config);
    let file = stage.directory().join("vote");
    fs::write(&file, "").expect("it can be written");
    let words = built.words(&[file.to_str().expect("text")]);
    let mut device = start(&stage, 1, &words);
    stage.wait_told(1, &["Total votes:      3", "1    A,V,NMW"]);
    stage.kill(2);
    stage.wait_told(
        1,
        &[
            "Nodes:            1",
            "Quorate:          Yes",
            "Total votes:      2",
        ],
    );
    fs::remove_file(&file).expect("it is there");
    stage.wait_told(1, &["Quorate:          No", "1   A,NV,NMW"]);
    stage.up(2);
    stage.wait_told(
        1,
        &[
            "Nodes:            2",
            "Quorate:          Yes",
            "Total votes:      2",
        ],
    );
    device.process.signal(Signal::SIGTERM);
    let status = device
        .process
        .wait_for(quorate_testkit::wait::LIMIT)
        .expect("it ends");
    assert!(status.success(), "{status}: {}", device.text());
    assert_eq!(device.text(), "votes\ndoes not vote\n");
    stage.wait_told(1, &["Flags:            Quorate \n"]);
}

/// One of three has the job; when its node dies another one has it, and who loses quorum stops.
fn ncs_worker() {
    let built = Built::new("ncs_worker");
    let scratch = Scratch::new("examples");
    let stage = Stage::simulated("worker", &config(&scratch, 3));
    let workers = [1, 2, 3].map(|node| (node, start(&stage, node, &built.words(&[]))));
    let has = |text: &str| text.ends_with("has the job\n");
    let wait_holder = |among: &[u32]| {
        quorate_testkit::wait_until("somebody to have the job", || {
            let among = workers.iter().filter(|(node, _)| among.contains(node));
            let holders: Vec<_> = among.filter(|(_, worker)| has(&worker.text())).collect();
            match holders.as_slice() {
                [(node, _)] => Ok(*node),
                others => Err(format!("{} have it", others.len())),
            }
        })
    };
    let first = wait_holder(&[1, 2, 3]);
    stage.kill(first);
    let others: Vec<u32> = [1, 2, 3]
        .into_iter()
        .filter(|node| *node != first)
        .collect();
    let second = wait_holder(&others);
    // Whoever had it has stopped: it is no member any more.
    let worker = |node: u32| &workers[node as usize - 1].1;
    worker(first).wait_printed("that it stops", |text| text == "has the job\nstops\n");
    stage.partition(&[&[others[0]], &[others[1]]]);
    worker(second).wait_printed("that it stops", |text| text == "has the job\nstops\n");
    stage.heal();
    wait_holder(&others);
}

/// What README tells a newcomer to write and to type, with the watcher as the program, in a
/// directory that looks like the source tree.
fn readme() {
    let text = fs::read_to_string(source_root().join("README.md")).expect("text");
    let after = |text: &str, start: &str| {
        let (_, rest) = text
            .split_once(start)
            .unwrap_or_else(|| panic!("no {start}"));
        rest.to_owned()
    };
    let scenario = after(&text, "```toml\n");
    let (scenario, rest) = scenario.split_once("```").expect("it ends");
    let commands = after(rest, "\n    make\n");
    let (commands, _) = commands.split_once("\n\n").expect("they end");

    let scratch = Scratch::new("readme");
    let path = |name: &str| scratch.path().join(name);
    for name in ["include", "build"] {
        symlink(source_root().join(name), path(name)).expect("a link");
    }
    fs::create_dir_all(path("target/release")).expect("a directory");
    symlink(QUORATE, path("target/release/quorate")).expect("a link");
    fs::copy(examples().join("watcher.c"), path("my_program.c")).expect("a copy");
    let run = |scenario: &str| {
        fs::write(path("partition.toml"), scenario).expect("it can be written");
        let mut shell = Command::new("sh");
        shell.args(["-ec", commands]).current_dir(scratch.path());
        shell.output().expect("it runs")
    };
    let told = "members: 1 2 3  (ring 1.9)\nQUORATE: 3 of 3 votes, 2 needed\n\
        members: 1  (ring 1.d)\nNOT QUORATE: 1 of 3 votes, 2 needed\n\
        members: 1 2 3  (ring 1.11)\nQUORATE: 3 of 3 votes, 2 needed\n";
    assert_eq!(printed(&run(scenario)), told);
    let wrong = scenario.replace("node = 1, quorate = false", "node = 1, quorate = true");
    assert_ne!(wrong, scenario);
    let output = run(&wrong);
    assert!(!output.status.success(), "{output:?}");
}
