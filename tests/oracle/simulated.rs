//! The histories in a simulated cluster.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use quorate_engine::{Compat, NodeId, Reply, Request};
use quorate_sim::config::ClusterConfig;
use quorate_sim::{Cluster, DeviceAction, OutputKind};

use crate::configurations::{Configuration, TOKEN};
use crate::history::Operation;
use crate::play::{Answers, Step};
use crate::rings::Ring;

pub(crate) struct Simulated {
    cluster: Cluster,
    configuration: Configuration,
}

impl Simulated {
    pub(crate) fn new(configuration: &Configuration, seed: u64) -> Self {
        let mut text = format!(
            "totem {{\nversion: 2\ntransport: knet\ntoken: {TOKEN}\ntoken_coefficient: 0\n}}\n\
             quorum {{\nprovider: corosync_votequorum\n{}\n}}\nnodelist {{\n",
            configuration.quorum.join("\n")
        );
        for (node, votes) in (1..).zip(configuration.votes) {
            let _: u32 = node;
            let _ = writeln!(
                text,
                "node {{\nname: node{node}\nnodeid: {node}\nring0_addr: 10.77.0.{node}\n\
                 quorum_votes: {votes}\n}}"
            );
        }
        text.push_str("}\n");
        let config = ClusterConfig::parse(configuration.name, &text).expect("a good configuration");
        Simulated {
            cluster: Cluster::new(config, Compat::COROSYNC_3_1, seed),
            configuration: *configuration,
        }
    }

    /// Asks for a change of votes, and says how votequorum answered.
    fn ask(&mut self, on: u32, request: Request) -> String {
        let client = self.cluster.attach(NodeId(on)).expect("the node is up");
        self.cluster.outputs();
        let asked = self.cluster.request(client, request);
        asked.expect("the connection is open");
        let status = self.cluster.outputs().into_iter().find_map(|output| {
            let OutputKind::Reply { reply, .. } = output.kind else {
                return None;
            };
            match reply {
                Reply::Status(status) => Some(status.code()),
                Reply::Info(_) | Reply::ExtraInfo(_) => None,
            }
        });
        self.cluster.detach(client);
        status.expect("it is answered at once").to_string()
    }

    fn answers(&self) -> Answers {
        let all: Vec<NodeId> = self.cluster.nodes().collect();
        let engines = all.iter().filter_map(|&node| self.cluster.engine(node));
        let answers = engines.map(|engine| {
            let mut members = String::new();
            for member in engine.members() {
                let _ = write!(members, " {}", member.0);
            }
            let quorate = u32::from(engine.is_quorate());
            let mut lines = vec![format!("quorate {quorate}, members{members}")];
            lines.extend(all.iter().map(|&node| match engine.node_info(node) {
                None => format!("{}: unknown", node.0),
                Some(info) => format!(
                    "{}: state {}, votes {}, expected {}, highest {}, total {}, quorum {}, \
                     flags {}, device {} {}",
                    info.node.0,
                    info.state as u32,
                    info.votes,
                    info.expected_votes,
                    info.highest_expected,
                    info.total_votes,
                    info.quorum,
                    info.flags.0,
                    info.qdevice_votes,
                    String::from_utf8_lossy(&info.qdevice_name)
                ),
            }));
            (engine.node_id().0, lines)
        });
        answers.collect::<BTreeMap<_, _>>()
    }

    /// Plays a step in which these rings form, and no others.
    pub(crate) fn step(&mut self, operation: &Operation, rings: &[Ring]) -> Step {
        let rings = rings.iter().map(Ring::to_replay).collect();
        self.cluster.replay_rings(rings);
        let result = self.perform(operation);
        Step {
            operation: operation.clone(),
            result,
            rings: Vec::new(),
            answers: self.settled(operation),
        }
    }

    fn perform(&mut self, operation: &Operation) -> String {
        let cluster = &mut self.cluster;
        let done = match operation {
            Operation::StartAll => cluster.start_all(),
            Operation::Start(node) => cluster.up(NodeId(*node)),
            Operation::Kill(node) => cluster.kill(NodeId(*node)),
            Operation::Stop(node) => cluster.leave(NodeId(*node)),
            Operation::Partition(groups) => {
                let ids = |group: &Vec<u32>| group.iter().copied().map(NodeId).collect();
                cluster.partition(&groups.iter().map(ids).collect::<Vec<_>>())
            }
            Operation::Heal => {
                cluster.heal();
                Ok(())
            }
            &Operation::SetExpected { on, expected } => {
                let expected_votes = expected;
                return self.ask(on, Request::SetExpected { expected_votes });
            }
            &Operation::SetVotes { on, node, votes } => {
                let node = NodeId(node);
                return self.ask(on, Request::SetVotes { node, votes });
            }
            &Operation::Register { on, vote } => {
                cluster.device(NodeId(on), DeviceAction::Start { vote })
            }
            &Operation::Vote { on, vote } => cluster.device(NodeId(on), DeviceAction::Vote(vote)),
            &Operation::MasterWins { on, allow } => {
                cluster.device(NodeId(on), DeviceAction::MasterWins(allow))
            }
            &Operation::Unregister(on) => cluster.device(NodeId(on), DeviceAction::Unregister),
            &Operation::LoseDevice { on, and } => {
                let lost = cluster.device(NodeId(on), DeviceAction::Stop);
                and.map_or(lost, |node| cluster.kill(NodeId(node)))
            }
        };
        done.expect("the operation fits the state");
        "done".to_owned()
    }

    fn settled(&mut self, operation: &Operation) -> Answers {
        let settle = Duration::from_millis(self.configuration.settle(operation));
        self.cluster.run_until_quiet();
        let mut last = self.answers();
        loop {
            self.cluster.run_until(self.cluster.now() + settle);
            self.cluster.run_until_quiet();
            let answers = self.answers();
            if answers == last {
                return answers;
            }
            last = answers;
        }
    }
}
