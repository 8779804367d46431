//! What one node knows of its cluster, all of it at one moment.

use quorate_client::{
    Cmap, Error, Event, EventBuffer, Info, NAME_LEN, Options, Value, VoteQuorum, Wait,
};
use quorate_engine::{NodeId, RingId};
use quorate_sim::{NodeView, OWN_FLAGS, View};
use serde::Serialize;
use std::collections::BTreeMap;

/// `CS_TRACK_CURRENT`: the state as it is, once.
const TRACK_CURRENT: u32 = 1;

/// A membership change during so many readings in a row is no accident.
const TRIES: usize = 100;

/// The bits of `votequorum_info.flags` with the names that users know.
const FLAGS: [(u32, &str); 11] = [
    (1, "two_node"),
    (2, "quorate"),
    (4, "wait_for_all"),
    (8, "last_man_standing"),
    (16, "auto_tie_breaker"),
    (32, "allow_downscale"),
    (64, "qdevice"),
    (128, "qdevice_alive"),
    (256, "qdevice_votes"),
    (512, "qdevice_master_wins"),
    (1024, "qdevice_extra_info"),
];

/// One node's view of its cluster. Votes are counts; a ring is `node.number`.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    /// Name of the cluster, if it has one.
    pub(crate) cluster: Option<String>,
    /// The node asked.
    pub(crate) node: u32,
    /// Ring id, as corosync's tools print it.
    pub(crate) ring: String,
    pub(crate) quorate: bool,
    pub(crate) expected_votes: u32,
    pub(crate) highest_expected: u32,
    pub(crate) total_votes: u32,
    /// Votes needed.
    pub(crate) quorum: u32,
    pub(crate) flags: Vec<&'static str>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) qdevice: Option<Qdevice>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Node {
    pub(crate) id: u32,
    pub(crate) name: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) votes: u32,
    pub(crate) qdevice: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Qdevice {
    pub(crate) name: String,
    pub(crate) votes: u32,
}

/// What a pair of NODELIST and QUORUM events tells.
#[derive(Debug, PartialEq, Eq)]
struct Membership {
    ring: (u32, u64),
    members: Vec<u32>,
    quorate: bool,
    nodes: Vec<(u32, u32)>,
}

impl Snapshot {
    /// Asks until nothing has changed between the first answer and the last:
    /// a list of members and votes of different moments would contradict each
    /// other.
    pub(crate) fn take(options: &Options) -> Result<Self, Error> {
        let votequorum = VoteQuorum::connect(options)?;
        let names = Names::read(options)?;
        let (local, now, infos) = at_one_moment(&votequorum)?;
        let nodes = infos.iter().map(|(state, info)| node(*state, info, &names));
        let nodes = nodes.collect();
        Ok(Self::assemble(&local, &now, nodes, names))
    }

    fn assemble(local: &Info, now: &Membership, nodes: Vec<Node>, names: Names) -> Self {
        let (representative, number) = now.ring;
        let name = text(&local.qdevice_name[..NAME_LEN]);
        let registered = nodes.iter().any(|node| node.qdevice.contains(&"qdevice"));
        Self {
            cluster: names.cluster,
            node: local.nodeid,
            ring: format!("{representative:x}.{number:x}"),
            quorate: now.quorate,
            expected_votes: local.expected_votes,
            highest_expected: local.highest_expected,
            total_votes: local.total_votes,
            quorum: local.quorum,
            flags: flags(local.flags & OWN_FLAGS),
            nodes,
            qdevice: (registered && !name.is_empty()).then_some(Qdevice {
                name,
                votes: local.qdevice_votes,
            }),
        }
    }
}

fn membership(votequorum: &VoteQuorum) -> Result<Membership, Error> {
    votequorum.track_start(0, TRACK_CURRENT)?;
    let mut buffer = EventBuffer::new();
    let (mut ring, mut quorum) = (None, None);
    loop {
        match votequorum.next_event(&mut buffer, true)? {
            Some(Event::NodeList {
                ring: id, members, ..
            }) => ring = Some(((id.nodeid, id.seq), members.to_vec())),
            Some(Event::Quorum { quorate, nodes, .. }) => {
                let mut nodes: Vec<_> = nodes.iter().map(|n| (n.nodeid, n.state)).collect();
                nodes.sort_unstable();
                quorum = Some((quorate != 0, nodes));
            }
            Some(_) => {}
            None => match (ring.take(), quorum.take()) {
                (Some((ring, members)), Some((quorate, nodes))) => {
                    return Ok(Membership {
                        ring,
                        members,
                        quorate,
                        nodes,
                    });
                }
                (before, incomplete) => {
                    (ring, quorum) = (before, incomplete);
                    while votequorum.wait(None)? == Wait::Nothing {}
                }
            },
        }
    }
}

/// What votequorum says of all nodes, as a record of it.
pub(crate) fn view(votequorum: &VoteQuorum) -> Result<View, Error> {
    let (local, now, infos) = at_one_moment(votequorum)?;
    let (node, seq) = now.ring;
    let ring = RingId {
        node: NodeId(node),
        seq,
    };
    let known = infos.iter().map(|(state, info)| NodeView {
        id: info.nodeid,
        state: *state,
        votes: info.votes,
        expected: info.expected_votes,
        device: info.flags & !OWN_FLAGS,
    });
    let mut members = now.members;
    members.sort_unstable();
    Ok(View {
        ring: ring.to_string(),
        members,
        quorate: now.quorate,
        votes: local.total_votes,
        expected: local.expected_votes,
        highest_expected: local.highest_expected,
        quorum: local.quorum,
        flags: local.flags & OWN_FLAGS,
        nodes: known.collect(),
    })
}

/// What is known of the local node, of the membership, and of each node with its state.
type Moment = (Info, Membership, Vec<(u32, Info)>);

fn at_one_moment(votequorum: &VoteQuorum) -> Result<Moment, Error> {
    let mut before = membership(votequorum)?;
    for _ in 0..TRIES {
        let local = votequorum.info(0)?;
        // Node 0 is the quorum device.
        let known = before.nodes.iter().filter(|(id, _)| *id != 0);
        let infos = known.map(|(id, state)| Ok((*state, votequorum.info(*id)?)));
        let infos = infos.collect::<Result<_, Error>>()?;
        let after = membership(votequorum)?;
        if before == after && (local.flags & 2 != 0) == after.quorate {
            return Ok((local, after, infos));
        }
        before = after;
    }
    Err(Error::Argument(
        "the membership changes faster than it can be read",
    ))
}

fn node(state: u32, info: &Info, names: &Names) -> Node {
    Node {
        id: info.nodeid,
        name: names.nodes.get(&info.nodeid).cloned(),
        state: match state {
            1 => "member",
            2 => "dead",
            3 => "leaving",
            _ => "unknown",
        },
        votes: info.votes,
        qdevice: flags(info.flags & !OWN_FLAGS),
    }
}

/// Names from the configuration.
#[derive(Debug)]
struct Names {
    cluster: Option<String>,
    nodes: BTreeMap<u32, String>,
}

impl Names {
    fn read(options: &Options) -> Result<Self, Error> {
        let cmap = Cmap::connect(options)?;
        let text_of = |key: &str| match cmap.get(key)? {
            Some(Value::Text(bytes)) => Ok(Some(text(&bytes))),
            _ => Ok::<_, Error>(None),
        };
        let mut nodes = BTreeMap::new();
        for key in cmap.keys("nodelist.node.")? {
            let Some(entry) = key.strip_suffix(".nodeid") else {
                continue;
            };
            let Some(Value::U32(id)) = cmap.get(&key)? else {
                continue;
            };
            let address = text_of(&format!("{entry}.ring0_addr"))?;
            if let Some(name) = text_of(&format!("{entry}.name"))?.or(address) {
                nodes.insert(id, name);
            }
        }
        Ok(Self {
            cluster: text_of("totem.cluster_name")?,
            nodes,
        })
    }
}

fn flags(bits: u32) -> Vec<&'static str> {
    FLAGS
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, name)| *name)
        .collect()
}

fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
