//! Both halves of the protocol against each other: the C library and ours, each with corosync and
//! with a simulated node. The same program prints the same in all four cells.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;

use quorate_testkit::compare::assert_same;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{
    CProgram, Cluster, Library, Load, Node, Process, Requirements, Scratch, Suite, wait_until,
};

use crate::tool::{config, printed, simulated, unprivileged};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-quorumtool")
        .program("setpriv")
        .ours();
    suite.test("matrix/differences_are_seen", differences_are_seen);
    suite.test_with("matrix/calls_on_one_node", &needs, || calls(1));
    suite.test_with("matrix/calls_on_three_nodes", &needs, || calls(3));
    suite.test_with("matrix/callbacks", &needs, callbacks);
}

/// What a program printed in all cells.
#[derive(Clone, Debug)]
struct Matrix {
    /// With corosync, in the order of [`Library::BOTH`].
    real: [String; 2],
    /// With a simulated node, in the same order.
    simulated: [String; 2],
}

impl Matrix {
    /// What must be the same. In one cluster nothing may differ; another one numbers its rings in
    /// its own way.
    fn pairs(&self) -> [(&'static str, String, String); 3] {
        let [original, ours] = self.real.clone();
        let [by_c, by_us] = self.simulated.clone();
        let across = [&original, &by_c].map(|text| without_rings(text));
        let [real, simulated] = across;
        [
            ("our library with corosync", original, ours),
            ("the C library, simulated", real, simulated),
            ("our library, simulated", by_c, by_us),
        ]
    }

    /// Compares all four.
    fn check(&self, what: &str) {
        for (cell, expected, got) in self.pairs() {
            assert_same(&format!("{what}, {cell}"), &expected, &got);
        }
    }
}

/// Each cell counts, and each line of it; rings may have other numbers in the other cluster only.
fn differences_are_seen() {
    let text = |ring: &str| format!("getinfo = 1\n  event nodes ring=1.{ring} nodes=1\nend\n");
    let same = Matrix {
        real: [text("+0"), text("+0")],
        simulated: [text("+4"), text("+4")],
    };
    same.check("the same");
    for cell in 0..4 {
        for (part, other) in [
            ("= 1", "= 2"),
            ("nodes=1", "nodes="),
            ("end\n", ""),
            ("1.+", "1.+9"),
        ] {
            let mut matrix = same.clone();
            let both = if cell < 2 {
                &mut matrix.real
            } else {
                &mut matrix.simulated
            };
            both[cell % 2] = both[cell % 2].replace(part, other);
            let seen = matrix.pairs().iter().any(|(_, one, other)| one != other);
            assert!(seen, "cell {cell}: {part} became {other}");
        }
    }
}

/// The words that run a program of `tests/c` with a library.
fn with(library: Library, program: &Path, arguments: &[&str]) -> Vec<OsString> {
    let mut directory = OsString::from("LD_LIBRARY_PATH=");
    directory.push(library.find().expect("it is there"));
    let mut words = vec!["env".into(), directory, program.into()];
    words.extend(arguments.iter().map(OsString::from));
    words
}

/// What a program of `tests/c` printed, if it ran with the library it should.
fn printed_with(library: Library, output: &Output) -> String {
    let text = printed(output);
    let _ = library.check_first_line(&String::from_utf8_lossy(&output.stderr));
    text
}

/// Every function of votequorum, its successes and its errors.
fn calls(nodes: usize) {
    let program = CProgram::new("calls-sim")
        .source("tests/c/calls.c")
        .source("tests/c/calls_device.c")
        .link("votequorum")
        .build();
    let scratch = Scratch::new("matrix");
    let config = config(&scratch, nodes);
    let cluster = Cluster::builder().nodes(nodes).start();
    for section in [
        "handles",
        "contexts",
        "infos",
        "tracking",
        "dispatches",
        "expectations",
        "votes",
        "device",
    ] {
        let real = Library::BOTH.map(|library| {
            let mut command = cluster.node(1).command(&program).with_args([section]);
            library.apply(&mut command, Load::Path);
            printed_with(library, &command.output().expect("it runs"))
        });
        let simulated = Library::BOTH.map(|library| {
            let output = simulated(&config, &with(library, &program, &[section]));
            printed_with(library, &output)
        });
        let matrix = Matrix { real, simulated };
        matrix.check(section);
        let lines = matrix.real[0].lines().count();
        assert!(lines > 3, "{section} printed {lines} lines");
    }
}

/// A program that watches a real cluster.
struct Watcher {
    library: Library,
    process: Process,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Watcher {
    fn start(node: &Node, program: &Path, library: Library) -> Self {
        let [stdout, stderr] =
            ["out", "err"].map(|kind| node.directory().join(format!("watch-{library:?}.{kind}")));
        let mut command = node.command(program).with_args(["blocking"]);
        library.apply(&mut command, Load::Path);
        command.stdout(File::create(&stdout).expect("it can be made"));
        command.stderr(File::create(&stderr).expect("it can be made"));
        let watcher = Self {
            library,
            process: command.spawn().expect("it starts"),
            stdout,
            stderr,
        };
        watcher.wait_told("event quorum");
        watcher
    }

    fn wait_told(&self, part: &str) {
        wait_until(&format!("{:?}: {part}", self.library), || {
            let text = fs::read_to_string(&self.stdout).expect("text");
            if text.contains(part) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }

    /// What it was told until its node died.
    fn finish(mut self) -> String {
        self.process.wait_for(LIMIT).expect("it ends");
        let [text, errors] =
            [&self.stdout, &self.stderr].map(|path| fs::read_to_string(path).expect("text"));
        let _ = self.library.check_first_line(&errors);
        text
    }
}

/// The same history in both clusters: programs are told the same, in the same order.
fn callbacks() {
    let program = CProgram::new("watch-sim")
        .source("tests/c/watch.c")
        .link("votequorum")
        .build();
    let matrix = Matrix {
        real: real_history(&program),
        simulated: simulated_history(&program),
    };
    matrix.check("callbacks");
    let text = &matrix.real[0];
    assert!(
        text.contains("quorate=0") && text.ends_with("dispatch = 2\nfinalize = 1\n"),
        "{text}"
    );
}

fn real_history(program: &Path) -> [String; 2] {
    let cluster = Cluster::builder().nodes(3).start();
    let watchers = Library::BOTH.map(|library| Watcher::start(cluster.node(1), program, library));
    cluster.node(3).kill();
    cluster.wait_members(&[1, 2], true);
    cluster.node(3).start();
    cluster.wait_all_members();
    cluster.partition(&[&[1], &[2, 3]]);
    cluster.wait_members(&[1], false);
    cluster.wait_members(&[2, 3], true);
    cluster.heal();
    cluster.wait_all_members();
    let mut command = cluster.node(2).command("corosync-quorumtool");
    command.args(["-e", "4"]);
    printed(&command.output().expect("it runs"));
    for watcher in &watchers {
        watcher.wait_told("votes=4");
    }
    cluster.node(3).stop();
    cluster.wait_members(&[1, 2], false);
    cluster.node(1).kill();
    watchers.map(Watcher::finish)
}

fn simulated_history(program: &Path) -> [String; 2] {
    let steps = [
        "kill = 3",
        "up = 3",
        "partition = [[1], [2, 3]]",
        "heal = true",
        "set_expected = { node = 2, votes = 4 }",
        "leave = 3",
        "kill = 1",
    ];
    let step = |operation| format!("[[step]]\npace = \"idle\"\n{operation}\n");
    let steps: String = steps.map(step).concat();
    let scratch = Scratch::new("matrix");
    let scenario = scratch.path().join("scenario.toml");
    let text = format!("[cluster]\nnodes = 3\ncompat = [\"corosync-3.1\"]\n{steps}");
    fs::write(&scenario, text).expect("it can be written");
    let start = ["--quiet", "--pace", "idle", "--scenario"].map(OsStr::new);
    Library::BOTH.map(|library| {
        let words = with(library, program, &["blocking"]);
        let mut arguments = start.to_vec();
        arguments.extend([scenario.as_os_str(), OsStr::new("--")]);
        arguments.extend(words.iter().map(OsString::as_os_str));
        printed_with(library, &unprivileged(&arguments))
    })
}

/// The number of a ring depends on how often nodes called each other.
pub(crate) fn without_rings(text: &str) -> String {
    let word = |word: &str| match word.split_once("ring=") {
        Some((before, ring)) => format!(
            "{before}ring={}",
            ring.split('.').next().unwrap_or_default()
        ),
        None => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}
