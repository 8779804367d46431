//! How a handle comes to be, and with the first one a membership.

use crate::Sdk;
use crate::core::{Core, Handle, Membership, Registration, Stage};
use crate::links::{Beginning, Links};
use crate::memory::{CALL, CONNECTIONS};
use crate::reader::Reader;
use crate::sync::after;
use quorate_client::Options;
use quorate_client::process::{self, Signals};
use quorate_ncs::{Code, Input, Machine};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// Of the reader, which runs no code of the program.
const STACK: usize = 2 << 20;

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Registers a callback. `tell` is given the handle before the first callback for it runs.
    ///
    /// # Errors
    ///
    /// [`Code::NotMember`] while this node is not in the cluster, or while the callbacks that
    /// told of its leaving have not returned; [`Code::AllocError`], and [`Code::NoResources`]
    /// where a thread can't be started; [`Code::Failure`] when the group has not admitted this
    /// process in time. Nothing of the registration is left then.
    pub fn register(&'static self, callback: C, tell: impl FnOnce(u32)) -> Result<(), Code> {
        let mut core = self.core.lock();
        let needed = match &core.membership {
            Some(_) => CALL,
            None => CONNECTIONS,
        };
        let begun = core.may_begin(needed)?;
        drop(core);
        let (handle, end) = self.ask(callback)?;
        let mut core = self.core.lock();
        loop {
            match core.handles.get(&handle).map(|asked| asked.registration) {
                Some(Registration::Asked) => {
                    if !self.changed.wait_until(&mut core, end) {
                        self.give_up(&mut core, handle);
                        return Err(Code::Failure);
                    }
                }
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
        // It stays for long; what the reserve has is for what is soon over.
        if begun.is_passed() {
            self.give_up(&mut core, handle);
            return Err(Code::AllocError);
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

    /// Puts the registration to a membership, a new one if there is none. Says until when it may
    /// take.
    fn ask(&'static self, callback: C) -> Result<(u32, Option<Instant>), Code> {
        self.start_callback_thread()?;
        let mut core = self.core.lock();
        let end = after(match &core.membership {
            Some(membership) => membership.links.limit,
            None => environment()?.timeout,
        });
        loop {
            match core.membership.as_ref().map(|membership| membership.stage) {
                _ if core.is_beginning => {}
                None => break,
                Some(Stage::Open) => return Ok((self.put(&mut core, callback), end)),
                Some(Stage::Leaving) => return Err(Code::NotMember),
                Some(Stage::Cut | Stage::Closing) => {}
            }
            if !self.changed.wait_until(&mut core, end) {
                return Err(Code::Failure);
            }
        }
        core.is_beginning = true;
        drop(core);
        let _until_this_returns = IsBeginning(self);
        Ok((self.begin(callback, end)?, end))
    }

    /// Begins a membership with a registration.
    fn begin(&'static self, callback: C, end: Option<Instant>) -> Result<u32, Code> {
        let (mut links, mut beginning) = Links::connect(&environment()?)?;
        beginning.config.process.pid = links.join(end)?;
        let links = Arc::new(links);
        let mut core = self.core.lock();
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
        let handle = self.put(&mut core, callback);
        drop(core);
        let reader = Reader::new(self, links, life);
        let started =
            process::start_thread(c"ncs-reader", STACK, Signals::Blocked, || reader.run());
        if started.is_err() {
            let mut core = self.core.lock();
            core.membership = None;
            core.handles.remove(&handle);
            return Err(Code::NoResources);
        }
        Ok(handle)
    }

    /// Puts a registration to the membership.
    fn put(&self, core: &mut Core<C>, callback: C) -> u32 {
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
        self.feed(core, Input::Register { handle });
        if let Some(membership) = &core.membership {
            // For the reader to see that somebody waits.
            membership.links.wakeup.wake();
        }
        handle
    }

    fn tell_beginning(&self, core: &mut Core<C>, beginning: &Beginning) {
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
}

fn environment() -> Result<Options, Code> {
    Options::from_environment().map_err(|_| Code::BadParameter)
}

/// Lets others begin a membership, or use the one that was begun.
struct IsBeginning<C: 'static>(&'static Sdk<C>);

impl<C> Drop for IsBeginning<C> {
    fn drop(&mut self) {
        self.0.core.lock().is_beginning = false;
        self.0.changed.notify_all();
    }
}
