//! Room for messages that is not cleared before it is known how much of it is needed.

use std::mem::MaybeUninit;

/// Where a message is copied to.
pub trait Room {
    /// Room for a message of so many bytes, or as many as there are if they are fewer.
    fn room(&mut self, len: usize) -> &mut [u8];
}

impl Room for [u8] {
    fn room(&mut self, len: usize) -> &mut [u8] {
        let len = len.min(self.len());
        &mut self[..len]
    }
}

impl<const N: usize> Room for [u8; N] {
    fn room(&mut self, len: usize) -> &mut [u8] {
        self.as_mut_slice().room(len)
    }
}

/// Room for one message of up to `N` bytes. Most are far shorter, and clearing the whole would cost
/// more than taking them.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Space<const N: usize> {
    bytes: [MaybeUninit<u8>; N],
    filled: usize,
}

impl<const N: usize> Space<N> {
    /// Room with nothing in it.
    pub const fn new() -> Self {
        Self {
            bytes: [const { MaybeUninit::uninit() }; N],
            filled: 0,
        }
    }

    /// What was last copied here.
    pub fn filled(&mut self) -> &mut [u8] {
        let filled = &mut self.bytes[..self.filled];
        // SAFETY: `room` has written to the first `filled` bytes, and nothing un-writes them.
        unsafe { &mut *(std::ptr::from_mut(filled) as *mut [u8]) }
    }
}

impl<const N: usize> Default for Space<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Room for Space<N> {
    fn room(&mut self, len: usize) -> &mut [u8] {
        self.filled = len.min(N);
        self.bytes[..self.filled].fill(MaybeUninit::new(0));
        self.filled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_holds_what_it_was_last_given_and_nothing_of_before() {
        let mut space = Space::<16>::new();
        assert!(space.filled().is_empty());
        space.room(16).fill(7);
        space.room(4)[0] = 1;
        assert_eq!(space.filled(), [1, 0, 0, 0]);
        assert_eq!(space.room(17).len(), 16);
        assert_eq!(space.filled(), [0; 16]);
    }

    #[test]
    fn a_slice_gives_what_it_has() {
        assert_eq!([1, 2, 3].room(2), [1, 2]);
        assert_eq!([1, 2, 3].room(9), [1, 2, 3]);
    }
}
