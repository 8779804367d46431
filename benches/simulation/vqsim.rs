//! The same steps with `corosync-vqsim`: one node crashes, or is back, until every node says so.

#[path = "../../crates/engine/tests/vqsim/simulator.rs"]
#[allow(dead_code, reason = "the engine's tests compare more of it")]
mod simulator;

use std::fmt::Write as _;
use std::panic;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::figures::{Ratio, digits, median};
use crate::growth::{change, ready};
use simulator::Simulator;

const SIZES: [u32; 4] = [3, 32, 384, 2000];
const ROUNDS: usize = 12;
/// A size at which vqsim needs longer for one step is given up.
const PATIENCE: Duration = Duration::from_secs(30);

fn config(nodes: u32) -> String {
    let mut text = String::from(
        "totem {\nversion: 2\ntransport: knet\n}\nquorum {\nprovider: corosync_votequorum\n}\n\
         nodelist {\n",
    );
    for node in 1..=nodes {
        let address = format!("10.1.{}.{}", node / 250, node % 250 + 1);
        let _ = writeln!(text, "node {{\nnodeid: {node}\nring0_addr: {address}\n}}");
    }
    text.push_str("}\n");
    text
}

/// Seconds until all nodes up to `last` say that they are members, and no others are; `None` if
/// vqsim does not get there.
fn until(simulator: &mut Simulator, start: Instant, last: u32) -> Option<f64> {
    let expected = last as usize;
    loop {
        let state = simulator.show();
        let settled = |(_, _, _, members): &simulator::NodeView| members.len() == expected;
        if state.len() == expected && state.values().all(settled) {
            return Some(start.elapsed().as_secs_f64());
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
    }
}

fn step(simulator: &mut Simulator, nodes: u32, down: bool) -> Option<f64> {
    let start = Instant::now();
    let (command, last) = match down {
        true => ("down", nodes - 1),
        false => ("up", nodes),
    };
    simulator.command(&format!("{command} {nodes}"));
    until(simulator, start, last)
}

/// Steps by turns with both, in seconds: ours, theirs.
fn both(nodes: u32) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut cluster = ready(nodes);
    let mut simulator = Simulator::start(
        Path::new("corosync-vqsim"),
        u64::from(nodes),
        &config(nodes),
    );
    until(&mut simulator, Instant::now(), nodes)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let down = round % 2 == 0;
        theirs.push(step(&mut simulator, nodes, down)?);
        ours.push(change(&mut cluster, nodes));
    }
    Some((ours, theirs))
}

/// Without vqsim, which does not get that far.
fn alone(nodes: u32) -> f64 {
    let mut cluster = ready(nodes);
    let steps: Vec<f64> = (0..ROUNDS).map(|_| change(&mut cluster, nodes)).collect();
    median(&steps)
}

pub(crate) fn measure() -> String {
    let mut text = String::from(
        "| nodes | corosync-vqsim | quorate-sim | quorate-sim / corosync-vqsim |\n\
         |---|---|---|---|\n",
    );
    for nodes in SIZES {
        // The harness of the tests panics when vqsim falls silent or ends.
        let measured = panic::catch_unwind(|| both(nodes)).ok().flatten();
        let rate = |seconds: f64| format!("{} steps/s", digits(1.0 / seconds));
        let _ = match measured {
            Some((ours, theirs)) => writeln!(
                text,
                "| {nodes} | {} | {} | {} |",
                rate(median(&theirs)),
                rate(median(&ours)),
                Ratio::of(&ours, &theirs).inverse()
            ),
            None => writeln!(
                text,
                "| {nodes} | does not get there | {} | |",
                rate(alone(nodes))
            ),
        };
    }
    text
}
