//! What was recorded, and what the simulation tells.

use std::time::Duration;

use super::Deviation;
use super::moments::{Moment, Seen};
use crate::log::{NodeView, View};
use crate::wording::told::{self, Told};

/// What is different, in the order of the lines.
pub(super) fn deviations(
    moment: &Moment,
    seen: &Seen,
    (at, told, view): (Duration, &[String], Option<&View>),
) -> Vec<Deviation> {
    let mut deviations = Vec::new();
    let mut deviates = |line, text| deviations.push(Deviation { line, at, text });
    let recorded = |n: usize| seen.told.get(n);
    let simulated = |n: usize| told.get(n);
    let same = |n| match (recorded(n), simulated(n)) {
        (Some((_, one)), Some(other)) => is_same(one, other),
        _ => false,
    };
    let longest = seen.told.len().max(told.len());
    // One that is missing shifts all others: the first says enough.
    if let Some(n) = (0..longest).find(|&n| !same(n)) {
        let last = seen.told.last().map_or(moment.line, |(line, _)| *line);
        let line = recorded(n).map_or(last, |(line, _)| *line);
        let [was, is] = [recorded(n).map(|(_, text)| text), simulated(n)]
            .map(|text| text.map_or("nothing", String::as_str));
        deviates(
            line,
            format!("the node was told {was}; in the simulation, {is}"),
        );
    }
    if let Some((line, recorded)) = &seen.view {
        match view {
            None => deviates(*line, "in the simulation the node is down".to_owned()),
            Some(view) => {
                let differences = differences(recorded, view);
                if !differences.is_empty() {
                    deviates(*line, differences.join("; "));
                }
            }
        }
    }
    deviations
}

/// But for the number of a ring.
fn is_same(one: &str, other: &str) -> bool {
    match (told::parse(one), told::parse(other)) {
        (
            Some(Told::NodeList { members: one, .. }),
            Some(Told::NodeList { members: other, .. }),
        ) => one == other,
        _ => one == other,
    }
}

fn differences(recorded: &View, simulated: &View) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |name: &str, was: String, is: String| {
        if was != is {
            differences.push(format!("{name}: recorded {was}, simulated {is}"));
        }
    };
    let text = |members: &[u32]| format!("{members:?}");
    differ("members", text(&recorded.members), text(&simulated.members));
    differ(
        "quorate",
        recorded.quorate.to_string(),
        simulated.quorate.to_string(),
    );
    for (name, field) in FIELDS {
        differ(
            name,
            field(recorded).to_string(),
            field(simulated).to_string(),
        );
    }
    let nodes = |view: &View| view.nodes.iter().map(|node| node.id).collect::<Vec<_>>();
    differ(
        "known nodes",
        text(&nodes(recorded)),
        text(&nodes(simulated)),
    );
    for was in &recorded.nodes {
        if let Some(is) = simulated.nodes.iter().find(|node| node.id == was.id) {
            differ(&format!("node {}", was.id), describe(was), describe(is));
        }
    }
    differences
}

type Field = fn(&View) -> u32;
const FIELDS: [(&str, Field); 5] = [
    ("votes", |view| view.votes),
    ("expected votes", |view| view.expected),
    ("highest expected votes", |view| view.highest_expected),
    ("quorum", |view| view.quorum),
    ("flags", |view| view.flags),
];

fn describe(node: &NodeView) -> String {
    format!(
        "state {} votes {} expected {} device {}",
        node.state, node.votes, node.expected, node.device
    )
}
