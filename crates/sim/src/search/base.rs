//! What all histories of a search have in common.

use quorate_engine::NodeId;

use super::nodes::Nodes;
use crate::scenario::{Operation, Scenario, ScenarioError};

/// A scenario to which steps can be added.
#[derive(Clone, Debug)]
pub struct Base {
    table: toml::Table,
    scenario: Scenario,
}

impl Base {
    /// Reads it; as [`Scenario::parse`]. Programs are expected to end with 0 if it does not say
    /// what they should end with.
    ///
    /// # Errors
    ///
    /// If it cannot be played.
    pub fn parse(
        file: &str,
        text: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, ScenarioError> {
        let scenario = Scenario::parse(file, text, read)?;
        // What a scenario was read from is a table.
        let table: toml::Table = toml::from_str(text).unwrap_or_default();
        let mut base = Base { table, scenario };
        base.expect("exit_code", 0.into());
        Ok(base)
    }

    /// Expects this at the end unless it expects something else there.
    fn expect(&mut self, key: &str, value: toml::Value) {
        let expect = self
            .table
            .entry("expect")
            .or_insert(toml::Table::new().into());
        if let Some(expect) = expect.as_table_mut() {
            expect.entry(key).or_insert(value);
        }
    }

    pub(super) fn allow_violations(&mut self) {
        self.expect("violations", "any".into());
    }

    /// The scenario without anything added.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    fn cluster(&mut self, key: &str, default: toml::Value) -> &mut toml::Value {
        let cluster = self
            .table
            .entry("cluster")
            .or_insert(toml::Table::new().into());
        match cluster {
            toml::Value::Table(table) => table.entry(key).or_insert(default),
            // Such a text is no scenario.
            other => other,
        }
    }

    /// The state of the nodes when its own steps are over.
    pub(super) fn nodes(&self) -> Nodes {
        let all = self.scenario.config.nodes().iter().map(|node| node.id);
        let mut nodes = Nodes::new(all.collect::<Vec<NodeId>>(), self.scenario.start);
        let steps = self.scenario.steps.iter();
        let steps = steps.filter_map(|step| step.operation.as_ref());
        for operation in self.scenario.before.iter().chain(steps) {
            nodes.carry_out(operation);
        }
        nodes
    }

    /// The whole text, with this seed and these steps behind its own.
    pub(super) fn with(&self, seed: u64, faults: &str, steps: &str) -> String {
        let mut base = self.clone();
        // Seeds are numbers that TOML can hold.
        let seed = i64::try_from(seed).unwrap_or(i64::MAX);
        *base.cluster("seed", 0.into()) = seed.into();
        let expect = base.table.remove("expect");
        let mut text = toml::to_string(&base.table).unwrap_or_default();
        for part in [faults, steps] {
            if !part.is_empty() {
                text += "\n";
                text += part;
            }
        }
        if let Some(expect) = expect {
            let mut last = toml::Table::new();
            last.insert("expect".to_owned(), expect);
            text += "\n";
            text += &toml::to_string(&last).unwrap_or_default();
        }
        text
    }
}

/// Whether something changes the state of nodes, and nothing else.
pub(super) fn listed(operation: &Operation) -> Option<&Vec<NodeId>> {
    match operation {
        Operation::Up(nodes)
        | Operation::Kill(nodes)
        | Operation::Leave(nodes)
        | Operation::Restart(nodes)
        | Operation::PowerOff(nodes)
        | Operation::Pause(nodes)
        | Operation::Resume(nodes) => Some(nodes),
        _ => None,
    }
}
