//! The kernel's futex: it looks at the word and goes to sleep in one step, as far as wakers can
//! tell. There is one queue for all words, and a waker wakes all of it: sleepers look again.

use loom::sync::{Condvar, Mutex};

loom::lazy_static! {
    static ref QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
}

/// Sleeps if `unchanged`, until it is woken.
pub(crate) fn wait(unchanged: impl Fn() -> bool) {
    let lock = QUEUE.0.lock().unwrap();
    if unchanged() {
        drop(QUEUE.1.wait(lock).unwrap());
    }
}

pub(crate) fn wake() {
    let _lock = QUEUE.0.lock().unwrap();
    QUEUE.1.notify_all();
}
