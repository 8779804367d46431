//! Replaying what one node of a simulated cluster was told.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use quorate_engine::{ClientId, Compat, NodeId, Request};
use quorate_sim::config::ClusterConfig;
use quorate_sim::replay::{Replay, replay};
use quorate_sim::scenario::{Operation, Player};
use quorate_sim::{Cluster, Line, Record, Running, View, What};

/// The node that is recorded.
const HERE: NodeId = NodeId(1);

/// What `quorate record` would write on [`HERE`].
struct Recorder {
    records: Vec<Record>,
    client: Option<ClientId>,
}

impl Recorder {
    fn new() -> Self {
        let began = "2026-01-01T00:00:00Z".to_owned();
        let mut recorder = Self {
            records: Vec::new(),
            client: None,
        };
        recorder.write(Duration::ZERO, What::Recording { version: 1, began });
        recorder
    }

    fn write(&mut self, at: Duration, what: What) {
        let node = Some(HERE);
        self.records.push(Record { at, node, what });
    }

    fn look(&mut self, cluster: &mut Cluster) {
        self.take_in(cluster);
        let now = cluster.now();
        match (self.client, cluster.running(HERE)) {
            (None, Some(Running::Up)) => {
                let keys = cluster.config().keys().iter();
                let keys = keys.map(|(key, value)| (key.to_owned(), value.to_string()));
                let keys: BTreeMap<_, _> = keys.collect();
                self.write(now, What::Connected);
                self.write(now, What::Configured { keys });
                let client = cluster.attach(HERE).unwrap();
                let (context, flags) = (0, 2);
                cluster
                    .request(client, Request::TrackStart { context, flags })
                    .unwrap();
                self.client = Some(client);
                self.take_in(cluster);
            }
            (Some(_), Some(Running::Down)) => {
                self.write(
                    now,
                    What::Disconnected {
                        reason: "gone".to_owned(),
                    },
                );
                self.client = None;
            }
            _ => {}
        }
        if let (Some(_), Some(engine)) = (self.client, cluster.engine(HERE)) {
            self.write(now, What::View(View::of(engine)));
        }
    }

    fn take_in(&mut self, cluster: &mut Cluster) {
        let told = |record: &Record| match record.what {
            What::Notified { client, .. } => Some(ClientId(client)) == self.client,
            _ => false,
        };
        let log = cluster.take_log();
        self.records.extend(log.into_iter().filter(told));
    }

    fn lines(self) -> Vec<Line> {
        let lines = (1..).zip(self.records);
        lines
            .map(|(number, record)| Line { number, record })
            .collect()
    }
}

/// Records a history in which everybody waits for everything to be over, from its beginning.
fn record(config: &ClusterConfig, operations: &[Operation]) -> Vec<Line> {
    record_from(0, config, operations)
}

/// The same, except for so many operations that happen before.
fn record_from(first: usize, config: &ClusterConfig, operations: &[Operation]) -> Vec<Line> {
    let mut cluster = Cluster::new(config.clone(), Compat::default(), 7);
    let mut recorder = Recorder::new();
    cluster.start_all().unwrap();
    cluster.run_until_quiet();
    for (number, operation) in operations.iter().enumerate() {
        cluster.run_until(cluster.now() + Duration::from_secs(5));
        if number >= first {
            recorder.look(&mut cluster);
        }
        if operation.apply(&mut cluster).is_ok() {
            cluster.run_until_quiet();
        }
    }
    recorder.look(&mut cluster);
    recorder.lines()
}

fn replayed(config: &ClusterConfig, operations: &[Operation]) -> Replay {
    replay("recording", &record(config, operations), Compat::default()).unwrap()
}

/// The scenario as it stands, played as `quorate run` does, and what its expectations say.
fn check(replay: &Replay) {
    assert_eq!(replay.deviations, []);
    assert_eq!(replay.node, HERE);
    let scenario = &replay.scenario;
    let mut cluster = scenario.cluster(()).unwrap();
    let mut player = Player::new(scenario);
    for _ in &scenario.steps {
        player.play(&mut cluster);
    }
    let report = player.finish(&cluster, None);
    assert!(
        report.is_success(),
        "{:?}",
        report.failures().collect::<Vec<_>>()
    );
}

fn ids(nodes: &[u32]) -> Vec<NodeId> {
    nodes.iter().copied().map(NodeId).collect()
}

fn set_votes(node: u32, votes: u32) -> Operation {
    let node = NodeId(node);
    Operation::SetVotes {
        on: node,
        node,
        votes,
    }
}

#[test]
fn a_history() {
    let config = ClusterConfig::with_nodes(1..=3);
    let on = NodeId(2);
    check(&replayed(
        &config,
        &[
            Operation::Kill(ids(&[3])),
            Operation::Up(ids(&[3])),
            Operation::Partition(vec![ids(&[1]), ids(&[2, 3])]),
            Operation::Heal,
            set_votes(3, 2),
            Operation::SetExpected { on, votes: 5 },
            Operation::Leave(ids(&[3])),
            Operation::Up(ids(&[3])),
            Operation::Kill(ids(&[1])),
            Operation::Kill(ids(&[2])),
            Operation::Up(ids(&[1])),
            Operation::Up(ids(&[2])),
            Operation::Pause(ids(&[2])),
            Operation::Resume(ids(&[2])),
        ],
    ));
}

/// Somebody who was restarted has lost the votes that it was given; somebody who was cut off has
/// not. The recorded node sees which it was.
#[test]
fn restarted_or_cut_off() {
    let config = ClusterConfig::with_nodes(1..=3);
    let kill = [
        set_votes(3, 4),
        Operation::Kill(ids(&[3])),
        Operation::Up(ids(&[3])),
    ];
    let cut = [
        set_votes(3, 4),
        Operation::Partition(vec![ids(&[3])]),
        Operation::Heal,
    ];
    for (history, expected) in [(kill, "Kill"), (cut, "Partition")] {
        let replay = replayed(&config, &history);
        check(&replay);
        let steps = format!("{:?}", replay.scenario.steps);
        assert!(
            steps.contains(&format!("{expected}([")),
            "{expected}: {steps}"
        );
    }
}

/// The recording begins in the middle: a node is missing already, and has been seen before.
#[test]
fn a_recording_that_begins_late() {
    let config = ClusterConfig::with_nodes(1..=4);
    let history = [
        Operation::Kill(ids(&[3])),
        set_votes(2, 3),
        Operation::Partition(vec![ids(&[1]), ids(&[2, 4])]),
        Operation::Up(ids(&[3])),
        Operation::Heal,
    ];
    let begun = |first| {
        let lines = record_from(first, &config, &history);
        replay("recording", &lines, Compat::default()).unwrap()
    };
    for first in 0..3 {
        check(&begun(first));
    }
    // Who was in whose ring when the votes were changed, and so what the others expect, shows too
    // late.
    let deviations = begun(3).deviations;
    assert_eq!(deviations.len(), 2, "{deviations:?}");
    assert!(
        deviations[0]
            .text
            .starts_with("the node was told expected 6; in the simulation, ")
    );
    assert!(
        deviations[1]
            .text
            .starts_with("node 2: recorded state 1 votes 3 expected 5 ")
    );
}

#[test]
fn what_is_not_a_recording() {
    let line = |number, record: &str| {
        let record = serde_json::from_str(record).unwrap();
        Line { number, record }
    };
    let began = r#"{"time_us":0,"event":"recording","version":1,"began":""}"#;
    let keys =
        |keys: &str| format!(r#"{{"time_us":1,"node":1,"event":"configured","keys":{{{keys}}}}}"#);
    let told = r#"{"time_us":2,"node":1,"event":"notified","client":1,"notification":"nonsense"}"#;
    let one = r#""quorum.provider":"corosync_votequorum","nodelist.node.0.nodeid":"1""#;
    let other = one.replace(":\"1\"", ":\"2\"");
    for (lines, expected) in [
        (vec![told.to_owned()], "f:1: this is not a recording"),
        (vec![began.to_owned()], "f:1: corosync was never there"),
        (vec![began.to_owned(), keys("")], "f:2: the configuration: "),
        (
            vec![began.to_owned(), keys(&other)],
            "f:2: the node is not in its own node list",
        ),
        (
            vec![began.to_owned(), keys(one), told.to_owned()],
            "f:3: not something that votequorum",
        ),
    ] {
        let lines: Vec<_> = (1..).zip(&lines).map(|(n, text)| line(n, text)).collect();
        let error = replay("f", &lines, Compat::default())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

fn topology(nodes: u32) -> impl Strategy<Value = Operation> {
    let node = 1..=nodes;
    let part = proptest::collection::vec(0..3usize, nodes as usize).prop_map(|parts| {
        let group = |part| {
            let nodes = (1..).zip(&parts).filter(|(_, other)| **other == part);
            nodes.map(|(node, _)| NodeId(node)).collect::<Vec<_>>()
        };
        Operation::Partition((0..3).map(group).collect())
    });
    prop_oneof![
        2 => node.clone().prop_map(|node| Operation::Kill(ids(&[node]))),
        2 => node.clone().prop_map(|node| Operation::Up(ids(&[node]))),
        1 => node.prop_map(|node| Operation::Leave(ids(&[node]))),
        2 => part,
        2 => Just(Operation::Heal),
    ]
}

fn votes(nodes: u32) -> impl Strategy<Value = Operation> {
    let node = 1..=nodes;
    let expected = |(node, votes)| Operation::SetExpected {
        on: NodeId(node),
        votes,
    };
    prop_oneof![
        (node.clone(), 0..4u32).prop_map(|(node, votes)| set_votes(node, votes)),
        (node, 1..9u32).prop_map(expected),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Whoever dies, leaves, comes back or is cut off from whom, the node included: there is a way
    /// to show the node the same.
    #[test]
    fn histories(history in proptest::collection::vec(topology(4), 1..14)) {
        check(&replayed(&ClusterConfig::with_nodes(1..=4), &history));
    }

    /// Changes of votes that happen while the node does not see them cannot be known. Then that is
    /// said; otherwise the scenario shows what was recorded.
    #[test]
    fn histories_of_votes(
        history in proptest::collection::vec(prop_oneof![topology(3), votes(3)], 1..14)
    ) {
        let replay = replayed(&ClusterConfig::with_nodes(1..=3), &history);
        if replay.deviations.is_empty() {
            check(&replay);
        }
    }
}
