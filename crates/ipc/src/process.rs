//! The process that this library is a guest of: telling it from its forked child, random
//! numbers that are not the program's, threads that its signals leave alone.

use crate::sys::host::{self, SignalsBlocked};
use crate::sys::{self, WipedOnFork};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::Builder;
use std::time::SystemTime;

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

/// Bytes from the kernel: libc's `random()` belongs to the program.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if !host::random(&mut bytes) {
        // No entropy yet: they are then merely distinct in time.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let nanoseconds = (now.as_nanos() as u64).to_ne_bytes();
        bytes = std::array::from_fn(|at| nanoseconds[at % nanoseconds.len()]);
    }
    bytes
}

/// Starts a thread that no signal is delivered to: they are meant for the
/// program's threads, which may expect to be interrupted.
///
/// # Errors
///
/// The system's, if no thread can be started.
pub fn start_thread(thread: Builder, code: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let _inherited = SignalsBlocked::new();
    thread.spawn(code).map(drop)
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

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random::<16>(), random::<16>());
    }

    #[test]
    fn a_started_thread_has_its_signals_blocked() {
        let blocked = || {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("SigBlk:"));
            u64::from_str_radix(line.unwrap().split_whitespace().last().unwrap(), 16).unwrap()
        };
        let before = blocked();
        let (say, hear) = std::sync::mpsc::channel();
        start_thread(Builder::new(), move || say.send(blocked()).unwrap()).unwrap();
        let sigterm_and_sigusr1 = 1 << 14 | 1 << 9;
        assert_eq!(
            hear.recv().unwrap() & sigterm_and_sigusr1,
            sigterm_and_sigusr1
        );
        assert_eq!(blocked(), before);
    }
}
