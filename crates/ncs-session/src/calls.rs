//! The calls of the SDK.

use crate::Sdk;
use crate::core::{Call, Core};
use crate::memory::CALL;
use crate::sync::{Condvar, after};
use quorate_client::process;
use quorate_ncs::{Code, Input, Request, View};
use std::sync::Arc;

/// Why a call about a key failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What to answer.
    pub code: Code,
    /// With [`Code::TryLockHeld`], the bit of the node that holds the lock.
    pub holder: u32,
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self { code, holder: 0 }
    }
}

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Gives a handle up, and what it holds and waits for. When this returns, no callback for it
    /// runs or will run, except that of the caller itself: inside a callback nothing is waited
    /// for.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`].
    pub fn deregister(&self, handle: u32) -> Result<(), Code> {
        let mut core = self.core.lock();
        core.known(handle)?;
        self.give_up(&mut core, handle);
        self.changed.notify_all();
        let me = process::this_thread();
        if core.running.iter().any(|running| running.thread == me) {
            return Ok(());
        }
        while core.running.iter().any(|running| running.handle == handle) {
            self.changed.wait(&mut core);
        }
        Ok(())
    }

    /// Forgets a handle, here and in the group.
    pub(crate) fn give_up(&self, core: &mut Core<C>, handle: u32) {
        let life = core.handles.remove(&handle).map(|known| known.life);
        core.due.retain(|due| due.handle != handle);
        core.update_ready();
        let membership = core.membership.as_ref();
        if let Some(membership) = membership.filter(|member| Some(member.life) == life) {
            let links = Arc::clone(&membership.links);
            self.feed(core, Input::Deregister { handle });
            links.wakeup.wake();
        }
    }

    /// Whether there is such a handle, in the cluster or not.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`].
    pub fn known(&self, handle: u32) -> Result<(), Code> {
        self.core.lock().known(handle).map(drop)
    }

    /// The view as the handle has been, or is about to be told.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`]; [`Code::NotMember`] once the node has left the cluster.
    pub fn view(&self, handle: u32) -> Result<View, Code> {
        self.core.lock().member(handle)?.machine.view(handle)
    }

    /// Waits for a lock and takes it.
    ///
    /// # Errors
    ///
    /// Those of the rules: see `quorate_ncs`; [`Code::AllocError`]: nothing was asked for;
    /// [`Code::Failure`] when the group has not heard the request in time. Then it will come to
    /// nothing. For a holder it is waited without limit.
    pub fn lock(&self, handle: u32, key: &[u8]) -> Result<(), Refused> {
        self.call(handle, key, Input::Lock)
    }

    /// Takes a lock that nobody has.
    ///
    /// # Errors
    ///
    /// As [`Self::lock`], and [`Code::TryLockHeld`].
    pub fn try_lock(&self, handle: u32, key: &[u8]) -> Result<(), Refused> {
        self.call(handle, key, Input::TryLock)
    }

    /// Gives a lock up.
    ///
    /// # Errors
    ///
    /// As [`Self::lock`]; after [`Code::Failure`] the lock is given up once the group hears it.
    pub fn unlock(&self, handle: u32, key: &[u8]) -> Result<(), Refused> {
        self.call(handle, key, Input::Unlock)
    }

    fn call<'a>(
        &self,
        handle: u32,
        key: &'a [u8],
        verb: fn(Request<'a>) -> Input<'a>,
    ) -> Result<(), Refused> {
        let mut core = self.core.lock();
        let end = after(core.member(handle)?.links.limit);
        let begun = core.may_begin(CALL)?;
        core.last_request += 1;
        let request = core.last_request;
        let answered = Arc::new(Condvar::new());
        let call = Call {
            answer: None,
            is_queued: false,
            answered: Arc::clone(&answered),
        };
        core.calls.insert(request, call);
        // It may wait for long; what the reserve has is for what is soon over.
        if begun.is_passed() {
            core.calls.remove(&request);
            return Err(Code::AllocError.into());
        }
        let input = verb(Request {
            handle,
            request,
            key,
        });
        self.feed(&mut core, input);
        let (code, holder) = loop {
            let Some(call) = core.calls.get(&request) else {
                break (Code::Failure, 0);
            };
            if let Some(answer) = call.answer {
                break answer;
            }
            // How long a holder keeps a lock is his business.
            let end = end.filter(|_| !call.is_queued);
            if !answered.wait_until(&mut core, end) {
                self.feed(&mut core, Input::Withdraw { request });
                break (Code::Failure, 0);
            }
        };
        core.calls.remove(&request);
        match code {
            Code::Success => Ok(()),
            code => Err(Refused { code, holder }),
        }
    }
}
