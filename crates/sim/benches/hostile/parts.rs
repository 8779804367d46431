//! The parts that this program plays when it is started again: daemon, attacker, program.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use quorate_engine::NodeId;
use quorate_ipc::Endpoint;
use quorate_sim::Cluster;
use quorate_testkit::Process;

use crate::attacks;
use crate::daemons::Daemon;
use crate::figures::Turn;
use crate::rig::{Witness, two_nodes};

/// The first argument of one who plays a part; the second says which.
pub(crate) const PART: &str = "--part";
pub(crate) const SERVE: &str = "serve";
const ATTACK: &str = "attack";
const ASK: &str = "ask";

/// What attackers and programs say.
const BEGUN: &str = "begun";

/// How long the program asks.
const TIME: Duration = Duration::from_secs(1);
/// How often the daemon lets virtual time pass if nobody wants anything.
const PASS: Duration = Duration::from_millis(2);

/// Whether this is one.
pub(crate) fn play(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [PART, SERVE] => serve(),
        [PART, ATTACK, name, first] => attack(name, first.parse().expect("a number")),
        [PART, ASK, daemon] => ask(daemon),
        _ => return false,
    }
    true
}

/// Says where, and serves until its input ends.
fn serve() {
    let mut host = two_nodes();
    println!("{}", host.run_dir(NodeId(1)).display());
    host.watch(stdin().as_fd()).expect("a pipe can be watched");
    while !host.wait(Some(PASS)).expect("the system lets it wait") {
        host.serve(Some(Duration::ZERO)).expect("it serves");
        host.act(Cluster::run_until_quiet).expect("it serves");
        host.act(Cluster::take_log).expect("it serves");
    }
}

/// Until it is killed; says so when it has begun.
fn attack(name: &str, first: usize) {
    let door = Endpoint::from_environment();
    let (_, attack) = attacks::ALL
        .iter()
        .find(|(other, _)| *other == name)
        .expect("an attack");
    for round in (first..).step_by(2) {
        attack(&door, round);
        if round == first {
            println!("{BEGUN}");
        }
    }
}

/// Connects, says so, waits for a line, asks; prints, in nanoseconds, what the slowest call of each
/// turn took, and how long program and daemon have waited for a processor meanwhile.
fn ask(daemon: &str) {
    let mut witness = Witness::at(&Endpoint::from_environment());
    println!("{BEGUN}");
    stdin().read_line(&mut String::new()).expect("a line");
    let waited = || ["self", daemon].map(waited).iter().sum::<u64>();
    let start = Instant::now();
    let mut turns = Vec::new();
    while start.elapsed() < TIME {
        let before = waited();
        let slowest = witness.is_served();
        turns.push((slowest, waited() - before));
    }
    let mut out = stdout().lock();
    for (slowest, waited) in turns {
        writeln!(out, "{} {waited}", slowest.as_nanos()).expect("somebody reads");
    }
}

/// Nanoseconds in which a process could have run and was not let; 0 if the system does not say.
fn waited(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    let number = text.split_whitespace().nth(1);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What the slowest call of each turn takes that a program asks the one daemon, while the other is
/// attacked.
pub(crate) fn measure(name: &str, attacked: &dyn Daemon, asked: &dyn Daemon) -> Vec<Turn> {
    // There before the attack: who connects while it goes on may find no room at the door.
    let mut program = asked.client(&[ASK, &asked.process()]);
    wait_for(&mut program);
    let mut attackers = ["0", "1"].map(|first| attacked.client(&[ATTACK, name, first]));
    attackers.iter_mut().for_each(wait_for);
    drop(program.stdin.take());
    let output = program.output();
    assert!(output.status.success(), "the program was not served");
    for attacker in &mut attackers {
        let state = attacker.try_wait().expect("own child");
        assert_eq!(state, None, "the attack has ended");
    }
    let lines = String::from_utf8(output.stdout).expect("text");
    let turn = |line: &str| {
        let (slowest, waited) = line.split_once(' ').expect("two numbers");
        let [slowest, waited] = [slowest, waited].map(|number| {
            let nanoseconds = number.parse().expect("a number");
            Duration::from_nanos(nanoseconds)
        });
        Turn { slowest, waited }
    };
    lines.lines().map(turn).collect()
}

/// Until it says that it has begun.
fn wait_for(part: &mut Process) {
    let mut line = String::new();
    let output = part.stdout.as_mut().expect("it is piped");
    let read = BufReader::new(output).read_line(&mut line);
    assert!(read.is_ok() && line.trim_end() == BEGUN, "it has ended");
}
