//! The events to come, in the order of their times, then of their making.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use quorate_engine::Timer;

use super::peer::RingKey;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// The token has been round.
    Rotate(RingKey),
    /// The nodes of a group form a ring. Void if the group is not due then any more.
    Form { group: usize },
    /// The nodes of a recorded ring form it. Void if the recording was replaced.
    Recorded(u64),
    /// A timer of an engine.
    Timer {
        peer: usize,
        timer: Timer,
        generation: u64,
    },
    /// A node that stops cleanly is gone.
    Stop { peer: usize, generation: u64 },
    /// The time has come of which a service wants to know.
    Reminder { peer: usize, life: u64, number: u64 },
    /// The simulated quorum device polls.
    Poll { peer: usize, generation: u64 },
    /// What a fault holds up goes on.
    Alarm,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    order: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, Event>,
    made: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Duration, event: Event) {
        self.made += 1;
        self.order.push(Reverse((at, self.made)));
        self.events.insert(self.made, event);
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.order.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn pop(&mut self) -> Option<(Duration, Event)> {
        let Reverse((at, number)) = self.order.pop()?;
        let event = self.events.remove(&number)?;
        Some((at, event))
    }
}
