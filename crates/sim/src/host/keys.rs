//! The keys that corosync itself puts into cmap, as found in corosync 3.1.7.

use std::collections::BTreeMap;

use quorate_engine::NodeId;

use super::map::Stored;
use crate::config::{ClusterConfig, Keys};

/// A key and its value.
type Entry = (String, Stored);

/// Services by number: name, and how many messages each sends to its peers.
const SERVICES: [(&str, usize); 8] = [
    ("cmap", 1),
    ("cfg", 5),
    ("cpg", 7),
    ("quorum", 0),
    ("pload", 2),
    ("votequorum", 4),
    ("mon", 0),
    ("wd", 0),
];

/// What stands there from the start, whatever the cluster does.
pub(super) fn at_start(config: &ClusterConfig, local: NodeId) -> Vec<Entry> {
    let mut keys = services();
    keys.extend(totem(config));
    for name in [
        "blackbox.dump_flight_data",
        "blackbox.dump_state",
        "force_gather",
    ] {
        keys.push((format!("runtime.{name}"), Stored::text("no")));
    }
    let Some(entry) = config.nodes().iter().find(|entry| entry.id == local) else {
        return keys;
    };
    keys.extend(position(config, local));
    for (link, address) in entry.addresses.iter().enumerate() {
        if !address.is_empty() {
            let key = format!("totem.interface.{link}.bindnetaddr");
            keys.push((key, Stored::text(address)));
        }
    }
    keys
}

fn services() -> Vec<Entry> {
    let mut keys = Vec::new();
    for (number, (name, messages)) in SERVICES.into_iter().enumerate() {
        let internal = format!("internal_configuration.service.{number}");
        keys.push((
            format!("{internal}.name"),
            Stored::text(&format!("corosync_{name}")),
        ));
        keys.push((format!("{internal}.ver"), Stored::u32(0)));
        let runtime = format!("runtime.services.{name}");
        keys.push((format!("{runtime}.service_id"), Stored::u16(number as u16)));
        for message in 0..messages {
            // How many of each were received and sent is not counted here.
            keys.push((format!("{runtime}.{message}.rx"), Stored::u64(0)));
            keys.push((format!("{runtime}.{message}.tx"), Stored::u64(0)));
        }
    }
    keys
}

/// What totem made of its configuration; formulas and defaults of `totemconfig.c`.
fn totem(config: &ClusterConfig) -> Vec<Entry> {
    let timing = config.timing();
    let milliseconds = |time: std::time::Duration| time.as_millis() as u32;
    let token = milliseconds(timing.token);
    let set = |name: &str, default| {
        config
            .keys()
            .u32(&format!("totem.{name}"))
            .unwrap_or(default)
    };
    let retransmits = set("token_retransmits_before_loss_const", 4);
    let retransmit = (f64::from(token) / (f64::from(retransmits) + 0.2)) as u32;
    let hold = (f64::from(retransmit) * 0.8 - 10.0) as u32;
    let numbers = [
        ("block_unlisted_ips", 1),
        ("cancel_token_hold_on_retransmit", 0),
        ("consensus", milliseconds(timing.consensus)),
        ("downcheck", set("downcheck", 1000)),
        ("fail_recv_const", set("fail_recv_const", 2500)),
        (
            "heartbeat_failures_allowed",
            set("heartbeat_failures_allowed", 0),
        ),
        ("hold", set("hold", hold)),
        ("join", milliseconds(timing.join)),
        ("knet_compression_threshold", 0),
        ("knet_mtu", 0),
        ("knet_pmtud_interval", 30),
        ("max_messages", set("max_messages", 17)),
        ("max_network_delay", set("max_network_delay", 50)),
        ("merge", milliseconds(timing.merge)),
        ("miss_count_const", set("miss_count_const", 5)),
        ("send_join", set("send_join", 0)),
        ("seqno_unchanged_const", set("seqno_unchanged_const", 30)),
        ("token", token),
        ("token_retransmit", set("token_retransmit", retransmit)),
        ("token_retransmits_before_loss_const", retransmits),
        ("token_warning", set("token_warning", 75)),
        ("window_size", set("window_size", 50)),
        ("interface.0.knet_ping_interval", token / 4),
        ("interface.0.knet_ping_timeout", token / 2),
    ];
    let key = |name: &str| format!("runtime.config.totem.{name}");
    let numbers = numbers.map(|(name, value)| (key(name), Stored::u32(value)));
    let mut keys = Vec::from(numbers);
    keys.push((key("knet_compression_level"), Stored::i32(0)));
    keys.push((key("knet_compression_model"), Stored::text("none")));
    keys
}

/// What is there after a reload: the keys of the configuration, and what totem makes of them.
pub(super) fn reloaded(keys: &Keys, config: &ClusterConfig) -> BTreeMap<String, Stored> {
    let configured = keys.iter();
    let configured = configured.map(|(key, value)| (key.to_owned(), value.into()));
    configured.chain(totem(config)).collect()
}

/// Where a node stands in the list.
pub(super) fn position(config: &ClusterConfig, local: NodeId) -> Option<Entry> {
    let mut nodes = config.nodes().iter();
    let entry = nodes.find(|entry| entry.id == local)?;
    let position = Stored::u32(entry.position as u32);
    Some(("nodelist.local_node_pos".to_owned(), position))
}

/// A node was seen for the first time, or again.
pub(super) fn joined(config: &ClusterConfig, node: NodeId, times: u32) -> Vec<Entry> {
    let entry = config.nodes().iter().find(|entry| entry.id == node);
    let links = entry.map_or(&[][..], |entry| &entry.addresses);
    let address = |(link, address): (usize, &String)| format!("r({link}) ip({address}) ");
    let address: String = links.iter().enumerate().map(address).collect();
    let key = |name: &str| format!("runtime.members.{node}.{name}");
    vec![
        (key("config_version"), Stored::u64(0)),
        (key("ip"), Stored::text(&address)),
        (key("join_count"), Stored::u32(times)),
        (key("status"), Stored::text("joined")),
    ]
}

/// A node is not in the ring any more.
pub(super) fn left(node: NodeId) -> Entry {
    (
        format!("runtime.members.{node}.status"),
        Stored::text("left"),
    )
}
