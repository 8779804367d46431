//! Events as they travel.

use quorate_ipc::Service;
use quorate_proto::{cfg, cmap, cpg, quorum, votequorum};

use super::{Argument, Told};

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
