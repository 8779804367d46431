//! The process that this library is a guest of: telling it from its forked child, random
//! numbers that are not the program's, threads that its signals leave alone.

use crate::sys::host::{self, SignalsBlocked};
use crate::sys::{self, WipedOnFork};
use std::ffi::CStr;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
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

/// A number that no other thread has while the calling one runs. Unlike
/// `std::thread::current` it needs no memory in threads of the program.
pub fn this_thread() -> usize {
    host::this_thread()
}

/// Who gets the signals of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signals {
    /// A thread has its starter's mask: the program's code runs in it, and may
    /// start programs that inherit the mask.
    AsHere,
    /// No signal is delivered to the thread: they are meant for the program's
    /// threads, which may expect to be interrupted.
    Blocked,
}

/// Starts a thread that nobody waits for, with a stack of that many bytes.
///
/// # Errors
///
/// The system's, if no thread can be started.
pub fn start_thread(
    name: &'static CStr,
    stack: usize,
    signals: Signals,
    code: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let _inherited = (signals == Signals::Blocked).then(SignalsBlocked::new);
    host::start_thread(name, stack, Box::new(code))
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
        let sigterm_and_sigusr1 = 1 << 14 | 1 << 9;
        for (signals, expected) in [
            (Signals::Blocked, sigterm_and_sigusr1),
            (Signals::AsHere, before & sigterm_and_sigusr1),
        ] {
            let say = say.clone();
            let code = move || say.send(blocked()).unwrap();
            start_thread(c"of-a-test", 256 << 10, signals, code).unwrap();
            assert_eq!(hear.recv().unwrap() & sigterm_and_sigusr1, expected);
        }
        assert_eq!(blocked(), before);
    }

    #[test]
    fn a_panic_ends_a_started_thread_alone() {
        let (say, hear) = std::sync::mpsc::channel::<()>();
        let code = move || {
            let _dropped_with_it = say;
            panic!("on purpose");
        };
        start_thread(c"of-a-test", 256 << 10, Signals::AsHere, code).unwrap();
        assert!(hear.recv().is_err());
    }
}
