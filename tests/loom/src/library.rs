//! The counted reference, the table of handles, and what a forked child has of its own.

use crate::error::Failure;
use crate::handles::Handles;
use crate::per_process::PerProcess;
use crate::process;
use crate::shared::Shared;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// A value that notices when it is used after it was dropped, or by two at once.
struct Session {
    state: UnsafeCell<bool>,
    drops: Arc<AtomicUsize>,
}

impl Session {
    fn new(drops: &Arc<AtomicUsize>) -> Self {
        Self {
            state: UnsafeCell::new(true),
            drops: Arc::clone(drops),
        }
    }

    fn is_used(&self) {
        // SAFETY: only ever read while there are references; loom checks just that.
        assert!(self.state.with(|state| unsafe { *state }));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: this is the last reference; loom checks just that.
        self.state.with_mut(|state| unsafe { *state = false });
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_last_reference_drops_the_value_after_all_use_of_it() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let first = Shared::try_new(Session::new(&drops)).unwrap();
        let threads = [(); 2].map(|()| {
            let mine = first.clone();
            thread::spawn(move || mine.is_used())
        });
        first.is_used();
        drop(first);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

#[test]
fn a_handle_is_taken_out_of_use_once_while_others_use_it() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let handles = leaked(Handles::new());
        let session = Shared::try_new(Session::new(&drops)).unwrap();
        let handle = handles.insert(session).unwrap();
        let user = thread::spawn(move || match handles.get(handle) {
            Ok(session) => session.is_used(),
            Err(failure) => assert!(matches!(failure, Failure::BadHandle)),
        });
        let remover = thread::spawn(move || handles.remove(handle).is_ok());
        let mine = handles.remove(handle).is_ok();
        assert!(mine != remover.join().unwrap(), "one of them");
        user.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        assert!(handles.get(handle).is_err());
    });
}

#[test]
fn two_that_are_given_handles_at_once_have_two() {
    loom::model(|| {
        let handles = leaked(Handles::<usize>::new());
        let give = move |n| handles.insert(Shared::try_new(n).unwrap()).unwrap();
        let other = thread::spawn(move || give(1));
        let (mine, other) = (give(2), other.join().unwrap());
        assert_ne!(mine, other);
        assert_eq!(
            (*handles.get(mine).unwrap(), *handles.get(other).unwrap()),
            (2, 1)
        );
        for handle in [mine, other] {
            drop(handles.remove(handle).unwrap());
        }
    });
}

/// Threads of a forked child that use the library for the first time, at once.
#[test]
fn the_threads_of_a_child_agree_on_what_is_theirs() {
    loom::model(|| {
        process::GENERATION.set(1);
        let state = leaked(PerProcess::new(AtomicUsize::new(1), || AtomicUsize::new(0)));
        state.get().unwrap();
        process::GENERATION.set(2);
        let other = thread::spawn(move || {
            state.get().unwrap().fetch_add(10, Ordering::Relaxed);
        });
        state.get().unwrap().fetch_add(20, Ordering::Relaxed);
        other.join().unwrap();
        assert_eq!(state.get().unwrap().load(Ordering::Relaxed), 30);
        let parents: Vec<_> = state.inherited().unwrap().collect();
        assert_eq!(parents.len(), 1);
        assert_eq!(parents[0].load(Ordering::Relaxed), 1);
    });
}
