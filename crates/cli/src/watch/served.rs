//! A served cluster, as a page.

use std::collections::BTreeMap;

use quorate_control::{Client, ClientError, Connected, NodeStatus, Status};

use super::Look;
use super::page::{Mood, Page, Row};
use crate::control::Which;
use crate::control::describe::{groups, qdevice, ranges, ring, seconds};

/// Asks a cluster again and again.
pub(super) struct Viewer {
    which: Which,
    client: Option<Client>,
    page: Page,
}

impl Viewer {
    pub(super) fn new(which: Which, client: Client) -> Self {
        let client = Some(client);
        let page = Page::default();
        Self {
            which,
            client,
            page,
        }
    }

    /// What is so now. A cluster that is gone may be served again.
    pub(super) fn look(&mut self) -> Look {
        let wrong = match self.ask() {
            Ok(status) => {
                self.page = page(&status);
                None
            }
            Err(error) => {
                self.client = None;
                self.page.outdated(&error.to_string());
                Some(error.to_string())
            }
        };
        let page = self.page.clone();
        Look { page, wrong }
    }

    fn ask(&mut self) -> Result<Status, ClientError> {
        match &mut self.client {
            Some(client) => client.status(0),
            None => self.client.insert(self.which.connect()?).status(0),
        }
    }
}

/// The page of a cluster.
fn page(status: &Status) -> Page {
    let mut programs: BTreeMap<u32, Vec<&Connected>> = BTreeMap::new();
    for connection in &status.connected {
        programs
            .entry(connection.node)
            .or_default()
            .push(connection);
    }
    let ids = status.nodes.iter().map(|node| node.id.to_string().len());
    let wide = ids.max().unwrap_or(0).max(4);
    let pace = match status.speed {
        0.0 => "only when told to".to_owned(),
        1.0 => "as in reality".to_owned(),
        speed => format!("{speed} times as fast"),
    };
    let time = seconds(status.time_us);
    Page {
        title: format!(
            " quorate: cluster '{}', {time}, time passes {pace}",
            status.name
        ),
        facts: facts(status),
        heading: format!(
            "{:>wide$} {:<8} {:<7} {:>5} {:>8} {:<7} {:<9} {:<10} programs",
            "node", "state", "quorate", "votes", "has/need", "qdevice", "ring", "members"
        ),
        rows: status
            .nodes
            .iter()
            .map(|node| {
                row(
                    node,
                    wide,
                    programs.get(&node.id).map_or(&[], Vec::as_slice),
                )
            })
            .collect(),
        events: status.events.iter().map(event).collect(),
        scroll: 0,
        keys: "",
    }
}

fn facts(status: &Status) -> Vec<(Mood, String)> {
    let mut facts = Vec::new();
    let up = status.nodes.iter().filter(|node| node.running != "down");
    let quorate = status.nodes.iter().filter(|node| node.quorate).count();
    let mood = if quorate > 0 { Mood::Good } else { Mood::Bad };
    let under_way = if status.quiet {
        ""
    } else {
        "; something is under way"
    };
    let (up, all) = (up.count(), status.nodes.len());
    facts.push((
        mood,
        format!("{quorate} of {all} nodes quorate, {up} up{under_way}"),
    ));
    if status.groups.len() > 1 {
        facts.push((Mood::Odd, format!("cut: {}", groups(&status.groups))));
    }
    if status.steps_left > 0 {
        let text = format!("{} steps of the scenario are to come", status.steps_left);
        facts.push((Mood::Plain, text));
    }
    if let Some(last) = status.failures.last() {
        let count = status.failures.len();
        facts.push((Mood::Bad, format!("{count} not as expected: {last}")));
    }
    if status.violations > 0 {
        let text = format!("{} violations of invariants", status.violations);
        facts.push((Mood::Bad, text));
    }
    facts
}

fn row(node: &NodeStatus, wide: usize, programs: &[&Connected]) -> Row {
    let (id, running) = (node.id, node.running.as_str());
    if running == "down" {
        let line = format!("{id:>wide$} down");
        return Row {
            mood: Mood::Absent,
            short: line.clone(),
            line,
        };
    }
    let mood = match running {
        "paused" | "leaving" => Mood::Odd,
        _ if node.quorate => Mood::Good,
        _ => Mood::Bad,
    };
    let quorate = if node.quorate { "yes" } else { "NO" };
    let votes = format!("{}/{}", node.total_votes, node.quorum);
    let line = format!(
        "{id:>wide$} {running:<8} {quorate:<7} {:>5} {votes:>8} {:<7} {:<9} {:<10} {}",
        node.votes,
        qdevice(node),
        ring(node),
        ranges(&node.members),
        names(programs)
    );
    let state = match running {
        "up" if node.quorate => "quorate",
        "up" => "NOT QUO.",
        other => other,
    };
    Row {
        mood,
        line,
        short: format!("{id:>wide$} {state:<8} {votes}"),
    }
}

/// Each program once.
fn names(programs: &[&Connected]) -> String {
    let mut names: Vec<String> = Vec::new();
    for connection in programs {
        let name = match connection.program.as_str() {
            "" => connection.process.to_string(),
            name => format!("{name}({})", connection.process),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

fn event(event: &quorate_control::Event) -> String {
    let place = event
        .node
        .map_or("cluster".to_owned(), |node| format!("node {node}"));
    format!("{:>18} {place:<10} {}", seconds(event.time_us), event.text)
}
