//! What stands behind a handle.

use super::types::{
    VOTEQUORUM_MODEL_V1, votequorum_callbacks, votequorum_handle_t, votequorum_model_v1_data,
};
use crate::environment;
use crate::error::Failure;
use crate::handles::Handles;
use crate::shared::Shared;
use libc::c_void;
use quorate_client::VoteQuorum;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

pub(super) static HANDLES: Handles<Session> = Handles::new();

/// A connection, the program's callbacks and its private pointer.
pub(super) struct Session {
    pub(super) votequorum: VoteQuorum,
    pub(super) callbacks: votequorum_model_v1_data,
    pub(super) context: AtomicPtr<c_void>,
    finalized: AtomicBool,
}

impl Session {
    /// Connects, and returns the new handle.
    pub(super) fn open(callbacks: votequorum_model_v1_data) -> Result<u64, Failure> {
        HANDLES.insert(Shared::try_new(Self {
            votequorum: VoteQuorum::connect(&*environment::options()?)?,
            callbacks,
            context: AtomicPtr::default(),
            finalized: AtomicBool::new(false),
        })?)
    }

    /// The session of a handle, for as long as a function runs.
    pub(super) fn of(handle: votequorum_handle_t) -> Result<Shared<Self>, Failure> {
        HANDLES.get(handle)
    }

    /// Ends the session; other threads that use it return.
    pub(super) fn finalize(handle: votequorum_handle_t) -> Result<(), Failure> {
        // In a forked child only the child's copies are let go of.
        let session = HANDLES
            .remove(handle)
            .or_else(|_| HANDLES.remove_inherited(handle))?;
        session.finalized.store(true, Ordering::Release);
        session.votequorum.close();
        Ok(())
    }

    /// Whether the handle was finalized while one of its functions still runs.
    pub(super) fn finalized(&self) -> bool {
        self.finalized.load(Ordering::Acquire)
    }
}

/// Callbacks of nobody.
pub(super) const NO_CALLBACKS: votequorum_model_v1_data = votequorum_model_v1_data {
    model: VOTEQUORUM_MODEL_V1,
    votequorum_quorum_notify_fn: None,
    votequorum_expectedvotes_notify_fn: None,
    votequorum_nodelist_notify_fn: None,
    votequorum_qdevice_extra_info_fn: None,
};

impl From<votequorum_callbacks> for votequorum_model_v1_data {
    fn from(callbacks: votequorum_callbacks) -> Self {
        Self {
            votequorum_quorum_notify_fn: callbacks.votequorum_quorum_notify_fn,
            votequorum_expectedvotes_notify_fn: callbacks.votequorum_expectedvotes_notify_fn,
            votequorum_nodelist_notify_fn: callbacks.votequorum_nodelist_notify_fn,
            ..NO_CALLBACKS
        }
    }
}
