//! glibc's process-shared semaphore, as its memory image: the low half of a
//! 64-bit word is the value, the high half the number of waiters.

use crate::atomic::{AtomicU64, Ordering};

const WAITER: u64 = 1 << 32;

/// A peer that rewrites the word all the time could keep a compare-and-swap
/// from ever succeeding; after this many tries the semaphore counts as empty.
const TRIES: usize = 1000;

/// Takes one count if there is one.
pub(crate) fn try_take(word: &AtomicU64) -> bool {
    let mut seen = word.load(Ordering::Relaxed);
    for _ in 0..TRIES {
        if value(seen) == 0 {
            return false;
        }
        match word.compare_exchange_weak(seen, seen - 1, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
    false
}

/// Takes one count; `sleep` is called at most once, if there is none, and must
/// return when the value becomes non-zero, when woken, or when it likes.
pub(crate) fn take(word: &AtomicU64, sleep: impl FnOnce()) -> bool {
    if try_take(word) {
        return true;
    }
    word.fetch_add(WAITER, Ordering::Relaxed);
    // The poster wakes only when it sees a waiter: look again after announcing.
    if !try_take(word) {
        sleep();
        word.fetch_sub(WAITER, Ordering::Relaxed);
        return try_take(word);
    }
    word.fetch_sub(WAITER, Ordering::Relaxed);
    true
}

/// Adds one count; true if somebody waits and must be woken.
pub(crate) fn post(word: &AtomicU64) -> bool {
    word.fetch_add(1, Ordering::Release) >= WAITER
}

/// The value within a word that was loaded.
pub(crate) fn value(word: u64) -> u32 {
    word as u32
}
