//! A history: steps behind a base, and the faults that they switch.

use std::sync::Arc;
use std::time::Duration;

use super::base::Base;
use crate::cluster::Running;
use crate::scenario::{Operation, Step, When};

/// A node that stops cleanly is gone by then.
const STOPPING: Duration = Duration::from_millis(5);

/// A history of a cluster. Nodes that are paused at its end go on, and faults are switched off, so
/// that a program is left in a cluster that answers it.
#[derive(Clone, Debug)]
pub struct History {
    pub(super) base: Arc<Base>,
    /// Of the cluster.
    pub(super) seed: u64,
    /// Tables `[[fault]]`, by the names that steps use.
    pub(super) faults: Arc<[(String, String)]>,
    pub(super) steps: Vec<Step>,
}

impl History {
    /// The number of its steps, those of the base and what ends it left out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it is the base alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The same without what the nodes cannot go through in this order.
    pub(super) fn possible(mut self) -> Self {
        let mut nodes = self.base.nodes();
        let mut on: Vec<String> = Vec::new();
        // Since a node has begun to stop, which takes its time.
        let mut stopping = Some(Duration::ZERO);
        self.steps.retain_mut(|step| {
            let possible = step.operation.as_ref().and_then(|op| nodes.possible(op));
            let Some(operation) = possible else {
                return false;
            };
            if let Operation::Fault { name, on: switch } = &operation {
                if *switch == on.contains(name) {
                    return false;
                }
                match switch {
                    true => on.push(name.clone()),
                    false => on.retain(|other| other != name),
                }
            }
            nodes.carry_out(&operation);
            stopping = match (&step.when, stopping) {
                (When::After(wait), Some(since)) => Some(since + *wait),
                _ => None,
            };
            if stopping.is_some_and(|since| since < STOPPING) {
                step.when = When::Idle;
            }
            if matches!(operation, Operation::Leave(_)) {
                stopping = Some(Duration::ZERO);
            }
            step.operation = Some(operation);
            true
        });
        self
    }

    /// The scenario that `quorate run` plays.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let is_used = |name: &str| {
            let switches = |step: &Step| matches!(&step.operation, Some(Operation::Fault { name: used, .. }) if used == name);
            self.steps.iter().any(switches)
        };
        let used = self.faults.iter().filter(|(name, _)| is_used(name));
        let faults: Vec<_> = used.map(|(_, table)| table.as_str()).collect();
        let all = self.steps.iter().cloned().chain(self.ending());
        let steps: Vec<_> = all.filter_map(|step| step.to_toml()).collect();
        self.base
            .with(self.seed, &faults.join("\n"), &steps.join("\n"))
    }

    fn ending(&self) -> Vec<Step> {
        let mut nodes = self.base.nodes();
        let mut on: Vec<&String> = Vec::new();
        for operation in self.steps.iter().filter_map(|step| step.operation.as_ref()) {
            nodes.carry_out(operation);
            match operation {
                Operation::Fault { name, on: true } => on.push(name),
                Operation::Fault { name, on: false } => on.retain(|other| *other != name),
                _ => {}
            }
        }
        let paused = nodes.that_are(Running::Paused);
        let resume = (!paused.is_empty()).then_some(Operation::Resume(paused));
        let off = on.into_iter().cloned();
        let off = off.map(|name| Operation::Fault { name, on: false });
        off.chain(resume)
            .map(|operation| step(When::Idle, operation))
            .collect()
    }
}

pub(super) fn step(when: When, operation: Operation) -> Step {
    Step {
        line: 0,
        when,
        operation: Some(operation),
        expect: Vec::new(),
        received: Vec::new(),
    }
}
