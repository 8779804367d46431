//! From nothing to a cluster of three that a program finds quorate.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use quorate_testkit::Cluster;

use crate::clients;
use crate::figures::{Ratio, median};
use crate::report::{Row, Unit};

const ROUNDS: usize = 7;

/// The command, which is built beside the benches.
pub(crate) fn quorate() -> Command {
    let mut path: PathBuf = env::current_exe().expect("this program has a path");
    path.pop();
    path.pop();
    path.push("quorate");
    assert!(path.exists(), "{} is not built", path.display());
    Command::new(path)
}

/// Nanoseconds.
fn simulated() -> f64 {
    let start = Instant::now();
    let status = quorate()
        .args(["run", "--quiet", "--nodes", "3", "--"])
        .arg(env::current_exe().expect("this program has a path"))
        .args([clients::MODE, "0"])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("quorate can be run").success());
    start.elapsed().as_secs_f64() * 1e9
}

fn real() -> f64 {
    let cluster = Cluster::builder().nodes(3).prepare();
    let start = Instant::now();
    for node in cluster.nodes() {
        node.launch();
    }
    let this = env::current_exe().expect("this program has a path");
    let mut command = cluster
        .node(1)
        .command(this)
        .with_args([clients::MODE, "0"]);
    command.stdout(Stdio::null());
    assert!(command.status().expect("it can be run").success());
    start.elapsed().as_secs_f64() * 1e9
}

pub(crate) fn measure() -> Vec<Row> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(real());
        ours.push(simulated());
    }
    vec![Row::new(
        "three nodes, from start to quorate",
        Unit::Microseconds,
        median(&theirs),
        median(&ours),
        Ratio::of(&ours, &theirs),
    )]
}
