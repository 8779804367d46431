//! The calls of the SDK.

use crate::Sdk;
use crate::callbacks::this_thread;
use crate::core::{Call, Handle, Membership, Registration, Stage};
use crate::links::{Beginning, Links};
use crate::reader::Reader;
use crate::sync::Condvar;
use quorate_client::process;
use quorate_ncs::{Code, Input, Machine, Request, View};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

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
    /// Registers a callback. `tell` is given the handle before the first callback for it runs.
    ///
    /// # Errors
    ///
    /// [`Code::NotMember`] while this node is not in the cluster, or while the callbacks that
    /// told of its leaving have not returned.
    pub fn register(&'static self, callback: C, tell: impl FnOnce(u32)) -> Result<(), Code> {
        let handle = self.ask(callback)?;
        let mut core = self.core.lock();
        loop {
            match core.handles.get(&handle).map(|asked| asked.registration) {
                Some(Registration::Asked) => self.changed.wait(&mut core),
                Some(Registration::Accepted) => break,
                Some(Registration::Refused(code)) => {
                    core.handles.remove(&handle);
                    if let Some(membership) = &core.membership {
                        membership.links.wakeup.wake();
                    }
                    return Err(code);
                }
                Some(Registration::Told) | None => return Err(Code::Failure),
            }
        }
        drop(core);
        tell(handle);
        let mut core = self.core.lock();
        if let Some(accepted) = core.handles.get_mut(&handle) {
            accepted.registration = Registration::Told;
        }
        core.update_ready();
        self.changed.notify_all();
        Ok(())
    }

    /// Puts the registration to a membership, a new one if there is none.
    fn ask(&'static self, callback: C) -> Result<u32, Code> {
        let _alone = self.beginning.lock();
        self.start_callback_thread()?;
        let mut core = self.core.lock();
        loop {
            match core.membership.as_ref().map(|membership| membership.stage) {
                None | Some(Stage::Open) => break,
                Some(Stage::Leaving) => return Err(Code::NotMember),
                Some(Stage::Cut | Stage::Closing) => self.changed.wait(&mut core),
            }
        }
        let begun = match core.membership {
            Some(_) => None,
            None => {
                drop(core);
                let (links, beginning) = Links::connect()?;
                let links = Arc::new(links);
                core = self.core.lock();
                let life = core.new_life();
                core.membership = Some(Membership {
                    life,
                    machine: Machine::new(beginning.config),
                    links: Arc::clone(&links),
                    outbox: VecDeque::new(),
                    is_retried: false,
                    stage: Stage::Open,
                });
                self.tell_beginning(&mut core, &beginning);
                Some((links, life))
            }
        };
        let handle = core.new_handle();
        let life = core.membership.as_ref().map_or(0, |member| member.life);
        let dispatched = core.dispatched_by_default;
        core.handles.insert(
            handle,
            Handle {
                life,
                callback,
                registration: Registration::Asked,
                dispatched,
                is_out: false,
            },
        );
        self.feed(&mut core, Input::Register { handle });
        if let Some(membership) = &core.membership {
            // For the reader to see that somebody waits.
            membership.links.wakeup.wake();
        }
        drop(core);
        let Some((links, life)) = begun else {
            return Ok(handle);
        };
        let started = links.join().and_then(|()| {
            let reader = Reader::new(self, links, life);
            let thread = thread::Builder::new().name("ncs-reader".into());
            process::start_thread(thread, move || reader.run()).map_err(|_| Code::NoResources)
        });
        if let Err(code) = started {
            let mut core = self.core.lock();
            core.membership = None;
            core.handles.remove(&handle);
            return Err(code);
        }
        Ok(handle)
    }

    fn tell_beginning(&self, core: &mut crate::core::Core<C>, beginning: &Beginning) {
        let verdict = Input::Quorum {
            ring: beginning.ring,
            quorate: true,
            nodes: &beginning.nodes,
        };
        self.feed(core, verdict);
        for (node, ip) in beginning.addresses.iter().copied() {
            self.feed(core, Input::NodeAddress { node, ip });
        }
    }

    /// Gives a handle up, and what it holds and waits for. When this returns, no callback for it
    /// runs or will run, except that of the caller itself: inside a callback nothing is waited
    /// for.
    ///
    /// # Errors
    ///
    /// [`Code::BadHandle`].
    pub fn deregister(&self, handle: u32) -> Result<(), Code> {
        let mut core = self.core.lock();
        let life = core.known(handle)?.life;
        core.handles.remove(&handle);
        core.due.retain(|due| due.handle != handle);
        core.update_ready();
        let membership = core.membership.as_ref();
        if let Some(membership) = membership.filter(|membership| membership.life == life) {
            let links = Arc::clone(&membership.links);
            self.feed(&mut core, Input::Deregister { handle });
            links.wakeup.wake();
        }
        self.changed.notify_all();
        let me = this_thread();
        if core.running.iter().any(|running| running.thread == me) {
            return Ok(());
        }
        while core.running.iter().any(|running| running.handle == handle) {
            self.changed.wait(&mut core);
        }
        Ok(())
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
    /// Those of the rules: see `quorate_ncs`.
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
    /// As [`Self::lock`].
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
        core.member(handle)?;
        core.last_request += 1;
        let request = core.last_request;
        let answered = Arc::new(Condvar::new());
        let call = Call {
            answer: None,
            answered: Arc::clone(&answered),
        };
        core.calls.insert(request, call);
        let input = verb(Request {
            handle,
            request,
            key,
        });
        self.feed(&mut core, input);
        let (code, holder) = loop {
            match core.calls.get(&request).map(|call| call.answer) {
                Some(None) => answered.wait(&mut core),
                Some(Some(answer)) => break answer,
                None => break (Code::Failure, 0),
            }
        };
        core.calls.remove(&request);
        match code {
            Code::Success => Ok(()),
            code => Err(Refused { code, holder }),
        }
    }
}
