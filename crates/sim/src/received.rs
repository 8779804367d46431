//! What programs are told: the events of all services, as their callbacks get them.

use std::fmt;

use quorate_engine::NodeId;
use quorate_ipc::Service;
use quorate_proto::{cfg, cmap, cpg, quorum, votequorum};

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

impl Told {
    /// What a message of this service tells; `None` if it is no event.
    #[must_use]
    pub fn decode(service: Service, bytes: &[u8]) -> Option<Self> {
        let (event, arguments) = match service {
            Service::VoteQuorum => votequorum(&mut bytes.to_vec())?,
            Service::Quorum => quorum(bytes)?,
            Service::Cmap => {
                let cmap::Event { name, change, .. } = cmap::Event::decode(bytes).ok()??;
                let change = match change {
                    1 => "deleted",
                    2 => "modified",
                    _ => "added",
                };
                let change = Argument::Text(change.to_owned());
                ("notify", vec![("key", text(name)), ("change", change)])
            }
            Service::Cfg => {
                let cfg::Event::TestShutdown { flags, .. } = cfg::Event::decode(bytes).ok()??;
                ("shutdown", vec![("flags", number(flags))])
            }
            Service::Cpg => cpg(bytes)?,
        };
        Some(Told {
            service,
            event,
            arguments,
        })
    }

    /// The event without its service.
    pub(crate) fn words(&self) -> String {
        let arguments = self.arguments.iter();
        let words: Vec<_> = arguments
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!("{} {}", self.event, words.join(", "))
    }
}

type Parts = (&'static str, Vec<(&'static str, Argument)>);

fn votequorum(bytes: &mut [u8]) -> Option<Parts> {
    use votequorum::Event;
    const MEMBER: u32 = 1;
    Some(match Event::decode(bytes).ok()?? {
        Event::Quorum { quorate, nodes, .. } => {
            // Node 0 is the quorum device.
            let nodes = nodes.iter().filter(|node| node.nodeid != 0);
            let members = nodes.clone().filter(|node| node.state == MEMBER);
            let ids = |nodes: &mut dyn Iterator<Item = &votequorum::Node>| {
                let mut ids: Vec<_> = nodes.map(|node| node.nodeid).collect();
                ids.sort_unstable();
                Argument::Nodes(ids)
            };
            let (mut members, mut nodes) = (members, nodes);
            let arguments = vec![
                ("quorate", Argument::Flag(quorate != 0)),
                ("members", ids(&mut members)),
                ("nodes", ids(&mut nodes)),
            ];
            ("quorum", arguments)
        }
        Event::ExpectedVotes { expected_votes, .. } => {
            ("expectedvotes", vec![("votes", number(expected_votes))])
        }
        Event::NodeList {
            ring: id, members, ..
        } => {
            let members = Argument::Nodes(members.to_vec());
            ("nodelist", vec![("ring", ring(id)), ("members", members)])
        }
        Event::ExtraInfo { nodeid, info, .. } => {
            let from = number(nodeid);
            ("extra_info", vec![("from", from), ("info", text(info))])
        }
    })
}

fn quorum(bytes: &[u8]) -> Option<Parts> {
    use quorum::Event;
    Some(match Event::decode(bytes).ok()?? {
        // The representative is not told.
        Event::Notification {
            quorate, members, ..
        } => {
            let arguments = vec![
                ("quorate", Argument::Flag(quorate)),
                ("members", nodes(members)),
            ];
            ("quorum", arguments)
        }
        Event::Quorum {
            quorate,
            ring: id,
            members,
        } => {
            let arguments = vec![
                ("quorate", Argument::Flag(quorate)),
                ("members", nodes(members)),
                ("ring", ring(id)),
            ];
            ("quorum", arguments)
        }
        Event::NodeList {
            ring: id,
            members,
            joined,
            left,
        } => {
            let arguments = vec![
                ("ring", ring(id)),
                ("members", nodes(members)),
                ("joined", nodes(joined)),
                ("left", nodes(left)),
            ];
            ("nodelist", arguments)
        }
    })
}

fn cpg(bytes: &[u8]) -> Option<Parts> {
    use cpg::Event;
    let of = |list: &[cpg::Address]| {
        Argument::Nodes(list.iter().map(|address| address.nodeid.get()).collect())
    };
    let message = |group, nodeid, data| {
        vec![
            ("group", text(group)),
            ("from", number(nodeid)),
            ("message", text(data)),
        ]
    };
    Some(match Event::decode(bytes).ok()?? {
        Event::Confchg {
            group,
            members,
            left,
            joined,
        } => {
            let arguments = vec![
                ("group", text(group)),
                ("members", of(members)),
                ("joined", of(joined)),
                ("left", of(left)),
            ];
            ("confchg", arguments)
        }
        Event::Deliver {
            group,
            nodeid,
            data,
            ..
        }
        | Event::PartialDeliver {
            group,
            nodeid,
            data,
            ..
        } => ("deliver", message(group, nodeid, data)),
        Event::TotemConfchg {
            ring: id,
            nodes: members,
        } => {
            let arguments = vec![("ring", ring(id)), ("members", nodes(members))];
            ("totem_confchg", arguments)
        }
    })
}

fn number(number: u32) -> Argument {
    Argument::Number(number.into())
}

fn nodes(ids: &[u32]) -> Argument {
    Argument::Nodes(ids.to_vec())
}

/// As corosync prints it.
fn ring(ring: votequorum::RingId) -> Argument {
    Argument::Text(format!("{:x}.{:x}", ring.nodeid, ring.seq))
}

/// Up to a terminating NUL.
fn text(bytes: &[u8]) -> Argument {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    Argument::Text(String::from_utf8_lossy(bytes).into_owned())
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
