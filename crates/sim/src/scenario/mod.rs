//! Scenarios: what happens to a cluster, when, and what is expected then. Written in TOML.
//!
//! ```toml
//! name = "split brain"                # the file's name by default
//!
//! [cluster]
//! nodes = 3                           # or a list of ids, or instead: config = "corosync.conf"
//! votes = [1, 1, 1]                   # or one number for all
//! seed = 7                            # 0 by default
//! compat = ["uint8-quorum"]           # behaviour of the original that is off by default
//! start = true                        # all nodes start at time 0
//!
//! [cluster.quorum]                    # keys of corosync.conf's section of that name
//! wait_for_all = 0
//!
//! [[before]]                          # before programs start, one after another, each when nothing
//! kill = 3                            # is under way any more; what a step does, without a time
//!
//! [[step]]
//! at = "1s"                           # or after = "1s", counted from the previous step,
//! partition = [[1], [2, 3]]           # or pace = "idle": when nothing is under way any more
//!
//! [[step]]
//! pace = "idle"
//! expect = [                          # or one table
//!     { node = 1, quorate = false, members = [1] },
//!     { node = [2, 3], quorate = true, votes = 2, expected = 3, quorum = 2 },
//! ]
//!
//! [[step]]
//! after = "500ms"
//! heal = true
//!
//! [expect]
//! exit_code = 0                       # of the program
//! violations = 0                      # of the invariants, or "any"; 0 by default
//! ```
//!
//! A step does at most one thing: `up`, `kill`, `leave`, `restart`, `power_off`, `pause`, `resume`
//! (a node or a list of nodes), `partition`, `heal = true`, `set_votes = { node, votes, on }`,
//! `set_expected = { node, votes }`, `qdevice = { node, vote = true }` (starts the device if need
//! be; or `master_wins`, `stop = true`, `unregister = true`), `reload = "corosync.conf"`,
//! `set_key = { node, key, value }` (or `delete = true`), `ring_number = { node, number }` (what the
//! node has stored; its next ring has a number higher by 4 at least), `fault_on` and `fault_off` (a
//! fault's name). What it expects is looked at right after
//! that; with `pace = "idle"`, when nothing is under way any more. Without `node`, an expectation is
//! about every node that is up.
//!
//! # Nodes, daemons, machines
//!
//! A node is what a real one's corosync is to the others and to its programs, and a program that
//! runs there lives on, so that it can be seen what it does then:
//!
//! | step | the same to a real corosync | programs on the node |
//! |---|---|---|
//! | `kill` | SIGKILL | their connections hang up, new ones are refused |
//! | `leave` | SIGTERM | the same; the other nodes know at once |
//! | `up` | it is started | are told to try again until its first synchronisation is over |
//! | `restart` | SIGKILL, and a supervisor starts it before any other node has missed it | as with `kill` and `up` |
//! | `pause`, `resume` | SIGSTOP, SIGCONT | their connections stay, nothing is answered, nothing comes; it all comes later |
//! | `power_off` | the machine dies | die as well (SIGKILL), if `quorate` has started them |
//!
//! A daemon that keeps its place in the ring but hangs for its programs is a fault:
//! `stall = true` without `service` and `function`, and `hold_events = true`.
//!
//! # Faults
//!
//! ```toml
//! [[fault]]
//! name = "busy"                       # for steps; a name can stand for several faults
//! node = 1                            # or a list; every node by default
//! service = "votequorum"              # or quorum, cmap, cfg, cpg; every service by default
//! function = "votequorum_getinfo"     # as C calls it; every function by default
//! nth = 3                             # or "2-5", "3-", or every = 3, or probability = 0.1
//! on = false                          # until a step switches it on; true by default
//! error = "CS_ERR_TRY_AGAIN"          # or one of the following
//! ```
//!
//! | | what becomes of a call that meets it |
//! |---|---|
//! | `error = "CS_ERR_…"` | it is not carried out, and answered with this error |
//! | `delay = "2s"` | the daemon hears it, and what follows on its connection, so much later |
//! | `drop = "request"` | it is not carried out; the connection hangs up |
//! | `drop = "reply"` | it is carried out; the connection hangs up instead of the answer |
//! | `stall = true` | it is carried out; the answer comes when the fault is switched off, or never |
//! | `burst = 20` | before it, all programs on that service of that node are told 20 times more what each was last told |
//! | `hold_events = true` | nothing: events are held back, and come in one burst when it is switched off |
//!
//! Calls are counted from 1 when the fault is switched on, of all programs together; without `nth`,
//! `every` and `probability` it meets them all. Of several faults the first in the file acts.
//! Probability is decided by the seed, apart from all other chance. Delays are in virtual time: with
//! `--pace idle` a program that waits for its answer is idle, and time jumps there.
//!
//! A storm of `CS_ERR_TRY_AGAIN` is `error = "CS_ERR_TRY_AGAIN"` without `service` and `function`: it
//! meets those who connect, too. Who connects (`votequorum_initialize`, `quorum_initialize`, …) can be
//! told `CS_ERR_TRY_AGAIN`, `CS_ERR_ACCESS`, `CS_ERR_NOT_SUPPORTED` or, as with a daemon out of
//! descriptors, `CS_ERR_LIBRARY`. `quorum_model_initialize` is what `quorum_initialize` asks once it is
//! connected, `cmap_inc` also stands for `cmap_dec`, and a long `cpg_mcast_joined` is several calls. To
//! that function corosync gives no answer that could be an error.
//!
//! # What programs receive
//!
//! ```toml
//! [[step]]
//! pace = "idle"
//! expect = { node = 1, received = [
//!     { service = "votequorum", event = "nodelist", members = [1] },
//!     { event = "quorum", quorate = false },
//! ] }
//! ```
//!
//! expects that programs on node 1 (without `node`: on any) were told these things in this order,
//! and have read them, since the last step that expected something of the kind; other events may
//! come in between. With `received_exactly` none may. In `[expect]` the same is about everything
//! from beginning to end. If the step does something as well, programs are idle again before it is
//! looked at what they received. Several programs' events count as they were sent, one after the
//! other.
//!
//! | service | event | arguments |
//! |---|---|---|
//! | votequorum | `quorum` | `quorate`, `members` (of those listed), `nodes` (all that are listed) |
//! | votequorum | `nodelist` | `ring`, `members` |
//! | votequorum | `expectedvotes` | `votes` |
//! | votequorum | `extra_info` | `from`, `info` |
//! | quorum | `quorum` | `quorate`, `members`, with model 1 `ring` |
//! | quorum | `nodelist` | `ring`, `members`, `joined`, `left` |
//! | cmap | `notify` | `key`, `change` (`"added"`, `"modified"`, `"deleted"`) |
//! | cfg | `shutdown` | `flags` |
//! | cpg | `confchg` | `group`, `members`, `joined`, `left` (node ids) |
//! | cpg | `deliver` | `group`, `from`, `message` |
//! | cpg | `totem_confchg` | `ring`, `members` |
//!
//! An event may name its `node`, too. Rings are as corosync prints them (`"1.10"`).
//!
//! # Steps on a call
//!
//! ```toml
//! [[step]]
//! on_call = { function = "votequorum_getinfo", nth = 3, node = 1 }
//! kill = 2
//! ```
//!
//! happens when a program on node 1 calls the function for the third time after the step before, and
//! before corosync hears of it. `nth` is 1 by default, `node` every node. If all programs end before,
//! that is a failure.

mod check;
mod error;
mod expectation;
mod heard;
mod player;
mod raw;
mod report;
mod time;
mod wanted;
mod write;

pub use check::add_compat;
pub use error::{ScenarioError, ScenarioErrorKind};
pub use expectation::Expectation;
pub use heard::{ExpectedEvent, Heard};
pub use player::{Due, Player};
pub use report::{Check, Place, Report, escape_xml};
pub use time::parse as parse_time;

use std::path::Path;
use std::time::Duration;

use quorate_engine::{Compat, NodeId};

use crate::cluster::{Cluster, DeviceAction, OperationError};
use crate::config::{ClusterConfig, Value};
use crate::cpg::Cpg;
use crate::fault::{Fault, Function};
use crate::received::Witnessed;
use crate::transport::Services;

/// A scenario that has been checked: every node exists, and every operation fits the state in which
/// the steps before leave the nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What errors call the file that its lines are lines of.
    pub file: String,
    /// The configuration of the cluster.
    pub config: ClusterConfig,
    /// The seed of all chance.
    pub seed: u64,
    /// Behaviour of the original that is turned on.
    pub compat: Compat,
    /// Whether all nodes start at time 0.
    pub start: bool,
    /// What happens before programs start, one after another, each when nothing is under way any
    /// more.
    pub before: Vec<Operation>,
    /// What goes wrong under programs.
    pub faults: Vec<Fault>,
    /// What happens.
    pub steps: Vec<Step>,
    /// What the program is expected to end with.
    pub exit_code: Option<i32>,
    /// How many violations of the invariants are expected; `None` if it does not matter.
    pub violations: Option<usize>,
    /// What programs are expected to have received in the end.
    pub received: Vec<Heard>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The line it begins on.
    pub line: usize,
    /// When it happens.
    pub when: When,
    /// What happens, if anything.
    pub operation: Option<Operation>,
    /// What is expected then.
    pub expect: Vec<Expectation>,
    /// What programs are expected to have received by then.
    pub received: Vec<Heard>,
}

/// When a step happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum When {
    /// At this time.
    At(Duration),
    /// So long after the step before.
    After(Duration),
    /// When nothing is under way any more, and the programs have nothing left to do.
    Idle,
    /// When a program calls a function, before corosync hears of it.
    Call(Trigger),
}

/// A call that a step waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trigger {
    /// The nodes on which it counts; none means every node.
    pub nodes: Vec<NodeId>,
    /// The function.
    pub function: Function,
    /// Which call of it, counted from 1 after the step before.
    pub nth: u64,
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Starts nodes.
    Up(Vec<NodeId>),
    /// Kills nodes.
    Kill(Vec<NodeId>),
    /// Stops nodes cleanly.
    Leave(Vec<NodeId>),
    /// Kills nodes and starts them again at once.
    Restart(Vec<NodeId>),
    /// Kills nodes and the programs on them.
    PowerOff(Vec<NodeId>),
    /// Freezes nodes.
    Pause(Vec<NodeId>),
    /// Lets nodes go on.
    Resume(Vec<NodeId>),
    /// Cuts groups off from each other.
    Partition(Vec<Vec<NodeId>>),
    /// Ends all cuts.
    Heal,
    /// Changes the votes of a node.
    SetVotes {
        /// Where it is asked for.
        on: NodeId,
        /// The node.
        node: NodeId,
        /// Its votes.
        votes: u32,
    },
    /// Changes expected votes.
    SetExpected {
        /// Where it is asked for.
        on: NodeId,
        /// The expected votes.
        votes: u32,
    },
    /// Does something to a node's quorum device.
    Device(NodeId, DeviceAction),
    /// Gives all nodes a new corosync.conf, and has those of a node's ring read it.
    Reload(NodeId, Box<ClusterConfig>),
    /// Sets a cmap key, or removes it.
    SetKey {
        /// The node.
        node: NodeId,
        /// The key.
        key: String,
        /// Its value; `None` removes it.
        value: Option<Value>,
    },
    /// The next ring of a node has a number higher than this by 4 at least.
    RingNumber {
        /// The node.
        node: NodeId,
        /// What it has stored.
        number: u64,
    },
    /// Switches faults on or off.
    Fault {
        /// Their name.
        name: String,
        /// On or off.
        on: bool,
    },
}

impl Operation {
    /// Reads what a step does, written as in a scenario: `kill = 3`. It must fit the state in which
    /// the cluster's nodes are now. `source` is what errors call it; `read` gives the text of the
    /// files that it names.
    ///
    /// # Errors
    ///
    /// If it is not one operation, or could not be carried out now.
    pub fn parse<S: Services>(
        source: &str,
        text: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
        cluster: &Cluster<S>,
    ) -> Result<Self, ScenarioError> {
        check::operation(source, text, read, cluster)
    }

    /// Carries it out.
    ///
    /// # Errors
    ///
    /// If it does not fit the state of the cluster. An administrator's change that votequorum
    /// refuses is not an error.
    pub fn apply<S: Services>(&self, cluster: &mut Cluster<S>) -> Result<(), OperationError> {
        match self {
            Operation::Up(nodes) => nodes.iter().try_for_each(|&node| cluster.up(node)),
            Operation::Kill(nodes) => nodes.iter().try_for_each(|&node| cluster.kill(node)),
            Operation::Leave(nodes) => nodes.iter().try_for_each(|&node| cluster.leave(node)),
            Operation::Restart(nodes) => nodes.iter().try_for_each(|&node| cluster.restart(node)),
            Operation::PowerOff(nodes) => {
                nodes.iter().try_for_each(|&node| cluster.power_off(node))
            }
            Operation::Pause(nodes) => nodes.iter().try_for_each(|&node| cluster.pause(node)),
            Operation::Resume(nodes) => nodes.iter().try_for_each(|&node| cluster.resume(node)),
            Operation::Partition(groups) => cluster.partition(groups),
            Operation::Heal => {
                cluster.heal();
                Ok(())
            }
            Operation::SetVotes { on, node, votes } => {
                cluster.set_votes(*on, *node, *votes).map(drop)
            }
            Operation::SetExpected { on, votes } => cluster.set_expected(*on, *votes).map(drop),
            Operation::Device(node, action) => cluster.device(*node, *action),
            Operation::Reload(node, config) => {
                let config = (**config).clone();
                cluster.reload(*node, config).map(|_| ())
            }
            Operation::SetKey { node, key, value } => cluster.set_key(*node, key, value.clone()),
            Operation::RingNumber { node, number } => {
                cluster.raise_ring_number(*node, *number);
                Ok(())
            }
            Operation::Fault { name, on } => {
                cluster.switch_fault(name, *on);
                Ok(())
            }
        }
    }
}

impl Scenario {
    /// Reads a scenario. `file` is what errors call it; `read` gives the text of the files that it
    /// names.
    ///
    /// # Errors
    ///
    /// If it cannot be played.
    pub fn parse(
        file: &str,
        text: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, ScenarioError> {
        check::scenario(file, text, read)
    }

    /// Reads a scenario's file. Files that it names are looked for in its directory.
    ///
    /// # Errors
    ///
    /// If it cannot be read or played.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError::Unreadable {
            file: file.clone(),
            reason: error.to_string(),
        })?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let read = |name: &str| {
            std::fs::read_to_string(directory.join(name)).map_err(|error| error.to_string())
        };
        Scenario::parse(&file, &text, &read)
    }

    /// A line of it.
    #[must_use]
    pub fn place(&self, line: usize) -> Place {
        Place {
            file: self.file.clone(),
            line,
        }
    }

    /// Whether it expects programs to have received something: see [`Player::hear`].
    #[must_use]
    pub fn listens(&self) -> bool {
        let mut steps = self.steps.iter();
        !self.received.is_empty() || steps.any(|step| !step.received.is_empty())
    }

    /// The cluster it is about, with these services; its nodes are started if the scenario says so.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself.
    pub fn cluster<S: Services>(&self, services: S) -> Result<Cluster<S>, OperationError> {
        let config = self.config.clone();
        let mut cluster = Cluster::with_services(config, self.compat, self.seed, services);
        cluster.set_faults(self.faults.clone());
        if self.start {
            cluster.start_all()?;
        }
        for operation in &self.before {
            cluster.run_until_quiet();
            operation.apply(&mut cluster)?;
            cluster.run_until_quiet();
        }
        Ok(cluster)
    }

    /// Plays it from beginning to end, without programs.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself.
    pub fn run(&self) -> Result<(Report, Cluster), OperationError> {
        let mut cluster = self.cluster(Cpg::default())?;
        let mut player = Player::new(self);
        loop {
            match player.due() {
                Due::Finished => break,
                Due::Call => player.give_up(&cluster),
                Due::At(_) | Due::Idle => player.play(&mut cluster),
            }
            player.hear(cluster.now(), &Witnessed::default());
        }
        Ok((player.finish(&cluster, None), cluster))
    }
}
