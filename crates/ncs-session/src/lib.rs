//! Novell's cluster SDK for one process: the rules of `quorate-ncs`, driven by a corosync daemon.
//!
//! [`Sdk`] has the calls of the SDK as methods. Behind them stand
//!
//! * one *membership* at a time: a machine, its four connections (cpg, quorum, votequorum, cmap)
//!   and a thread that reads them. It begins with a registration when there is none, and ends
//!   when the last handle is given up, or when the node leaves the cluster;
//! * one thread that runs the program's callbacks, one at a time and in order. It is not the
//!   thread that reads: a callback may take its time, and other processes of the group, to which
//!   this one owes answers, shall not wait for it. So may other threads of the program, whose
//!   calls are answered while a callback runs.
//!
//! No lock is held while a callback runs. Requests of the program are sent by the thread that
//! makes them.

#![forbid(unsafe_code)]

mod callbacks;
mod calls;
mod core;
mod effects;
mod links;
mod memory;
mod reader;
mod registration;
mod sync;

pub use callbacks::{Mode, Turn};
pub use calls::Refused;
pub use quorate_ncs::{Code, MAX_KEY, View};

use crate::core::Core;
use crate::sync::{Condvar, Mutex};

/// The SDK of one process. `C` is what stands for a program's callback; the session hands it
/// back when the callback is to be run.
pub struct Sdk<C: 'static> {
    core: Mutex<Core<C>>,
    /// Something changed that a registration, a dispatch or the end of a handle may wait for.
    changed: Condvar,
    run: fn(&Turn<C>),
}

impl<C: Copy + Send + 'static> Sdk<C> {
    /// An SDK without handles. `run` calls a callback, on the thread of the callbacks; it must
    /// not unwind.
    pub const fn new(run: fn(&Turn<C>)) -> Self {
        Self {
            core: Mutex::new(Core::new()),
            changed: Condvar::new(),
            run,
        }
    }
}
