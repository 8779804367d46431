//! The reserve itself.

use super::RESERVE;
use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Memory that is handed out from one end to the other, and from the beginning again once all of it
/// is back. What was handed out last can be handed out again at once.
///
/// Its whole state is one word, so that no thread waits for another, which might not be there in a
/// forked child.
#[repr(C, align(16))]
pub(super) struct Reserve {
    room: UnsafeCell<[MaybeUninit<u8>; RESERVE]>,
    state: AtomicU64,
    /// How often something was taken.
    taken: AtomicU32,
}

// SAFETY: a place in the room belongs to whom `take` gave it, and to nobody else until it is back.
unsafe impl Sync for Reserve {}

/// Blocks that are out, and where the rest begins.
#[derive(Clone, Copy)]
struct State {
    out: u32,
    next: u32,
}

impl State {
    fn unpack(word: u64) -> Self {
        Self {
            out: (word >> 32) as u32,
            next: word as u32,
        }
    }

    fn pack(self) -> u64 {
        u64::from(self.out) << 32 | u64::from(self.next)
    }
}

impl Reserve {
    pub(super) const fn new() -> Self {
        Self {
            room: UnsafeCell::new([MaybeUninit::uninit(); RESERVE]),
            state: AtomicU64::new(0),
            taken: AtomicU32::new(0),
        }
    }

    /// How often something was taken, until now.
    pub(super) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Acquire)
    }

    fn start(&self) -> *mut u8 {
        self.room.get().cast()
    }

    /// Bytes that have not been handed out.
    pub(super) fn left(&self) -> usize {
        RESERVE - State::unpack(self.state.load(Ordering::Acquire)).next as usize
    }

    /// Whether a block is the reserve's.
    pub(super) fn has(&self, memory: *mut u8) -> bool {
        memory.addr().wrapping_sub(self.start().addr()) < RESERVE
    }

    pub(super) fn take(&self, layout: Layout) -> Option<*mut u8> {
        let mut at = 0;
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        let taken = self.state.fetch_update(ok, fail, |word| {
            let State { out, next } = State::unpack(word);
            let free = self.start().addr() + next as usize;
            at = free.checked_next_multiple_of(layout.align())? - self.start().addr();
            let end = at
                .checked_add(layout.size())
                .filter(|end| *end <= RESERVE)?;
            Some(
                State {
                    out: out + 1,
                    next: end as u32,
                }
                .pack(),
            )
        });
        taken.ok()?;
        self.taken.fetch_add(1, Ordering::AcqRel);
        // SAFETY: inside the room, as was just looked at.
        Some(unsafe { self.start().add(at) })
    }

    /// Gives a block another size where it is; false if that is not possible.
    pub(super) fn resize(&self, memory: *mut u8, old: usize, new: usize) -> bool {
        let at = memory.addr() - self.start().addr();
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        let resized = self.state.fetch_update(ok, fail, |word| {
            let State { out, next } = State::unpack(word);
            // Another's place begins behind it.
            if at + old != next as usize {
                return (new <= old).then_some(word);
            }
            let next = at.checked_add(new).filter(|end| *end <= RESERVE)? as u32;
            Some(State { out, next }.pack())
        });
        resized.is_ok()
    }

    pub(super) fn give_back(&self, memory: *mut u8, size: usize) {
        let at = (memory.addr() - self.start().addr()) as u32;
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        // The closure never refuses.
        let _ = self.state.fetch_update(ok, fail, |word| {
            let State { out, next } = State::unpack(word);
            let next = match out {
                1 => 0,
                _ if at + size as u32 == next => at,
                _ => next,
            };
            Some(State { out: out - 1, next }.pack())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn reserve() -> &'static Reserve {
        Box::leak(Box::new(Reserve::new()))
    }

    #[test]
    fn the_last_block_that_comes_back_makes_it_whole() {
        let reserve = reserve();
        let [first, second] = [100, 200].map(|size| reserve.take(layout(size, 8)).unwrap());
        assert!(reserve.has(first) && reserve.has(second));
        assert!(second.addr() >= first.addr() + 100);
        reserve.give_back(first, 100);
        assert!(reserve.left() < RESERVE);
        reserve.give_back(second, 200);
        assert_eq!(reserve.left(), RESERVE);
    }

    #[test]
    fn what_was_taken_last_can_be_taken_again() {
        let reserve = reserve();
        reserve.take(layout(64, 8)).unwrap();
        let left = reserve.left();
        for _ in 0..3 * RESERVE / 4096 {
            let block = reserve.take(layout(4096, 8)).unwrap();
            reserve.give_back(block, 4096);
        }
        assert_eq!(reserve.left(), left);
    }

    #[test]
    fn the_last_block_grows_and_any_block_shrinks_where_it_is() {
        let reserve = reserve();
        let [first, last] = [100, 200].map(|size| reserve.take(layout(size, 1)).unwrap());
        assert!(!reserve.resize(first, 100, 101));
        assert!(reserve.resize(first, 100, 50));
        assert!(!reserve.resize(last, 200, RESERVE));
        assert!(reserve.resize(last, 200, 1000));
        assert_eq!(reserve.left(), RESERVE - 1100);
        assert!(reserve.resize(last, 1000, 10));
        assert_eq!(reserve.left(), RESERVE - 110);
        reserve.give_back(first, 50);
        reserve.give_back(last, 10);
        assert_eq!(reserve.left(), RESERVE);
    }

    #[test]
    fn it_has_an_end_and_alignment_is_kept() {
        let reserve = reserve();
        assert_eq!(reserve.take(layout(RESERVE + 1, 1)), None);
        assert_eq!(reserve.take(layout(isize::MAX as usize, 1)), None);
        for align in [1, 8, 64, 4096] {
            assert_eq!(reserve.take(layout(3, align)).unwrap().addr() % align, 0);
        }
        assert!(reserve.take(layout(reserve.left(), 1)).is_some());
        assert_eq!(reserve.take(layout(1, 1)), None);
        let outside = Box::into_raw(Box::new(0_u8));
        assert!(!reserve.has(outside));
    }

    #[test]
    fn threads_never_have_the_same_place() {
        let reserve = reserve();
        thread::scope(|scope| {
            for mine in 1..=4_u8 {
                scope.spawn(move || {
                    for round in 0..5000 {
                        let layout = layout(1 + round % 700, 8);
                        let Some(block) = reserve.take(layout) else {
                            continue;
                        };
                        // SAFETY: it was given to this thread alone, with that size.
                        unsafe {
                            block.write_bytes(mine, layout.size());
                            thread::yield_now();
                            for at in 0..layout.size() {
                                assert_eq!(block.add(at).read(), mine);
                            }
                        }
                        reserve.give_back(block, layout.size());
                    }
                });
            }
        });
        assert_eq!(reserve.left(), RESERVE);
    }
}
