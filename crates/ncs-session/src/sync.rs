//! The standard library's locks, which keep their state in themselves, without
//! poisoning: in a forked child a lock with a table of waiting threads for the
//! whole process would lose wake-ups to threads of the parent.

use std::ops::{Deref, DerefMut};
use std::sync::{self, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

/// The right to use the value. Empty only while [`Condvar::wait`] has it.
pub(crate) struct Guard<'a, T>(Option<MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        // A panic under the lock has ended in an error of that call.
        Guard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_ref().expect("given back by wait")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("given back by wait")
    }
}

/// The end of a wait that begins now. Too far away for the clock to express is as good as none.
pub(crate) fn after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

#[derive(Default)]
pub(crate) struct Condvar(sync::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(sync::Condvar::new())
    }

    /// Lets the lock go until somebody notifies; may return at any time.
    pub(crate) fn wait<T>(&self, guard: &mut Guard<'_, T>) {
        if let Some(held) = guard.0.take() {
            let again = self.0.wait(held).unwrap_or_else(PoisonError::into_inner);
            guard.0 = Some(again);
        }
    }

    /// The same, but no longer than until `end`; false once that has passed.
    pub(crate) fn wait_until<T>(&self, guard: &mut Guard<'_, T>, end: Option<Instant>) -> bool {
        let Some(end) = end else {
            self.wait(guard);
            return true;
        };
        let left = end.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return false;
        }
        if let Some(held) = guard.0.take() {
            let again = self.0.wait_timeout(held, left);
            guard.0 = Some(again.unwrap_or_else(PoisonError::into_inner).0);
        }
        true
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}
