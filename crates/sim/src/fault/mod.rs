//! Faults under programs: what a corosync does that does not do what was asked of it.
//!
//! A [`Fault`] says which calls it meets and what becomes of them; a cluster has any number of
//! them, and the [host](crate::host) of its programs carries them out. Chance comes from the
//! cluster's seed, in a sequence of its own: faults do not change what happens elsewhere.

mod code;
mod counted;
mod function;

pub(crate) use code::{name as error_name, number as error_number, refusal};
pub(crate) use counted::Faults;
pub use function::Function;
pub(crate) use function::service as service_named;

use std::fmt;
use std::time::Duration;

use quorate_engine::NodeId;
use quorate_ipc::Service;

/// Something that goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What steps of a scenario call it; empty if none does.
    pub name: String,
    /// The nodes; none means every node.
    pub nodes: Vec<NodeId>,
    /// The service; `None` means every service.
    pub service: Option<Service>,
    /// The function; `None` means every function.
    pub function: Option<Function>,
    /// Which of its calls.
    pub which: Which,
    /// Whether it is switched on at first.
    pub on: bool,
    /// What goes wrong.
    pub action: Action,
}

/// Which of the calls that a fault is about it meets. They are counted from 1 when it is switched
/// on, those of all programs together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// From this one to that one.
    Range(u64, u64),
    /// Every so manieth.
    Every(u64),
    /// Each with this probability, in millionths.
    Chance(u32),
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// It is not carried out, and answered with this error.
    Error(i32),
    /// It is heard only after this virtual time.
    Delay(Duration),
    /// It is not carried out; the connection hangs up.
    DropRequest,
    /// It is carried out; the connection hangs up instead of the answer.
    DropReply,
    /// It is carried out; the answer does not come until the fault is switched off.
    Stall,
    /// Before it is carried out, all connections to that service of that node are told so many
    /// times what each was last told.
    Burst(u32),
    /// Nothing becomes of calls; events are held back, and come all at once when the fault is
    /// switched off.
    HoldEvents,
}

/// A program's call, as it reaches the daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The node of the daemon.
    pub node: NodeId,
    /// What was called.
    pub function: Function,
}

impl Fault {
    /// Whether it is about this service of this node.
    pub(crate) fn concerns(&self, node: NodeId, service: Service) -> bool {
        let of_function = self.function.map(|function| function.service);
        (self.nodes.is_empty() || self.nodes.contains(&node))
            && self.service.or(of_function).is_none_or(|s| s == service)
    }

    fn is_about(&self, call: &Call) -> bool {
        let Call { node, function } = *call;
        let possible = match self.action {
            Action::HoldEvents => false,
            // A fault of all functions is about those that it can do something to.
            Action::Error(number) if function.connects() => refusal(number).is_some(),
            Action::Error(_) => function.is_answered(),
            Action::Stall | Action::DropReply => function.is_answered() && !function.connects(),
            Action::Delay(_) | Action::DropRequest | Action::Burst(_) => !function.connects(),
        };
        possible
            && self.concerns(node, function.service)
            && self.function.is_none_or(|wanted| wanted == function)
    }
}

/// What becomes of a call, in a few words.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Error(number) => write!(f, "is answered {}", error_name(*number)),
            Action::Delay(time) => write!(f, "is heard {time:?} later"),
            Action::DropRequest => write!(f, "is not carried out: the connection hangs up"),
            Action::DropReply => write!(f, "is not answered: the connection hangs up"),
            Action::Stall => write!(f, "is not answered"),
            Action::Burst(times) => write!(f, "comes with {times} times the last events"),
            Action::HoldEvents => write!(f, "has its events held back"),
        }
    }
}
