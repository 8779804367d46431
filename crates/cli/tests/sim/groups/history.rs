//! The same history in both clusters: a program on each node writes down what it is told.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use quorate_testkit::compare::assert_same;
use quorate_testkit::{Cluster, Process, wait_until};

use super::{program, shared_scratch};
use crate::matrix::without_rings;
use crate::tool::{printed, unprivileged};

/// What happens to a cluster.
#[derive(Clone, Copy, Debug)]
enum Change {
    Kill(u32),
    Stop(u32),
    Up(u32),
    Partition(&'static [&'static [u32]]),
    Heal,
}

impl Change {
    fn real(self, cluster: &Cluster) {
        match self {
            Change::Kill(node) => cluster.node(node).kill(),
            Change::Stop(node) => cluster.node(node).stop(),
            Change::Up(node) => cluster.node(node).start(),
            Change::Partition(groups) => cluster.partition(groups),
            Change::Heal => cluster.heal(),
        }
    }

    /// A step of a scenario.
    fn step(self) -> String {
        match self {
            Change::Kill(node) => format!("kill = {node}"),
            Change::Stop(node) => format!("leave = {node}"),
            Change::Up(node) => format!("up = {node}"),
            Change::Partition(groups) => format!("partition = {groups:?}"),
            Change::Heal => "heal = true".to_owned(),
        }
    }
}

/// A change that comes when all programs of these nodes have printed these words.
type Step = (&'static [(u32, &'static str)], Change);

/// Three programs and what happens to their cluster. `{1}` and `{2}` stand for named pipes.
struct History {
    scripts: [Vec<&'static str>; 3],
    steps: &'static [Step],
}

/// All join, one after the other, and each says something when it has heard the one before. The first
/// one waits until the second is connected: who is, hears of the ring when anybody joins anything.
const FIRST: &[&str] = &[
    "init",
    "hear",
    "{1}",
    "join",
    "g",
    "until",
    "joined=1*/1",
    "tell",
    "{1}",
    "until",
    "joined=3/1",
    "mcast",
    "one",
    "until",
    "three",
    "big",
    "2500000",
    "until",
    "bytes=2500000",
];
const SECOND: &[&str] = &[
    "init",
    "tell",
    "{1}",
    "hear",
    "{1}",
    "join",
    "g",
    "until",
    "joined=2*/1",
    "tell",
    "{2}",
    "until",
    "joined=3/1",
    "until",
    "one",
    "mcast",
    "two",
    "until",
    "three",
    "until",
    "bytes=2500000",
];
const THIRD: &[&str] = &[
    "plain",
    "hear",
    "{2}",
    "join",
    "g",
    "until",
    "joined=3*/1",
    "until",
    "two",
    "mcast",
    "three",
    "until",
    "bytes=2500000",
    "say",
    "settled",
];

/// Its node's corosync is gone. The first program waits until it knows.
const ABANDONED: [&str; 5] = ["until", "nothing any more", "finalize", "tell", "{2}"];

pub(super) fn whole() {
    let first = [
        FIRST,
        &[
            "names",
            "all",
            "one",
            "g",
            "say",
            "settled",
            // Node 3 is killed, and comes back without its program.
            "until",
            "left=3/3",
            "until",
            "members=1,2",
            "members",
            "g",
            "say",
            "killed",
            "until",
            "members=1,2,3",
            "say",
            "back",
            // Node 1 is alone.
            "until",
            "left=2/3",
            "until",
            "members=1",
            "mcast",
            "alone",
            "until",
            "alone",
            "members",
            "g",
            "say",
            "cut off",
            // And is not any more.
            "until",
            "joined=2/4",
            "until",
            "members=1,2,3",
            "say",
            "healed",
            "mcast",
            "together",
            // The process on node 2 ends.
            "until",
            "left=2/5",
            "leave",
            "g",
            "until",
            "left=1*/2",
            "hear",
            "{2}",
            "finalize",
        ],
    ]
    .concat();
    let second = [
        SECOND,
        &[
            "say",
            "settled",
            "until",
            "left=3/3",
            "until",
            "members=1,2",
            "say",
            "killed",
            "until",
            "members=1,2,3",
            "say",
            "back",
            "until",
            "left=1/3",
            "until",
            "members=2,3",
            "mcast",
            "duo",
            "until",
            "duo",
            "say",
            "cut off",
            "until",
            "joined=1/4",
            "until",
            "members=1,2,3",
            "say",
            "healed",
            "until",
            "together",
        ],
    ]
    .concat();
    let third = [THIRD, &ABANDONED].concat();
    History {
        scripts: [first, second, third],
        steps: &[
            (
                &[(1, "settled"), (2, "settled"), (3, "settled")],
                Change::Kill(3),
            ),
            (&[(1, "killed"), (2, "killed")], Change::Up(3)),
            (
                &[(1, "back"), (2, "back")],
                Change::Partition(&[&[1], &[2, 3]]),
            ),
            (&[(1, "cut off"), (2, "cut off")], Change::Heal),
        ],
    }
    .compare();
}

/// Corosync is stopped in good order where a member runs.
pub(super) fn node_stopped() {
    let end = ["say", "settled", "until", "left=", "until", "members="];
    let first = [FIRST, &end, &["hear", "{1}", "hear", "{2}", "finalize"]].concat();
    let second = [SECOND, &end, &["finalize", "tell", "{1}"]].concat();
    let third = [THIRD, &ABANDONED].concat();
    History {
        scripts: [first, second, third],
        steps: &[(
            &[(1, "settled"), (2, "settled"), (3, "settled")],
            Change::Stop(3),
        )],
    }
    .compare();
}

impl History {
    fn compare(&self) {
        let program = program("cpg_script");
        let real = self.real(&program);
        let simulated = self.simulated(&program);
        for (node, (real, simulated)) in (1..).zip(real.iter().zip(&simulated)) {
            let [real, simulated] = [real, simulated].map(|text| without_rings(text));
            assert_same(&format!("node {node}"), &real, &simulated);
            assert!(!real.contains("no such word"), "{real}");
        }
    }

    fn words(&self, node: usize, pipes: &[PathBuf; 2]) -> Vec<String> {
        let place = |word: &&str| match *word {
            "{1}" => pipes[0].display().to_string(),
            "{2}" => pipes[1].display().to_string(),
            word => word.to_owned(),
        };
        self.scripts[node].iter().map(place).collect()
    }

    fn real(&self, program: &Path) -> [String; 3] {
        let cluster = Cluster::builder().nodes(3).start();
        let pipes = pipes(cluster.scratch().path());
        let mut programs = [0, 1, 2].map(|index| {
            let node = &cluster.nodes()[index];
            let log = cluster.scratch().path().join(format!("{index}.log"));
            let mut command = node.command(program).with_args(self.words(index, &pipes));
            command.stdout(File::create(&log).expect("it can be made"));
            (log, command.spawn().expect("it starts"))
        });
        for (marks, change) in self.steps {
            for (node, mark) in *marks {
                wait_said(&programs[*node as usize - 1].0, mark);
            }
            change.real(&cluster);
        }
        for (_, process) in &mut programs {
            wait_end(process);
        }
        programs.map(|(log, _)| fs::read_to_string(log).expect("text"))
    }

    fn simulated(&self, program: &Path) -> [String; 3] {
        let scratch = shared_scratch();
        let pipes = pipes(scratch.path());
        let scenario = scratch.path().join("scenario.toml");
        let mut text = "[cluster]\nnodes = 3\n".to_owned();
        for (_, change) in self.steps {
            let _ = write!(text, "[[step]]\npace = \"idle\"\n{}\n", change.step());
        }
        fs::write(&scenario, text).expect("it can be written");
        let log = |index: usize| scratch.path().join(format!("{index}.log"));
        let start = ["--quiet", "--pace", "idle", "--scenario"].map(String::from);
        let mut arguments = [&start[..], &[scenario.display().to_string()]].concat();
        // The last one ends with its node at the latest, the first one when all is over.
        for index in [2, 1, 0] {
            if index > 0 {
                arguments.extend(["--on".to_owned(), (index + 1).to_string()]);
            }
            let script = "exec \"$@\" > \"$0\"";
            let log = log(index).display().to_string();
            arguments.extend(["--", "sh", "-c", script, &log].map(String::from));
            arguments.push(program.display().to_string());
            arguments.extend(self.words(index, &pipes));
        }
        let arguments: Vec<_> = arguments.iter().map(OsStr::new).collect();
        printed(&unprivileged(&arguments));
        [0, 1, 2].map(|index| fs::read_to_string(log(index)).expect("text"))
    }
}

fn pipes(directory: &Path) -> [PathBuf; 2] {
    ["first", "second"].map(|name| {
        let path = directory.join(name);
        let made = Command::new("mkfifo")
            .args(["-m", "666"])
            .arg(&path)
            .status();
        assert!(made.expect("it runs").success());
        path
    })
}

fn wait_said(log: &Path, mark: &str) {
    let line = format!("say {mark} = 1\n");
    wait_until(&line, || {
        let text = fs::read_to_string(log).expect("text");
        if text.contains(&line) {
            Ok(())
        } else {
            Err(text)
        }
    });
}

fn wait_end(process: &mut Process) {
    process
        .wait_for(quorate_testkit::wait::LIMIT)
        .expect("it ends");
}
