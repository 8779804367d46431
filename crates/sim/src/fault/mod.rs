//! Faults under programs: what a corosync does that does not do what was asked of it.
//!
//! A [`Fault`] says which calls it meets and what becomes of them; a cluster has any number of
//! them, and the [host](crate::host) of its programs carries them out. Chance comes from the
//! cluster's seed, in a sequence of its own: faults do not change what happens elsewhere.

mod code;
mod function;

pub(crate) use code::{name as error_name, number as error_number, refusal};
pub use function::Function;
pub(crate) use function::service as service_named;

use std::fmt;
use std::time::Duration;

use quorate_engine::NodeId;
use quorate_ipc::Service;

use crate::rng::Rng;

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

/// The faults of a cluster, and how far they are.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    list: Vec<Counted>,
    rng: Rng,
    /// Grows whenever one is switched on or off.
    pub(crate) changes: u64,
}

#[derive(Clone, Debug)]
struct Counted {
    fault: Fault,
    calls: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let counted = |fault| Counted { fault, calls: 0 };
        Faults {
            list: faults.into_iter().map(counted).collect(),
            // Not the sequence of the cluster itself.
            rng: Rng::new(!seed),
            changes: 1,
        }
    }

    /// Switches all faults of a name on, their count at 0, or off.
    pub(crate) fn switch(&mut self, name: &str, on: bool) {
        self.changes += 1;
        let named = self.list.iter_mut().filter(|c| c.fault.name == name);
        for counted in named {
            counted.fault.on = on;
            counted.calls = 0;
        }
    }

    /// What becomes of a call, and which fault does it: the first that meets it. All that are
    /// about it count it.
    pub(crate) fn meet(&mut self, call: &Call) -> Option<(usize, Action)> {
        let mut met = None;
        for (number, counted) in self.list.iter_mut().enumerate() {
            if !counted.fault.on || !counted.fault.is_about(call) {
                continue;
            }
            counted.calls += 1;
            let meets = match counted.fault.which {
                Which::Range(first, last) => (first..=last).contains(&counted.calls),
                Which::Every(step) => counted.calls % step == 0,
                Which::Chance(millionths) => self.rng.under(1_000_000) < u64::from(millionths),
            };
            if meets {
                met = met.or(Some((number, counted.fault.action)));
            }
        }
        met
    }

    /// All of them, as they were given.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.list
            .iter()
            .map(|counted| counted.fault.clone())
            .collect()
    }

    /// Whether a fault is on.
    pub(crate) fn is_on(&self, number: usize) -> bool {
        self.list[number].fault.on
    }

    /// Whether events of this service are held back on this node.
    pub(crate) fn holds_events(&self, node: NodeId, service: Service) -> bool {
        self.list.iter().any(|counted| {
            let fault = &counted.fault;
            fault.on && fault.action == Action::HoldEvents && fault.concerns(node, service)
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str) -> Call {
        Call {
            node: NodeId(1),
            function: Function::named(name).unwrap(),
        }
    }

    fn fault(which: Which, action: Action) -> Fault {
        Fault {
            name: "f".to_owned(),
            nodes: Vec::new(),
            service: None,
            function: None,
            which,
            on: true,
            action,
        }
    }

    fn met(faults: &mut Faults, name: &str, times: u64) -> Vec<u64> {
        (1..=times)
            .filter(|_| faults.meet(&call(name)).is_some())
            .collect()
    }

    #[test]
    fn calls_are_counted_from_when_it_is_switched_on() {
        let error = Action::Error(6);
        let mut faults = Faults::new(vec![fault(Which::Range(2, 3), error)], 0);
        assert_eq!(met(&mut faults, "cmap_get", 5), [2, 3]);
        faults.switch("f", false);
        assert_eq!(met(&mut faults, "cmap_get", 5), [0; 0]);
        faults.switch("f", true);
        assert_eq!(met(&mut faults, "cmap_get", 5), [2, 3]);
        let mut faults = Faults::new(vec![fault(Which::Every(2), error)], 0);
        assert_eq!(met(&mut faults, "cmap_get", 5), [2, 4]);
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let of = |seed| {
            let faults = vec![fault(Which::Chance(300_000), Action::Error(6))];
            met(&mut Faults::new(faults, seed), "cpg_join", 1000)
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!((200..400).contains(&of(1).len()), "{}", of(1).len());
    }

    #[test]
    fn a_fault_of_all_functions_is_about_those_that_can_have_it() {
        let all = Which::Range(1, u64::MAX);
        for (action, name, expected) in [
            (Action::Error(6), "votequorum_initialize", true),
            (Action::Error(7), "votequorum_initialize", false),
            (Action::Error(6), "cpg_mcast_joined", false),
            (Action::Stall, "cpg_mcast_joined", false),
            (Action::DropRequest, "cpg_mcast_joined", true),
            (Action::Delay(Duration::ZERO), "cpg_initialize", false),
            (Action::HoldEvents, "cpg_join", false),
        ] {
            let mut faults = Faults::new(vec![fault(all, action)], 0);
            assert_eq!(
                faults.meet(&call(name)).is_some(),
                expected,
                "{name} {action}"
            );
        }
    }
}
