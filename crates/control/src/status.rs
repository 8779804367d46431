//! How everything is in a live cluster.

use std::collections::VecDeque;

use quorate_engine::{InfoFlags, NodeId, NodeInfo};
use quorate_sim::host::Host;
use quorate_sim::{Cluster, Record, Running};

use crate::message::{Connected, Event, NodeStatus, Qdevice, RingId};

/// Kept for those who ask what has happened lately.
const KEPT: usize = 256;

/// The latest events.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    events: VecDeque<Event>,
    number: u64,
}

impl Latest {
    pub(crate) fn keep(&mut self, records: &[Record]) {
        for record in records.iter().filter(|record| !record.what.is_chatter()) {
            self.number += 1;
            self.events.push_back(Event {
                number: self.number,
                time_us: micros(record.at),
                node: record.node.map(|node| node.0),
                text: record.what.to_string(),
            });
        }
        let surplus = self.events.len().saturating_sub(KEPT);
        self.events.drain(..surplus);
    }

    pub(crate) fn after(&self, number: u64) -> Vec<Event> {
        let later = |event: &&Event| event.number > number;
        self.events.iter().filter(later).cloned().collect()
    }
}

pub(crate) fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) fn nodes(cluster: &Cluster) -> Vec<NodeStatus> {
    cluster
        .nodes()
        .map(|node| status_of(cluster, node))
        .collect()
}

fn status_of(cluster: &Cluster, node: NodeId) -> NodeStatus {
    let config = cluster.config().nodes();
    let configured = config.iter().find(|entry| entry.id == node);
    let running = match cluster.running(node) {
        Some(Running::Up) => "up",
        Some(Running::Leaving) => "leaving",
        Some(Running::Paused) => "paused",
        Some(Running::Down) | None => "down",
    };
    let mut status = NodeStatus {
        id: node.0,
        name: configured.map_or_else(|| node.to_string(), |entry| entry.name.clone()),
        running: running.to_owned(),
        ..NodeStatus::default()
    };
    let engine = cluster.engine(node);
    if let Some((engine, info)) = engine.and_then(|e| Some((e, e.node_info(node)?))) {
        status.quorate = engine.is_quorate();
        let ring = engine.ring();
        status.ring = RingId {
            node: ring.node.0,
            seq: ring.seq,
        };
        status.members = engine.members().iter().map(|member| member.0).collect();
        status.votes = info.votes;
        status.expected_votes = info.expected_votes;
        status.highest_expected = info.highest_expected;
        status.total_votes = info.total_votes;
        status.quorum = info.quorum;
        status.flags = info.flags.0;
        status.qdevice = qdevice(&info);
    }
    status
}

fn qdevice(info: &NodeInfo) -> Option<Qdevice> {
    let has = |flag| info.flags.contains(flag);
    has(InfoFlags::QDEVICE_REGISTERED).then(|| Qdevice {
        name: String::from_utf8_lossy(&info.qdevice_name).into_owned(),
        votes: info.qdevice_votes,
        alive: has(InfoFlags::QDEVICE_ALIVE),
        casts_vote: has(InfoFlags::QDEVICE_CAST_VOTE),
    })
}

pub(crate) fn connected(host: &Host) -> Vec<Connected> {
    let programs = host.programs().into_iter();
    let program = |process: u32| {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm"));
        name.map(|name| name.trim_end().to_owned())
            .unwrap_or_default()
    };
    programs
        .map(|connection| Connected {
            node: connection.node.0,
            service: connection.service.name().to_owned(),
            process: connection.process,
            program: program(connection.process),
        })
        .collect()
}
