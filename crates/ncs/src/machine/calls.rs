//! The calls of the program that uses the SDK, and what this node knows by itself.

use std::net::IpAddr;

use super::admission::multicast;
use super::{Call, Effect, Machine, Order, Phase, Request, mask};
use crate::code::Code;
use crate::types::{Key, View, node_bit};
use crate::wire::{LockVerb, Message};

impl Machine {
    pub(super) fn register(&mut self, handle: u32, out: &mut Vec<Effect>) {
        let refusal = if matches!(self.phase, Phase::Lost) {
            Some(Code::NotMember)
        } else if self.is_unsupported() {
            Some(Code::NotSupported)
        } else if self.handles.contains_key(&handle) {
            Some(Code::BadParameter)
        } else {
            None
        };
        if let Some(code) = refusal {
            out.push(Effect::Registered { handle, code });
            return;
        }
        let view = self.member().map(crate::state::State::view);
        self.handles.insert(handle, view.is_some());
        if let Some(view) = view {
            out.push(Effect::Registered {
                handle,
                code: Code::Success,
            });
            out.push(Effect::Callback { handle, view });
        }
    }

    /// Ends all registrations that wait for admission.
    pub(super) fn refuse_registrations(&mut self, code: Code, out: &mut Vec<Effect>) {
        self.handles.retain(|handle, registered| {
            if !*registered {
                out.push(Effect::Registered {
                    handle: *handle,
                    code,
                });
            }
            *registered
        });
    }

    pub(super) fn deregister(&mut self, handle: u32, out: &mut Vec<Effect>) {
        let Some(registered) = self.handles.remove(&handle) else {
            out.push(Effect::Deregistered {
                handle,
                code: Code::BadHandle,
            });
            return;
        };
        if !registered {
            out.push(Effect::Registered {
                handle,
                code: Code::BadHandle,
            });
        }
        self.calls.retain(|request, call| {
            let stays = call.handle != handle;
            if !stays {
                let (request, code) = (*request, Code::BadHandle);
                out.push(Effect::Completed {
                    request,
                    code,
                    holder: 0,
                });
            }
            stays
        });
        if self.member().is_some() {
            // Behind all that this handle has asked for, so that nothing stays behind.
            out.push(multicast(&Message::Release { handle }));
        }
        out.push(Effect::Deregistered {
            handle,
            code: Code::Success,
        });
    }

    /// A call about a key. Even a call that never waits for the holder has to go through the
    /// order: only there is it known who holds what.
    pub(super) fn call(&mut self, verb: LockVerb, call: Request<'_>, out: &mut Vec<Effect>) {
        let Request {
            handle,
            request,
            key,
        } = call;
        let refusal = match (Key::new(key), self.handles.get(&handle)) {
            (_, None | Some(false)) => Code::BadHandle,
            (_, Some(true)) if matches!(self.phase, Phase::Lost) => Code::NotMember,
            (None, Some(true)) => Code::BadParameter,
            (Some(key), Some(true)) => {
                self.calls.insert(request, Call { verb, handle, key });
                out.push(multicast(&Message::Lock {
                    verb,
                    handle,
                    request,
                    key,
                }));
                return;
            }
        };
        out.push(Effect::Completed {
            request,
            code: refusal,
            holder: 0,
        });
    }

    /// A caller has gone. The group has heard the request or will: what takes it back comes behind
    /// it. One to give a key up needs none.
    pub(super) fn withdraw(&mut self, request: u64, out: &mut Vec<Effect>) {
        let call = self.calls.remove(&request);
        if let Some(Call { handle, key, .. }) = call.filter(|call| call.verb != LockVerb::Unlock) {
            out.push(multicast(&Message::Withdraw {
                handle,
                request,
                key,
            }));
        }
    }

    /// A call waits for a holder, if its caller still does.
    pub(super) fn queued(&self, request: u64, out: &mut Vec<Effect>) {
        if self.calls.contains_key(&request) {
            out.push(Effect::Queued { request });
        }
    }

    /// Answers a call, unless its handle was given up or its caller went in the meantime.
    pub(super) fn complete(
        &mut self,
        request: u64,
        code: Code,
        holder: u32,
        out: &mut Vec<Effect>,
    ) {
        if self.calls.remove(&request).is_some() {
            out.push(Effect::Completed {
                request,
                code,
                holder,
            });
        }
    }

    pub(super) fn node_address(&mut self, node: u32, ip: IpAddr, out: &mut Vec<Effect>) {
        if node_bit(node) == 0 {
            return;
        }
        self.addresses.insert(node, ip);
        // The group's copy decides, so that all elect the same master.
        if self
            .member()
            .is_some_and(|state| state.addresses.get(&node) != Some(&ip))
        {
            out.push(multicast(&Message::NodeAddress { node, ip }));
        }
    }

    pub(super) fn node_leaving(&mut self, node: u32) {
        // News of a node that has left already must not be kept for when it is back.
        self.leaving |= node_bit(node) & mask(self.roll.nodes());
    }

    /// The end: the cluster goes on without this process, or not at all.
    pub(super) fn lose(&mut self, out: &mut Vec<Effect>) {
        let epoch = match std::mem::replace(&mut self.phase, Phase::Lost) {
            Phase::Lost => return,
            Phase::Waiting(_) => 0,
            Phase::Inside(inside) => inside.state.epoch,
        };
        self.order = Order::default();
        for (request, _) in std::mem::take(&mut self.calls) {
            out.push(Effect::Completed {
                request,
                code: Code::NotMember,
                holder: 0,
            });
        }
        self.refuse_registrations(Code::NotMember, out);
        for handle in self.handles.keys().copied() {
            let view = View {
                epoch,
                members: 0,
                failed: 0,
                master: 0,
            };
            out.push(Effect::Callback { handle, view });
        }
        out.push(Effect::Leave);
    }
}
