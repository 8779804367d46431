//! The ring, its semaphore, and the lock of `quorate-ipc`.

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::client::Deadline;
use crate::error::Error;
use crate::futex;
use crate::lock::TimedMutex;
use crate::memory::Memory;
use crate::ring::{Words, consume, produce};
use crate::semaphore;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// Runs a model in every order with so many switches away from a thread that could go on.
fn bounded(switches: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}

/// Takes one count, however long that takes.
fn take(word: &AtomicU64) {
    let empty = || semaphore::value(word.load(Ordering::SeqCst)) == 0;
    while !semaphore::take(word, || futex::wait(empty)) {}
}

fn post(word: &AtomicU64) {
    if semaphore::post(word) {
        futex::wake();
    }
}

#[test]
fn no_count_of_the_semaphore_is_lost_and_no_waiter_sleeps_on() {
    bounded(2, || {
        let word = Arc::new(AtomicU64::new(0));
        let waiters = [(); 2].map(|()| {
            let word = Arc::clone(&word);
            thread::spawn(move || take(&word))
        });
        post(&word);
        post(&word);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(word.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn two_posters_and_a_waiter_that_takes_both() {
    bounded(3, || {
        let word = Arc::new(AtomicU64::new(0));
        let posters = [(); 2].map(|()| {
            let word = Arc::clone(&word);
            thread::spawn(move || post(&word))
        });
        take(&word);
        take(&word);
        for poster in posters {
            poster.join().unwrap();
        }
        assert!(!semaphore::try_take(&word));
    });
}

/// A ring whose waiters sleep in the model's futex.
struct Ring(Memory);

impl Words for Ring {
    fn write_index(&self) -> &AtomicU32 {
        self.0.write_index()
    }
    fn read_index(&self) -> &AtomicU32 {
        self.0.read_index()
    }
    fn semaphore(&self) -> &AtomicU64 {
        self.0.semaphore()
    }
    fn words(&self) -> &[AtomicU32] {
        self.0.words()
    }
    fn wake(&self) {
        futex::wake();
    }
}

fn check_next(ring: &Ring, at: &mut usize, expected: &[u8]) {
    take(ring.semaphore());
    let mut buffer = [0; 8];
    let len = consume(ring, at, 8, &mut (&mut buffer).into()).unwrap();
    assert_eq!(&buffer[..len], expected);
}

#[test]
fn what_was_put_into_the_ring_comes_out() {
    bounded(3, || {
        let ring = Arc::new(Ring(Memory::new(16)));
        let producer = thread::spawn({
            let ring = Arc::clone(&ring);
            move || {
                let mut at = 0;
                produce(&*ring, &mut at, b"one").unwrap();
                produce(&*ring, &mut at, b"second").unwrap();
            }
        });
        let mut at = 0;
        check_next(&ring, &mut at, b"one");
        check_next(&ring, &mut at, b"second");
        producer.join().unwrap();
    });
}

/// The room of a chunk is used again only when the chunk has been copied out of it.
#[test]
fn room_is_given_back_after_the_copy() {
    bounded(3, || {
        // Six words: one chunk at a time, the second one around the end.
        let ring = Arc::new(Ring(Memory::new(6)));
        let producer = thread::spawn({
            let ring = Arc::clone(&ring);
            move || {
                let mut at = 0;
                for message in [b"one!", b"two!"] {
                    while let Err(error) = produce(&*ring, &mut at, message) {
                        assert!(matches!(error, Error::FlowControl));
                        thread::yield_now();
                    }
                }
            }
        });
        let mut at = 0;
        check_next(&ring, &mut at, b"one!");
        check_next(&ring, &mut at, b"two!");
        producer.join().unwrap();
    });
}

#[test]
fn one_thread_at_a_time_has_the_lock_and_none_waits_for_ever() {
    bounded(3, || {
        let lock = Arc::new((TimedMutex::<()>::default(), UnsafeCell::new(0)));
        let add = |lock: &(TimedMutex<()>, UnsafeCell<i32>)| {
            let _guard = lock
                .0
                .lock(&Deadline)
                .unwrap_or_else(|_| panic!("no time passes"));
            // SAFETY: nobody else has the lock; loom checks just that.
            lock.1.with_mut(|value| unsafe { *value += 1 });
        };
        let threads = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || add(&lock))
        });
        add(&lock);
        for thread in threads {
            thread.join().unwrap();
        }
        // SAFETY: the other threads have ended.
        assert_eq!(lock.1.with(|value| unsafe { *value }), 3);
    });
}
