//! From the lines of a log to what is drawn.

mod open;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_engine::NodeId;
use quorate_sim::{Line, Record, View, What};

use super::groups::Groups;
use super::happenings::happenings;
use super::model::{Cut, Lane, State, Stretch, Timeline, parts, ranges};
use open::Open;

/// What a log says, as lanes. A log has at least one line.
pub(super) fn timeline(title: &str, lines: &[Line]) -> Timeline {
    let begin = lines.first().map_or(Duration::ZERO, |line| line.record.at);
    let end = lines.last().map_or(begin, |line| line.record.at);
    // What took no time is drawn all the same.
    let end = end.max(begin + Duration::from_micros(1));
    let nodes = nodes(lines);
    let mut builder = Builder::new(&nodes, begin);
    for line in lines {
        builder.record(&line.record);
    }
    let source = match lines.first().map(|line| &line.record.what) {
        Some(What::Recording { began, .. }) => format!("recorded since {began}"),
        _ => "simulated, virtual time".to_owned(),
    };
    Timeline {
        title: title.to_owned(),
        source,
        begin,
        end,
        lanes: builder.finish(end),
        happenings: happenings(lines, &nodes),
    }
}

/// Everybody who is mentioned.
fn nodes(lines: &[Line]) -> BTreeSet<u32> {
    let mut nodes = BTreeSet::new();
    for Line { record, .. } in lines {
        nodes.extend(record.node.map(|node| node.0));
        match &record.what {
            What::Ring { members, .. } => nodes.extend(members),
            What::Partitioned { groups } => nodes.extend(groups.iter().flatten()),
            What::View(view) => nodes.extend(view.nodes.iter().map(|node| node.id)),
            What::Configured { keys } => nodes.extend(configured(keys)),
            _ => {}
        }
    }
    nodes.remove(&0);
    nodes
}

fn configured(keys: &BTreeMap<String, String>) -> impl Iterator<Item = u32> {
    let ids = keys
        .iter()
        .filter(|(key, _)| key.starts_with("nodelist.node.") && key.ends_with(".nodeid"));
    ids.filter_map(|(_, id)| id.parse().ok())
}

#[derive(Debug)]
struct Builder {
    open: BTreeMap<u32, Open>,
    groups: Groups,
}

impl Builder {
    fn new(nodes: &BTreeSet<u32>, begin: Duration) -> Self {
        let open = |&node: &u32| {
            let now = Stretch {
                from: begin,
                to: begin,
                state: State::Down,
                group: None,
                votes: None,
                ring: String::new(),
            };
            let lane = Lane::new(node);
            let (before_pause, cut, device) = (None, None, None);
            let open = Open {
                lane,
                now,
                before_pause,
                cut,
                device,
            };
            (node, open)
        };
        let open = nodes.iter().map(open).collect();
        let groups = Groups::default();
        Self { open, groups }
    }

    fn record(&mut self, record: &Record) {
        let at = record.at;
        match &record.what {
            What::Ring { ring, members } => self.ring(at, ring, members),
            What::Partitioned { groups } => self.cut(at, groups),
            What::Healed => self.open.values_mut().for_each(|open| open.end_cut(at)),
            What::View(view) => self.view(at, record, view),
            What::Recording { .. } => self.unseen(at, None),
            What::Disconnected { .. } => self.unseen(at, record.node),
            what => {
                let node = record.node.map_or(0, |node| node.0);
                if let Some(open) = self.open.get_mut(&node) {
                    if matches!(what, What::Killed | What::Stopped) {
                        self.groups.leave(node);
                    }
                    open.happens(at, what);
                }
            }
        }
    }

    fn ring(&mut self, at: Duration, ring: &str, members: &[u32]) {
        let group = self.groups.form(members);
        let text = format!("ring {ring} of {}", ranges(members));
        for node in members {
            if let Some(open) = self.open.get_mut(node) {
                open.change(at, |now| {
                    now.group = Some(group);
                    now.ring.clone_from(&text);
                });
            }
        }
    }

    fn cut(&mut self, at: Duration, groups: &[Vec<u32>]) {
        let nodes = self.open.keys().copied().collect();
        for (part, members) in parts(groups, &nodes).iter().enumerate() {
            let text = ranges(members);
            for node in members {
                if let Some(open) = self.open.get_mut(node) {
                    open.end_cut(at);
                    let members = text.clone();
                    open.cut = Some(Cut {
                        from: at,
                        to: at,
                        part,
                        members,
                    });
                }
            }
        }
    }

    /// What one node says of all.
    fn view(&mut self, at: Duration, record: &Record, view: &View) {
        let group = self.groups.form(&view.members);
        let text = format!("ring {} of {}", view.ring, ranges(&view.members));
        let state = if view.quorate {
            State::Quorate
        } else {
            State::NotQuorate
        };
        let here = record.node.map(|node| node.0);
        for (node, open) in &mut self.open {
            if !view.members.contains(node) {
                self.groups.leave(*node);
                open.gone(at, State::Unseen);
                continue;
            }
            let votes = (here == Some(*node)).then_some((view.votes, view.expected));
            open.change(at, |now| {
                now.state = state;
                now.group = Some(group);
                now.votes = votes;
                now.ring.clone_from(&text);
            });
            let told = view.nodes.iter().find(|other| other.id == *node);
            let device = told.map_or(0, |told| told.device);
            open.device(
                at,
                (device & REGISTERED != 0).then_some(device & VOTES != 0),
            );
        }
    }

    /// Nothing is known of the others while this node's corosync is gone.
    fn unseen(&mut self, at: Duration, gone: Option<NodeId>) {
        for (node, open) in &mut self.open {
            let here = gone == Some(NodeId(*node));
            open.gone(at, if here { State::Down } else { State::Unseen });
            self.groups.leave(*node);
        }
    }

    fn finish(self, end: Duration) -> Vec<Lane> {
        let lanes = self.open.into_values().map(|mut open| {
            open.end_cut(end);
            open.device(end, None);
            open.now.to = end;
            open.lane.stretches.push(open.now);
            open.lane
        });
        lanes.collect()
    }
}

/// Of a node's `votequorum_info.flags`: a device is registered.
const REGISTERED: u32 = 64;
/// It votes for the node.
const VOTES: u32 = 256;
