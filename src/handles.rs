//! The table of handles.
//!
//! A handle is `check << 32 | index`, as in corosync's libraries: a random
//! 31-bit number that is never 0, and the lowest free slot. Unlike there, no
//! value of the check skips the comparison.

use crate::error::Failure;
use crate::per_process::PerProcess;
use crate::shared::Shared;
use crate::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, const_fn};
use quorate_client::process;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::PoisonError;

/// The handles of one library, one table per process.
///
/// A forked child starts with an empty one: it finds none of its parent's
/// handles, and no lock that another thread of the parent held.
pub(crate) struct Handles<T: 'static> {
    tables: PerProcess<RwLock<Slots<T>>>,
}

struct Slots<T> {
    used: Vec<Option<Slot<T>>>,
    free: BinaryHeap<Reverse<u32>>,
}

struct Slot<T> {
    check: u32,
    value: Shared<T>,
}

impl<T> Handles<T> {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                tables: PerProcess::new(Slots::fresh(), Slots::fresh),
            }
        }
    }

    /// Gives the value a handle.
    pub(crate) fn insert(&'static self, value: Shared<T>) -> Result<u64, Failure> {
        let check = random_check();
        let mut slots = self.write()?;
        let index = match slots.free.pop() {
            Some(Reverse(index)) => index,
            None => {
                let index = u32::try_from(slots.used.len()).map_err(|_| Failure::NoMemory)?;
                slots.used.try_reserve(1).map_err(|_| Failure::NoMemory)?;
                // So that giving a handle back never needs memory.
                slots
                    .free
                    .try_reserve(index as usize + 1)
                    .map_err(|_| Failure::NoMemory)?;
                slots.used.push(None);
                index
            }
        };
        slots.used[index as usize] = Some(Slot { check, value });
        Ok(u64::from(check) << 32 | u64::from(index))
    }

    /// The value behind a handle. No lock is held when this returns.
    pub(crate) fn get(&'static self, handle: u64) -> Result<Shared<T>, Failure> {
        let slots = self.read()?;
        slots
            .find(handle)
            .map(|slot| slot.value.clone())
            .ok_or(Failure::BadHandle)
    }

    /// Takes a handle out of use and returns its value.
    pub(crate) fn remove(&'static self, handle: u64) -> Result<Shared<T>, Failure> {
        self.write()?.remove(handle).ok_or(Failure::BadHandle)
    }

    /// Takes a handle of the parent process out of use in this child, if that
    /// can be done without waiting for a lock whose holder is not here.
    pub(crate) fn remove_inherited(&'static self, handle: u64) -> Result<Shared<T>, Failure> {
        self.tables
            .inherited()?
            .find_map(|slots| slots.try_write().ok()?.remove(handle))
            .ok_or(Failure::BadHandle)
    }

    // A panic while the table was locked has become an error of that call; the
    // table is good at any time.

    fn read(&'static self) -> Result<RwLockReadGuard<'static, Slots<T>>, Failure> {
        let table = self.tables.get()?;
        Ok(table.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&'static self) -> Result<RwLockWriteGuard<'static, Slots<T>>, Failure> {
        let table = self.tables.get()?;
        Ok(table.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Slots<T> {
    const_fn! {
        const fn fresh() -> RwLock<Self> {
            RwLock::new(Self {
                used: Vec::new(),
                free: BinaryHeap::new(),
            })
        }
    }

    fn find(&self, handle: u64) -> Option<&Slot<T>> {
        let slot = self.used.get(index(handle))?.as_ref()?;
        (slot.check == check(handle)).then_some(slot)
    }

    fn remove(&mut self, handle: u64) -> Option<Shared<T>> {
        self.find(handle)?;
        let slot = self.used[index(handle)].take()?;
        self.free.push(Reverse(index(handle) as u32));
        Some(slot.value)
    }
}

fn index(handle: u64) -> usize {
    (handle & u64::from(u32::MAX)) as usize
}

fn check(handle: u64) -> u32 {
    (handle >> 32) as u32
}

/// A number that nobody can guess.
fn random_check() -> u32 {
    loop {
        let check = u32::from_ne_bytes(process::random()) & 0x7fff_ffff;
        if check != 0 {
            return check;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn insert<T>(handles: &'static Handles<T>, value: T) -> u64 {
        let value = Shared::try_new(value).ok().unwrap();
        handles.insert(value).unwrap()
    }

    #[test]
    fn handles_have_the_shape_that_corosync_gives_them() {
        static HANDLES: Handles<usize> = Handles::new();
        let handles = &HANDLES;
        let all: Vec<u64> = (0..100).map(|n| insert(handles, n)).collect();
        for (n, handle) in all.iter().enumerate() {
            assert_eq!(index(*handle), n);
            assert!((1..=0x7fff_ffff).contains(&check(*handle)));
            assert_eq!(*handles.get(*handle).ok().unwrap(), n);
        }
    }

    #[test]
    fn the_lowest_slot_is_used_again_with_another_check() {
        static HANDLES: Handles<i32> = Handles::new();
        let handles = &HANDLES;
        let [first, second, _] = [1, 2, 3].map(|n| insert(handles, n));
        handles.remove(second).ok().unwrap();
        handles.remove(first).ok().unwrap();
        let again = insert(handles, 4);
        assert_eq!(index(again), 0);
        assert!(again == first || handles.get(first).is_err());
        assert!(handles.get(second).is_err());
        assert!(handles.remove(second).is_err());
    }

    #[test]
    fn no_other_number_is_a_handle() {
        static HANDLES: Handles<()> = Handles::new();
        let handle = insert(&HANDLES, ());
        for wrong in [
            0,
            handle + 1,
            handle ^ 1 << 32,
            handle | 0xffff_ffff << 32,
            u64::MAX,
        ] {
            assert!(HANDLES.get(wrong).is_err(), "{wrong:#x}");
        }
    }
}
