//! How fast CPG orders messages: daemons of corosync, and the nodes of a simulated cluster.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use quorate_testkit::{CProgram, Cluster, Process};

use crate::figures::{Ratio, median};
use crate::report::{Row, Unit, table};
use crate::startup::quorate;

const NODES: [usize; 2] = [3, 32];
/// Bytes of a message, and how many of them are sent altogether.
const FLOODS: [(usize, usize); 3] = [(64, 9600), (1000, 9600), (10_000, 1920)];
const ROUNDS: usize = 3;
/// Milliseconds: many daemons on few processors do not always get round in one second.
const TOKEN: u32 = 10_000;

/// A member of the group, in a process of its own.
struct Member {
    _process: Process,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Member {
    fn new(mut process: Process) -> Self {
        let commands = process.stdin.take().expect("it was piped");
        let answers = BufReader::new(process.stdout.take().expect("it was piped"));
        Self {
            _process: process,
            commands,
            answers,
        }
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("it reads commands");
    }

    fn hear(&mut self) -> f64 {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("text");
        let number = line.trim().parse();
        number.unwrap_or_else(|_| panic!("a member of the group ended, or wrote: {line}"))
    }
}

/// All of them at once; nanoseconds until the last is ready.
fn ask_all(members: &mut [Member], command: &str) -> f64 {
    members.iter_mut().for_each(|member| member.tell(command));
    members.iter_mut().map(Member::hear).fold(0.0, f64::max)
}

/// Nanoseconds per message: of each size with one sender, which is the only member; then with one
/// on every node.
fn floods(nodes: usize, start: impl Fn(usize) -> Member) -> Vec<f64> {
    let mut members = vec![start(1)];
    let mut times = Vec::new();
    for senders in [1, nodes] {
        members.extend((members.len() + 1..=senders).map(&start));
        ask_all(&mut members, &format!("members {senders}"));
        for (size, count) in FLOODS {
            let each = count / senders;
            let all = each * senders;
            let time = ask_all(&mut members, &format!("flood {size} {each} {all}"));
            times.push(time / all as f64);
        }
    }
    times
}

fn real(nodes: usize, program: &Path) -> Vec<f64> {
    let cluster = Cluster::builder().nodes(nodes).token(TOKEN).start();
    floods(nodes, |id| {
        let mut command = cluster.node(id as u32).command(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Member::new(command.spawn().expect("it can be run"))
    })
}

/// A served cluster, until it is dropped.
struct Served {
    name: String,
    _process: Process,
}

impl Served {
    fn start(nodes: usize) -> Self {
        let name = format!("bench-{}", std::process::id());
        let mut command = quorate();
        command.args(["serve", "--quiet", "--name", &name, "--nodes"]);
        command.arg(nodes.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("quorate can be run");
        // It says so when it serves.
        let output = child.stdout.take().expect("it was piped");
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        assert!(read.is_ok_and(|read| read > 0), "nothing is served");
        Self {
            name,
            _process: Process::new(child),
        }
    }

    fn command(&self, node: usize, program: &Path) -> Command {
        let mut command = quorate();
        command.args(["exec", "--name", &self.name, "--node", &node.to_string()]);
        command.arg("--").arg(program);
        command
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Killed, it could not take its files with it.
        let _ = quorate()
            .args(["ctl", "--name", &self.name, "stop"])
            .status();
    }
}

fn simulated(nodes: usize, program: &Path) -> Vec<f64> {
    let served = Served::start(nodes);
    floods(nodes, |id| {
        let mut command = served.command(id, program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Member::new(Process::new(command.spawn().expect("it can be run")))
    })
}

fn program() -> PathBuf {
    CProgram::new("bench-cpg")
        .source("benches/simulation/cpg.c")
        .link("cpg")
        .build()
}

fn rows(nodes: usize, theirs: &[Vec<f64>], ours: &[Vec<f64>]) -> Vec<Row> {
    let who = ["one sends", "all send"];
    let floods = who
        .iter()
        .flat_map(|who| FLOODS.map(|(size, _)| (who, size)));
    let row = |(at, (who, size)): (usize, (&&str, usize))| {
        let column = |rounds: &[Vec<f64>]| rounds.iter().map(|times| times[at]).collect();
        let [theirs, ours]: [Vec<f64>; 2] = [column(theirs), column(ours)];
        let what = format!("{nodes} nodes, {who}, messages of {size} bytes");
        let ratio = Ratio::of(&ours, &theirs);
        Row::new(
            &what,
            Unit::PerSecond,
            median(&theirs),
            median(&ours),
            ratio,
        )
    };
    floods.enumerate().map(row).collect()
}

pub(crate) fn measure() -> String {
    let program = program();
    let (mut measured, mut notes) = (Vec::new(), String::new());
    for nodes in NODES {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            // The harness of the tests panics when daemons do not find each other or fall apart.
            let Ok(times) = panic::catch_unwind(|| real(nodes, &program)) else {
                break;
            };
            theirs.push(times);
            ours.push(simulated(nodes, &program));
        }
        if theirs.is_empty() {
            let _ = writeln!(
                notes,
                "\n{nodes} daemons of corosync did not stay together here."
            );
        } else {
            measured.extend(rows(nodes, &theirs, &ours));
        }
    }
    table(&measured) + &notes
}
