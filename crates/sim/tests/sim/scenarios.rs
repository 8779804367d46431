//! Scenarios: played, refused, reported.

use proptest::prelude::*;
use quorate_engine::NodeId;
use quorate_sim::scenario::{Due, Operation, Player, Scenario, ScenarioError};

use crate::ms;

fn no_files(name: &str) -> Result<String, String> {
    match name {
        "five.conf" => Ok(
            "nodelist {\n node {\n nodeid: 1\n }\n node {\n nodeid: 2\n }\n}\n\
            quorum {\n provider: corosync_votequorum\n expected_votes: 5\n}\n"
                .to_owned(),
        ),
        "bad.conf" => Ok("quorum {\n two_node: yes\n}\n".to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

pub(crate) fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse("s.toml", text, &no_files)
}

fn failures(text: &str) -> Vec<String> {
    let scenario = parse(text).unwrap_or_else(|error| panic!("{}", error.render()));
    let (report, _) = scenario.run().expect("a good configuration");
    let line = |check: &quorate_sim::scenario::Check| {
        format!(
            "{:?} {}: {}",
            check.place.as_ref().map(|place| place.line),
            check.name,
            check.failure.as_deref().unwrap_or("")
        )
    };
    report.failures().map(line).collect()
}

const SPLIT_BRAIN: &str = r#"
name = "split brain"

[cluster]
nodes = 3
votes = 200
seed = 7
compat = ["uint8-quorum"]

[[step]]
pace = "idle"
expect = { quorate = true, votes = 600, expected = 600, quorum = 45, members = [1, 2, 3] }

[[step]]
at = "1s"
partition = [[1], [2], [3]]

[[step]]
pace = "idle"
expect = [
    { node = 1, quorate = true, members = [1] },
    { node = [2, 3], quorate = true, votes = 200 },
]

[expect]
exit_code = 0
violations = 2
"#;

#[test]
fn the_triple_split_brain() {
    assert_eq!(failures(SPLIT_BRAIN), [""; 0]);
    let sound = SPLIT_BRAIN.replace("\"uint8-quorum\"", "");
    let failures = failures(&sound);
    assert_eq!(
        failures[0],
        "Some(12) node 1: quorate, votes 600, expected 600, quorum 45, members [1, 2, 3]: \
         quorum: expected 45, found 301"
    );
    let last = failures.last().unwrap();
    assert!(
        last.starts_with("None 2 violations of the invariants: found 0"),
        "{last}"
    );
    assert_eq!(failures.len(), 3 + 3 + 1);
}

#[test]
fn a_device_has_voted_when_nothing_is_under_way() {
    let text = r#"
        [cluster]
        nodes = 2
        [cluster.quorum]
        "device.model" = "net"
        "device.votes" = 1
        [[before]]
        qdevice = { node = 1, vote = true }
        [[step]]
        pace = "idle"
        expect = { node = 1, votes = 3 }
        [[step]]
        pace = "idle"
        qdevice = { node = 1, vote = false }
        expect = { node = 1, votes = 2 }
        [[step]]
        pace = "idle"
        partition = [[1], [2]]
        expect = { quorate = false }
        [[step]]
        pace = "idle"
        qdevice = { node = 1, vote = true }
        expect = { node = 1, votes = 2, quorate = true }
    "#;
    assert_eq!(failures(text), [""; 0]);
}

#[test]
fn every_operation() {
    let text = r#"
        [cluster]
        nodes = [1, 2, 5]
        [cluster.quorum]
        "device.model" = "net"
        "device.votes" = 1
        "device.timeout" = 1000
        [[step]]
        at = "500ms"
        leave = 5
        [[step]]
        pace = "idle"
        up = 5
        expect = { quorate = true, votes = 3, expected = 4 }
        [[step]]
        after = "1s"
        pause = [5]
        expect = { node = 5, running = "paused" }
        [[step]]
        pace = "idle"
        expect = { node = [1, 2], members = [1, 2] }
        [[step]]
        pace = "idle"
        resume = 5
        expect = { members = [1, 2, 5] }
        [[step]]
        pace = "idle"
        qdevice = { node = 2, vote = true }
        [[step]]
        after = "100ms"
        expect = { node = 2, votes = 4, quorum = 3 }
        [[step]]
        after = "0ms"
        set_expected = { node = 2, votes = 6 }
        [[step]]
        pace = "idle"
        set_votes = { node = 5, votes = 2, on = 1 }
        expect = { node = 1, expected = 6, votes = 4 }
        [[step]]
        pace = "idle"
        set_key = { node = 1, key = "quorum.expected_votes", value = 8 }
        expect = { node = 5, expected = 8 }
        [[step]]
        pace = "idle"
        qdevice = { node = 2, unregister = true }
        [[step]]
        pace = "idle"
        kill = [1, 5]
        expect = [{ node = 2, quorate = false }, { node = 1, running = "down" }]
        [[step]]
        pace = "idle"
        heal = true
    "#;
    assert_eq!(failures(text), [""; 0]);
}

#[test]
fn a_reload_and_a_configuration_file() {
    let text = "[cluster]\nconfig = \"five.conf\"\n[[step]]\npace = \"idle\"\nexpect = { quorate = false, expected = 5 }\n";
    assert_eq!(failures(text), [""; 0]);
    let text = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nreload = \"five.conf\"\nexpect = { quorate = false, expected = 5 }\n";
    assert_eq!(failures(text), [""; 0]);
}

#[test]
fn what_happened_before() {
    let text = "[cluster]\nnodes = 3\n\
        [[before]]\nset_votes = { node = 2, votes = 5 }\n\
        [[before]]\nkill = 3\n\
        [[before]]\nring_number = { node = 1, number = 96 }\n\
        [[step]]\npace = \"idle\"\nexpect = { members = [1, 2], votes = 6, expected = 7 }\n\
        [[step]]\npace = \"idle\"\nup = 3\nexpect = { members = [1, 2, 3] }\n";
    assert_eq!(failures(text), Vec::<String>::new());
    let (_, cluster) = parse(text).unwrap().run().unwrap();
    assert_eq!(
        cluster.engine(NodeId(1)).unwrap().ring().to_string(),
        "1.64"
    );
    for (before, place) in [
        ("at = \"1s\"\nkill = 3", "s.toml:3:1: "),
        ("", "s.toml:3:1: this step does nothing"),
        ("up = 3", "s.toml:4:6: node 3 is up"),
        (
            "ring_number = { node = 4, number = 1 }",
            "s.toml:4:15: node 4 is not in",
        ),
    ] {
        let text = format!("[cluster]\nnodes = 3\n[[before]]\n{before}\n");
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(place), "{error}");
    }
}

#[test]
fn what_happens_at_the_wrong_time_is_reported() {
    let text = r#"
        cluster.nodes = 2
        [[step]]
        pace = "idle"
        kill = 2
        [[step]]
        pace = "idle"
        expect = { node = 2, quorate = false }
        [[step]]
        at = "1s"
        qdevice = { node = 1, stop = true }
    "#;
    let failures = failures(text);
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(failures[0].ends_with("the node is down"));
    assert!(failures[1].starts_with("Some(9) the step is on time: this was due at 1s"));
    assert!(failures[2].ends_with("the step is carried out: no quorum device runs on node 1"));
}

#[test]
fn errors_show_the_place() {
    let step = |text: &str| format!("[cluster]\nnodes = 3\n[[step]]\n{text}");
    let cases = [
        (
            "[cluster]\n".to_owned(),
            "1:1: [cluster] needs either 'nodes' or 'config'",
        ),
        (
            "[cluster]\nnodes = 3\nconfig = \"x\"\n".to_owned(),
            "1:1: [cluster] needs either 'nodes' or 'config'",
        ),
        (
            "[cluster]\nnodes = 0\n".to_owned(),
            "2:9: expected a number of nodes from 1 to 2000, or a list of different node ids above 0",
        ),
        (
            "[cluster]\nnodes = [1, 1]\n".to_owned(),
            "2:9: expected a number of nodes from 1 to 2000, or a list of different node ids above 0",
        ),
        (
            "[cluster]\nnodes = 2\nvotes = [1]\n".to_owned(),
            "3:9: expected one number of votes for all nodes, or a list with one for each of 2 nodes",
        ),
        (
            "[cluster]\nnodes = 2\ncompat = [\"x\"]\n".to_owned(),
            "3:11: unknown; expected uint8-quorum, lost-tracking, wrapping-votes, no-extra-info or corosync-3.1",
        ),
        (
            "[cluster]\nnodes = 2\nquorum.two_nodes = 1\n".to_owned(),
            "3:20: quorum.two_nodes: votequorum does not read such a key",
        ),
        (
            "[cluster]\nnodes = 2\nquorum.two_node = 300\n".to_owned(),
            "3:19: quorum.two_node: expected a number from 0 to 255, found '300'",
        ),
        (
            "[cluster]\nconfig = \"x\"\n".to_owned(),
            "2:10: cannot be read: no such file",
        ),
        (step("at = \"1s\"\nkil = 3\n"), "5:1: unknown field `kil`"),
        (
            step("at = \"1\"\nkill = 3\n"),
            "4:6: expected a time like \"500ms\", \"1.5s\" or \"2m\"",
        ),
        (
            step("kill = 3\n"),
            "3:1: a step needs exactly one of 'at', 'after', 'pace' and 'on_call'",
        ),
        (
            step("pace = \"slow\"\nkill = 3\n"),
            "4:8: expected \"idle\"",
        ),
        (
            step("pace = \"idle\"\n"),
            "3:1: this step does nothing and expects nothing",
        ),
        (
            step("pace = \"idle\"\nkill = 3\nup = 3\n"),
            "6:6: a step can only do one thing; this is the second",
        ),
        (
            step("pace = \"idle\"\nkill = 4\n"),
            "5:8: node 4 is not in the cluster",
        ),
        (
            step("pace = \"idle\"\nkill = \"3\"\n"),
            "5:8: expected a node id or a list of node ids",
        ),
        (
            step("pace = \"idle\"\nkill = [3, 3]\n"),
            "5:8: node 3 is named twice",
        ),
        (
            step("pace = \"idle\"\nup = 3\n"),
            "5:6: node 3 is up at this point",
        ),
        (
            step("pace = \"idle\"\nresume = 3\n"),
            "5:10: node 3 is up at this point",
        ),
        (
            step("pace = \"idle\"\npartition = [[1, 2], [2]]\n"),
            "5:13: node 2 is named twice",
        ),
        (
            step("pace = \"idle\"\npartition = [[1, 7]]\n"),
            "5:13: node 7 is not in the cluster",
        ),
        (
            step("pace = \"idle\"\npartition = [1, [2, 3]]\n"),
            "5:13: expected lists of node ids, like [[1], [2, 3]]",
        ),
        (
            step("pace = \"idle\"\npartition = \"1 2,3\"\n"),
            "5:13: expected lists of node ids, like [[1], [2, 3]]",
        ),
        (
            step("at = 15\nkill = 3\n"),
            "4:6: expected a time like \"500ms\", \"1.5s\" or \"2m\"",
        ),
        (
            step("after = 15\nkill = 3\n"),
            "4:9: expected a time like \"500ms\", \"1.5s\" or \"2m\"",
        ),
        (
            step("pace = \"idle\"\nqdevice = 2\n"),
            "5:11: expected a table like { node = 1, vote = true }",
        ),
        (
            step("pace = \"idle\"\nqdevice = { node = \"2\", vote = true }\n"),
            "5:20: expected a node id",
        ),
        (
            step("pace = \"idle\"\nset_votes = { node = 2, votes = -1 }\n"),
            "5:33: expected a number from 0 to 4294967295",
        ),
        (
            step("on_call = \"votequorum_getinfo\"\nkill = 3\n"),
            "4:11: expected a table like { function = \"votequorum_getinfo\", nth = 3 }",
        ),
        (
            step("pace = \"idle\"\nexpect = { members = 1 }\n"),
            "5:22: expected a list of node ids, like [1, 2]",
        ),
        (
            step("pace = \"idle\"\nexpect = { quorate = \"yes, expected true\" }\n"),
            "5:22: expected true or false",
        ),
        (
            "cluster.nodes = 3\n[step]\nat = \"1s\"\nkill = 3\n".to_owned(),
            "2:1: expected a list (of tables: [[…]] or [{ … }])",
        ),
        (
            step("pace = \"idle\"\nheal = false\n"),
            "5:8: only 'true' means something here",
        ),
        (
            step("pace = \"idle\"\nqdevice = { node = 1 }\n"),
            "5:11: a quorum device needs exactly one of 'vote', 'master_wins', 'stop' and 'unregister'",
        ),
        (
            step("pace = \"idle\"\nset_key = { node = 1, key = \"a.b\" }\n"),
            "5:11: a key needs exactly one of 'value' and 'delete'",
        ),
        (
            step("pace = \"idle\"\nset_votes = { node = 9, votes = 1 }\n"),
            "5:13: node 9 is not in the cluster",
        ),
        (
            step("pace = \"idle\"\nexpect = { node = 9, quorate = true }\n"),
            "5:19: node 9 is not in the cluster",
        ),
        (
            step("pace = \"idle\"\nexpect = { node = 1 }\n"),
            "5:10: this expects nothing",
        ),
        (
            step("pace = \"idle\"\nexpect = [{ node = 1, running = \"on\" }]\n"),
            "5:33: expected \"up\", \"down\" or \"paused\"",
        ),
        (
            step("at = \"2s\"\nkill = 3\n[[step]]\nat = \"1s\"\nup = 3\n"),
            "7:6: this is before the previous step",
        ),
    ];
    for (text, message) in cases {
        let error = parse(&text).expect_err(&text).to_string();
        assert!(
            error.starts_with(&format!("s.toml:{message}")),
            "{text}\n{error}\n{message}"
        );
    }
    let error = parse("[cluster]\nconfig = \"bad.conf\"\n").unwrap_err();
    assert!(
        error.render().starts_with("bad.conf:2:12: quorum.two_node"),
        "{}",
        error.render()
    );
    let error = parse("[cluster]\nnodes = 3\n[[step]]\nat = \"1s\"\nkil = 3\n").unwrap_err();
    assert!(
        error.render().ends_with("5 | kil = 3\n  | ^^^"),
        "{}",
        error.render()
    );
}

/// No key answers a value of the wrong type with the names of Rust's types or serde's.
#[test]
fn wrong_types_are_refused_in_a_scenarios_words() {
    const THREE: &str = "cluster.nodes = 3\n";
    const CLUSTER: &str = "cluster = { nodes = 3, ";
    const STEP: &str = "cluster.nodes = 3\n[[step]]\n";
    const IDLE: &str = "cluster.nodes = 3\n[[step]]\npace = \"idle\"\n";
    let places = [
        ("", "", "cluster"),
        (THREE, "", "name fault before step expect"),
        ("cluster = { ", " }", "nodes config"),
        (CLUSTER, " }", "votes seed compat quorum start"),
        (
            "cluster.nodes = 3\n[[fault]]\n",
            "",
            "name node service function nth every probability on error delay drop stall burst \
             hold_events",
        ),
        (STEP, "", "at after pace on_call"),
        (
            IDLE,
            "",
            "up kill leave restart power_off pause resume partition heal set_votes set_expected \
             qdevice reload set_key ring_number fault_on fault_off expect",
        ),
        ("set_votes = { ", " }", "node votes on"),
        ("set_expected = { ", " }", "node votes"),
        (
            "qdevice = { ",
            " }",
            "node vote master_wins stop unregister",
        ),
        ("set_key = { ", " }", "node key value delete"),
        ("ring_number = { ", " }", "node number"),
        ("on_call = { ", " }", "function nth node"),
        (
            "expect = { ",
            " }",
            "node quorate votes expected quorum members running received received_exactly",
        ),
        ("expect.received = [{ ", " }]", "node service event members"),
        (
            "cluster.nodes = 3\n[expect]\n",
            "",
            "exit_code violations received received_exactly",
        ),
    ];
    let foreign = [
        "invalid", "u32", "u64", "i32", "f64", "string", "integer", "boolean", "sequence",
        "struct", "map,",
    ];
    for (before, after, keys) in places {
        let outer = if before.contains("cluster") || before.is_empty() {
            ""
        } else {
            IDLE
        };
        for key in keys.split_whitespace() {
            let values = ["\"x\"", "-5", "1.5", "true", "[[{}]]", "{ x = 1 }"];
            let refused = values.iter().filter(|value| {
                let text = format!("{outer}{before}{key} = {value}{after}\n");
                let Err(error) = parse(&text) else {
                    return false;
                };
                let error = error.reason();
                let word = foreign.iter().find(|word| error.contains(**word));
                assert_eq!(word, None, "{text}\n{error}");
                true
            });
            assert!(refused.count() >= 4, "{key}");
        }
    }
}

#[test]
fn programs_can_take_part() {
    let scenario = parse(SPLIT_BRAIN).unwrap();
    let mut cluster = scenario.cluster(()).unwrap();
    let mut player = Player::new(&scenario);
    assert_eq!(player.due(), Due::Idle);
    player.play(&mut cluster);
    assert_eq!(player.due(), Due::At(ms(1000)));
    player.play(&mut cluster);
    player.play(&mut cluster);
    assert_eq!(player.due(), Due::Finished);
    let report = player.finish(&cluster, Some(3));
    let failed: Vec<_> = report.failures().map(|check| &check.name[..]).collect();
    assert_eq!(failed, ["the program ends with 0"]);
    assert!(
        report
            .to_tap()
            .contains("not ok 7 - the program ends with 0")
    );
    assert!(report.to_junit().contains("tests=\"8\" failures=\"1\""));
}

#[test]
fn one_operation_for_a_cluster_as_it_is() {
    let mut cluster = crate::cluster(&[1, 1, 1], &[]);
    let mut act = |text: &str| {
        let operation = Operation::parse("ctl", text, &no_files, &cluster);
        let operation = operation.map_err(|error| error.reason())?;
        operation
            .apply(&mut cluster)
            .map_err(|error| error.to_string())
    };
    assert_eq!(act("kill = [3]"), Ok(()));
    assert_eq!(act("partition = [[1], [2]]"), Ok(()));
    assert_eq!(act("reload = \"five.conf\""), Ok(()));
    for (text, word) in [
        ("kill = 3", "node 3 is down at this point"),
        ("pause = 9", "node 9 is not in the cluster"),
        ("kill = 1\nup = 3", "only do one thing"),
        ("after = \"1s\"\nup = 3", "only an operation can stand here"),
        ("expect = { quorate = true }", "only an operation"),
        ("", "does nothing"),
        ("kil = 1", "unknown field"),
        ("reload = \"none.conf\"", "no such file"),
    ] {
        let error = act(text).unwrap_err();
        assert!(error.contains(word), "{text}: {error}");
    }
    // What only steps of a file have is not among what can stand here.
    let error = act("kil = 1").unwrap_err();
    let (_, words) = error.split_once("expected one of ").unwrap();
    let words: Vec<_> = words
        .split(", ")
        .map(|word| word.trim_matches('`'))
        .collect();
    assert_eq!(
        (words.first(), words.last()),
        (Some(&"up"), Some(&"fault_off"))
    );
    assert_eq!(words.len(), 17, "{words:?}");
    for word in &words {
        // As a key it is known, whatever stands behind it.
        let error = act(&format!("{word} = 1.5")).unwrap_err();
        assert!(!error.contains("unknown field"), "{error}");
    }
    let groups = crate::ids(&[1, 2, 3]);
    let groups: Vec<_> = groups.chunks(1).collect();
    assert_eq!(cluster.groups(), groups);
    cluster.heal();
    assert_eq!(cluster.groups(), [crate::ids(&[1, 2, 3])]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), step in "[a-z_]{2,9} = [0-9\\[\\]{}\"a-z=, ]{0,20}") {
        for text in [text, format!("cluster.nodes = 3\n[[step]]\npace = \"idle\"\n{step}\n")] {
            if let Err(error) = parse(&text) {
                prop_assert!(error.render().starts_with("s.toml:"));
            }
        }
    }
}
