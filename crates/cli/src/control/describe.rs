//! The state of a served cluster as text.

use std::fmt::Write as _;

use quorate_control::{NodeStatus, Status};

/// Of the latest events, so many are shown.
const EVENTS: usize = 5;

/// `12.345678 s`
pub(crate) fn seconds(time_us: u64) -> String {
    format!("{}.{:06} s", time_us / 1_000_000, time_us % 1_000_000)
}

/// `{1 2} {3}`
pub(crate) fn groups(groups: &[Vec<u32>]) -> String {
    let group = |group: &Vec<u32>| format!("{{{}}}", ranges(group));
    groups.iter().map(group).collect::<Vec<_>>().join(" ")
}

/// `1 2 3`
pub(crate) fn ids(ids: &[u32]) -> String {
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// `1-3 5 7-9`: as [`ids`], for many.
pub(crate) fn ranges(ids: &[u32]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = ids;
    while let Some(&first) = rest.first() {
        let follows = |(at, id): &(usize, &u32)| u64::from(**id) == u64::from(first) + *at as u64;
        let length = rest.iter().enumerate().take_while(follows).count();
        let last = rest[length - 1];
        words.push(match length {
            1 => first.to_string(),
            2 => format!("{first} {last}"),
            _ => format!("{first}-{last}"),
        });
        rest = &rest[length..];
    }
    words.join(" ")
}

/// What the quorum device of a node does, in a word or two.
pub(crate) fn qdevice(node: &NodeStatus) -> &'static str {
    match &node.qdevice {
        None => "-",
        Some(device) if !device.alive => "silent",
        Some(device) if device.casts_vote => "votes",
        Some(_) => "no vote",
    }
}

/// `1.10`, as corosync prints it.
pub(crate) fn ring(node: &NodeStatus) -> String {
    format!("{:x}.{:x}", node.ring.node, node.ring.seq)
}

pub(super) fn status(status: &Status) -> String {
    let mut text = String::new();
    let pace = match status.speed {
        0.0 => "passes when told to".to_owned(),
        1.0 => "passes as in reality".to_owned(),
        speed => format!("passes {speed} times as fast as in reality"),
    };
    let under_way = if status.quiet {
        ""
    } else {
        ", something is under way"
    };
    // Writing to a string does not fail.
    let _ = writeln!(text, "cluster {}, process {}", status.name, status.process);
    let _ = writeln!(
        text,
        "time    {}, {pace}{under_way}",
        seconds(status.time_us)
    );
    if status.groups.len() > 1 {
        let _ = writeln!(text, "cut     {}", groups(&status.groups));
    }
    if status.steps_left > 0 {
        let _ = writeln!(
            text,
            "steps   {} of the scenario are to come",
            status.steps_left
        );
    }
    for failure in &status.failures {
        let _ = writeln!(text, "FAILED  {failure}");
    }
    if status.violations > 0 {
        let _ = writeln!(
            text,
            "WRONG   {} violations of invariants",
            status.violations
        );
    }
    let _ = writeln!(
        text,
        "\n{:>10}  {:<8} {:<8} {:>5} {:>13}  {:<8} {:<10} members",
        "node", "state", "quorate", "votes", "present/need", "qdevice", "ring"
    );
    for node in &status.nodes {
        let _ = writeln!(text, "{}", line(node));
    }
    if !status.connected.is_empty() {
        let _ = writeln!(
            text,
            "\n{:>10}  {:<12} {:>8}  program",
            "node", "service", "process"
        );
    }
    for connection in &status.connected {
        let (node, service) = (connection.node, &connection.service);
        let (process, program) = (connection.process, &connection.program);
        let _ = writeln!(text, "{node:>10}  {service:<12} {process:>8}  {program}");
    }
    let _ = writeln!(text, "\nlast events:");
    for event in status.events.iter().rev().take(EVENTS).rev() {
        let place = event
            .node
            .map_or("cluster".to_owned(), |node| format!("node {node}"));
        let time = seconds(event.time_us);
        let _ = writeln!(text, "{time:>18}  {place:<10} {}", event.text);
    }
    text
}

fn line(node: &NodeStatus) -> String {
    let (id, running) = (node.id, &node.running);
    if running == "down" {
        return format!("{id:>10}  {running}");
    }
    let quorate = if node.quorate { "yes" } else { "NO" };
    let votes = format!("{}/{}", node.total_votes, node.quorum);
    format!(
        "{id:>10}  {running:<8} {quorate:<8} {:>5} {votes:>13}  {:<8} {:<10} {}",
        node.votes,
        qdevice(node),
        ring(node),
        ids(&node.members)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_for_many() {
        for (list, expected) in [
            (&[][..], ""),
            (&[3], "3"),
            (&[1, 2], "1 2"),
            (&[1, 2, 3, 5, 7, 8, 9], "1-3 5 7-9"),
            (
                &[u32::MAX - 2, u32::MAX - 1, u32::MAX],
                "4294967293-4294967295",
            ),
        ] {
            assert_eq!(ranges(list), expected);
        }
        assert_eq!(groups(&[vec![1, 2, 3], vec![9]]), "{1-3} {9}");
    }
}
