//! Feeding the machine, and doing what it says.

use crate::Sdk;
use crate::core::{Core, Due, Membership, Registration, Stage};
use quorate_client::{Error, IpcError, Value, wait};
use quorate_ncs::{Code, Effect, Input, View};

/// Where the local daemon keeps the epoch when no application runs.
pub(crate) const RECORD_KEY: &str = "quorate.ncs.record";

/// `CS_TYPE` of the map for plain bytes.
const BINARY: u8 = 12;

/// That this node leaves, where nothing else is known.
const OUT: View = View {
    epoch: 0,
    members: 0,
    failed: 0,
    master: 0,
};

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Gives the machine an input and carries out the effects, in their order.
    pub(crate) fn feed(&self, core: &mut Core<C>, input: Input<'_>) {
        let Some(membership) = &mut core.membership else {
            return;
        };
        for effect in membership.machine.handle(input) {
            self.carry_out(core, effect);
        }
        // To find out that there is no room can take time. The reader does that for all.
        let membership = core.membership.as_mut();
        if let Some(membership) = membership.filter(|membership| !membership.is_retried) {
            membership.flush();
        }
    }

    /// A membership is over. Normally everybody has been told; whoever has not, because this
    /// code failed, is now.
    pub(crate) fn end(&self, life: u64) {
        let mut core = self.core.lock();
        core.membership = None;
        let core = &mut *core;
        let refused = Registration::Refused(Code::Failure);
        for (handle, found) in core.handles.iter_mut().filter(|(_, of)| of.life == life) {
            match found.registration {
                Registration::Asked => found.registration = refused,
                Registration::Accepted | Registration::Told if !found.is_out => {
                    found.is_out = true;
                    let (handle, view) = (*handle, OUT);
                    core.due.push_back(Due { handle, view });
                }
                Registration::Accepted | Registration::Told | Registration::Refused(_) => {}
            }
        }
        for call in core.calls.values_mut() {
            call.answer.get_or_insert((Code::NotMember, 0));
            call.answered.notify_one();
        }
        core.update_ready();
        self.changed.notify_all();
    }

    fn carry_out(&self, core: &mut Core<C>, effect: Effect) {
        let Some(membership) = &mut core.membership else {
            return;
        };
        match effect {
            Effect::Multicast(message) => membership.outbox.push_back(message),
            // A record that can't be kept costs at worst that the epoch starts again when the
            // last application of the whole cluster ends; nothing is to be done about it here.
            Effect::Persist(record) => {
                let value = Value::Other(BINARY, record.to_bytes().to_vec());
                let _ = membership.links.cmap.set(RECORD_KEY, &value);
            }
            Effect::Callback { handle, view } => {
                if let Some(told) = core.handles.get_mut(&handle) {
                    told.is_out = view.members == 0;
                }
                core.due.push_back(Due { handle, view });
                core.update_ready();
                self.changed.notify_all();
            }
            Effect::Registered { handle, code } => {
                if let Some(asked) = core.handles.get_mut(&handle) {
                    asked.registration = match code {
                        Code::Success => Registration::Accepted,
                        refusal => Registration::Refused(refusal),
                    };
                }
                self.changed.notify_all();
            }
            Effect::Queued { request } => {
                if let Some(call) = core.calls.get_mut(&request) {
                    call.is_queued = true;
                }
            }
            // The caller has taken the handle back before it told the machine.
            Effect::Deregistered { .. } => {}
            Effect::Completed {
                request,
                code,
                holder,
            } => {
                if let Some(call) = core.calls.get_mut(&request) {
                    call.answer = Some((code, holder));
                    call.answered.notify_one();
                }
            }
            Effect::Leave => {
                membership.stage = Stage::Leaving;
                membership.outbox.clear();
                membership.links.wakeup.wake();
            }
        }
    }
}

impl Membership {
    /// Sends what waits, in order, as far as corosync takes it. What is left is for the reader
    /// to send.
    pub(crate) fn flush(&mut self) {
        while let Some(message) = self.outbox.front() {
            match self.send(message) {
                Ok(()) => drop(self.outbox.pop_front()),
                Err(Error::Ipc(IpcError::FlowControl | IpcError::TimedOut)) => {
                    if !std::mem::replace(&mut self.is_retried, true) {
                        self.links.wakeup.wake();
                    }
                    return;
                }
                // The reader finds out by itself that the daemon is gone.
                Err(_) => self.outbox.clear(),
            }
        }
        self.is_retried = false;
    }

    /// A daemon that is stopped lets its socket fill up. To wait for room there, with all that
    /// threads share locked, would hold everybody up; and a message that has been put into the
    /// ring, but could not be announced, is neither sent nor not.
    fn send(&self, message: &[u8]) -> Result<(), Error> {
        let [_, socket] = self.links.cpg.descriptors();
        if !wait::has_room(socket)? {
            return Err(IpcError::FlowControl.into());
        }
        self.links.cpg.multicast(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Call, Handle};
    use crate::sync::Condvar;
    use std::sync::Arc;

    #[test]
    fn nobody_is_left_waiting_for_a_membership_that_ended_unseen() {
        let sdk: Sdk<()> = Sdk::new(|_| {});
        let mut core = sdk.core.lock();
        for (handle, life, registration, is_out) in [
            (1, 7, Registration::Asked, false),
            (2, 7, Registration::Told, false),
            (3, 7, Registration::Told, true),
            (4, 6, Registration::Told, false),
        ] {
            core.handles.insert(
                handle,
                Handle {
                    life,
                    callback: (),
                    registration,
                    dispatched: false,
                    is_out,
                },
            );
        }
        let answered = Arc::new(Condvar::new());
        let call = Call {
            answer: None,
            is_queued: false,
            answered,
        };
        core.calls.insert(5, call);
        drop(core);

        sdk.end(7);
        let core = sdk.core.lock();
        assert_eq!(
            core.handles[&1].registration,
            Registration::Refused(Code::Failure)
        );
        let told: Vec<_> = core.due.iter().map(|due| due.handle).collect();
        assert_eq!(
            told,
            [2],
            "who is told already, and who is of another life, is not"
        );
        assert_eq!(core.due[0].view.members, 0);
        assert_eq!(core.calls[&5].answer, Some((Code::NotMember, 0)));
    }
}
