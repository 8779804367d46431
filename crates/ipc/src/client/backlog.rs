//! Events that were taken out of their ring before the program wanted them.

use crate::sys::Room;
use std::collections::VecDeque;

/// Bytes of events that are kept at most, lengths included.
const LIMIT: usize = 1 << 20;
/// Bytes in front of each event.
const PREFIX: usize = 4;

/// They are this process's memory, in one piece, as long as there are any.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: VecDeque<u8>,
}

impl Backlog {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Makes room for an event of up to so many bytes, if it may be kept and there is memory.
    pub(super) fn reserve(&mut self, len: usize) -> bool {
        let whole = PREFIX + len;
        self.bytes.len() + whole <= LIMIT && self.bytes.try_reserve(whole).is_ok()
    }

    /// Keeps an event, which must have been reserved for.
    pub(super) fn push(&mut self, event: &[u8]) {
        self.bytes.extend((event.len() as u32).to_ne_bytes());
        self.bytes.extend(event);
    }

    /// Copies the oldest event, as far as there is room; returns its length.
    #[cold]
    pub(super) fn pop(&mut self, room: &mut Room<'_>) -> Option<usize> {
        let mut prefix = [0; PREFIX];
        if self.bytes.len() < PREFIX {
            return None;
        }
        for (byte, from) in prefix.iter_mut().zip(self.bytes.drain(..PREFIX)) {
            *byte = from;
        }
        let len = u32::from_ne_bytes(prefix) as usize;
        let (first, second) = self.bytes.as_slices();
        room.push(&first[..len.min(first.len())]);
        room.push(&second[..len.saturating_sub(first.len())]);
        self.bytes.drain(..len);
        if self.bytes.is_empty() {
            self.bytes = VecDeque::new();
        }
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop(backlog: &mut Backlog) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 64];
        let len = backlog.pop(&mut Room::from(bytes.as_mut_slice()))?;
        bytes.truncate(len);
        Some(bytes)
    }

    #[test]
    fn events_come_out_in_order_and_whole() {
        let mut backlog = Backlog::default();
        let event = |n: usize| vec![n as u8; n % 50];
        let mut out = 0;
        for n in 0..1000 {
            assert!(backlog.reserve(50));
            backlog.push(&event(n));
            if n % 3 != 0 {
                assert_eq!(pop(&mut backlog), Some(event(out)));
                out += 1;
            }
        }
        while let Some(bytes) = pop(&mut backlog) {
            assert_eq!(bytes, event(out));
            out += 1;
        }
        assert_eq!(out, 1000);
        assert!(backlog.is_empty() && backlog.bytes.capacity() == 0);
    }

    #[test]
    fn no_more_is_kept_than_the_limit() {
        let mut backlog = Backlog::default();
        while backlog.reserve(1000) {
            backlog.push(&[7; 1000]);
        }
        assert!(backlog.bytes.len() <= LIMIT && backlog.bytes.len() + 1004 > LIMIT);
        assert!(backlog.reserve(0) || backlog.bytes.len() + PREFIX > LIMIT);
    }
}
