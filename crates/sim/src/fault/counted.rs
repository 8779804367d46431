//! The faults of a cluster while it runs: which are on, and how many calls they have counted.

use quorate_engine::NodeId;
use quorate_ipc::Service;

use super::{Action, Call, Fault, Which};
use crate::rng::Rng;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Function;
    use std::time::Duration;

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
