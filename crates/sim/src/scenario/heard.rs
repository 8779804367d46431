//! What a scenario expects programs to have been told, and whether they were.

use std::collections::BTreeSet;
use std::fmt;

use quorate_engine::NodeId;
use quorate_ipc::Service;

use crate::received::{Argument, Received, Told};

/// So many of the last events are shown when one is missing.
const SHOWN: usize = 20;

/// Events that programs are expected to have received, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The line it stands on.
    pub line: usize,
    /// The nodes of the programs; none means every node.
    pub nodes: Vec<NodeId>,
    /// Whether no other events may come in between, before or after.
    pub exactly: bool,
    /// The events.
    pub events: Vec<ExpectedEvent>,
}

/// An event that is expected; only what is given counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedEvent {
    /// The node of the program.
    pub node: Option<NodeId>,
    /// The service.
    pub service: Option<Service>,
    /// The callback.
    pub event: String,
    /// Some of its arguments.
    pub arguments: Vec<(String, Argument)>,
}

impl ExpectedEvent {
    fn fits(&self, node: NodeId, told: &Told) -> bool {
        let same = |(name, value): &(String, Argument)| {
            told.arguments.iter().any(|(n, v)| n == name && v == value)
        };
        self.event == told.event
            && self.node.is_none_or(|wanted| wanted == node)
            && self.service.is_none_or(|wanted| wanted == told.service)
            && self.arguments.iter().all(same)
    }
}

impl Heard {
    /// What is not as expected; `None` if all is. `connected` are the nodes that programs have ever
    /// connected to.
    pub(super) fn difference(
        &self,
        received: &[Received],
        connected: &BTreeSet<NodeId>,
    ) -> Option<String> {
        let here = |event: &&Received| self.nodes.is_empty() || self.nodes.contains(&event.node);
        let all: Vec<_> = received.iter().filter(here).collect();
        let mut read = all.iter().filter(|event| event.read);
        let mut previous: Option<&ExpectedEvent> = None;
        for expected in &self.events {
            let fits = |event: &Received| expected.fits(event.node, &event.told);
            let found = match self.exactly {
                true => read.next().is_some_and(|event| fits(event)),
                false => read.any(|event| fits(event)),
            };
            if !found {
                let after = previous.map_or("".to_owned(), |event| format!(" after {event}"));
                let next = if self.exactly {
                    " was not the next"
                } else {
                    " did not come"
                };
                let why = match self.without_program(expected, connected) {
                    Some(nobody) if all.is_empty() => nobody,
                    Some(nobody) => format!("{nobody}; {}", Shown(&all)),
                    None => Shown(&all).to_string(),
                };
                return Some(format!("{expected}{next}{after}; {why}"));
            }
            previous = Some(expected);
        }
        let more = read.count();
        (self.exactly && more > 0).then(|| format!("{more} more came; {}", Shown(&all)))
    }

    /// Says so if this could not come because there was no program to receive it.
    fn without_program(
        &self,
        expected: &ExpectedEvent,
        connected: &BTreeSet<NodeId>,
    ) -> Option<String> {
        let nodes = match &expected.node {
            Some(node) => std::slice::from_ref(node),
            None => &self.nodes,
        };
        if nodes.is_empty() {
            return connected
                .is_empty()
                .then(|| "no program connected".to_owned());
        }
        if nodes.iter().any(|node| connected.contains(node)) {
            return None;
        }
        let plural = if nodes.len() > 1 { "s" } else { "" };
        Some(format!(
            "no program connected to node{plural} {}",
            list(nodes)
        ))
    }
}

fn list(nodes: &[NodeId]) -> String {
    let nodes: Vec<_> = nodes.iter().map(ToString::to_string).collect();
    nodes.join(", ")
}

/// What came, the last of it if it is much.
struct Shown<'a>(&'a [&'a Received]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "nothing was received");
        }
        let left_out = self.0.len().saturating_sub(SHOWN);
        write!(f, "received:")?;
        if left_out > 0 {
            write!(f, " ({left_out} events)")?;
        }
        for (number, event) in self.0[left_out..].iter().enumerate() {
            let comma = if number > 0 || left_out > 0 { ";" } else { "" };
            let unread = if event.read { "" } else { " (not read)" };
            write!(f, "{comma} node {}: {}{unread}", event.node, event.told)?;
        }
        Ok(())
    }
}

/// `[quorum quorate false]`
impl fmt::Display for ExpectedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        if let Some(node) = self.node {
            write!(f, "node {node}: ")?;
        }
        if let Some(service) = self.service {
            write!(f, "{} ", service.name())?;
        }
        write!(f, "{}", self.event)?;
        for (number, (name, value)) in self.arguments.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(f, "{comma} {name} {value}")?;
        }
        write!(f, "]")
    }
}

/// What is expected, for the name of a check.
impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = list(&self.nodes);
        match self.nodes.len() {
            0 => write!(f, "programs")?,
            1 => write!(f, "programs on node {nodes}")?,
            _ => write!(f, "programs on nodes {nodes}")?,
        }
        let exactly = if self.exactly { " exactly" } else { "" };
        write!(f, " received{exactly}")?;
        self.events
            .iter()
            .try_for_each(|event| write!(f, " {event}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(events: &[(u32, bool, bool)]) -> Vec<Received> {
        let event = |&(node, quorate, read): &(u32, bool, bool)| Received {
            node: NodeId(node),
            told: Told {
                service: Service::Quorum,
                event: "quorum",
                arguments: vec![("quorate", Argument::Flag(quorate))],
            },
            read,
        };
        events.iter().map(event).collect()
    }

    fn heard(nodes: &[u32], exactly: bool, quorate: &[bool]) -> Heard {
        let event = |quorate: &bool| ExpectedEvent {
            node: None,
            service: None,
            event: "quorum".to_owned(),
            arguments: vec![("quorate".to_owned(), Argument::Flag(*quorate))],
        };
        Heard {
            line: 1,
            nodes: nodes.iter().copied().map(NodeId).collect(),
            exactly,
            events: quorate.iter().map(event).collect(),
        }
    }

    #[test]
    fn order_counts_and_what_was_not_read_does_not() {
        let told = received(&[
            (1, true, true),
            (2, false, true),
            (1, false, true),
            (1, true, false),
        ]);
        let connected = [1, 2, 3].map(NodeId).into();
        for (nodes, exactly, quorate, expected) in [
            (&[][..], false, &[true, false][..], None),
            (&[], false, &[false, false], None),
            (&[1], true, &[true, false], None),
            (&[2], true, &[false], None),
            (&[], false, &[], None),
            (
                &[1],
                false,
                &[false, true],
                Some(
                    "[quorum quorate true] did not come after [quorum quorate false]; received: \
                      node 1: quorum quorum quorate true; node 1: quorum quorum quorate false; \
                      node 1: quorum quorum quorate true (not read)",
                ),
            ),
            (
                &[1],
                true,
                &[true],
                Some("1 more came; received: node 1: quorum quorum quorate true;"),
            ),
            (
                &[1],
                true,
                &[false],
                Some("[quorum quorate false] was not the next; received:"),
            ),
            (
                &[3],
                false,
                &[true],
                Some("[quorum quorate true] did not come; nothing was received"),
            ),
            (
                &[4, 5],
                false,
                &[true],
                Some("[quorum quorate true] did not come; no program connected to nodes 4, 5"),
            ),
            (&[3, 4], true, &[], None),
        ] {
            let difference = heard(nodes, exactly, quorate).difference(&told, &connected);
            match (expected, &difference) {
                (None, None) => {}
                (Some(start), Some(text)) if text.starts_with(start) => {}
                _ => panic!("{nodes:?} {exactly} {quorate:?}: {difference:?}"),
            }
        }
        let mut other = heard(&[], false, &[true]);
        let nobody = other.difference(&[], &BTreeSet::new());
        let text = "[quorum quorate true] did not come; no program connected";
        assert_eq!(nobody.as_deref(), Some(text));
        other.events[0].node = Some(NodeId(4));
        let text = other.difference(&told, &connected).expect("a difference");
        let start = "[node 4: quorum quorate true] did not come; no program connected to node 4; \
            received: node 1: ";
        assert!(text.starts_with(start), "{text}");
        let name = heard(&[1], true, &[true]).to_string();
        assert_eq!(
            name,
            "programs on node 1 received exactly [quorum quorate true]"
        );
    }
}
