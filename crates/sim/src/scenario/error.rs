//! What can be wrong with a scenario, and how it is shown.

use quorate_engine::NodeId;
use thiserror::Error;

use crate::config::ConfigError;
use crate::excerpt::Excerpt;

/// A scenario that cannot be played. `Display` is one line; [`render`](Self::render) adds an
/// excerpt with carets.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ScenarioError {
    /// Something in the scenario itself.
    #[error("{place}: {kind}")]
    Scenario {
        /// Where.
        place: Box<Excerpt>,
        /// What.
        kind: ScenarioErrorKind,
    },
    /// Something in a corosync.conf it names.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The scenario cannot be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
}

impl ScenarioError {
    /// What is wrong, without the place; for texts whose place the reader knows.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            ScenarioError::Scenario { kind, .. } => kind.to_string(),
            ScenarioError::Config(_) | ScenarioError::Unreadable { .. } => self.to_string(),
        }
    }

    /// The error for people: with file, line, column and the line itself.
    #[must_use]
    pub fn render(&self) -> String {
        match self {
            ScenarioError::Scenario { place, kind } => place.render(kind),
            ScenarioError::Config(error) => error.render(),
            ScenarioError::Unreadable { .. } => self.to_string(),
        }
    }
}

/// The kinds of errors in a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ScenarioErrorKind {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{0}")]
    Toml(String),
    /// Neither `nodes` nor `config`, or both.
    #[error("[cluster] needs either 'nodes' or 'config'")]
    NodesOrConfig,
    /// Not a number of nodes from 1 to 2000, nor a list of different ids above 0.
    #[error("expected a number of nodes from 1 to 2000, or a list of different node ids above 0")]
    Nodes,
    /// Not one number, nor one for each node.
    #[error("expected one number of votes for all nodes, or a list with one for each of {0} nodes")]
    Votes(usize),
    /// Not a word of [`Compat`](quorate_engine::Compat).
    #[error(
        "unknown; expected uint8-quorum, lost-tracking, wrapping-votes, no-extra-info or corosync-3.1"
    )]
    Compat,
    /// A value that a key of the quorum section cannot have, or a key it does not have.
    #[error("{0}")]
    Key(String),
    /// A file that cannot be read.
    #[error("cannot be read: {0}")]
    File(String),
    /// Not exactly one of `at`, `after`, `pace` and `on_call`.
    #[error("a step needs exactly one of 'at', 'after', 'pace' and 'on_call'")]
    When,
    /// Not a time.
    #[error("expected a time like \"500ms\", \"1.5s\" or \"2m\"")]
    Time,
    /// Not `idle`.
    #[error("expected \"idle\"")]
    Pace,
    /// Earlier than the step before.
    #[error("this is before the previous step")]
    Backwards,
    /// Neither an operation nor an expectation.
    #[error("this step does nothing and expects nothing")]
    Empty,
    /// A time or an expectation where only an operation is wanted.
    #[error("only an operation can stand here, without 'at', 'after', 'pace' and 'expect'")]
    OnlyOperation,
    /// More than one operation.
    #[error("a step can only do one thing; this is the second")]
    SecondOperation,
    /// Not an id or a list of ids.
    #[error("expected a node id or a list of node ids")]
    Ids,
    /// Not an id.
    #[error("expected a node id")]
    Id,
    /// Not a list of ids.
    #[error("expected a list of node ids, like [1, 2]")]
    Members,
    /// Not lists of ids.
    #[error("expected lists of node ids, like [[1], [2, 3]]")]
    Groups,
    /// Not in the node list.
    #[error("node {0} is not in the cluster")]
    UnknownNode(NodeId),
    /// Twice in one list, or in two groups.
    #[error("node {0} is named twice")]
    Twice(NodeId),
    /// Not possible in the state in which earlier steps left the node.
    #[error("node {node} is {state} at this point")]
    State {
        /// The node.
        node: NodeId,
        /// What it is.
        state: &'static str,
    },
    /// `false` where only `true` means something.
    #[error("only 'true' means something here")]
    OnlyTrue,
    /// Not exactly one of `vote`, `master_wins`, `stop` and `unregister`.
    #[error("a quorum device needs exactly one of 'vote', 'master_wins', 'stop' and 'unregister'")]
    Device,
    /// Not exactly one of `value` and `delete`.
    #[error("a key needs exactly one of 'value' and 'delete'")]
    ValueOrDelete,
    /// An expectation of nothing.
    #[error("this expects nothing")]
    NoExpectation,
    /// Not a service, or not that of the function.
    #[error(
        "expected \"votequorum\", \"quorum\", \"cmap\", \"cfg\" or \"cpg\", and a function's own"
    )]
    Service,
    /// Not a function of the C API that asks the daemon anything.
    #[error(
        "no function of this name asks corosync anything; expected one like \"votequorum_getinfo\""
    )]
    Function,
    /// Which calls a fault meets cannot be read.
    #[error("expected the number of a call like 3, or some of them like \"2-5\" or \"3-\"")]
    Nth,
    /// The number of a call is 0.
    #[error("calls are counted from 1")]
    NthCall,
    /// Every zeroth call.
    #[error("expected a number above 0")]
    Every,
    /// Not a probability.
    #[error("expected a probability from 0.0 to 1.0")]
    Probability,
    /// More than one of `nth`, `every` and `probability`.
    #[error("a fault can have only one of 'nth', 'every' and 'probability'")]
    Which,
    /// Not the name of an error.
    #[error("expected the name of an error like \"CS_ERR_TRY_AGAIN\"")]
    ErrorName,
    /// Neither `request` nor `reply`.
    #[error("expected \"request\" or \"reply\"")]
    Drop,
    /// Not so many times.
    #[error("expected a number from 1 to 10000")]
    Burst,
    /// Not exactly one thing that goes wrong.
    #[error(
        "a fault needs exactly one of 'error', 'delay', 'drop', 'stall', 'burst' and 'hold_events'"
    )]
    FaultAction,
    /// A fault that holds events back, about calls.
    #[error("events are held back of a node and a service, not of calls")]
    HoldsCalls,
    /// An error that connecting cannot end with.
    #[error(
        "whoever connects can be told CS_ERR_TRY_AGAIN, CS_ERR_ACCESS, CS_ERR_NOT_SUPPORTED or CS_ERR_LIBRARY only"
    )]
    Refusal,
    /// A fault that connecting cannot have.
    #[error("whoever connects can only be told an error")]
    Connecting,
    /// An answer where there is none.
    #[error("corosync does not answer this call")]
    Unanswered,
    /// A fault that is off and has no name.
    #[error("a fault that is off needs a 'name', for a step to switch it on")]
    NamelessFault,
    /// No event is named; with those that there are.
    #[error("expected an 'event', one of {0}")]
    NoEvent(String),
    /// No event of such a name, or not one of this service; with those that it has.
    #[error("{event:?} is no event of {of}; expected one of {events}")]
    Event {
        /// The name.
        event: String,
        /// The service.
        of: &'static str,
        /// The events that it has.
        events: String,
    },
    /// Not an argument of the event, or of a type that none has.
    #[error("{0}: the event has only {1}: flags, numbers, texts or lists of node ids")]
    Argument(String, String),
    /// Neither a number nor `any`.
    #[error("expected a number or \"any\"")]
    Violations,
    /// No fault of that name.
    #[error("there is no fault of this name")]
    UnknownFault,
    /// Not a state.
    #[error("expected \"up\", \"down\" or \"paused\"")]
    Running,
}
