//! The order, acted upon: the only place where the common state changes.

use super::admission::multicast;
use super::{Effect, Entry, Machine, Phase, Standing, mask};
use crate::code::Code;
use crate::locks::{Answer, Claim};
use crate::state::State;
use crate::types::{Address, Key, Owner, Reason, View, node_bit, nodes_of};
use crate::wire::{LockVerb, Message};

/// A request as it comes out of the order.
struct Ordered {
    verb: LockVerb,
    key: Key,
    claim: Claim,
}

impl Machine {
    pub(super) fn apply(&mut self, entry: Entry, out: &mut Vec<Effect>) {
        let me = self.config.process;
        let Phase::Inside(inside) = &mut self.phase else {
            return;
        };
        let state = &mut inside.state;
        match entry {
            Entry::Configuration { left, joined: _ } => {
                let down = left
                    .iter()
                    .filter(|(_, reason)| *reason == Reason::NodeDown);
                state.lost |= down.fold(0, |nodes, (process, _)| nodes | node_bit(process.node));
                let gone: Vec<_> = left.iter().map(|(process, _)| *process).collect();
                let granted = state.depart(&gone);
                self.granted(&granted, out);
            }
            Entry::Ring { ring, nodes } => {
                let view = state.change_ring(ring, mask(&nodes));
                self.verdicts.forget_before(ring);
                let here = self.order.first();
                self.winners.retain(|(place, _)| *place > here);
                if let Some(view) = view {
                    self.changed(view, out);
                }
            }
            Entry::Message {
                from,
                message: Message::Hello(hello),
            } => {
                if !state.is_member(from) {
                    state.hello(&hello);
                }
            }
            Entry::Message {
                from,
                message: Message::Ask(ask),
            } => {
                if !state.is_member(from) {
                    state.newcomers.insert(from, ask.instance);
                    if state.sender(ask.attempt) == Some(me) {
                        Self::answer(from, ask, state, out);
                    }
                }
            }
            Entry::Message {
                from,
                message: Message::Ready { instance, line },
            } => {
                let admitted = state.ready(from, instance, line);
                if from == me && inside.standing != Standing::Member {
                    if admitted {
                        inside.standing = Standing::Member;
                        self.admitted(out);
                    } else {
                        self.lose(out);
                    }
                }
            }
            Entry::Message { from, message } if state.is_member(from) => {
                self.member_message(from, message, out);
            }
            Entry::Message { .. } => {}
        }
    }

    fn member_message(&mut self, from: Address, message: Message, out: &mut Vec<Effect>) {
        let Phase::Inside(inside) = &mut self.phase else {
            return;
        };
        let state = &mut inside.state;
        match message {
            Message::NodeAddress { node, ip } => state.set_address(node, ip),
            Message::Leaving { node } => state.leaving |= node_bit(node) & state.nodes,
            Message::Lock {
                verb,
                handle,
                request,
                key,
            } => {
                let claim = Claim {
                    owner: Owner {
                        process: from,
                        handle,
                    },
                    request,
                };
                let (code, holder, next) = decide(state, Ordered { verb, key, claim });
                if from == self.config.process {
                    match code {
                        Some(code) => self.complete(request, code, holder, out),
                        None => self.queued(request, out),
                    }
                }
                self.granted(next.as_slice(), out);
            }
            Message::Release { handle } => {
                let owner = Owner {
                    process: from,
                    handle,
                };
                let granted = state.locks.release(|other| *other == owner);
                self.granted(&granted, out);
            }
            Message::Withdraw {
                handle,
                request,
                key,
            } => {
                let owner = Owner {
                    process: from,
                    handle,
                };
                let next = state.locks.withdraw(&key, Claim { owner, request });
                self.granted(next.as_slice(), out);
            }
            Message::Hello(_)
            | Message::Ask(_)
            | Message::Ready { .. }
            | Message::Standing { .. }
            | Message::Snapshot { .. } => {}
        }
    }

    /// Locks that came to their next holders; only one's own are one's own business.
    fn granted(&mut self, claims: &[Claim], out: &mut Vec<Effect>) {
        for claim in claims {
            if claim.owner.process == self.config.process {
                self.complete(claim.request, Code::Success, 0, out);
            }
        }
    }

    fn changed(&mut self, view: View, out: &mut Vec<Effect>) {
        let Some(record) = self.member().map(State::record) else {
            return;
        };
        out.push(Effect::Persist(record));
        for handle in self.handles.keys().copied() {
            out.push(Effect::Callback { handle, view });
        }
    }

    /// This process is a member now: what waited for it can be done.
    pub(super) fn admitted(&mut self, out: &mut Vec<Effect>) {
        let Some(state) = self.member() else { return };
        let (view, record) = (state.view(), state.record());
        let unknown = self
            .addresses
            .iter()
            .filter(|(node, _)| !state.addresses.contains_key(node));
        let news: Vec<_> = unknown.map(|(node, ip)| (*node, *ip)).collect();
        out.push(Effect::Persist(record));
        for (node, ip) in news {
            out.push(multicast(&Message::NodeAddress { node, ip }));
        }
        for (handle, registered) in &mut self.handles {
            *registered = true;
            out.push(Effect::Registered {
                handle: *handle,
                code: Code::Success,
            });
            out.push(Effect::Callback {
                handle: *handle,
                view,
            });
        }
    }

    /// Tells the group which nodes are leaving, as far as it does not know.
    pub(super) fn announce(&mut self, out: &mut Vec<Effect>) {
        let Some(state) = self.member() else { return };
        let news = self.leaving & state.nodes & !state.leaving & !self.told;
        self.told |= news;
        out.extend(nodes_of(news).map(|node| multicast(&Message::Leaving { node })));
    }
}

/// What a request comes to: the answer if there is one yet, the holder, who got the lock by it.
fn decide(state: &mut State, request: Ordered) -> (Option<Code>, u32, Option<Claim>) {
    let Ordered { verb, key, claim } = request;
    let answer = match verb {
        LockVerb::Lock => state.locks.lock(key, claim),
        LockVerb::TryLock => state.locks.try_lock(key, claim),
        LockVerb::Unlock => {
            return match state.locks.unlock(&key, claim.owner) {
                Some(next) => (Some(Code::Success), 0, next),
                None => (Some(Code::BadParameter), 0, None),
            };
        }
    };
    match answer {
        Answer::Granted => (Some(Code::Success), 0, None),
        Answer::Queued => (None, 0, None),
        Answer::Held(owner) => (Some(Code::TryLockHeld), node_bit(owner.process.node), None),
        Answer::Twice => (Some(Code::BadParameter), 0, None),
        Answer::Full => (Some(Code::NoResources), 0, None),
    }
}
