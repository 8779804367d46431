//! What of a log belongs into the list of what happened.

use quorate_sim::{Line, What};

use super::model::Happening;

/// All that happened, in order; the same thing on several nodes at one time is one.
pub(super) fn happenings(lines: &[Line]) -> Vec<Happening> {
    let mut all: Vec<Happening> = Vec::new();
    for Line { record, .. } in lines {
        let Some((what, trouble)) = text(&record.what) else {
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

fn text(what: &What) -> Option<(String, bool)> {
    let trouble = matches!(what, What::Violation { .. } | What::Refused { .. });
    match what {
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
