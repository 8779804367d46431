//! Many clients of one daemon at once: corosync, and one node of a simulated cluster.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use quorate_client::{Options, VoteQuorum};
use quorate_testkit::Cluster;

use crate::figures::{Ratio, median, percentile};
use crate::report::{Row, Unit};
use crate::startup::quorate;

/// The argument that makes this program a client: so many connections, one thread each; 0 waits
/// until the cluster is quorate.
pub(crate) const MODE: &str = "clients";
const CALLS: usize = 40;
/// The same number of calls altogether, so that runs take about as long.
const CALLS_OF_ONE: usize = 20_000;
const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(options: &Options) -> VoteQuorum {
    let start = Instant::now();
    loop {
        match VoteQuorum::connect(options) {
            Ok(client) => return client,
            Err(why) if start.elapsed() > PATIENCE => panic!("no connection: {why}"),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Votes of all three nodes, and quorate.
fn wait_until_ready(options: &Options) {
    let start = Instant::now();
    let client = connect(options);
    while !client
        .info(0)
        .is_ok_and(|info| info.total_votes == 3 && info.quorum == 2)
    {
        assert!(start.elapsed() < PATIENCE, "the cluster is not quorate");
        thread::sleep(Duration::from_millis(1));
    }
}

/// As a program of its own: connects, says `open`, waits for a line, calls, and prints nanoseconds:
/// of all calls together, then of each.
pub(crate) fn run(count: usize) {
    let options = Options::from_environment().expect("a good environment");
    wait_until_ready(&options);
    if count == 0 {
        return;
    }
    let clients: Vec<VoteQuorum> = (0..count).map(|_| connect(&options)).collect();
    let calls = if count == 1 { CALLS_OF_ONE } else { CALLS };
    println!("open");
    stdin().read_line(&mut String::new()).expect("a line");
    let barrier = Barrier::new(count + 1);
    let (elapsed, times) = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(|| time_calls(client, calls, &barrier)))
            .collect();
        barrier.wait();
        let start = Instant::now();
        let times: Vec<f64> = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a client"))
            .collect();
        (start.elapsed(), times)
    });
    let mut text = format!("{}\n", elapsed.as_nanos());
    for time in times {
        text.push_str(&format!("{time}\n"));
    }
    stdout().write_all(text.as_bytes()).expect("it is read");
}

fn time_calls(client: &VoteQuorum, calls: usize, barrier: &Barrier) -> Vec<f64> {
    barrier.wait();
    let call = |_| {
        let start = Instant::now();
        client.info(0).expect("an answer");
        start.elapsed().as_nanos() as f64
    };
    (0..calls).map(call).collect()
}

/// What one run gave, in nanoseconds and KiB.
#[derive(Clone, Copy)]
struct Figures {
    call: f64,
    median: f64,
    tail: f64,
    resident: f64,
}

fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.and_then(|kib| kib.parse().ok()).expect("in kB")
}

/// Lets the clients go on once they are connected.
fn play(client: &mut Child, daemon: u32) -> Figures {
    let mut answers = BufReader::new(client.stdout.take().expect("it is piped"));
    let mut line = String::new();
    answers.read_line(&mut line).expect("it can be read");
    assert_eq!(line, "open\n", "the clients");
    let resident = resident(daemon);
    let input = client.stdin.as_mut().expect("it is piped");
    writeln!(input, "go").expect("it is read");
    let mut text = String::new();
    answers.read_to_string(&mut text).expect("it can be read");
    let numbers: Vec<f64> = text
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    let (elapsed, times) = numbers.split_first().expect("times");
    Figures {
        call: elapsed / times.len() as f64,
        median: median(times),
        tail: percentile(times, 0.99),
        resident,
    }
}

/// Corosync has itself scheduled in real time if it may; `quorate` is a program like others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Normal,
    /// As corosync: round robin. Not for the clients.
    RealTime,
}

const REAL_TIME: [&str; 3] = ["--reset-on-fork", "--rr", "1"];

fn may_be_real_time() -> bool {
    let status = Command::new("chrt").args(REAL_TIME).arg("true").status();
    status.is_ok_and(|status| status.success())
}

fn simulated(count: usize, class: Class) -> Figures {
    let mut command = match class {
        Class::Normal => quorate(),
        Class::RealTime => {
            let mut command = Command::new("chrt");
            command.args(REAL_TIME).arg(quorate().get_program());
            command
        }
    };
    let mut child = command
        .args(["run", "--quiet", "--nodes", "3", "--"])
        .arg(env::current_exe().expect("this program has a path"))
        .args([MODE, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("quorate can be run");
    let daemon = child.id();
    let figures = play(&mut child, daemon);
    assert!(child.wait().expect("own child").success());
    figures
}

fn real(cluster: &Cluster, count: usize) -> Figures {
    let node = cluster.node(1);
    let this = env::current_exe().expect("this program has a path");
    let mut command = node.command(this).with_args([MODE, &count.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("it can be run");
    let daemon = u32::try_from(node.daemon_pid().as_raw()).expect("a process id");
    let figures = play(&mut process, daemon);
    assert!(process.wait().expect("own child").success());
    figures
}

pub(crate) fn measure() -> Vec<Row> {
    let cluster = Cluster::builder().nodes(3).start();
    let mut classes = vec![Class::Normal];
    classes.extend(may_be_real_time().then_some(Class::RealTime));
    let mut rows = Vec::new();
    for count in [1, 1000] {
        let (mut theirs, mut ours) = (Vec::new(), vec![Vec::new(); classes.len()]);
        for _ in 0..ROUNDS {
            theirs.push(real(&cluster, count));
            for (class, ours) in classes.iter().zip(&mut ours) {
                ours.push(simulated(count, *class));
            }
        }
        for (class, ours) in classes.iter().zip(&ours) {
            rows.extend(compare(count, *class, &theirs, ours));
        }
    }
    rows
}

fn compare(count: usize, class: Class, theirs: &[Figures], ours: &[Figures]) -> Vec<Row> {
    let clients = match count {
        1 => "1 client".to_owned(),
        _ => format!("{count} clients"),
    };
    let who = match class {
        Class::Normal => clients,
        Class::RealTime => format!("{clients}, both daemons in real time"),
    };
    let row = |what: &str, unit, of: fn(&Figures) -> f64| {
        let [theirs, ours] = [theirs, ours].map(|all| all.iter().map(of).collect::<Vec<_>>());
        let what = format!("{who}: {what}");
        let ratio = Ratio::of(&ours, &theirs);
        Row::new(&what, unit, median(&theirs), median(&ours), ratio)
    };
    let mut rows = vec![
        row("getinfo, all together", Unit::PerSecond, |f| f.call),
        row("getinfo, median", Unit::Microseconds, |f| f.median),
        row("getinfo, 99th percentile", Unit::Microseconds, |f| f.tail),
    ];
    if class == Class::Normal {
        let what = "resident memory of the daemon";
        rows.push(row(what, Unit::Kibibytes, |f| f.resident));
    }
    rows
}
