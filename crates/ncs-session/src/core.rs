//! What all threads share, under one lock.

use crate::links::Links;
use crate::sync::Condvar;
use quorate_client::wait::Wakeup;
use quorate_ncs::{Code, Machine, View};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub(crate) struct Core<C> {
    pub(crate) membership: Option<Membership>,
    /// Whether a thread is on its way to begin one.
    pub(crate) is_beginning: bool,
    pub(crate) handles: BTreeMap<u32, Handle<C>>,
    last_handle: Option<u32>,
    last_life: u64,
    /// Calls about keys that wait for their answers, and their callers.
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) last_request: u64,
    /// Callbacks that have not begun, in order.
    pub(crate) due: VecDeque<Due>,
    /// Callbacks that have not returned.
    pub(crate) running: Vec<Running>,
    /// Whether handles that are given out from now on have their callbacks run by the program.
    pub(crate) dispatched_by_default: bool,
    pub(crate) has_callback_thread: bool,
    /// Readable while a callback waits for the program to run it.
    pub(crate) ready: Option<Arc<Wakeup>>,
    pub(crate) is_ready: bool,
}

/// One life in the group.
pub(crate) struct Membership {
    /// Tells it from those before.
    pub(crate) life: u64,
    pub(crate) machine: Machine,
    pub(crate) links: Arc<Links>,
    /// Messages that corosync had no room for.
    pub(crate) outbox: VecDeque<Vec<u8>>,
    /// Whether the reader knows of them.
    pub(crate) is_retried: bool,
    pub(crate) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    /// The machine has said that it is done; callbacks may not be.
    Leaving,
    /// The daemon is gone.
    Cut,
    /// The reader is on its way out and takes nothing more.
    Closing,
}

#[derive(Clone)]
pub(crate) struct Handle<C> {
    pub(crate) life: u64,
    pub(crate) callback: C,
    pub(crate) registration: Registration,
    /// Whether the program runs its callbacks itself.
    pub(crate) dispatched: bool,
    /// Whether the last callback is to tell that this node leaves.
    pub(crate) is_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    Asked,
    Refused(Code),
    /// The program has yet to be told its handle: no callback before that.
    Accepted,
    Told,
}

#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) handle: u32,
    pub(crate) view: View,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) thread: usize,
    pub(crate) handle: u32,
    pub(crate) life: u64,
}

#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) answer: Option<(Code, u32)>,
    /// Whether the group has heard it, and it waits for a holder.
    pub(crate) is_queued: bool,
    pub(crate) answered: Arc<Condvar>,
}

impl<C> Core<C> {
    pub(crate) const fn new() -> Self {
        Self {
            membership: None,
            is_beginning: false,
            handles: BTreeMap::new(),
            last_handle: None,
            last_life: 0,
            calls: BTreeMap::new(),
            last_request: 0,
            due: VecDeque::new(),
            running: Vec::new(),
            dispatched_by_default: false,
            has_callback_thread: false,
            ready: None,
            is_ready: false,
        }
    }

    /// A number that is not 0, and has not been a handle since four billion others.
    pub(crate) fn new_handle(&mut self) -> u32 {
        // Begins anywhere, so that a handle of another process is hardly one of this.
        let anywhere = || u32::from_ne_bytes(quorate_client::process::random());
        let mut handle = self.last_handle.unwrap_or_else(anywhere);
        loop {
            handle = handle.wrapping_add(1);
            if handle != 0 && !self.handles.contains_key(&handle) {
                self.last_handle = Some(handle);
                return handle;
            }
        }
    }

    pub(crate) fn new_life(&mut self) -> u64 {
        self.last_life += 1;
        self.last_life
    }

    /// A handle that the program may know.
    pub(crate) fn known(&self, handle: u32) -> Result<&Handle<C>, Code> {
        self.handles
            .get(&handle)
            .filter(|found| found.registration == Registration::Told)
            .ok_or(Code::BadHandle)
    }

    /// The membership that a handle was registered with.
    pub(crate) fn member(&self, handle: u32) -> Result<&Membership, Code> {
        let life = self.known(handle)?.life;
        self.membership
            .as_ref()
            .filter(|membership| membership.life == life)
            .ok_or(Code::NotMember)
    }

    /// Whether callbacks of this life have yet to begin or to return.
    pub(crate) fn has_callbacks(&self, life: u64) -> bool {
        let of_life = |due: &Due| {
            self.handles
                .get(&due.handle)
                .is_some_and(|handle| handle.life == life)
        };
        self.running.iter().any(|running| running.life == life) || self.due.iter().any(of_life)
    }

    pub(crate) fn has_handles(&self, life: u64) -> bool {
        self.handles.values().any(|handle| handle.life == life)
    }

    /// Keeps the program's descriptor readable while it has something to run.
    pub(crate) fn update_ready(&mut self) {
        let Some(ready) = &self.ready else { return };
        let wanted = self.due.iter().any(|due| {
            self.handles
                .get(&due.handle)
                .is_some_and(|handle| handle.may_run(true))
        });
        if wanted != self.is_ready {
            self.is_ready = wanted;
            if wanted {
                ready.wake();
            } else {
                ready.clear();
            }
        }
    }
}

impl<C> Handle<C> {
    /// Whether its callbacks may be run, by the program or by the thread for them.
    pub(crate) fn may_run(&self, dispatched: bool) -> bool {
        self.registration == Registration::Told && self.dispatched == dispatched
    }
}
