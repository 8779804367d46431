//! `make bench-ncs`: what libncssdk's locks and callbacks cost on a real cluster of three, as
//! multiples of a bare round trip in corosync's CPG in the same run. Nothing here passes or fails.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use quorate_testkit::{
    CProgram, Cluster, Library, Node, Process, Requirements, source_root, wait_until,
};

const ROUNDS: usize = 20_000;
const KILLS: usize = 10;

fn main() {
    let needs = Requirements::cluster().ours().header("corosync/cpg.h");
    if let Err(why) = needs.check() {
        println!("no figures: {why}");
        return;
    }
    let cluster = Cluster::builder().nodes(3).start();
    let mut others: Vec<_> = cluster.nodes()[1..].iter().map(Watcher::start).collect();

    let mut command = cluster.node(1).command(program());
    command.args(["measure", &ROUNDS.to_string()]);
    let output = command.stdout(Stdio::piped()).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", output.status);
    let bare = Figures::of(times(&text, "bare"));
    let lock = Figures::of(times(&text, "lock"));

    let mut delays = Vec::new();
    let here = Watcher::start(cluster.node(1));
    for kill in 1..=KILLS {
        // The daemon first: CPG is to tell of a node that is down, not of a process.
        cluster.node(3).kill();
        drop(others.pop());
        for watcher in [&here, &others[0]] {
            delays.push(watcher.delay(kill));
        }
        cluster.node(3).start();
        cluster.wait_all_members();
        others.push(Watcher::start(cluster.node(3)));
    }
    let delay = Figures::of(delays);

    let unit = bare.median;
    println!("| | median | p99 | median / bare median | p99 / bare p99 |");
    println!("|---|---|---|---|---|");
    for (what, figures) in [
        (format!("bare CPG round trip ({ROUNDS})"), &bare),
        (format!("lock + unlock ({ROUNDS})"), &lock),
        (
            format!("callback after CPG's own news ({KILLS} kills, 2 nodes)"),
            &delay,
        ),
    ] {
        println!(
            "| {what} | {:.0} µs | {:.0} µs | {:.2} | {:.2} |",
            figures.median / 1e3,
            figures.p99 / 1e3,
            figures.median / unit,
            figures.p99 / bare.p99,
        );
    }
}

fn program() -> PathBuf {
    let directory = Library::Ours.find().expect("checked before");
    CProgram::new("ncs")
        .source("benches/ncs.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", directory.display()))
        .flag(&format!("-Wl,-rpath,{}", directory.display()))
        .link("ncssdk")
        .link("cpg")
        .build()
}

/// The numbers behind this word, one a line.
fn times(text: &str, word: &str) -> Vec<f64> {
    text.lines()
        .filter_map(|line| line.strip_prefix(word)?.split_whitespace().next())
        .map(|number| number.parse().expect("a number"))
        .collect()
}

struct Figures {
    median: f64,
    p99: f64,
}

impl Figures {
    fn of(mut all: Vec<f64>) -> Self {
        assert!(!all.is_empty(), "nothing was measured");
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all[((all.len() - 1) as f64 * share).round() as usize];
        Self {
            median: at(0.5),
            p99: at(0.99),
        }
    }
}

/// A program that stays on a node and writes down when it is told what.
struct Watcher {
    _process: Process,
    log: PathBuf,
}

impl Watcher {
    fn start(node: &Node) -> Self {
        let log = node.directory().join("bench.log");
        let mut command = node.command(program()).with_args(["stay"]);
        command.stdout(File::create(&log).expect("a file can be made"));
        let process = command.spawn().expect("the program starts");
        let watcher = Self {
            _process: process,
            log,
        };
        watcher.wait_for("joined", 1);
        watcher
    }

    fn wait_for(&self, word: &str, number: usize) -> String {
        wait_until(&format!("{word} number {number}"), || {
            let text = fs::read_to_string(&self.log).expect("text");
            let found = text.lines().filter(|line| line.starts_with(word)).count();
            if found >= number { Ok(text) } else { Err(text) }
        })
    }

    /// How much later than CPG's the callback of this kill came, in nanoseconds.
    fn delay(&self, kill: usize) -> f64 {
        self.wait_for("cpg ", kill);
        let text = self.wait_for("ncs ", kill);
        times(&text, "ncs ")[kill - 1] - times(&text, "cpg ")[kill - 1]
    }
}
