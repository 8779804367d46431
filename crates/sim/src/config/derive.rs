//! What follows from the keys of a configuration.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use quorate_engine::{DeviceConfig, NodeId, NodelistEntry, QuorumConfig};

use super::error::ConfigErrorKind;
use super::keys::{Keys, Value};

/// A node of the node list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeConfig {
    /// Its place in the list, the `N` of `nodelist.node.N`.
    pub position: usize,
    /// `nodeid`.
    pub id: NodeId,
    /// `name`, or else `ring0_addr`, or else the id.
    pub name: String,
    /// `ring0_addr`, `ring1_addr`, …; empty for a link without one.
    pub addresses: Vec<String>,
}

/// A node's position comes with the error, if it is about a node.
type NodeError = (ConfigErrorKind, Option<usize>);

/// The node list. Only the transports udp and udpu make an id out of an address; it is the number
/// of the IPv4 address, without its highest bit if `totem.clear_node_high_bit` says so (read in
/// corosync 3.1).
pub(super) fn nodes(keys: &Keys) -> Result<Vec<NodeConfig>, NodeError> {
    let generates = matches!(keys.str("totem.transport"), Some("udp" | "udpu"));
    let mut nodes = Vec::new();
    let mut known = BTreeSet::new();
    for position in keys.node_positions() {
        let part = |name: &str| keys.str(&format!("nodelist.node.{position}.{name}"));
        let mut addresses: Vec<_> = (0..8)
            .map(|link| part(&format!("ring{link}_addr")).unwrap_or("").to_owned())
            .collect();
        while addresses.last().is_some_and(String::is_empty) {
            addresses.pop();
        }
        let given = keys.u32(&format!("nodelist.node.{position}.nodeid"));
        let generated = || {
            let address: Ipv4Addr = addresses.first()?.parse().ok()?;
            let clear = keys.str("totem.clear_node_high_bit") == Some("yes");
            let mask = if clear { u32::MAX >> 1 } else { u32::MAX };
            generates.then_some(u32::from(address) & mask)
        };
        let here = Some(position);
        let id = given
            .or_else(generated)
            .ok_or((ConfigErrorKind::NoNodeId { position }, here))?;
        if id == 0 {
            return Err((ConfigErrorKind::NodeIdZero { position }, here));
        }
        if !known.insert(id) {
            let kind = ConfigErrorKind::DuplicateNode { position, node: id };
            return Err((kind, here));
        }
        let name = part("name").or(addresses.first().map(String::as_str));
        nodes.push(NodeConfig {
            position,
            id: NodeId(id),
            name: name.map_or_else(|| id.to_string(), str::to_owned),
            addresses,
        });
    }
    if nodes.is_empty() {
        return Err((ConfigErrorKind::NoNodes, None));
    }
    Ok(nodes)
}

/// What a file with these nodes and votequorum would have set.
pub(super) fn write_nodes(keys: &mut Keys, nodes: impl IntoIterator<Item = u32>) {
    let mut set = |key: String, value| {
        // Names made here are names cmap allows.
        let _ = keys.set(&key, value);
    };
    let text = |text: &str| Value::Str(text.to_owned());
    set("totem.version".to_owned(), Value::U32(2));
    set("totem.cluster_name".to_owned(), text("quorate"));
    set("quorum.provider".to_owned(), text("corosync_votequorum"));
    for (position, id) in nodes.into_iter().enumerate() {
        let node = format!("nodelist.node.{position}");
        let [_, _, c, d] = id.to_be_bytes();
        set(format!("{node}.nodeid"), Value::U32(id));
        set(format!("{node}.name"), Value::Str(format!("node{id}")));
        set(
            format!("{node}.ring0_addr"),
            Value::Str(format!("192.0.{c}.{d}")),
        );
    }
}

/// What votequorum reads. A key of another type than it expects counts as absent.
pub(crate) fn quorum_config(keys: &Keys) -> QuorumConfig {
    let on = |name: &str| keys.u8(&format!("quorum.{name}")).map(|value| value != 0);
    let number = |name: &str| keys.u32(&format!("quorum.{name}"));
    let default = QuorumConfig::default();
    let listed = nodes(keys).unwrap_or_default();
    let entry = |node: &super::NodeConfig| NodelistEntry {
        node: node.id,
        quorum_votes: keys.u32(&format!("nodelist.node.{}.quorum_votes", node.position)),
    };
    let device = keys.str("quorum.device.model").map(|model| {
        let default = DeviceConfig::default();
        DeviceConfig {
            model: model.to_owned(),
            votes: number("device.votes"),
            timeout: number("device.timeout").unwrap_or(default.timeout),
            sync_timeout: number("device.sync_timeout").unwrap_or(default.sync_timeout),
        }
    });
    QuorumConfig {
        expected_votes: number("expected_votes"),
        votes: number("votes"),
        nodelist: listed.iter().map(entry).collect(),
        two_node: on("two_node").unwrap_or(false),
        wait_for_all: on("wait_for_all"),
        last_man_standing: on("last_man_standing").unwrap_or(false),
        last_man_standing_window: number("last_man_standing_window")
            .unwrap_or(default.last_man_standing_window),
        auto_tie_breaker: on("auto_tie_breaker").unwrap_or(false),
        auto_tie_breaker_node: keys.str("quorum.auto_tie_breaker_node").map(str::to_owned),
        allow_downscale: on("allow_downscale").unwrap_or(false),
        expected_votes_tracking: on("expected_votes_tracking").unwrap_or(false),
        device,
    }
}

/// How long totem takes to notice things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Until a token counts as lost: `totem.token` (3000 ms), and with more than two nodes
    /// `totem.token_coefficient` (650 ms) for each further one.
    pub token: Duration,
    /// Until nodes that do not answer are given up: `totem.consensus`, or 1.2 times the token
    /// timeout.
    pub consensus: Duration,
    /// The interval in which rings look for others: `totem.merge` (200 ms).
    pub merge: Duration,
    /// The interval in which nodes that are forming a ring call others: `totem.join` (50 ms).
    pub join: Duration,
}

impl Timing {
    /// Defaults and formula are those of corosync 3.1 (`totemconfig.c`): a value of 0 counts as
    /// absent.
    pub(crate) fn of(keys: &Keys) -> Self {
        let ms = |name: &str, default: u64| {
            let value = keys.u32(&format!("totem.{name}"));
            value.filter(|&value| value > 0).map_or(default, u64::from)
        };
        let nodes = keys.node_positions().len() as u64;
        let coefficient = keys.u32("totem.token_coefficient").map_or(650, u64::from);
        let token = ms("token", 3000) + nodes.saturating_sub(2) * coefficient;
        Timing {
            token: Duration::from_millis(token),
            consensus: Duration::from_millis(ms("consensus", token * 12 / 10)),
            merge: Duration::from_millis(ms("merge", 200)),
            join: Duration::from_millis(ms("join", 50)),
        }
    }
}
