//! A mutex that can be waited for with a limit, and whose whole state is in
//! itself.
//!
//! The second matters in a forked child: locks that keep a table of waiting
//! threads for the whole process inherit the waiters of a parent whose threads
//! are not there, and lose wake-ups to them.

use crate::atomic::{AtomicU32, Ordering};
use crate::client::Deadline;
use crate::error::Error;
use crate::sys;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and somebody may be waiting.
const CONTENDED: u32 = 2;

/// A value that one thread at a time may use.
#[derive(Debug, Default)]
pub(crate) struct TimedMutex<T> {
    turn: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: a thread gets at the value only while it has the turn, and has it alone.
unsafe impl<T: Send> Sync for TimedMutex<T> {}

/// The right to use the value, given on when it is dropped.
pub(crate) struct TimedGuard<'a, T> {
    mutex: &'a TimedMutex<T>,
    value: PhantomData<&'a mut T>,
}

impl<T> TimedMutex<T> {
    /// Waits for the value, at most until the deadline.
    #[inline(always)]
    pub(crate) fn lock(&self, deadline: &Deadline) -> Result<TimedGuard<'_, T>, Error> {
        let (ok, fail) = (Ordering::Acquire, Ordering::Relaxed);
        if self.turn.compare_exchange(FREE, TAKEN, ok, fail).is_err() {
            self.wait(deadline)?;
        }
        Ok(TimedGuard {
            mutex: self,
            value: PhantomData,
        })
    }

    /// Somebody else has the turn.
    #[cold]
    fn wait(&self, deadline: &Deadline) -> Result<(), Error> {
        while self.turn.swap(CONTENDED, Ordering::Acquire) != FREE {
            let limit = match deadline.remaining() {
                Some(left) if left.is_zero() => return Err(Error::TimedOut),
                limit => limit,
            };
            sys::futex_wait_private(&self.turn, CONTENDED, limit);
        }
        Ok(())
    }
}

impl<T> std::ops::Deref for TimedGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: this guard has the turn, and lends the value as it is lent itself.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> std::ops::DerefMut for TimedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for TimedGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.mutex.turn.swap(FREE, Ordering::Release) == CONTENDED {
            sys::futex_wake_private(&self.mutex.turn, 1);
        }
    }
}

/// A panic while a value was locked has ended in an error of that call; the
/// values of this crate are good at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_limit_ends_the_wait_and_takes_nothing() {
        let mutex = TimedMutex::<u32>::default();
        let held = mutex.lock(&Deadline::after(None)).ok();
        let soon = Deadline::after(Some(Duration::from_millis(10)));
        assert!(matches!(mutex.lock(&soon), Err(Error::TimedOut)));
        drop(held);
        *mutex.lock(&soon).ok().unwrap() += 1;
        assert_eq!(*mutex.lock(&Deadline::after(None)).ok().unwrap(), 1);
    }

    #[test]
    fn threads_take_turns_and_none_is_forgotten() {
        const ROUNDS: u64 = 2_000;
        let mutex = TimedMutex::<u64>::default();
        let long = || Deadline::after(Some(Duration::from_secs(60)));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut value = mutex.lock(&long()).expect("its turn comes");
                        let seen = *value;
                        // Others run meanwhile, and have to wait.
                        std::thread::yield_now();
                        *value = seen + 1;
                    }
                });
            }
        });
        assert_eq!(
            *mutex.lock(&Deadline::after(None)).ok().unwrap(),
            4 * ROUNDS
        );
    }
}
