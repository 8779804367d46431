//! Feeding the machine, and doing what it says.

use crate::Sdk;
use crate::core::{Core, Due, Membership, Registration, Stage};
use quorate_client::{Error, IpcError, Value};
use quorate_ncs::{Code, Effect, Input};

/// Where the local daemon keeps the epoch when no application runs.
pub(crate) const RECORD_KEY: &str = "quorate.ncs.record";

/// `CS_TYPE` of the map for plain bytes.
const BINARY: u8 = 12;

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Gives the machine an input and carries out the effects, in their order.
    pub(crate) fn feed(&self, core: &mut Core<C>, input: Input<'_>) {
        let Some(membership) = &mut core.membership else {
            return;
        };
        for effect in membership.machine.handle(input) {
            self.carry_out(core, effect);
        }
        if let Some(membership) = &mut core.membership {
            membership.flush();
        }
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
            match self.links.cpg.multicast(message) {
                Ok(()) => drop(self.outbox.pop_front()),
                Err(Error::Ipc(IpcError::FlowControl)) => {
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
}
