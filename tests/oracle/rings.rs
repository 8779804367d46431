//! The rings that formed in a real cluster, read from its daemons' logs.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quorate_engine::{NodeId, RingId};
use quorate_sim::RecordedRing;
use serde::{Deserialize, Serialize};

/// One ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ring {
    /// Milliseconds after the operation began.
    after: u64,
    /// As corosync writes it: representative, sequence number in hexadecimal digits.
    id: String,
    members: Vec<u32>,
    /// Members in the order in which they spoke in votequorum's turn.
    speakers: Vec<u32>,
    /// How many of them a member had heard when it took part itself; only members that were late.
    heard: BTreeMap<u32, usize>,
    /// Whether that turn came to its end.
    synchronised: bool,
}

impl Ring {
    pub(crate) fn to_replay(&self) -> RecordedRing {
        let ids = |nodes: &[u32]| nodes.iter().copied().map(NodeId).collect();
        let (node, seq) = self.id.split_once('.').expect("NODE.SEQUENCE");
        RecordedRing {
            after: Duration::from_millis(self.after),
            id: RingId {
                node: NodeId(node.parse().expect("a number")),
                seq: u64::from_str_radix(seq, 16).expect("hexadecimal digits"),
            },
            members: ids(&self.members),
            speakers: ids(&self.speakers),
            heard: self
                .heard
                .iter()
                .map(|(&node, &n)| (NodeId(node), n))
                .collect(),
            synchronised: self.synchronised,
        }
    }

    /// Whether its members spoke as they do when all hear the end of every turn in time; `None`
    /// if there is no other order.
    pub(crate) fn is_punctual(&self) -> Option<bool> {
        let members = self.members.len();
        let whole = self.synchronised && self.speakers.len() == members && members > 1;
        let first = (1 + 4 * (members - 1)) % members;
        let punctual = self.members[first..].iter().chain(&self.members[..first]);
        whole.then(|| self.speakers.iter().eq(punctual))
    }
}

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Milliseconds since midnight UTC.
pub(crate) fn time_of_day() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.expect("a clock that is not before 1970");
    u64::try_from(since.as_millis()).expect("it fits") % DAY
}

/// The time of a line such as `Nov 22 00:16:44.782 notice  [QUORUM] …`.
fn time_of(line: &str) -> Option<u64> {
    let time = line.split_whitespace().nth(2)?;
    let (clock, millis) = time.split_once('.')?;
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some(seconds * 1000 + millis.parse::<u64>().ok()?)
}

/// The rings in what the daemons logged since a time of day, in the order in which they formed.
///
/// Logs are those of node 1, 2, and so on.
pub(crate) fn rings_in<'a>(logs: impl Iterator<Item = &'a str>, since: u64) -> Vec<Ring> {
    let mut rings: BTreeMap<String, Ring> = BTreeMap::new();
    let of_nodes = (1..).zip(logs);
    for ring in of_nodes.flat_map(|(node, log)| rings_of_node(node, log, since)) {
        match rings.get_mut(&ring.id) {
            None => drop(rings.insert(ring.id.clone(), ring)),
            Some(known) => {
                known.after = known.after.min(ring.after);
                known.synchronised |= ring.synchronised;
                known.heard.extend(ring.heard);
                if ring.speakers.len() > known.speakers.len() {
                    known.speakers = ring.speakers;
                }
            }
        }
    }
    let mut rings: Vec<Ring> = rings.into_values().collect();
    rings.sort_by_key(|ring| ring.after);
    rings
}

fn rings_of_node(node: u32, log: &str, since: u64) -> Vec<Ring> {
    let mut rings: Vec<Ring> = Vec::new();
    let mut members = Vec::new();
    let mut in_turn = false;
    let mut took_part = false;
    for line in log.lines() {
        if let Some((_, list)) = line.split_once("Sync members[") {
            let (_, list) = list.split_once(':').unwrap_or_default();
            let ids = list.split_whitespace().map(str::parse);
            members = ids.collect::<Result<_, _>>().expect("a list of node ids");
            in_turn = false;
        } else if let Some((_, id)) = line.split_once("A new membership (") {
            let (id, _) = id.split_once(')').expect("a ring id");
            let at = time_of(line).expect("every line has its time");
            // The daemon's clock may be some milliseconds behind.
            let after = (at + DAY - since) % DAY;
            rings.push(Ring {
                after: if after > DAY / 2 { 0 } else { after },
                id: id.to_owned(),
                members: std::mem::take(&mut members),
                speakers: Vec::new(),
                heard: BTreeMap::new(),
                synchronised: false,
            });
        } else if line.contains("enter sync process") {
            in_turn = true;
            took_part = false;
        } else if line.contains("Sending nodelist callback") {
            // It takes part now; later it is to programs that ask.
            let ring = rings.last_mut().filter(|_| in_turn && !took_part);
            if let Some(ring) = ring.filter(|ring| !ring.speakers.is_empty()) {
                ring.heard.insert(node, ring.speakers.len());
            }
            took_part = in_turn;
        } else if line.contains("Committing synchronization for corosync vote quorum") {
            in_turn = false;
            if let Some(ring) = rings.last_mut() {
                ring.synchronised = true;
            }
        } else if let Some((_, node)) = line.split_once("got nodeinfo message from cluster node ") {
            let speaker = node.trim().parse().expect("a node id");
            let ring = rings.last_mut().filter(|_| in_turn);
            if let Some(ring) = ring.filter(|ring| !ring.speakers.contains(&speaker)) {
                ring.speakers.push(speaker);
            }
        }
    }
    rings
}
