//! What is asked of a live cluster, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Changes something, now.
    Change {
        /// What, as a step of a scenario says it: `kill = 3`.
        step: String,
        /// The text of each file that the step names.
        #[serde(default)]
        files: BTreeMap<String, String>,
    },
    /// How everything is; the answer is a [`Status`].
    Status {
        /// Of the latest events, only those after this number; 0 is before the first.
        #[serde(default)]
        events_after: u64,
    },
    /// Lets the next thing happen that is due in virtual time. The answer says whether there was
    /// any.
    Step,
    /// Lets virtual time pass, in microseconds; answered when it has passed.
    Advance {
        /// How much: at most a day.
        us: u64,
    },
    /// Waits until nothing is under way any more in the cluster, and all programs are idle, except
    /// the one that asks and those it descends from, which wait as well. Where time passes only
    /// when it is told to, it passes.
    Wait {
        /// How long this may take in real time, in milliseconds.
        limit_ms: u64,
    },
    /// Waits until programs have so many connections to services of a node at least, the one that
    /// asks and those it descends from not counted; and then as [`Request::Wait`] does.
    WaitConnected {
        /// The node.
        node: u32,
        /// How many connections, over all of its services.
        connections: u32,
        /// How long all of this may take in real time, in milliseconds.
        limit_ms: u64,
    },
    /// Ends the cluster. The connection is closed when nothing of it is left.
    Stop,
}

/// A reply.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done {
        /// Virtual time since the cluster was made, in microseconds.
        time_us: u64,
        /// For [`Request::Step`]: whether anything happened.
        happened: bool,
    },
    /// The state of everything.
    Status(Box<Status>),
    /// It was not done, and nothing was changed.
    Refused(Refusal),
}

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
#[error("{text}")]
pub struct Refusal {
    /// Of what kind this is.
    pub kind: ErrorKind,
    /// For people.
    pub text: String,
}

/// The kinds of refusals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request makes no sense: a node that is not in the cluster, an unknown word.
    Invalid,
    /// The request does not fit the state in which the cluster is.
    State,
    /// It took too long.
    Timeout,
    /// Something is wrong with the system, or with the server.
    System,
}

/// All of a cluster, at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// The process that serves it.
    pub process: u32,
    /// Virtual time since the cluster was made, in microseconds.
    pub time_us: u64,
    /// Virtual seconds in a real one; 0 if time passes only when it is told to.
    pub speed: f64,
    /// The seed of all chance.
    pub seed: u64,
    /// Whether all rings stand and nothing is under way.
    pub quiet: bool,
    /// The groups that can reach each other; one if nothing is cut.
    pub groups: Vec<Vec<u32>>,
    /// All nodes, ascending.
    pub nodes: Vec<NodeStatus>,
    /// All connections of programs, oldest first.
    pub connected: Vec<Connected>,
    /// How many times an invariant of quorum was violated.
    pub violations: usize,
    /// Steps of the scenario that are still to come.
    pub steps_left: usize,
    /// What the scenario expected and did not find.
    pub failures: Vec<String>,
    /// What has happened lately, oldest first: at most 256 events.
    pub events: Vec<Event>,
}

/// A node, in its own view.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// `up`, `down`, `leaving` or `paused`. If it is down, all that follows is empty or 0.
    pub running: String,
    /// Whether its partition is quorate.
    pub quorate: bool,
    /// The ring it is in.
    pub ring: RingId,
    /// The members of its ring.
    pub members: Vec<u32>,
    /// Its own votes.
    pub votes: u32,
    /// The votes it expects.
    pub expected_votes: u32,
    /// The highest expected votes of all members.
    pub highest_expected: u32,
    /// The votes present.
    pub total_votes: u32,
    /// The votes needed.
    pub quorum: u32,
    /// The flags of its own node, as in `struct votequorum_info`.
    pub flags: u32,
    /// Its quorum device, if one is registered.
    pub qdevice: Option<Qdevice>,
}

/// The id of a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RingId {
    /// The ring's representative.
    pub node: u32,
    /// Its number.
    pub seq: u64,
}

/// A registered quorum device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Qdevice {
    /// Its name.
    pub name: String,
    /// The votes it can give.
    pub votes: u32,
    /// Whether it polls in time.
    pub alive: bool,
    /// Whether it votes for its node.
    pub casts_vote: bool,
}

/// A connection of a program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Connected {
    /// The node.
    pub node: u32,
    /// The service.
    pub service: String,
    /// The program's process id.
    pub process: u32,
    /// The program's name; empty if it is not known.
    pub program: String,
}

/// Something that has happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Its number; rises by one with each event.
    pub number: u64,
    /// When, in microseconds of virtual time.
    pub time_us: u64,
    /// Where; nothing if it concerns the whole cluster.
    pub node: Option<u32>,
    /// What, for people.
    pub text: String,
}
