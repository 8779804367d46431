//! What programs are told: the events of all services, as their callbacks get them.

mod decode;

use std::collections::BTreeSet;
use std::fmt;

use quorate_engine::NodeId;
use quorate_ipc::Service;

use crate::log::Spaced;

/// An event that a program was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The service.
    pub service: Service,
    /// The callback: its name in C without the service's, `_fn` and `_notify`.
    pub event: &'static str,
    /// The callback's arguments by name; contexts and process ids are left out.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// An argument of a callback.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Argument {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// A text, or bytes as one.
    Text(String),
    /// Node ids.
    Nodes(Vec<u32>),
}

/// An event, and to whom it was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// The program's node.
    pub node: NodeId,
    /// What it was told.
    pub told: Told,
    /// Whether it has taken it off its connection.
    pub read: bool,
}

/// All that programs were told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Witnessed {
    /// The events, in order.
    pub events: Vec<Received>,
    /// The nodes that programs have connected to.
    pub connected: BTreeSet<NodeId>,
}

/// Service, event, and the names of its arguments.
type Known = (Service, &'static str, &'static [&'static str]);

/// All that programs can be told.
const EVENTS: [Known; 11] = [
    (
        Service::VoteQuorum,
        "quorum",
        &["quorate", "members", "nodes"],
    ),
    (Service::VoteQuorum, "nodelist", &["ring", "members"]),
    (Service::VoteQuorum, "expectedvotes", &["votes"]),
    (Service::VoteQuorum, "extra_info", &["from", "info"]),
    (Service::Quorum, "quorum", &["quorate", "members", "ring"]),
    (
        Service::Quorum,
        "nodelist",
        &["ring", "members", "joined", "left"],
    ),
    (Service::Cmap, "notify", &["key", "change"]),
    (Service::Cfg, "shutdown", &["flags"]),
    (
        Service::Cpg,
        "confchg",
        &["group", "members", "joined", "left"],
    ),
    (Service::Cpg, "deliver", &["group", "from", "message"]),
    (Service::Cpg, "totem_confchg", &["ring", "members"]),
];

/// The names of the arguments of an event; of any service that has it, if none is named.
pub(crate) fn arguments_of(service: Option<Service>, event: &str) -> Option<Vec<&'static str>> {
    let mut fitting = EVENTS
        .iter()
        .filter(|(of, name, _)| *name == event && service.is_none_or(|service| service == *of))
        .peekable();
    fitting.peek()?;
    Some(
        fitting
            .flat_map(|(.., arguments)| arguments.iter().copied())
            .collect(),
    )
}

/// The events of a service; of all, if none is named.
pub(crate) fn events_of(service: Option<Service>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (of, name, _) in EVENTS {
        if service.is_none_or(|service| service == of) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Told {
    /// The event without its service.
    pub(crate) fn words(&self) -> String {
        let arguments = self.arguments.iter();
        let words: Vec<_> = arguments
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!("{} {}", self.event, words.join(", "))
    }
}

/// `votequorum quorum quorate true, members 1 2, nodes 1 2 3`
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service.name(), self.words())
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Flag(flag) => write!(f, "{flag}"),
            Argument::Number(number) => write!(f, "{number}"),
            Argument::Text(text) => write!(f, "{text:?}"),
            Argument::Nodes(ids) if ids.is_empty() => f.write_str("none"),
            Argument::Nodes(ids) => write!(f, "{}", Spaced(ids)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_proto::{cpg, quorum, votequorum};

    #[test]
    fn events_of_each_service() {
        let ring = votequorum::RingId { nodeid: 1, seq: 16 };
        let address = |node| cpg::Address::new(node, 77, 1);
        for (service, bytes, expected) in [
            (
                Service::VoteQuorum,
                votequorum::Event::NodeList {
                    context: 9,
                    ring,
                    members: &mut [1, 3],
                }
                .encode(),
                "votequorum nodelist ring \"1.10\", members 1 3",
            ),
            (
                Service::Quorum,
                quorum::Event::Quorum {
                    quorate: true,
                    ring,
                    members: &[2],
                }
                .encode(),
                "quorum quorum quorate true, members 2, ring \"1.10\"",
            ),
            (
                Service::Cpg,
                cpg::Event::Confchg {
                    group: b"g",
                    members: &[address(1), address(2)],
                    left: &[],
                    joined: &[address(2)],
                }
                .encode(),
                "cpg confchg group \"g\", members 1 2, joined 2, left none",
            ),
            (
                Service::Cpg,
                cpg::Event::Deliver {
                    group: b"g",
                    nodeid: 2,
                    pid: 5,
                    data: b"hi\0",
                }
                .encode(),
                "cpg deliver group \"g\", from 2, message \"hi\"",
            ),
        ] {
            let told = Told::decode(service, &bytes).unwrap();
            assert_eq!(told.to_string(), expected);
            let known = arguments_of(Some(service), told.event).unwrap();
            let mut names = told.arguments.iter().map(|(name, _)| *name);
            assert!(names.all(|name| known.contains(&name)), "{expected}");
        }
        assert_eq!(Told::decode(Service::Cmap, &[0; 24]), None);
        assert_eq!(arguments_of(Some(Service::Cfg), "quorum"), None);
        assert_eq!(arguments_of(None, "shutdown"), Some(vec!["flags"]));
    }
}
