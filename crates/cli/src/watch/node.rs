//! A node's corosync, as a page: a real one's, or a simulated one's from its programs' side.

use std::time::{Duration, SystemTime};

use quorate_client::{Error, Options};
use quorate_sim::What;

use super::Look;
use super::page::{Mood, Page, Row};
use crate::record::Links;
use crate::snapshot::{Node, Snapshot};
use crate::status::not_asked;

/// How long corosync may take to answer, unless QUORATE_TIMEOUT_MS says otherwise: one that is
/// stopped shall be seen to be silent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How many events are kept.
const KEPT: usize = 256;

/// Watches one node through all lives of its corosync.
pub(super) struct Watcher {
    options: Options,
    links: Option<Links>,
    page: Page,
}

impl Watcher {
    pub(super) fn new() -> Result<Self, String> {
        let options = Options::from_environment();
        let mut options = options.map_err(|error| error.to_string())?;
        options.timeout.get_or_insert(TIMEOUT);
        let page = Page {
            title: " quorate: corosync".to_owned(),
            heading: heading(),
            ..Page::default()
        };
        let links = None;
        Ok(Self {
            options,
            links,
            page,
        })
    }

    /// What is so now; asks corosync, and connects if need be.
    pub(super) fn look(&mut self) -> Look {
        let error = self.ask().err();
        if let Some(error) = &error {
            if self.links.take().is_some() {
                self.note(&format!("corosync is gone: {error}"));
            }
            self.page.outdated(&format!("corosync: {error}"));
        }
        let wrong = error.as_ref().map(not_asked);
        let page = self.page.clone();
        Look { page, wrong }
    }

    fn ask(&mut self) -> Result<(), Error> {
        if self.links.is_none() {
            let (links, node) = Links::connect(&self.options)?;
            links.begin()?;
            self.links = Some(links);
            self.note(&format!("connected to corosync on node {node}"));
        }
        let mut told = Vec::new();
        if let Some(links) = &mut self.links {
            while let Some(what) = links.next()? {
                told.push(what);
            }
        }
        for what in told {
            // What the plain quorum service tells, votequorum tells too.
            if !matches!(what, What::Told { .. }) {
                self.note(&text(&what));
            }
        }
        let now = Snapshot::take(&self.options)?;
        let cluster = now.cluster.as_deref().unwrap_or("(no name)");
        let node = now.node;
        self.page.title = format!(" quorate: corosync on node {node} of cluster {cluster}");
        self.page.facts = facts(&now);
        self.page.rows = now.nodes.iter().map(|node| row(node, now.node)).collect();
        Ok(())
    }

    fn note(&mut self, text: &str) {
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        // The day is of no interest here.
        let time = now.split_once('T').map_or(now.as_str(), |(_, time)| time);
        self.page.events.push(format!("{time} {text}"));
        let surplus = self.page.events.len().saturating_sub(KEPT);
        self.page.events.drain(..surplus);
    }
}

/// What was told, without the number of the connection.
fn text(what: &What) -> String {
    match what {
        What::Notified { notification, .. } => notification.clone(),
        other => other.to_string(),
    }
}

fn facts(now: &Snapshot) -> Vec<(Mood, String)> {
    let (mood, verdict) = match now.quorate {
        true => (Mood::Good, "QUORATE"),
        false => (Mood::Bad, "NOT QUORATE"),
    };
    let votes = format!(
        "{verdict}: {} of {} votes, {} needed; ring {}",
        now.total_votes, now.highest_expected, now.quorum, now.ring
    );
    let mut facts = vec![(mood, votes)];
    let flags = now.flags.iter().filter(|flag| **flag != "quorate");
    let flags: Vec<&str> = flags.copied().collect();
    if !flags.is_empty() {
        facts.push((Mood::Plain, format!("flags: {}", flags.join(" "))));
    }
    if let Some(device) = &now.qdevice {
        let text = format!("quorum device {} with {} votes", device.name, device.votes);
        facts.push((Mood::Plain, text));
    }
    facts
}

fn heading() -> String {
    format!("{:>10} {:<8} {:>5}  name", "node", "state", "votes")
}

fn row(node: &Node, local: u32) -> Row {
    let name = node.name.as_deref().unwrap_or("-");
    let here = if node.id == local { " (local)" } else { "" };
    let device = match node.qdevice.join(" ") {
        flags if flags.is_empty() => flags,
        flags => format!(" [{flags}]"),
    };
    let mood = match node.state {
        "member" => Mood::Plain,
        "leaving" => Mood::Odd,
        _ => Mood::Absent,
    };
    let (id, state, votes) = (node.id, node.state, node.votes);
    Row {
        mood,
        line: format!("{id:>10} {state:<8} {votes:>5}  {name}{here}{device}"),
        short: format!("{id:>10} {state:<8} {votes}"),
    }
}
