//! Telling a process from its forked child.

use crate::sys::{self, WipedOnFork};
use std::sync::atomic::{AtomicU32, Ordering};

/// The kernel clears this page in a child, whichever way it was forked.
static CURRENT: WipedOnFork = WipedOnFork::new();
/// Survives a fork, so that a child's generation differs from all before it.
static LAST: AtomicU32 = AtomicU32::new(0);

/// How forks are noticed. Decided once: a kernel that is short of memory for a
/// moment must not make the answer change.
static MEANS: AtomicU32 = AtomicU32::new(UNDECIDED);
const UNDECIDED: u32 = 0;
const BY_WIPED_PAGE: u32 = 1;
const BY_PROCESS_ID: u32 = 2;

/// A number that differs between a process and every process forked from it.
///
/// Costs no system call where the kernel can clear memory on fork (Linux 4.14
/// and later); elsewhere it is the process id.
pub fn generation() -> u32 {
    let seen = CURRENT.word().load(Ordering::Acquire);
    if seen != 0 {
        return seen;
    }
    if means() == BY_PROCESS_ID {
        return sys::process_id();
    }
    let next = LAST.fetch_add(1, Ordering::AcqRel) + 1;
    match CURRENT
        .word()
        .compare_exchange(0, next, Ordering::AcqRel, Ordering::Acquire)
    {
        Ok(_) => next,
        Err(other_thread) => other_thread,
    }
}

fn means() -> u32 {
    let seen = MEANS.load(Ordering::Acquire);
    if seen != UNDECIDED {
        return seen;
    }
    let found = if CURRENT.arm() {
        BY_WIPED_PAGE
    } else {
        BY_PROCESS_ID
    };
    let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
    match MEANS.compare_exchange(UNDECIDED, found, ok, fail) {
        Ok(_) => found,
        Err(other_thread) => other_thread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_differs_from_its_parent() {
        let parent = generation();
        assert_eq!(parent, generation());
        let child = sys::tests::in_child(|| i32::from(generation() == parent));
        assert_eq!(child, 0);
        assert_eq!(parent, generation());
    }
}
