//! The way in: roll calls answered, the state asked for, given and taken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Effect, Gate, Inside, Machine, Phase, Standing, mask};
use crate::snapshot::{self, Assembly};
use crate::state::State;
use crate::types::{Address, Record};
use crate::wire::{Hello, Line, Message, Piece};

/// A newcomer without the state.
#[derive(Debug)]
pub(super) struct Waiting {
    serial: u32,
    /// Whether the next hello shall ask for the state.
    pub(super) ask: bool,
    attempt: u32,
    /// The place behind each hello that asked: the state that comes for it is the state there.
    pub(super) marks: BTreeMap<u32, u64>,
    answers: BTreeMap<(Address, u32), Assembly>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            serial: 0,
            ask: true,
            attempt: 0,
            marks: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }
}

impl Machine {
    /// Says what this process is, once in every roll call that needs to know.
    pub(super) fn report(&mut self, out: &mut Vec<Effect>) {
        let round = self.roll.round();
        let due = self.reported != Some(round);
        let Some(ring) = self
            .roll
            .settled_ring()
            .filter(|_| self.roll.has(self.config.process))
        else {
            return;
        };
        match &mut self.phase {
            Phase::Lost => {}
            Phase::Inside(inside) if inside.standing != Standing::Follower => {
                let epoch = inside.state.epoch;
                let Gate::Merge { head } = self.gate() else {
                    return;
                };
                if due {
                    out.push(multicast(&Message::Standing { ring, epoch, head }));
                    self.reported = Some(round);
                }
            }
            Phase::Inside(inside) => {
                // Should the members all go before this is one, what they knew is not lost.
                let record = inside.state.record();
                if due && self.may_say_hello(ring) {
                    out.push(self.hello(0, ring, false, 0, record));
                    self.reported = Some(round);
                }
            }
            Phase::Waiting(waiting) => {
                if !due && !waiting.ask {
                    return;
                }
                let (serial, ask, attempt) = (waiting.serial + 1, waiting.ask, waiting.attempt);
                if self.may_say_hello(ring) {
                    out.push(self.hello(serial, ring, ask, attempt, self.config.record));
                    self.reported = Some(round);
                    if let Phase::Waiting(waiting) = &mut self.phase {
                        (waiting.serial, waiting.ask) = (serial, false);
                    }
                }
            }
        }
    }

    /// A newcomer vouches with its hello for the quorum of the ring that it names.
    fn may_say_hello(&self, ring: u64) -> bool {
        self.verdicts.has(ring) && !self.is_unsupported()
    }

    fn hello(&self, serial: u32, ring: u64, ask: bool, attempt: u32, record: Record) -> Effect {
        multicast(&Message::Hello(Hello {
            instance: self.config.instance,
            serial,
            ring,
            ask,
            attempt,
            record,
            addresses: self
                .addresses
                .iter()
                .map(|(node, ip)| (*node, *ip))
                .collect(),
        }))
    }

    /// Remembers where one's own question stands in the order.
    pub(super) fn mark(&mut self, from: Address, hello: &Hello) {
        let own = from == self.config.process && hello.instance == self.config.instance;
        if let (Phase::Waiting(waiting), true) = (&mut self.phase, own && hello.ask) {
            waiting.marks.insert(hello.serial, self.order.end() + 1);
        }
    }

    /// A member gave a piece of the state at the place of the question `serial`.
    pub(super) fn snapshot(&mut self, from: Address, serial: u32, piece: &Piece) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        let Some(place) = waiting.marks.get(&serial).copied() else {
            return;
        };
        let answer = waiting.answers.entry((from, serial)).or_default();
        let Some(Ok(state)) = answer.add(piece).map(|whole| snapshot::decode(&whole)) else {
            return;
        };
        self.order.skip_to(place);
        let standing = Standing::Follower;
        self.phase = Phase::Inside(Box::new(Inside { state, standing }));
    }

    /// Gives the state to a newcomer.
    pub(super) fn answer(target: Address, hello: &Hello, state: &State, out: &mut Vec<Effect>) {
        let bytes = snapshot::encode(state);
        let (instance, serial) = (hello.instance, hello.serial);
        out.extend(snapshot::pieces(&bytes).map(|piece| {
            multicast(&Message::Snapshot {
                target,
                instance,
                serial,
                piece,
            })
        }));
    }

    /// Tells the group once one's own state is up to date.
    pub(super) fn say_ready(&mut self, out: &mut Vec<Effect>) {
        let instance = self.config.instance;
        let Phase::Inside(inside) = &mut self.phase else {
            return;
        };
        if inside.standing == Standing::Follower && self.order.first() == self.order.end() {
            inside.standing = Standing::Ready;
            out.push(multicast(&Message::Ready {
                instance,
                line: inside.state.line,
            }));
        }
    }

    /// There is a new member. A question that came while there was none has to be put again.
    pub(super) fn somebody_is_ready(&mut self, from: Address) {
        if let Phase::Waiting(waiting) = &mut self.phase {
            waiting.ask |= from != self.config.process;
        }
    }

    pub(super) fn nudge(&mut self) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        if !waiting.ask {
            waiting.ask = true;
            waiting.attempt = waiting.attempt.wrapping_add(1);
        }
    }

    /// All of the group are newcomers: here begins a line.
    pub(super) fn found(
        &mut self,
        members: Vec<Address>,
        record: Record,
        addresses: BTreeMap<u32, IpAddr>,
        out: &mut Vec<Effect>,
    ) {
        let (Some(ring), Some(founder)) = (self.roll.settled_ring(), members.first().copied())
        else {
            return;
        };
        let line = Line { ring, founder };
        let state = State::found(line, mask(self.roll.nodes()), members, record, addresses);
        self.order.skip_to(self.order.end());
        self.phase = Phase::Inside(Box::new(Inside {
            state,
            standing: Standing::Member,
        }));
        self.verdicts.forget_before(ring);
        self.admitted(out);
    }
}

pub(super) fn multicast(message: &Message) -> Effect {
    Effect::Multicast(message.encode())
}
