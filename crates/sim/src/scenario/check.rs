//! From what stands in the file to a scenario that can be played.

mod cluster;
mod expectations;
mod faults;
mod heard;
mod steps;

pub use cluster::add_compat;

use std::collections::BTreeMap;
use std::ops::Range;

use quorate_engine::NodeId;

use serde::de::DeserializeOwned;

use super::error::{ScenarioError, ScenarioErrorKind};
use super::raw::{RawScenario, RawStep};
use super::{Operation, Scenario, wanted};
use crate::cluster::{Cluster, Running};
use crate::excerpt::Excerpt;
use crate::transport::Services;

/// Gives the text of a file.
type Read<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// A file and its text.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    read: Read<'a>,
}

impl Source<'_> {
    fn error(&self, span: Range<usize>, kind: ScenarioErrorKind) -> ScenarioError {
        ScenarioError::Scenario {
            place: Box::new(Excerpt::of_span(self.file, self.text, span)),
            kind,
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, ScenarioError> {
        toml::from_str(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            // An error that says what was expected has a second line.
            let message = wanted::words(error.message()).replace('\n', "; ");
            self.error(span, ScenarioErrorKind::Toml(message))
        })
    }

    fn line(&self, span: &Range<usize>) -> usize {
        Excerpt::of_span(self.file, self.text, span.clone()).line
    }
}

/// What is known of a node while the steps are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Down,
    Up,
    Paused,
}

impl State {
    const fn text(self) -> &'static str {
        match self {
            State::Down => "down",
            State::Up => "up",
            State::Paused => "paused",
        }
    }
}

/// The nodes of the cluster, as the steps so far leave them.
type States = BTreeMap<NodeId, State>;

pub(super) fn scenario(file: &str, text: &str, read: Read<'_>) -> Result<Scenario, ScenarioError> {
    let source = Source { file, text, read };
    let raw: RawScenario = source.parse()?;
    let cluster = cluster::cluster(source, &raw.cluster)?;
    let state = if cluster.start {
        State::Up
    } else {
        State::Down
    };
    let nodes = cluster.config.nodes();
    let states: States = nodes.iter().map(|node| (node.id, state)).collect();
    let checker = faults::FaultChecker {
        source,
        nodes: &states,
    };
    let faults = raw.fault.iter().map(|fault| checker.fault(fault));
    let faults = faults.collect::<Result<Vec<_>, _>>()?;
    let (before, steps) = steps::steps(source, (&raw.before, &raw.step), &faults, states.clone())?;
    let last = raw.expect;
    let received = match &last {
        Some(last) => {
            let lists = [(&last.received, false), (&last.received_exactly, true)];
            heard::heard(source, &states, &[], lists)?
        }
        None => Vec::new(),
    };
    let violations = match last.as_ref().and_then(|last| last.violations.as_ref()) {
        None => Some(0),
        Some(text) if text.get_ref().as_str() == Some("any") => None,
        Some(number) => match number.get_ref().as_integer().map(usize::try_from) {
            Some(Ok(number)) => Some(number),
            _ => return Err(source.error(number.span(), ScenarioErrorKind::Violations)),
        },
    };
    Ok(Scenario {
        name: raw.name.unwrap_or_else(|| file.to_owned()),
        file: file.to_owned(),
        config: cluster.config,
        seed: cluster.seed,
        compat: cluster.compat,
        start: cluster.start,
        before,
        faults,
        steps,
        exit_code: last.as_ref().and_then(|last| last.exit_code),
        violations,
        received,
    })
}

/// One operation, in the state in which a cluster is.
pub(super) fn operation<S: Services>(
    file: &str,
    text: &str,
    read: Read<'_>,
    cluster: &Cluster<S>,
) -> Result<Operation, ScenarioError> {
    let source = Source { file, text, read };
    let raw: RawStep = source.parse().map_err(only_what_is_taken)?;
    let state = |node| match cluster.running(node) {
        Some(Running::Up) => State::Up,
        Some(Running::Paused) => State::Paused,
        Some(Running::Leaving | Running::Down) | None => State::Down,
    };
    let states = cluster.nodes().map(|node| (node, state(node))).collect();
    steps::operation(source, &raw, &cluster.faults().list(), states)
}

/// What steps have in a file only.
const IN_FILES: [&str; 5] = ["at", "after", "pace", "on_call", "expect"];

/// Leaves these out of the words that an error says were expected.
fn only_what_is_taken(error: ScenarioError) -> ScenarioError {
    let ScenarioError::Scenario { place, kind } = error else {
        return error;
    };
    let kind = match kind {
        ScenarioErrorKind::Toml(text) => ScenarioErrorKind::Toml(without_those(&text)),
        other => other,
    };
    ScenarioError::Scenario { place, kind }
}

fn without_those(text: &str) -> String {
    const LIST: &str = "expected one of ";
    let Some((found, list)) = text.split_once(LIST) else {
        return text.to_owned();
    };
    let taken = |word: &&str| !IN_FILES.contains(&word.trim_matches('`'));
    let words: Vec<&str> = list.split(", ").filter(taken).collect();
    format!("{found}{LIST}{}", words.join(", "))
}
