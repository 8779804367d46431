//! Whose turn it is to be called back, and on which thread.

use crate::Sdk;
use crate::core::{Core, Running, Stage};
use crate::memory::CALL;
use quorate_client::process::{self, Signals};
use quorate_client::wait::Wakeup;
use quorate_ncs::{Code, View};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;

/// What a program may do in its callbacks is not known; this is what its first thread has.
const STACK: usize = 8 << 20;

/// How long [`Sdk::next_turn`] stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Until there is a callback to be run.
    Wait,
    /// Not at all.
    Poll,
}

/// A callback that is to be run now, and counts as running until this is dropped.
pub struct Turn<C: 'static> {
    /// Whose it is.
    pub handle: u32,
    /// What to tell.
    pub view: View,
    /// What to run.
    pub callback: C,
    sdk: &'static Sdk<C>,
    running: Running,
    born: u32,
}

impl<C> Turn<C> {
    /// Whether this is a process that was forked while the callback ran: nothing of the session
    /// is its own.
    pub fn is_forked(&self) -> bool {
        process::generation() != self.born
    }
}

impl<C> Drop for Turn<C> {
    fn drop(&mut self) {
        // In a child the lock may be held by a thread that is not there.
        if self.is_forked() {
            return;
        }
        let mut core = self.sdk.core.lock();
        let is_this = |running: &Running| *running == self.running;
        if let Some(at) = core.running.iter().rposition(is_this) {
            core.running.remove(at);
        }
        let membership = core.membership.as_ref();
        if let Some(leaving) = membership.filter(|member| member.stage == Stage::Leaving) {
            leaving.links.wakeup.wake();
        }
        self.sdk.changed.notify_all();
    }
}

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Has a handle's callbacks run by the program from now on, by [`Self::next_turn`]: those of
    /// all handles given out later if it is 0. The descriptor is readable while one waits.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`]; [`Code::NoResources`] without a descriptor; [`Code::AllocError`].
    pub fn dispatch_by_program(&self, handle: u32) -> Result<RawFd, Code> {
        let mut core = self.core.lock();
        if handle != 0 {
            core.known(handle)?;
        }
        let begun = core.may_begin(CALL)?;
        let ready = match &core.ready {
            Some(ready) => Arc::clone(ready),
            None => Arc::new(Wakeup::new().map_err(|_| Code::NoResources)?),
        };
        if begun.is_passed() {
            return Err(Code::AllocError);
        }
        let fd = ready.as_fd().as_raw_fd();
        core.ready = Some(ready);
        match core.handles.get_mut(&handle) {
            Some(known) => known.dispatched = true,
            None => core.dispatched_by_default = true,
        }
        core.update_ready();
        // One that has begun on the library's thread is still waited for.
        let me = process::this_thread();
        while core
            .running
            .iter()
            .any(|running| running.handle == handle && running.thread != me)
        {
            self.changed.wait(&mut core);
        }
        Ok(fd)
    }

    /// The next callback that the program is to run, of one handle or, with 0, of any.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`], also when the handle is given up while this waits;
    /// [`Code::BadParameter`] for a handle whose callbacks the program does not run.
    pub fn next_turn(&'static self, handle: u32, mode: Mode) -> Result<Option<Turn<C>>, Code> {
        let mut core = self.core.lock();
        loop {
            let dispatched = match handle {
                0 => core.ready.is_some(),
                _ => core.known(handle)?.dispatched,
            };
            if !dispatched {
                return Err(Code::BadParameter);
            }
            let turn = self.take(&mut core, true, (handle != 0).then_some(handle));
            match (turn, mode) {
                (None, Mode::Wait) => self.changed.wait(&mut core),
                (turn, _) => return Ok(turn),
            }
        }
    }

    fn take(
        &'static self,
        core: &mut Core<C>,
        dispatched: bool,
        only: Option<u32>,
    ) -> Option<Turn<C>> {
        let at = core.due.iter().position(|due| {
            let wanted = only.is_none_or(|only| due.handle == only);
            let handle = core.handles.get(&due.handle);
            wanted && handle.is_some_and(|handle| handle.may_run(dispatched))
        })?;
        let due = core.due.remove(at)?;
        core.update_ready();
        let handle = core.handles.get(&due.handle)?;
        let running = Running {
            thread: process::this_thread(),
            handle: due.handle,
            life: handle.life,
        };
        let callback = handle.callback;
        core.running.push(running);
        Some(Turn {
            handle: due.handle,
            view: due.view,
            callback,
            sdk: self,
            running,
            born: process::generation(),
        })
    }

    /// Starts the thread that runs callbacks, once.
    pub(crate) fn start_callback_thread(&'static self) -> Result<(), Code> {
        let mut core = self.core.lock();
        if !core.has_callback_thread {
            process::start_thread(c"ncs-callbacks", STACK, Signals::AsHere, || {
                self.run_callbacks();
            })
            .map_err(|_| Code::NoResources)?;
            core.has_callback_thread = true;
        }
        Ok(())
    }

    fn run_callbacks(&'static self) {
        loop {
            let mut core = self.core.lock();
            let turn = loop {
                match self.take(&mut core, false, None) {
                    Some(turn) => break turn,
                    None => self.changed.wait(&mut core),
                }
            };
            drop(core);
            (self.run)(&turn);
            // A child that was forked in the callback ends with it.
            if turn.is_forked() {
                return;
            }
        }
    }
}
