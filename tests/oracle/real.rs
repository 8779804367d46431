//! The histories in a real cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use quorate_testkit::{CProgram, Cluster, Library, Load, wait_until};

use crate::history::{Configuration, Operation, TOKEN, World};
use crate::play::{Answers, Player};

pub(crate) struct Real {
    cluster: Cluster,
    program: PathBuf,
    world: World,
    settle: Duration,
}

impl Real {
    /// A cluster with no daemon running yet.
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let cluster = Cluster::builder()
            .nodes(configuration.votes.len())
            .token(TOKEN)
            .votes(configuration.votes)
            .quorum(&configuration.quorum.join("\n"))
            .prepare();
        let program = CProgram::new("oracle").source("tests/c/oracle.c");
        Real {
            cluster,
            program: program.link("votequorum").build(),
            world: World::new(configuration.nodes()),
            settle: Duration::from_millis(configuration.settle),
        }
    }

    fn ask(&self, node: u32, arguments: &[String]) -> Result<String, String> {
        let command = self.cluster.node(node).command(&self.program);
        let mut command = command.with_args(arguments);
        Library::Original.apply(&mut command, Load::Path);
        let output = command.output().map_err(|why| why.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(text),
            false => Err(format!("node {node}, {}: {text}", output.status)),
        }
    }

    fn change(&self, on: u32, words: &[&dyn ToString]) -> String {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        let answer = self.ask(on, &words);
        answer.unwrap_or_else(|why| panic!("{why}")).trim().into()
    }

    /// What all running nodes say, once each is in one ring with all that it reaches and no other.
    fn answers(&self) -> Result<Answers, String> {
        let show = ["show".to_owned(), self.cluster.nodes().len().to_string()];
        let mut rings = BTreeMap::new();
        let mut answers = Answers::new();
        for &node in &self.world.running {
            if !self.cluster.node(node).is_running() {
                return Err(format!("node {node} is not running"));
            }
            let text = self.ask(node, &show)?;
            let mut lines = text.lines().map(str::to_owned);
            let ring = lines.next().unwrap_or_default();
            let lines: Vec<String> = lines.collect();
            let members = self.world.members(node);
            let names: String = members.iter().map(|member| format!(" {member}")).collect();
            if !lines[0].ends_with(&format!("members{names}")) {
                return Err(format!("node {node} should be with{names}: {text}"));
            }
            if rings.entry(members).or_insert_with(|| ring.clone()) != &ring {
                return Err(format!("node {node} is in another ring: {text}"));
            }
            answers.insert(node, lines);
        }
        Ok(answers)
    }
}

impl Player for Real {
    fn perform(&mut self, operation: &Operation) -> String {
        self.world.apply(operation);
        match operation {
            Operation::StartAll => {
                for node in self.cluster.nodes() {
                    node.launch();
                }
            }
            Operation::Start(node) => self.cluster.node(*node).launch(),
            Operation::Kill(node) => self.cluster.node(*node).kill(),
            Operation::Stop(node) => self.cluster.node(*node).stop(),
            Operation::Partition(groups) => {
                let groups: Vec<&[u32]> = groups.iter().map(Vec::as_slice).collect();
                self.cluster.partition(&groups);
            }
            Operation::Heal => self.cluster.heal(),
            Operation::SetExpected { on, expected } => {
                return self.change(*on, &[&"setexpected", expected]);
            }
            Operation::SetVotes { on, node, votes } => {
                return self.change(*on, &[&"setvotes", node, votes]);
            }
        }
        "done".to_owned()
    }

    /// Asks again and again until the answers have not changed for the time that the
    /// configuration says. Only membership is awaited by name: whatever else the nodes come to
    /// say is what is compared.
    fn settled(&mut self) -> Answers {
        let mut last: Option<(Answers, Instant)> = None;
        wait_until("the nodes to settle", || match self.answers() {
            Err(why) => {
                last = None;
                Err(why)
            }
            Ok(answers) => match &last {
                Some((before, since)) if *before == answers => {
                    if since.elapsed() >= self.settle {
                        Ok(answers)
                    } else {
                        Err(format!("not for long: {answers:?}"))
                    }
                }
                _ => {
                    last = Some((answers, Instant::now()));
                    Err("a change".to_owned())
                }
            },
        })
    }
}
