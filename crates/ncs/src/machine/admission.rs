//! The way in: roll calls answered, the state asked for, given and taken.

use std::collections::BTreeMap;

use super::gate::Gate;
use super::{Effect, Inside, Machine, Phase, Standing, mask};
use crate::snapshot::{self, Assembly};
use crate::state::{Founding, State};
use crate::types::{Address, Record};
use crate::wire::{Ask, Hello, Message, Piece};

/// A newcomer without the state.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    serial: u32,
    /// Whether the state has to be asked for, once more or at all.
    pub(super) ask: bool,
    attempt: u32,
    /// The place behind each question: the state that comes for it is the state there.
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

impl Waiting {
    pub(super) fn forget_questions(&mut self) {
        self.marks.clear();
        self.answers.clear();
    }

    /// Bytes of answers that are here in part.
    pub(super) fn assembled(&self) -> usize {
        self.answers.values().map(Assembly::len).sum()
    }

    fn question(&mut self, instance: u64) -> Option<Effect> {
        if !std::mem::take(&mut self.ask) {
            return None;
        }
        self.serial += 1;
        let (serial, attempt) = (self.serial, self.attempt);
        Some(multicast(&Message::Ask(Ask {
            instance,
            serial,
            attempt,
        })))
    }
}

impl Machine {
    /// Says what this process is, once in every roll call that needs to know.
    pub(super) fn report(&mut self, out: &mut Vec<Effect>) {
        let me = self.config.process;
        let Some(ring) = self.roll.settled_ring().filter(|_| self.roll.has(me)) else {
            return;
        };
        if let (true, Phase::Waiting(waiting)) = (self.may_say_hello(ring), &mut self.phase) {
            out.extend(waiting.question(self.config.instance));
        }
        if self.speaking || self.roll.has_heard(me) {
            return;
        }
        let word = match &self.phase {
            Phase::Lost => None,
            Phase::Inside(inside) if inside.standing != Standing::Follower => {
                self.standing(&inside.state, ring)
            }
            // Should the members all go before this is one, what they knew is not lost.
            Phase::Inside(inside) => self.hello(ring, inside.state.record()),
            Phase::Waiting(_) => self.hello(ring, self.config.record),
        };
        self.speaking = word.is_some();
        out.extend(word.as_ref().map(multicast));
    }

    /// A member's word: only before a merge is it asked for.
    fn standing(&self, state: &State, ring: u64) -> Option<Message> {
        let branch = self
            .branch(state, ring)
            .filter(|_| matches!(self.gate(), Gate::Merge))?;
        let epoch = state.epoch;
        Some(Message::Standing {
            ring,
            epoch,
            head: branch.head,
        })
    }

    /// A newcomer vouches with its hello for the quorum of the ring that it names.
    fn may_say_hello(&self, ring: u64) -> bool {
        self.verdicts.has(ring) && !self.is_unsupported()
    }

    fn hello(&self, ring: u64, record: Record) -> Option<Message> {
        let addresses = self.addresses.iter().map(|(node, ip)| (*node, *ip));
        let hello = Hello {
            instance: self.config.instance,
            ring,
            record,
            addresses: addresses.collect(),
        };
        self.may_say_hello(ring).then_some(Message::Hello(hello))
    }

    /// Remembers where one's own question stands in the order.
    pub(super) fn mark(&mut self, from: Address, ask: Ask) {
        let own = (from, ask.instance) == (self.config.process, self.config.instance);
        if let (Phase::Waiting(waiting), true) = (&mut self.phase, own) {
            waiting.marks.insert(ask.serial, self.order.end() + 1);
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
    pub(super) fn answer(target: Address, ask: Ask, state: &State, out: &mut Vec<Effect>) {
        let bytes = snapshot::encode(state);
        let Ask {
            instance, serial, ..
        } = ask;
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
    pub(super) fn found(&mut self, founding: Founding, out: &mut Vec<Effect>) {
        let ring = founding.line.ring;
        let state = State::found(founding, mask(self.roll.nodes()));
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
