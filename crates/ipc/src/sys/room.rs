//! Room for messages that is not cleared before they are copied to it.

use std::mem::{self, MaybeUninit};

/// Where a message is copied to, from the beginning on. Made of bytes, or of a [`Space`].
#[derive(Debug)]
pub struct Room<'a> {
    left: &'a mut [MaybeUninit<u8>],
    /// Counts what was copied, where that has to be known.
    filled: Option<&'a mut usize>,
}

impl<'a> Room<'a> {
    /// Room for nothing, for a message whose content does not matter.
    pub(crate) fn none() -> Self {
        Self {
            left: &mut [],
            filled: None,
        }
    }

    /// How many bytes can still be copied here.
    pub(crate) fn left(&self) -> usize {
        self.left.len()
    }

    /// Copies bytes, or as many as there is room for.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(self.left());
        for (to, from) in self.left.iter_mut().zip(bytes) {
            to.write(*from);
        }
        // SAFETY: so many were just written.
        unsafe { self.advance(len) };
    }

    /// Has a system call write the next bytes, at most so many, and say how many it has written or
    /// would have. They are cleared for it, which costs nothing beside it.
    pub(crate) fn read<E>(
        &mut self,
        most: usize,
        call: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let most = most.min(self.left());
        let room = &mut self.left[..most];
        room.fill(MaybeUninit::new(0));
        // SAFETY: all of it was just written, and whoever has a reference to bytes un-writes nothing.
        let read = call(unsafe { &mut *(std::ptr::from_mut(room) as *mut [u8]) })?;
        // SAFETY: as many were cleared at least.
        unsafe { self.advance(read.min(most)) };
        Ok(read)
    }

    /// The next bytes, or as many as there is room for.
    ///
    /// # Safety
    ///
    /// They must not be un-written: they may be somebody's bytes.
    #[inline(always)]
    pub(super) unsafe fn vacant(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        let len = len.min(self.left());
        &mut self.left[..len]
    }

    /// Counts the next bytes as copied.
    ///
    /// # Safety
    ///
    /// So many must have been written.
    #[inline(always)]
    pub(super) unsafe fn advance(&mut self, by: usize) {
        self.left = &mut mem::take(&mut self.left)[by..];
        if let Some(filled) = &mut self.filled {
            **filled += by;
        }
    }
}

impl<'a> From<&'a mut [u8]> for Room<'a> {
    fn from(bytes: &'a mut [u8]) -> Self {
        // SAFETY: of the same layout; bytes are only ever written here, and never un-written.
        let left = unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) };
        let filled = None;
        Self { left, filled }
    }
}

impl<'a, const N: usize> From<&'a mut [u8; N]> for Room<'a> {
    fn from(bytes: &'a mut [u8; N]) -> Self {
        bytes.as_mut_slice().into()
    }
}

impl<'a, const N: usize> From<&'a mut Space<N>> for Room<'a> {
    fn from(space: &'a mut Space<N>) -> Self {
        space.filled = 0;
        let (left, filled) = (&mut space.bytes, Some(&mut space.filled));
        Self { left, filled }
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
        // SAFETY: a `Room` has written to the first `filled` bytes, and nothing un-writes them.
        unsafe { &mut *(std::ptr::from_mut(filled) as *mut [u8]) }
    }
}

impl<const N: usize> Default for Space<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_space_holds_what_it_was_last_given_and_nothing_of_before() {
        let mut space = Space::<16>::new();
        assert!(space.filled().is_empty());
        Room::from(&mut space).push(&[7; 16]);
        let mut room = Room::from(&mut space);
        room.push(&[1, 2]);
        let read = room.read(2, |bytes| {
            assert_eq!(bytes, [0; 2]);
            bytes[0] = 3;
            Ok::<_, ()>(5)
        });
        assert_eq!((read, room.left()), (Ok(5), 12));
        assert_eq!(room.read(9, |_| Err(6)), Err(6));
        assert_eq!(space.filled(), [1, 2, 3, 0]);
        Room::from(&mut space).push(&[9; 17]);
        assert_eq!(space.filled(), [9; 16]);
    }

    #[test]
    fn a_slice_takes_what_it_has_room_for() {
        let mut bytes = [1, 2, 3, 4];
        let mut room = Room::from(&mut bytes[..3]);
        room.push(&[5, 6]);
        room.push(&[7, 8]);
        assert_eq!(room.left(), 0);
        assert_eq!(bytes, [5, 6, 7, 4]);
    }
}
