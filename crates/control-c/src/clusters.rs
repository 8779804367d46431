//! The clusters that this process, or one that it was forked from, has started.
//!
//! A list that only grows and whose entries are never freed: a few hundred bytes for each cluster
//! are the price of recognising a stale pointer, and of a child finding no lock that a thread of
//! its parent held.

use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use quorate_control::Client;

use crate::failure::Failure;
use crate::types::quorate_t;

/// Limits how long the cluster may take to answer, in milliseconds; as for libvotequorum.
const TIMEOUT: &str = "QUORATE_TIMEOUT_MS";

static FIRST: AtomicPtr<Cluster> = AtomicPtr::new(ptr::null_mut());

#[derive(Debug)]
pub(crate) struct Cluster {
    directory: PathBuf,
    stopped: AtomicBool,
    next: *const Cluster,
}

/// Adds a cluster to the list.
pub(crate) fn add(directory: &Path) -> *mut quorate_t {
    let cluster = Box::leak(Box::new(Cluster {
        directory: directory.to_path_buf(),
        stopped: AtomicBool::new(false),
        next: ptr::null(),
    }));
    let mut first = FIRST.load(Ordering::Acquire);
    loop {
        cluster.next = first;
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        match FIRST.compare_exchange(first, cluster, ok, fail) {
            Ok(_) => return ptr::from_mut(cluster).cast(),
            Err(other) => first = other,
        }
    }
}

/// The cluster behind a pointer, which is only compared.
pub(crate) fn find(pointer: *const quorate_t) -> Result<&'static Cluster, Failure> {
    let mut next = FIRST.load(Ordering::Acquire).cast_const();
    // SAFETY: entries are never freed, and do not change once they are in the list but for their
    // atomic flag.
    while let Some(cluster) = unsafe { next.as_ref() } {
        if ptr::eq(next.cast(), pointer) {
            let stopped = cluster.stopped.load(Ordering::Acquire);
            return if stopped {
                Err(Failure::handle())
            } else {
                Ok(cluster)
            };
        }
        next = cluster.next;
    }
    Err(Failure::handle())
}

impl Cluster {
    /// A connection for one call.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::connect_within(&self.directory, timeout()?)?)
    }

    /// The pointer is refused from now on.
    pub(crate) fn retire(&self) -> Result<(), Failure> {
        if self.stopped.swap(true, Ordering::AcqRel) {
            return Err(Failure::handle());
        }
        Ok(())
    }

    /// It is not gone: the pointer is of use again.
    pub(crate) fn keep(&self) {
        self.stopped.store(false, Ordering::Release);
    }
}

/// How long the cluster may take to answer, as the environment says now.
fn timeout() -> Result<Option<Duration>, Failure> {
    let Some(text) = std::env::var_os(TIMEOUT) else {
        return Ok(None);
    };
    let text = text.to_string_lossy();
    match text.trim() {
        "" | "0" => Ok(None),
        number => match number.parse() {
            Ok(ms) => Ok(Some(Duration::from_millis(ms))),
            Err(_) => Err(Failure::invalid(format!(
                "{TIMEOUT} is no number of milliseconds: {text:?}"
            ))),
        },
    }
}
