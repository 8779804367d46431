//! Copying between bytes of this process and words that another process may write to meanwhile.
//!
//! The words are atomics. On x86-64 most are copied by a register of sixteen bytes, with instructions
//! that the compiler does not look into: nothing that it assumes can be broken by what others write.

use crate::atomic::{AtomicU32, Ordering};
use crate::sys::Room;
use std::mem::MaybeUninit;

/// Words that are loaded by one round of a loop.
const BLOCK: usize = 16;

/// Copies the first `len` bytes of words, which must have them, or as many as there is room for.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU32], len: usize, room: &mut Room<'_>) {
    // SAFETY: only written to, below.
    let to = unsafe { room.vacant(len) };
    let len = to.len();
    assert!(len.div_ceil(4) <= from.len());
    match len {
        #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
        // SAFETY: there are words for all of it, by the assertion, and they are atomics.
        sse2::LEAST.. => unsafe { sse2::copy(from.as_ptr().cast(), to.as_mut_ptr().cast(), len) },
        _ => load_words(from, to),
    }
    // SAFETY: either way all of it was written to.
    unsafe { room.advance(len) };
}

/// Copies bytes to words, which must have room for them. What is behind them in the last word may
/// then be anything.
#[inline(always)]
pub(crate) fn store(to: &[AtomicU32], bytes: &[u8]) {
    let len = bytes.len();
    assert!(len.div_ceil(4) <= to.len());
    match len {
        #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
        // SAFETY: there are words for all of it, by the assertion, and they are atomics.
        sse2::LEAST.. => unsafe { sse2::copy(bytes.as_ptr(), to.as_ptr().cast_mut().cast(), len) },
        _ => store_words(to, bytes),
    }
}

/// Word by word.
#[inline(never)]
fn load_words(from: &[AtomicU32], to: &mut [MaybeUninit<u8>]) {
    let (blocks, to) = to.split_at_mut(to.len() / (4 * BLOCK) * (4 * BLOCK));
    let (from_blocks, from) = from.split_at(blocks.len() / 4);
    let from_blocks = from_blocks.chunks_exact(BLOCK);
    for (to, from) in blocks.chunks_exact_mut(4 * BLOCK).zip(from_blocks) {
        load_whole(from, to);
    }
    let (whole, last) = to.split_at_mut(to.len() / 4 * 4);
    load_whole(from, whole);
    if !last.is_empty() {
        let word = load_word(&from[whole.len() / 4]);
        last.copy_from_slice(&word[..last.len()]);
    }
}

#[inline(always)]
fn load_whole(from: &[AtomicU32], to: &mut [MaybeUninit<u8>]) {
    for (to, from) in to.chunks_exact_mut(4).zip(from) {
        to.copy_from_slice(&load_word(from));
    }
}

#[inline(always)]
fn load_word(from: &AtomicU32) -> [MaybeUninit<u8>; 4] {
    from.load(Ordering::Relaxed)
        .to_ne_bytes()
        .map(MaybeUninit::new)
}

/// As [`load_words`].
#[inline(never)]
fn store_words(to: &[AtomicU32], bytes: &[u8]) {
    let whole = bytes.chunks_exact(4);
    let last = whole.remainder();
    for (to, word) in to.iter().zip(whole) {
        store_word(to, word.try_into().expect("four bytes"));
    }
    if !last.is_empty() {
        let mut word = [0; 4];
        word[..last.len()].copy_from_slice(last);
        store_word(&to[bytes.len() / 4], word);
    }
}

fn store_word(to: &AtomicU32, bytes: [u8; 4]) {
    to.store(u32::from_ne_bytes(bytes), Ordering::Relaxed);
}

#[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
mod sse2 {
    use std::arch::asm;

    /// Bytes of a register, which every processor of this kind has.
    pub(super) const LEAST: usize = 16;
    const FOUR: usize = 4 * LEAST;

    /// Copies at least [`LEAST`] bytes.
    ///
    /// # Safety
    ///
    /// So many must be readable and writable; what others read or write meanwhile must be atomics.
    #[inline(always)]
    pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
        let mut at = 0;
        while at + FOUR <= len {
            // SAFETY: within `len`. What else the instructions may do to memory, the compiler does not
            // assume to know.
            unsafe {
                asm!(
                    "movdqu {a}, [{from} + {at}]",
                    "movdqu {b}, [{from} + {at} + 16]",
                    "movdqu {c}, [{from} + {at} + 32]",
                    "movdqu {d}, [{from} + {at} + 48]",
                    "movdqu [{to} + {at}], {a}",
                    "movdqu [{to} + {at} + 16], {b}",
                    "movdqu [{to} + {at} + 32], {c}",
                    "movdqu [{to} + {at} + 48], {d}",
                    from = in(reg) from,
                    to = in(reg) to,
                    at = in(reg) at,
                    a = out(xmm_reg) _,
                    b = out(xmm_reg) _,
                    c = out(xmm_reg) _,
                    d = out(xmm_reg) _,
                    options(nostack, preserves_flags),
                );
            }
            at += FOUR;
        }
        while at < len {
            // The last register ends where the bytes end, and may copy some of them again.
            at = at.min(len - LEAST);
            // SAFETY: as above.
            unsafe {
                asm!(
                    "movdqu {a}, [{from} + {at}]",
                    "movdqu [{to} + {at}], {a}",
                    from = in(reg) from,
                    to = in(reg) to,
                    at = in(reg) at,
                    a = out(xmm_reg) _,
                    options(nostack, preserves_flags),
                );
            }
            at += LEAST;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const LEN: usize = 200;

    fn words() -> Vec<AtomicU32> {
        let bytes: Vec<u8> = (1..=LEN as u8).collect();
        let words = bytes.chunks(4).map(|word| word.try_into().unwrap());
        words.map(u32::from_ne_bytes).map(AtomicU32::new).collect()
    }

    fn bytes(words: &[AtomicU32]) -> Vec<u8> {
        let words = words.iter().map(|word| word.load(Ordering::Relaxed));
        words.flat_map(u32::to_ne_bytes).collect()
    }

    #[test]
    fn words_are_loaded_the_same_by_registers_and_one_by_one() {
        let words = words();
        for first in 0..4 {
            for len in 0..=LEN - 4 * first {
                let mut loaded = [0xEE; LEN];
                load(
                    &words[first..],
                    LEN - 4 * first,
                    &mut Room::from(&mut loaded[..len]),
                );
                let mut expected = [MaybeUninit::new(0xEE); LEN];
                load_words(&words[first..], &mut expected[..len]);
                // SAFETY: all of it was written to above.
                assert_eq!(loaded, expected.map(|byte| unsafe { byte.assume_init() }));
                assert_eq!(loaded[..len], bytes(&words[first..])[..len]);
            }
        }
    }

    #[test]
    fn bytes_are_stored_the_same_by_registers_and_one_by_one() {
        let given: Vec<u8> = (0..LEN as u8).map(|byte| !byte).collect();
        for first in 0..4 {
            for len in 0..=LEN - 4 * first {
                let [by_registers, one_by_one] = [(); 2].map(|()| words());
                store(&by_registers[first..], &given[..len]);
                store_words(&one_by_one[first..], &given[..len]);
                let (end, rest) = (4 * first + len, (4 * first + len).next_multiple_of(4));
                let [stored, expected] = [by_registers, one_by_one].map(|words| bytes(&words));
                assert_eq!(stored[..end], expected[..end]);
                assert_eq!(stored[rest..], expected[rest..]);
                assert_eq!(stored[4 * first..end], given[..len]);
            }
        }
    }

    #[test]
    #[should_panic]
    fn what_the_words_do_not_have_is_not_loaded() {
        load(&words()[1..], LEN, &mut Room::from(&mut [0; LEN]));
    }

    #[test]
    #[should_panic]
    fn what_the_words_have_no_room_for_is_not_stored() {
        store(&words()[1..], &[0; LEN]);
    }
}
