//! Memory when the program has none left.
//!
//! Most of the standard library ends the program when an allocation fails: not for a library that a
//! fencing daemon has loaded. A C library that opens the reserve has an allocator that does not
//! fail. It asks malloc; what malloc refuses comes from the reserve; and when that is used up too,
//! the thread waits until malloc has something again, as it waits for a daemon that is stopped.
//!
//! The reserve is for what has begun. Who begins something looks first whether there is room for
//! it, and undoes what it made with memory from the reserve ([`Mark`]), so that whoever comes next
//! finds the reserve whole.

mod reserve;

use reserve::Reserve;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread;
use std::time::Duration;

/// Bytes of the reserve. They are never touched, and so take no memory, while malloc does not fail.
pub const RESERVE: usize = 512 << 10;

/// Nothing here is larger, unless a peer has named a false size: that is refused, not waited for. A
/// full table of locks is sent as 16 MiB at most.
const LARGEST: usize = 64 << 20;

/// How often a thread that has found neither memory nor reserve looks again.
const AGAIN: Duration = Duration::from_millis(1);

/// The reserve if it was opened. A library that does not open it does not even have it.
static OPENED: AtomicPtr<Reserve> = AtomicPtr::new(ptr::null_mut());

static THE_RESERVE: Reserve = Reserve::new();

/// Lets the [`Allocator`] use the reserve from now on.
#[inline]
pub fn open() {
    if OPENED.load(Ordering::Relaxed).is_null() {
        // Hidden from the compiler, or it would know that there is no other reserve, look only for
        // whether it is open, and have it in libraries that never open it.
        let reserve = std::hint::black_box(ptr::from_ref(&THE_RESERVE));
        OPENED.store(reserve.cast_mut(), Ordering::Release);
    }
}

fn opened() -> Option<&'static Reserve> {
    // SAFETY: NULL or the static above.
    unsafe { OPENED.load(Ordering::Acquire).as_ref() }
}

/// Whether something lives in the reserve.
pub fn in_use() -> bool {
    opened().is_some_and(|reserve| reserve.left() < RESERVE)
}

/// Whether that many bytes can be had: from the reserve, or else from malloc at this moment. Always
/// where no reserve was opened.
pub fn has_room(bytes: usize) -> bool {
    opened().is_none_or(|reserve| reserve.left() >= bytes) || malloc_has(bytes)
}

/// Whether malloc has that many bytes at this moment, in one piece.
pub fn malloc_has(bytes: usize) -> bool {
    let Ok(layout) = Layout::array::<u8>(bytes.max(1)) else {
        return false;
    };
    // SAFETY: the size is not zero, and what was allocated is freed with the same layout.
    unsafe {
        let memory = System.alloc(layout);
        if !memory.is_null() {
            System.dealloc(memory, layout);
        }
        // What it was is looked at: or else the compiler could leave both calls out.
        !std::hint::black_box(memory).is_null()
    }
}

/// A moment, to ask later whether anything has come from the reserve since. It may have been
/// somebody else's: then memory is short all the same.
#[derive(Clone, Copy, Debug)]
pub struct Mark(u32);

impl Mark {
    /// Now.
    pub fn now() -> Self {
        Self(opened().map_or(0, |reserve| reserve.taken()))
    }

    /// Whether the reserve was needed since.
    pub fn is_passed(self) -> bool {
        Self::now().0 != self.0
    }
}

/// malloc, and behind it the reserve.
#[derive(Debug)]
pub struct Allocator;

impl Allocator {
    /// What `ask` says of malloc or, once that has refused, the reserve; waits for either.
    fn insist(layout: Layout, mut ask: impl FnMut() -> *mut u8) -> *mut u8 {
        loop {
            let memory = ask();
            let is_refused = memory.is_null() && layout.size() <= LARGEST;
            let Some(reserve) = opened().filter(|_| is_refused) else {
                return memory;
            };
            if let Some(memory) = reserve.take(layout) {
                return memory;
            }
            thread::sleep(AGAIN);
        }
    }
}

// SAFETY: malloc's blocks go back to malloc, the reserve's to the reserve, which tells them by their
// addresses; nothing here unwinds.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: this function's contract is the same.
        Self::insist(layout, || unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: this function's contract is the same.
        let memory = Self::insist(layout, || unsafe { System.alloc_zeroed(layout) });
        if opened().is_some_and(|reserve| reserve.has(memory)) {
            // SAFETY: a fresh block of that size; malloc's is zero already.
            unsafe { memory.write_bytes(0, layout.size()) };
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        match opened() {
            Some(reserve) if reserve.has(memory) => reserve.give_back(memory, layout.size()),
            // SAFETY: it is malloc's; this function's contract is the same.
            _ => unsafe { System.dealloc(memory, layout) },
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match opened().filter(|reserve| reserve.has(memory)) {
            Some(reserve) if reserve.resize(memory, layout.size(), size) => return memory,
            Some(_) => {}
            None => {
                // SAFETY: it is malloc's; this function's contract is the same.
                let grown = unsafe { System.realloc(memory, layout, size) };
                if !grown.is_null() {
                    return grown;
                }
            }
        }
        // SAFETY: by this function's contract the size is not zero and does not overflow. The old
        // block has `layout.size()` bytes, the new one `size`, and they do not overlap.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(memory, new, layout.size().min(size));
                self.dealloc(memory, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What malloc says the n-th time it is asked.
    fn asked(size: usize, answers: &[bool]) -> (bool, usize) {
        let layout = Layout::from_size_align(size, 8).unwrap();
        let mut times = 0;
        let memory = Allocator::insist(layout, || {
            times += 1;
            if answers[times - 1] {
                ptr::dangling_mut()
            } else {
                ptr::null_mut()
            }
        });
        (!memory.is_null(), times)
    }

    #[test]
    fn what_neither_malloc_nor_the_reserve_has_is_waited_for() {
        open();
        assert_eq!(asked(RESERVE + 1, &[false, false, false, true]), (true, 4));
        assert_eq!(asked(LARGEST + 1, &[false]), (false, 1));
        let mark = Mark::now();
        assert_eq!(asked(100, &[true]), (true, 1));
        assert!(!mark.is_passed());
        assert_eq!(asked(100, &[false]), (true, 1), "the reserve has it");
        assert!(mark.is_passed() && in_use());
    }

    #[test]
    fn a_probe_says_what_malloc_has() {
        assert!(malloc_has(RESERVE));
        assert!(!malloc_has(isize::MAX as usize - 4096));
        assert!(!malloc_has(usize::MAX));
    }
}
