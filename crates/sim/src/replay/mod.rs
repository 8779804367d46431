//! From a recording made on one node to a scenario in which that node sees the same.
//!
//! # What a recording determines
//!
//! Clients of one node see its rings and their members, whether it is quorate, and the votes,
//! expected votes and state of every node it has met. Of the others they see nothing while they are
//! in no ring with it. So:
//!
//! - nodes that are told to be leaving (state 3, which corosync 3.1 tells with `allow_downscale` only)
//!   stop cleanly in the scenario;
//! - nodes that vanish and never come back are killed;
//! - nodes that vanish and come back are either cut off or killed and started again. Both are tried,
//!   and what tells the recorded node the same is taken: a node that was restarted has the votes of
//!   its configuration, and rings that it forms have odd numbers. If both fit, they were cut off;
//! - who asked for other votes is not known: the recorded node does;
//! - when a node was lost is known only from when that was noticed: the scenario lets it happen so
//!   much earlier as its detection takes. If something happens sooner after something else than the
//!   simulation can follow, it happens later: the order is always that of the recording;
//! - while the recorded daemon is down, or stopped as by SIGSTOP, nothing is known.
//!
//! # What is checked
//!
//! The scenario is played once without programs. Whatever the recorded node was told, in its order,
//! and all that votequorum said of all nodes afterwards must be the same; what is not is a
//! [`Deviation`] with the line of the recording. Numbers of rings are made the same as far as they
//! can be, and are not compared.

mod candidate;
mod compare;
mod moments;
mod options;
mod timing;

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_engine::{Compat, NodeId};

use crate::config::ClusterConfig;
use crate::log::{Line, LogError, What};
use crate::scenario::{Check, Place, Scenario};
use candidate::Candidate;

/// What the simulation cannot tell as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deviation {
    /// The recording's line.
    pub line: usize,
    /// The virtual time.
    pub at: Duration,
    /// What is different.
    pub text: String,
}

impl Deviation {
    /// As one of the things that were looked at in a run.
    #[must_use]
    pub fn check(&self, file: &str) -> Check {
        Check {
            name: "what was recorded can be simulated".to_owned(),
            place: Some(Place {
                file: file.to_owned(),
                line: self.line,
            }),
            at: self.at,
            failure: Some(self.text.clone()),
        }
    }
}

/// A scenario made from a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replay {
    /// Its steps have the lines of the recording; its name is the file's.
    pub scenario: Scenario,
    /// The node that was recorded.
    pub node: NodeId,
    /// What is not the same.
    pub deviations: Vec<Deviation>,
}

/// How many ways to explain what was recorded so far are kept in mind.
const CANDIDATES: usize = 24;

/// Makes a scenario of a recording. `file` is what errors call it.
///
/// # Errors
///
/// If it is not a recording, if corosync was never there, or if its configuration cannot be used.
pub fn replay(file: &str, lines: &[Line], compat: Compat) -> Result<Replay, LogError> {
    let first = lines.first().map(|line| &line.record.what);
    if !matches!(first, Some(What::Recording { .. })) {
        let reason = "this is not a recording; only what 'quorate record' wrote can be replayed";
        return Err(LogError::new(file, 1, reason));
    }
    let (node, config) = subject(file, lines)?;
    let moments = moments::moments(file, lines, node)?;
    let mut candidates = vec![Candidate::new(config.clone(), compat, node)];
    for (number, moment) in moments.iter().enumerate() {
        let rest = &moments[number..];
        let next = candidates
            .iter()
            .flat_map(|candidate| candidate.after(moment, rest));
        let mut next: Vec<Candidate> = next.collect();
        // The first of equals stays the first.
        next.sort_by_key(Candidate::cost);
        next.truncate(CANDIDATES);
        candidates = next;
    }
    // Every candidate has at least one way to go on.
    let best = candidates.into_iter().next();
    let best = best.unwrap_or_else(|| Candidate::new(config.clone(), compat, node));
    let (before, steps, deviations, violations) = best.finish();
    let scenario = Scenario {
        name: file.to_owned(),
        file: file.to_owned(),
        config,
        seed: 0,
        compat,
        start: false,
        before,
        faults: Vec::new(),
        steps,
        exit_code: None,
        violations: Some(violations),
        received: Vec::new(),
    };
    Ok(Replay {
        scenario,
        node,
        deviations,
    })
}

/// Which node was recorded, and the configuration that it had first.
fn subject(file: &str, lines: &[Line]) -> Result<(NodeId, ClusterConfig), LogError> {
    let configured = lines.iter().find_map(|line| match &line.record.what {
        What::Configured { keys } => Some((line, keys)),
        _ => None,
    });
    let Some((line, keys)) = configured else {
        let last = lines.last().map_or(1, |line| line.number);
        return Err(LogError::new(file, last, "corosync was never there"));
    };
    let config = config(file, line.number, keys)?;
    let node = line.record.node.filter(|node| {
        let mut nodes = config.nodes().iter();
        nodes.any(|known| known.id == *node)
    });
    match node {
        Some(node) => Ok((node, config)),
        None => Err(LogError::new(
            file,
            line.number,
            "the node is not in its own node list",
        )),
    }
}

fn config(
    file: &str,
    line: usize,
    keys: &BTreeMap<String, String>,
) -> Result<ClusterConfig, LogError> {
    let texts = keys.iter().map(|(key, text)| (key.as_str(), text.as_str()));
    ClusterConfig::from_texts(texts)
        .map_err(|error| LogError::new(file, line, format!("the configuration: {error}")))
}
