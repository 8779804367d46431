//! Steps as TOML.

use std::fmt::Write as _;
use std::time::Duration;

use quorate_engine::NodeId;

use super::{Operation, Step, When};
use crate::cluster::DeviceAction;
use crate::config::Value;

impl Step {
    /// The step's table, `[[step]]` included; what it expects is left out. `None` if its operation
    /// is a reload, which needs a file of its own.
    #[must_use]
    pub fn to_toml(&self) -> Option<String> {
        let mut text = "[[step]]\n".to_owned();
        // Writing to a String cannot fail.
        let _ = match &self.when {
            When::At(at) => writeln!(text, "at = \"{}\"", time(*at)),
            When::After(wait) => writeln!(text, "after = \"{}\"", time(*wait)),
            When::Idle => writeln!(text, "pace = \"idle\""),
            When::Call(trigger) => {
                let node = match &trigger.nodes[..] {
                    [] => String::new(),
                    nodes => format!(", node = {}", ids(nodes)),
                };
                let (name, nth) = (trigger.function.name, trigger.nth);
                writeln!(
                    text,
                    "on_call = {{ function = \"{name}\", nth = {nth}{node} }}"
                )
            }
        };
        if let Some(operation) = &self.operation {
            let _ = writeln!(text, "{}", line(operation)?);
        }
        Some(text)
    }
}

fn line(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::Up(nodes) => format!("up = {}", ids(nodes)),
        Operation::Kill(nodes) => format!("kill = {}", ids(nodes)),
        Operation::Leave(nodes) => format!("leave = {}", ids(nodes)),
        Operation::Restart(nodes) => format!("restart = {}", ids(nodes)),
        Operation::PowerOff(nodes) => format!("power_off = {}", ids(nodes)),
        Operation::Pause(nodes) => format!("pause = {}", ids(nodes)),
        Operation::Resume(nodes) => format!("resume = {}", ids(nodes)),
        Operation::Partition(groups) => {
            let groups: Vec<_> = groups.iter().map(|group| list(group)).collect();
            format!("partition = [{}]", groups.join(", "))
        }
        Operation::Heal => "heal = true".to_owned(),
        Operation::SetVotes { on, node, votes } => {
            format!("set_votes = {{ node = {node}, votes = {votes}, on = {on} }}")
        }
        Operation::SetExpected { on, votes } => {
            format!("set_expected = {{ node = {on}, votes = {votes} }}")
        }
        Operation::Device(node, action) => {
            let action = match action {
                DeviceAction::Start { vote } | DeviceAction::Vote(vote) => format!("vote = {vote}"),
                DeviceAction::MasterWins(allow) => format!("master_wins = {allow}"),
                DeviceAction::Stop => "stop = true".to_owned(),
                DeviceAction::Unregister => "unregister = true".to_owned(),
            };
            format!("qdevice = {{ node = {node}, {action} }}")
        }
        Operation::RingNumber { node, number } => {
            format!("ring_number = {{ node = {node}, number = {number} }}")
        }
        Operation::Fault { name, on } => {
            let verb = if *on { "fault_on" } else { "fault_off" };
            format!("{verb} = {}", toml::Value::from(name.as_str()))
        }
        Operation::SetKey { node, key, value } => {
            let key = toml::Value::from(key.as_str());
            let value = match value {
                None => "delete = true".to_owned(),
                Some(Value::Str(text)) => format!("value = {}", toml::Value::from(text.as_str())),
                Some(number) => format!("value = {number}"),
            };
            format!("set_key = {{ node = {node}, key = {key}, {value} }}")
        }
        Operation::Reload(..) => return None,
    })
}

/// `3` or `[1, 2]`
fn ids(nodes: &[NodeId]) -> String {
    match nodes {
        [node] => node.to_string(),
        nodes => list(nodes),
    }
}

fn list(nodes: &[NodeId]) -> String {
    let ids: Vec<_> = nodes.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(", "))
}

fn time(time: Duration) -> String {
    let micros = time.as_micros();
    match (micros % 1_000_000, micros % 1000) {
        (0, _) => format!("{}s", micros / 1_000_000),
        (_, 0) => format!("{}ms", micros / 1000),
        _ => format!("{micros}us"),
    }
}
