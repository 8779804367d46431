//! What of a log belongs into the list of what happened.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use quorate_sim::{Line, What};

use super::model::{Happening, parts, ranges};

/// All that happened, in order; the same thing on several nodes at one time is one.
pub(super) fn happenings(lines: &[Line], nodes: &BTreeSet<u32>) -> Vec<Happening> {
    let mut all: Vec<Happening> = Vec::new();
    for Line { record, .. } in lines {
        let Some((what, trouble)) = text(&record.what, nodes) else {
            continue;
        };
        let node = record.node.map(|node| node.0);
        let same = |other: &&mut Happening| {
            other.at == record.at && other.what == what && !other.nodes.is_empty()
        };
        match (all.iter_mut().rev().take(64).find(same), node) {
            (Some(other), Some(node)) => {
                if let Err(place) = other.nodes.binary_search(&node) {
                    other.nodes.insert(place, node);
                }
            }
            _ => all.push(Happening {
                at: record.at,
                nodes: node.into_iter().collect(),
                what,
                trouble,
            }),
        }
    }
    all
}

fn text(what: &What, nodes: &BTreeSet<u32>) -> Option<(String, bool)> {
    let trouble = matches!(what, What::Violation { .. } | What::Refused { .. });
    match what {
        What::Sends { message } if message.starts_with("set ") => Some((message.clone(), false)),
        What::Partitioned { groups } => Some((partitioned(groups, nodes), false)),
        What::Sends { .. }
        | What::Request { .. }
        | What::Reply { .. }
        | What::Notified { .. }
        | What::Told { .. }
        | What::ClientConnected { .. }
        | What::ClientGone { .. }
        | What::Ring { .. }
        | What::Quorum { .. }
        | What::Log { .. }
        | What::Timer { .. }
        | What::Recording { .. }
        | What::Configured { .. }
        | What::View(_) => None,
        What::Violation { text } => Some((format!("violation: {text}"), true)),
        // Said of several nodes as well.
        What::WaitsForDevice => Some(("waiting for a quorum device".to_owned(), false)),
        What::Reload => Some(("configuration read again".to_owned(), false)),
        other => Some((other.to_string(), trouble)),
    }
}

/// `partitioned: {1-10} {11 12}`, with those that nobody named.
fn partitioned(groups: &[Vec<u32>], nodes: &BTreeSet<u32>) -> String {
    let mut text = "partitioned:".to_owned();
    for part in parts(groups, nodes) {
        // Writing to a string does not fail.
        let _ = write!(text, " {{{}}}", ranges(&part));
    }
    text
}
