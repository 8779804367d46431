//! A counted reference that can be made without aborting when memory is out.

use crate::error::Failure;
use crate::sync::{AtomicUsize, Ordering, fence};
use std::alloc::{Layout, alloc, dealloc};
use std::ops::Deref;
use std::ptr::NonNull;

/// As [`std::sync::Arc`], whose constructor ends the program when the allocator
/// has nothing left: not for a library that a fencing daemon has loaded.
pub(crate) struct Shared<T> {
    counted: NonNull<Counted<T>>,
}

struct Counted<T> {
    references: AtomicUsize,
    value: T,
}

// SAFETY: like Arc, it gives shared access from several threads, and the last
// of them drops the value.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The first reference to a value.
    pub(crate) fn try_new(value: T) -> Result<Self, Failure> {
        let counted = Counted {
            references: AtomicUsize::new(1),
            value,
        };
        // SAFETY: the layout is not of size zero, for it has the count.
        let memory = unsafe { alloc(Layout::new::<Counted<T>>()) };
        let memory = NonNull::new(memory.cast::<Counted<T>>()).ok_or(Failure::NoMemory)?;
        // SAFETY: fresh memory of this type's layout.
        unsafe { memory.write(counted) };
        Ok(Self { counted: memory })
    }

    /// The value for the rest of the program's life, never to be freed.
    pub(crate) fn leak(self) -> &'static T {
        let counted = self.counted;
        std::mem::forget(self);
        // SAFETY: this reference is never counted down again.
        unsafe { &(*counted.as_ptr()).value }
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: valid as long as there is a reference, and this is one.
        unsafe { self.counted.as_ref() }
    }

    /// To be called once, when the last reference is dropped.
    #[cold]
    fn drop_value(&mut self) {
        fence(Ordering::Acquire);
        // SAFETY: this was the last reference; the memory came from `alloc`
        // with this layout.
        unsafe {
            self.counted.drop_in_place();
            dealloc(self.counted.as_ptr().cast(), Layout::new::<Counted<T>>());
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        // Threads that hold references are far too few to make this overflow.
        self.counted().references.fetch_add(1, Ordering::Relaxed);
        Self {
            counted: self.counted,
        }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if self.counted().references.fetch_sub(1, Ordering::Release) == 1 {
            self.drop_value();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    struct Dropped<'a>(&'a AtomicUsize);

    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_last_of_many_threads_drops_the_value_once() {
        let drops = AtomicUsize::new(0);
        let first = Shared::try_new(Dropped(&drops)).ok().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let mine = first.clone();
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        drop(mine.clone());
                    }
                });
            }
        });
        assert_eq!(drops.load(Ordering::Relaxed), 0);
        drop(first);
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    }
}
