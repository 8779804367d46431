//! The histories in a real cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use quorate_testkit::{CProgram, Cluster, Library, Load, wait_until};

use crate::configurations::{Configuration, TOKEN};
use crate::device::Device;
use crate::history::{Operation, World};
use crate::play::{Answers, Step};
use crate::rings::{Ring, rings_in, time_of_day};

pub(crate) struct Real {
    configuration: Configuration,
    // Before the nodes that they run on.
    devices: BTreeMap<u32, Device>,
    cluster: Cluster,
    program: PathBuf,
    device_program: PathBuf,
    world: World,
    /// How much of each node's log belongs to earlier steps.
    read: Vec<usize>,
}

/// The program that asks, and the one that is a quorum device; built once.
fn programs() -> (PathBuf, PathBuf) {
    static BUILT: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let build = |name: &str| {
        let program = CProgram::new(name).source(&format!("tests/c/{name}.c"));
        program.link("votequorum").build()
    };
    BUILT
        .get_or_init(|| (build("oracle"), build("oracle_device")))
        .clone()
}

impl Real {
    /// A cluster with no daemon running yet.
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let cluster = Cluster::builder()
            .nodes(configuration.votes.len())
            .token(TOKEN)
            .votes(configuration.votes)
            .quorum(&configuration.quorum.join("\n"))
            .section("logging {\ndebug: on\n}")
            .prepare();
        let (program, device_program) = programs();
        Real {
            configuration: *configuration,
            devices: BTreeMap::new(),
            read: vec![0; cluster.nodes().len()],
            cluster,
            program,
            device_program,
            world: World::new(configuration.nodes()),
        }
    }

    pub(crate) fn step(&mut self, operation: &Operation) -> Step {
        let since = time_of_day();
        let result = self.perform(operation);
        let answers = self.settled(operation);
        Step {
            operation: operation.clone(),
            result,
            rings: self.rings(since),
            answers,
        }
    }

    /// The rings of this step.
    fn rings(&mut self, since: u64) -> Vec<Ring> {
        let logs: Vec<String> = self.cluster.nodes().iter().map(|node| node.log()).collect();
        let new = logs.iter().zip(&mut self.read).map(|(log, read)| {
            let whole_lines = log.rfind('\n').map_or(0, |end| end + 1);
            let new = &log[*read..whole_lines];
            *read = whole_lines;
            new
        });
        rings_in(new.collect::<Vec<_>>().into_iter(), since)
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

    fn perform(&mut self, operation: &Operation) -> String {
        self.world.apply(operation);
        match operation {
            Operation::StartAll => {
                for node in self.cluster.nodes() {
                    node.launch();
                }
            }
            Operation::Start(node) => self.cluster.node(*node).launch(),
            Operation::Kill(node) => self.kill(*node),
            Operation::Stop(node) => {
                self.cluster.node(*node).stop();
                self.devices.remove(node);
            }
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
            Operation::Register { on, vote } => {
                let node = self.cluster.node(*on);
                let device = Device::start(node, &self.device_program, *vote);
                self.devices.insert(*on, device);
            }
            Operation::Vote { on, vote } => return self.tell(*on, "vote", *vote),
            Operation::MasterWins { on, allow } => {
                assert_eq!(self.tell(*on, "master", *allow), "1");
            }
            Operation::Unregister(on) => {
                let device = self.devices.remove(on);
                let mut device = device.expect("a device runs there");
                assert_eq!(device.tell("unregister"), "1");
            }
            Operation::LoseDevice { on, and } => {
                self.devices.remove(on);
                if let Some(node) = and {
                    self.kill(*node);
                }
            }
        }
        "done".to_owned()
    }

    fn kill(&mut self, node: u32) {
        self.cluster.node(node).kill();
        self.devices.remove(&node);
    }

    fn tell(&mut self, on: u32, what: &str, yes: bool) -> String {
        let device = self.devices.get_mut(&on).expect("a device runs there");
        device.tell(&format!("{what} {}", u32::from(yes)))
    }

    /// Asks again and again until the answers have not changed for the time that the
    /// configuration says. Only membership is awaited by name: whatever else the nodes come to
    /// say is what is compared.
    fn settled(&mut self, operation: &Operation) -> Answers {
        let settle = Duration::from_millis(self.configuration.settle(operation));
        let mut last: Option<(Answers, Instant)> = None;
        wait_until("the nodes to settle", || match self.answers() {
            Err(why) => {
                last = None;
                Err(why)
            }
            Ok(answers) => match &last {
                Some((before, since)) if *before == answers => {
                    if since.elapsed() >= settle {
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
