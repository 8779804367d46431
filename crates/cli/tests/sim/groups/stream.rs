//! Programs that talk all the time, while their cluster changes: who goes the same way from one
//! view of the group to the next has heard the same in it, in the same order.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use quorate_testkit::compare::fails;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{Cluster, wait_until};

use super::{program, shared_scratch};
use crate::tool::{printed, unprivileged};

/// What a program heard in one view.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    members: String,
    heard: String,
}

fn views(log: &str) -> Vec<View> {
    let lines = log.lines().filter_map(|line| line.strip_prefix("view "));
    let view = |line: &str| {
        let (members, heard) = line.split_once(' ').expect("members and what was heard");
        View {
            members: members.to_owned(),
            heard: heard.to_owned(),
        }
    };
    lines.map(view).collect()
}

/// Checks the logs of programs that heard the end together, and says in how many views they
/// were compared.
fn assert_agreement(logs: &[String]) -> usize {
    let mut compared = 0;
    for log in logs {
        assert!(log.contains("ended, 0 faults\n"), "{log}");
    }
    for (one, first) in logs.iter().enumerate() {
        for second in &logs[one + 1..] {
            let [first, second] = [first, second].map(|log| views(log));
            let pairs = (first.iter().rev()).zip(second.iter().rev());
            // From the end back to where they came from different views.
            for (a, b) in pairs.take_while(|(a, b)| a.members == b.members) {
                assert_eq!(a.heard, b.heard, "{logs:#?}");
                compared += 1;
            }
        }
    }
    compared
}

/// The comparison is worth something only if it notices what differs.
pub(super) fn disagreement_is_seen() {
    let log = "view 2,3 messages=5 order=1\nview 1,2,3 messages=7 order=2\nended, 0 faults\n";
    let newcomer = "view 1 messages=3 order=9\nview 1,2,3 messages=7 order=2\nended, 0 faults\n";
    let logs = [log, log, newcomer].map(str::to_owned);
    assert_eq!(assert_agreement(&logs), 2 + 1 + 1);
    for (before, after) in [
        ("order=2", "order=3"),
        ("messages=7", "messages=6"),
        ("0 f", "1 f"),
    ] {
        for index in 0..3 {
            let mut other = logs.clone();
            other[index] = other[index].replace(before, after);
            let seen = fails(|| assert_agreement(&other));
            assert!(seen, "{before} became {after}");
        }
    }
}

/// `cpg_stream` with its arguments.
fn words(program: &Path, arguments: &str) -> Vec<String> {
    let arguments = arguments.split(' ').map(str::to_owned);
    std::iter::once(program.display().to_string())
        .chain(arguments)
        .collect()
}

/// The logs of three programs in a simulated cluster with these steps.
fn simulated(pace: &str, steps: &str, arguments: &str) -> [String; 3] {
    let program = program("cpg_stream");
    let scratch = shared_scratch();
    let scenario = scratch.path().join("scenario.toml");
    let text = format!("[cluster]\nnodes = 3\n{steps}");
    fs::write(&scenario, text).expect("it can be written");
    let log = |node: u32| scratch.path().join(format!("{node}.log"));
    let scenario = scenario.display().to_string();
    let start = ["--quiet", "--pace", pace, "--scenario", &scenario];
    let mut all = start.map(str::to_owned).to_vec();
    let others = [log(2), log(3)].map(|log| log.display().to_string());
    for node in [2, 3, 1] {
        if node > 1 {
            all.extend(["--on".to_owned(), node.to_string()]);
        }
        // The first one's end is the end of all.
        let script = match node {
            1 => {
                "log=$0; others=$1; shift; \"$@\" > $log; for other in $others; do \
                  until grep -q ended $other; do sleep 0.01; done; done"
            }
            _ => "shift; exec \"$@\" > \"$0\"",
        };
        let log = log(node).display().to_string();
        all.extend(["--", "sh", "-c", script, &log, &others.join(" ")].map(str::to_owned));
        all.extend(words(&program, arguments));
    }
    let all: Vec<_> = all.iter().map(OsStr::new).collect();
    printed(&unprivileged(&all));
    [1, 2, 3].map(|node| fs::read_to_string(log(node)).expect("text"))
}

/// Nothing happens but messages, of several sizes.
pub(super) fn total_order() {
    for pace in ["idle", "real"] {
        for arguments in ["3 1 2000 100 50", "3 1 500 20000 200", "3 1 20 900000 5"] {
            let logs = simulated(pace, "", arguments);
            assert!(assert_agreement(&logs) >= 3, "{logs:#?}");
        }
    }
}

const IN_FLIGHT: &str = "3 2 300 500 50";
const TOLD: &str = "on_call = { function = \"cpg_mcast_joined\", nth = 400, node = 2 }";

/// The network falls apart, and heals, while all of them talk.
pub(super) fn messages_in_flight() {
    let steps =
        format!("[[step]]\n{TOLD}\npartition = [[1], [2, 3]]\n[[step]]\n{TOLD}\nheal = true\n");
    check_in_flight(&simulated("idle", &steps, IN_FLIGHT), "2,3");
    let real = Real::start(IN_FLIGHT);
    real.cluster.partition(&[&[1], &[2, 3]]);
    for node in [1, 2, 3] {
        real.wait(node, "view 1,2,3 ");
    }
    real.cluster.heal();
    check_in_flight(&real.finish(), "2,3");
}

/// Whoever stayed together has heard the same, in the old view as well.
fn check_in_flight(logs: &[String; 3], together: &str) {
    let [_, second, third] = logs;
    let common = assert_agreement(&[second.clone(), third.clone()]);
    assert!(common >= 3, "{logs:#?}");
    assert!(
        views(second).iter().any(|view| view.members == together),
        "{logs:#?}"
    );
    assert!(assert_agreement(logs) > common, "{logs:#?}");
}

/// Three programs in a real cluster.
struct Real {
    cluster: Cluster,
    programs: Vec<(PathBuf, quorate_testkit::Process)>,
}

impl Real {
    /// When it returns, all of them talk.
    fn start(arguments: &str) -> Self {
        let program = program("cpg_stream");
        let cluster = Cluster::builder().nodes(3).start();
        let start = |node: &quorate_testkit::Node| {
            let log = node.directory().join("stream.log");
            let mut command = node
                .command(&program)
                .with_args(&words(&program, arguments)[1..]);
            command.stdout(File::create(&log).expect("it can be made"));
            (log, command.spawn().expect("it starts"))
        };
        let programs = cluster.nodes().iter().map(start).collect();
        let real = Self { cluster, programs };
        for node in [1, 2, 3] {
            // Whoever came last has seen nothing before.
            real.wait(node, "all here");
        }
        real
    }

    fn wait(&self, node: usize, part: &str) {
        wait_until(&format!("node {node}: {part}"), || {
            let text = fs::read_to_string(&self.programs[node - 1].0).expect("text");
            if text.contains(part) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }

    fn finish(self) -> [String; 3] {
        let logs = self.programs.into_iter().map(|(log, mut process)| {
            process.wait_for(LIMIT).expect("it ends");
            fs::read_to_string(log).expect("text")
        });
        let logs: Vec<_> = logs.collect();
        logs.try_into().expect("three programs")
    }
}
