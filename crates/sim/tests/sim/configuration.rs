//! corosync.conf.

use proptest::prelude::*;
use quorate_engine::{Compat, NodeId};
use quorate_sim::config::{ClusterConfig, ConfigErrorKind, Value};

use crate::{cluster_of, ms, votes};

const FULL: &str = "\
# a comment
totem {
    version: 2
    cluster_name: prod
    transport: knet
    token: 1000
    interface {
        linknumber: 1
        knet_link_priority: 5
        mcastport: 5405
    }
}

nodelist {
    node {
        ring0_addr: 10.0.0.1
        name: alpha
        nodeid: 10
    }
    node {
        ring0_addr: 10.0.0.2
        ring1_addr: 10.1.0.2
        nodeid: 7
        quorum_votes: 3
    }
}
quorum {
    provider: corosync_votequorum
    wait_for_all: 0
    device {
        model: net
        votes: 1
        timeout: 2000
        net {
            host: qnet: here
            tls: off
        }
    }
}
logging {
    to_syslog: yes
    logger_subsys {
        subsys: QUORUM
        debug: off
    }
}
uidgid {
    uid: 0
    gid: 77
}
system {
    sched_rr: yes
}
";

#[test]
fn a_full_file() {
    let config = ClusterConfig::parse("corosync.conf", FULL).unwrap();
    let nodes: Vec<_> = config
        .nodes()
        .iter()
        .map(|node| (node.id.0, &node.name[..]))
        .collect();
    assert_eq!(nodes, [(10, "alpha"), (7, "10.0.0.2")]);
    assert_eq!(config.nodes()[1].addresses, ["10.0.0.2", "10.1.0.2"]);
    assert_eq!(config.cluster_name(), Some("prod"));
    assert_eq!(config.timing().token, ms(1000));
    assert_eq!(config.timing().consensus, ms(1200));
    let keys = config.keys();
    let text = |text: &str| Value::Str(text.to_owned());
    for (key, value) in [
        ("nodelist.node.0.nodeid", Value::U32(10)),
        ("nodelist.node.1.quorum_votes", Value::U32(3)),
        ("nodelist.node.1.ring1_addr", text("10.1.0.2")),
        ("quorum.wait_for_all", Value::U8(0)),
        ("quorum.device.votes", Value::U32(1)),
        ("quorum.device.net.host", text("qnet: here")),
        ("totem.interface.1.knet_link_priority", Value::U8(5)),
        ("totem.interface.1.mcastport", Value::U16(5405)),
        ("totem.version", Value::U32(2)),
        ("logging.to_syslog", text("yes")),
        ("logging.logger_subsys.QUORUM.debug", text("off")),
        ("logging.logger_subsys.QUORUM.subsys", text("QUORUM")),
        ("uidgid.config.uid.0", Value::U8(1)),
        ("uidgid.config.gid.77", Value::U8(1)),
        ("system.sched_rr", text("yes")),
    ] {
        assert_eq!(keys.get(key), Some(&value), "{key}");
    }
    let cluster = cluster_of(config, Compat::default());
    assert_eq!(
        votes(&cluster, 7),
        (5, 4, 3),
        "the device's vote is expected"
    );
    assert_eq!(cluster.nodes().collect::<Vec<_>>(), [NodeId(7), NodeId(10)]);
}

#[test]
fn the_token_timeout_grows_with_the_nodes() {
    let config = ClusterConfig::with_nodes(1..=5);
    assert_eq!(config.timing().token, ms(3000 + 3 * 650));
    assert_eq!(config.timing().consensus, ms(5940));
}

#[test]
fn addresses_become_ids_with_udpu() {
    let text = "totem {\ntransport: udpu\nclear_node_high_bit: yes\n}\n\
        quorum {\nprovider: corosync_votequorum\n}\n\
        nodelist {\nnode {\nring0_addr: 192.168.0.1\n}\n}\n";
    let config = ClusterConfig::parse("f", text).unwrap();
    assert_eq!(config.nodes()[0].id, NodeId(0x40a8_0001));
    let text = text.replace("udpu", "knet");
    let error = ClusterConfig::parse("f", &text).unwrap_err();
    assert_eq!(error.kind, ConfigErrorKind::NoNodeId { position: 0 });
    assert_eq!(error.place.unwrap().line, 9);
}

#[test]
fn errors_show_the_place() {
    let cases = [
        ("a", "f:1:1: expected 'name {', 'name: value' or '}'"),
        ("x {\n", "f:1:1: this section is never closed"),
        ("}\n", "f:1:1: no section is open here"),
        (
            "x {\n} y\n",
            "f:2:1: nothing else may stand on a line with '}'",
        ),
        (" { \n", "f:1:2: a section needs a name before '{'"),
        ("x { y\n", "f:1:5: nothing may follow '{' on its line"),
        ("  : v\n", "f:1:5: a key needs a name before ':'"),
        (
            "quorum {\n\ttwo_node: yes\n}",
            "f:2:12: quorum.two_node: expected a number from 0 to 255, found 'yes'",
        ),
        (
            "totem {\n ip_version: 4\n}",
            "f:2:14: totem.ip_version: expected ipv4, ipv6, ipv6-4 or ipv4-6, found '4'",
        ),
        (
            "uidgid {\n uid: nobody-like-that\n}",
            "f:2:7: uidgid.uid: 'nobody-like-that' is not known on this machine",
        ),
        (
            "uidgid {\n pid: 1\n}",
            "f:2:7: uidgid: only uid and gid may stand here",
        ),
        (
            "a b: 1\n",
            "f:1:6: a b: only letters, digits and any of . _ - / : are allowed in names",
        ),
        (
            "ab: 1\n",
            "f:1:5: ab: a key's full name must have 3 to 255 bytes",
        ),
        (
            "logging {\nlogger_subsys {\ndebug: on\n}\n}",
            "f:4:1: logging.logger_subsys: this section needs the key 'subsys'",
        ),
        ("", "nodelist: needed, with at least one node"),
        (
            "nodelist {\n node {\n nodeid: 1\n }\n node {\n nodeid: 1\n }\n}",
            "f:5:2: nodelist.node.1.nodeid: node 1 is in the list already",
        ),
        (
            "nodelist {\nnode {\nnodeid: 0\n}\n}",
            "f:2:1: nodelist.node.0.nodeid: 0 is not a node id",
        ),
        (
            "nodelist {\nnode {\nnodeid: 1\n}\n}",
            "quorum.provider: must be corosync_votequorum",
        ),
    ];
    for (text, message) in cases {
        let error = ClusterConfig::parse("f", text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text:?}");
    }
    let long = format!("x: {}\n", "y".repeat(508));
    let error = ClusterConfig::parse("f", &long).unwrap_err();
    assert_eq!(error.kind, ConfigErrorKind::LineTooLong);
    let error = ClusterConfig::parse("f", "quorum {\n\ttwo_node: yes\n}").unwrap_err();
    assert_eq!(
        error.render(),
        "f:2:12: quorum.two_node: expected a number from 0 to 255, found 'yes'\n  |\n2 | \ttwo_node: yes\n  | \t          ^^^"
    );
}

fn config_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("quorum"),
        Just("nodelist"),
        Just("node"),
        Just("totem"),
        Just("interface"),
        Just("member"),
        Just("logging"),
        Just("logging_daemon"),
        Just("name"),
        Just("uidgid"),
        Just("uid"),
        Just("nodeid"),
        Just("linknumber"),
        Just("ip_dscp"),
        Just("\u{a0}"),
        Just(""),
        Just("1"),
        Just("-1"),
        Just("é"),
    ];
    let line = (
        word.clone(),
        prop_oneof![Just(" {"), Just(": "), Just("}"), Just(""), Just("{{")],
        word,
    )
        .prop_map(|(a, b, c)| {
            if b == " {" {
                format!("{a} {{\n")
            } else {
                format!("{a}{b}{c}\n")
            }
        });
    proptest::collection::vec(line, 0..20).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![any::<String>(), config_like()]) {
        match ClusterConfig::parse("f", &text) {
            Ok(config) => prop_assert!(!config.nodes().is_empty()),
            Err(error) => prop_assert!(error.render().starts_with(&error.to_string())),
        }
    }
}
