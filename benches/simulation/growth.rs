//! How the simulation grows with the number of nodes.

use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use quorate_engine::{Compat, NodeId};
use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;

use crate::figures::{digits, median, percentile};

const SIZES: [u32; 8] = [3, 5, 10, 32, 100, 384, 1000, 2000];
/// About so many nodes' changes are measured, whatever the size.
const NODES_CHANGED: u32 = 6000;

/// A cluster of this size, all in one ring.
pub(crate) fn ready(nodes: u32) -> Cluster {
    let config = ClusterConfig::with_nodes(1..=nodes);
    let mut cluster = Cluster::new(config, Compat::default(), 42);
    cluster.start_all().expect("a good configuration");
    cluster.run_until_quiet();
    cluster
}

/// One node crashes, or is back; until all agree. In seconds.
pub(crate) fn change(cluster: &mut Cluster, node: u32) -> f64 {
    let up = cluster.engine(NodeId(node)).is_none();
    let start = Instant::now();
    let done = match up {
        true => cluster.up(NodeId(node)),
        false => cluster.kill(NodeId(node)),
    };
    done.expect("it fits the state");
    cluster.run_until_quiet();
    let seconds = start.elapsed().as_secs_f64();
    cluster.take_log();
    seconds
}

struct Size {
    nodes: u32,
    start: f64,
    changes: Vec<f64>,
    resident: f64,
}

/// The high-water mark belongs to the whole process, so sizes must ascend.
fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.and_then(|kib| kib.parse::<f64>().ok()).expect("in kB") / 1024.0
}

fn size(nodes: u32) -> Size {
    let start = Instant::now();
    let mut cluster = ready(nodes);
    let start = start.elapsed().as_secs_f64();
    let count = (NODES_CHANGED / nodes).clamp(10, 1000);
    let changes = (0..count).map(|_| change(&mut cluster, nodes)).collect();
    Size {
        nodes,
        start,
        changes,
        resident: resident_mib(),
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{} µs", digits(s * 1e6)),
        s if s < 1.0 => format!("{} ms", digits(s * 1e3)),
        s => format!("{} s", digits(s)),
    }
}

pub(crate) fn measure() -> String {
    let sizes: Vec<Size> = SIZES.into_iter().map(size).collect();
    let mut text = String::from(
        "| nodes | a change | middle half | changes/s | grows with nodes to the power of | start of all | memory |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut before: Option<&Size> = None;
    for size in &sizes {
        let middle = median(&size.changes);
        let power = before.map_or(String::new(), |before| {
            let longer = middle / median(&before.changes);
            let larger = f64::from(size.nodes) / f64::from(before.nodes);
            format!("{:.1}", longer.ln() / larger.ln())
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} to {} | {} | {power} | {} | {} MiB |",
            size.nodes,
            duration(middle),
            duration(percentile(&size.changes, 0.25)),
            duration(percentile(&size.changes, 0.75)),
            digits(1.0 / middle),
            duration(size.start),
            digits(size.resident),
        );
        before = Some(size);
    }
    text
}
