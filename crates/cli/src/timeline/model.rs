//! A history as it is drawn.

use std::collections::BTreeSet;
use std::time::Duration;

/// All that is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Timeline {
    pub(super) title: String,
    /// What kind of log this is, in a few words.
    pub(super) source: String,
    pub(super) begin: Duration,
    pub(super) end: Duration,
    /// Ascending by node.
    pub(super) lanes: Vec<Lane>,
    /// In the order of time.
    pub(super) happenings: Vec<Happening>,
}

/// A node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lane {
    pub(super) node: u32,
    /// Without gaps, from the begin to the end.
    pub(super) stretches: Vec<Stretch>,
    /// While the network is cut: which part the node is in.
    pub(super) cuts: Vec<Cut>,
    /// While it has a quorum device.
    pub(super) devices: Vec<Device>,
    pub(super) marks: Vec<Mark>,
}

/// A time in which nothing changes for a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) state: State,
    /// The ring it is in: nodes with the same number are together.
    pub(super) group: Option<usize>,
    /// Votes present and expected.
    pub(super) votes: Option<(u32, u32)>,
    /// The ring and its members.
    pub(super) ring: String,
}

impl Stretch {
    /// The ring that it is drawn as a bar of; a node that is down has none.
    pub(super) fn shown(&self) -> Option<usize> {
        self.group.filter(|_| self.state != State::Down)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Down,
    Quorate,
    NotQuorate,
    Paused,
    /// Not in the ring of the node that a recording was made on.
    Unseen,
}

impl State {
    pub(super) const fn text(self) -> &'static str {
        match self {
            State::Down => "down",
            State::Quorate => "quorate",
            State::NotQuorate => "not quorate",
            State::Paused => "paused",
            State::Unseen => "not seen",
        }
    }
}

/// A time in which a node reaches only these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cut {
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// The number of the part.
    pub(super) part: usize,
    pub(super) members: String,
}

/// A time in which a quorum device votes, or does not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Device {
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) votes: bool,
}

/// Something between a program and a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) at: Duration,
    pub(super) kind: MarkKind,
    pub(super) text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum MarkKind {
    /// A program asks.
    Call,
    /// A program is told.
    Callback,
}

/// Something that happened to the cluster. One line of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Happening {
    pub(super) at: Duration,
    /// Empty: the cluster.
    pub(super) nodes: Vec<u32>,
    pub(super) what: String,
    /// It should never happen.
    pub(super) trouble: bool,
}

impl Happening {
    /// `nodes 1-3 5 started`
    pub(super) fn text(&self) -> String {
        match self.nodes.as_slice() {
            [] => self.what.clone(),
            [node] => format!("node {node} {}", self.what),
            nodes => format!("nodes {} {}", ranges(nodes), self.what),
        }
    }
}

/// Ascending numbers: `1-3 5`.
pub(super) fn ranges(numbers: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let parts = parts.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first} {last}"),
        _ => format!("{first}-{last}"),
    });
    parts.collect::<Vec<_>>().join(" ")
}

impl Lane {
    pub(super) fn new(node: u32) -> Self {
        Self {
            node,
            stretches: Vec::new(),
            cuts: Vec::new(),
            devices: Vec::new(),
            marks: Vec::new(),
        }
    }
}

/// The parts of a network that is cut, each ascending; those not named are one more.
pub(super) fn parts(groups: &[Vec<u32>], nodes: &BTreeSet<u32>) -> Vec<Vec<u32>> {
    let named: BTreeSet<u32> = groups.iter().flatten().copied().collect();
    let mut parts = groups.to_vec();
    parts.iter_mut().for_each(|part| part.sort_unstable());
    let rest: Vec<u32> = nodes.difference(&named).copied().collect();
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// The letter of a ring: `A` to `Z`, then `AA`.
pub(super) fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'A' + (number % 26) as u8));
        match number / 26 {
            0 => return text,
            more => number = more - 1,
        }
    }
}
