//! libqb's ring of chunks: one producer, one consumer, a semaphore that counts
//! the chunks.
//!
//! A chunk is two words, its length in bytes and a magic number, followed by
//! the payload rounded up to whole words. Indexes count words and wrap.
//!
//! Each side keeps its own index privately; the shared copy is only published.
//! Of what the peer writes, an index or a length is loaded once and checked
//! before use.

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::error::Error;
use crate::semaphore;
use crate::sys::Room;
#[cfg(not(loom))]
use crate::sys::{self, Mapping};
#[cfg(not(loom))]
use std::fs::File;
#[cfg(not(loom))]
use std::time::Duration;

pub(crate) const COMMITTED: u32 = 0xA1A1_A1A1;
const ALLOCATED: u32 = 0xA110_CED0;
pub(crate) const CONSUMED: u32 = 0xD0D0_D0D0;

const CHUNK_HEADER_WORDS: usize = 2;
/// libqb's writer keeps this many bytes free beyond the payload.
pub(crate) const CHUNK_MARGIN: usize = 12;

pub(crate) const WRITE_INDEX: usize = 0;
pub(crate) const READ_INDEX: usize = 4;
pub(crate) const WORD_SIZE: usize = 8;
pub(crate) const REFERENCES: usize = 8204;
pub(crate) const SEMAPHORE: usize = 8208;
pub(crate) const FLOW_CONTROL: usize = 8240;
pub(crate) const HEADER_LEN: usize = 8244;

/// The parts of a ring that the two sides share.
pub(crate) trait Shared {
    fn write_index(&self) -> &AtomicU32;
    fn read_index(&self) -> &AtomicU32;
    fn semaphore(&self) -> &AtomicU64;
    fn words(&self) -> &[AtomicU32];
    /// Loads bytes that begin in the word at `from` and do not go beyond the last one.
    fn load(&self, from: usize, bytes: &mut [u8]) {
        for (bytes, word) in bytes.chunks_mut(4).zip(&self.words()[from..]) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes()[..bytes.len()]);
        }
    }
    /// Stores bytes as [`Self::load`] loads them, and zeros behind the last one.
    fn store(&self, to: usize, bytes: &[u8]) {
        for (bytes, word) in bytes.chunks(4).zip(&self.words()[to..]) {
            let mut whole = [0; 4];
            whole[..bytes.len()].copy_from_slice(bytes);
            word.store(u32::from_ne_bytes(whole), Ordering::Relaxed);
        }
    }
    /// Wakes one waiter of the semaphore.
    fn wake(&self);
}

pub(crate) fn chunk_words(len: usize) -> usize {
    CHUNK_HEADER_WORDS + len.div_ceil(4)
}

/// The index so many words further on, at most once around.
pub(crate) fn advance(at: usize, by: usize, words: usize) -> usize {
    let next = at + by;
    if next < words { next } else { next - words }
}

/// Copies the chunk at `at` into `buffer` and gives its room back.
///
/// To be called once for each count taken from the semaphore. Returns the
/// chunk's length; of a chunk longer than the buffer the rest is dropped.
#[inline]
pub(crate) fn consume(
    ring: &impl Shared,
    at: &mut usize,
    max: usize,
    buffer: &mut (impl Room + ?Sized),
) -> Result<usize, Error> {
    let words = ring.words();
    let magic = &words[advance(*at, 1, words.len())];
    if magic.load(Ordering::Acquire) != COMMITTED {
        return Err(Error::Protocol("a chunk in the ring is not committed"));
    }
    let len = words[*at].load(Ordering::Relaxed) as usize;
    if len > max || chunk_words(len) > words.len() {
        return Err(Error::Protocol("a chunk in the ring is longer than agreed"));
    }
    let payload = advance(*at, CHUNK_HEADER_WORDS, words.len());
    copy_out(ring, payload, buffer.room(len));
    words[*at].store(0, Ordering::Relaxed);
    magic.store(CONSUMED, Ordering::Release);
    *at = advance(*at, chunk_words(len), words.len());
    ring.read_index().store(*at as u32, Ordering::Release);
    Ok(len)
}

/// Appends a chunk at `at`, or reports that there is no room yet.
#[inline]
pub(crate) fn produce(ring: &impl Shared, at: &mut usize, payload: &[u8]) -> Result<(), Error> {
    let words = ring.words();
    let read = ring.read_index().load(Ordering::Acquire) as usize;
    if read >= words.len() {
        return Err(Error::Protocol("the ring's read index is outside the ring"));
    }
    let pending = semaphore::value(ring.semaphore().load(Ordering::Relaxed)) > 0;
    let free = match advance(read, words.len() - *at, words.len()) {
        0 if pending => 0,
        0 => words.len(),
        gap => gap - 1,
    };
    if free * 4 < payload.len() + CHUNK_MARGIN {
        return Err(Error::FlowControl);
    }
    let start = *at;
    let magic = &words[advance(start, 1, words.len())];
    words[start].store(0, Ordering::Relaxed);
    magic.store(ALLOCATED, Ordering::Release);
    let to = advance(start, CHUNK_HEADER_WORDS, words.len());
    copy_in(ring, to, payload);
    words[start].store(payload.len() as u32, Ordering::Relaxed);
    *at = advance(start, chunk_words(payload.len()), words.len());
    ring.write_index().store(*at as u32, Ordering::Relaxed);
    magic.store(COMMITTED, Ordering::Release);
    if semaphore::post(ring.semaphore()) {
        ring.wake();
    }
    Ok(())
}

/// Loads bytes that begin in the word at `from` and may go on at the beginning.
fn copy_out(ring: &impl Shared, from: usize, buffer: &mut [u8]) {
    let room = (ring.words().len() - from) * 4;
    let (head, tail) = buffer.split_at_mut(buffer.len().min(room));
    ring.load(from, head);
    if !tail.is_empty() {
        ring.load(0, tail);
    }
}

/// Stores bytes as [`copy_out`] loads them.
fn copy_in(ring: &impl Shared, to: usize, payload: &[u8]) {
    let room = (ring.words().len() - to) * 4;
    let (head, tail) = payload.split_at(payload.len().min(room));
    ring.store(to, head);
    if !tail.is_empty() {
        ring.store(0, tail);
    }
}

/// A ring in two mapped files.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct MappedRing {
    header: Mapping,
    data: Mapping,
}

#[cfg(not(loom))]
impl MappedRing {
    /// Maps the two files of a ring that carries messages of up to
    /// `max_msg_size` bytes, and counts this side in.
    pub(crate) fn attach(header: &File, data: &File, max_msg_size: usize) -> Result<Self, Error> {
        let data_len = data_len(max_msg_size);
        let ring = Self {
            header: Mapping::new(header, HEADER_LEN)?,
            data: Mapping::new(data, data_len)?,
        };
        ring.header.populate()?;
        ring.data.populate()?;
        let words = ring.header.u32_at(WORD_SIZE).load(Ordering::Relaxed) as usize;
        if words != data_len / 4 {
            return Err(Error::Protocol("the ring's size is not the one agreed"));
        }
        ring.references().fetch_add(1, Ordering::AcqRel);
        Ok(ring)
    }

    /// Counts this side out. Not in the destructor: a forked child that lets
    /// its copy go must not touch what the parent still uses.
    pub(crate) fn detach(&self) {
        self.references().fetch_sub(1, Ordering::AcqRel);
    }

    /// Two while both sides are there; the daemon changes it when it ends.
    pub(crate) fn references(&self) -> &AtomicU32 {
        self.header.u32_at(REFERENCES)
    }

    /// Non-zero: the daemon asks to send less. Kept in the request ring only.
    pub(crate) fn flow_control(&self) -> u32 {
        self.header.u32_at(FLOW_CONTROL).load(Ordering::Relaxed)
    }

    /// Takes one count of the semaphore, waiting up to `limit` for it.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let futex = self.header.u32_at(SEMAPHORE);
        semaphore::take(self.semaphore(), || {
            sys::futex_wait_while_zero(futex, limit)
        })
    }

    /// Takes one count of the semaphore if there is one.
    pub(crate) fn try_wait(&self) -> bool {
        semaphore::try_take(self.semaphore())
    }

    /// Wakes whoever waits, in both processes, without a chunk.
    pub(crate) fn interrupt(&self) {
        sys::futex_wake(self.header.u32_at(SEMAPHORE), i32::MAX);
    }
}

#[cfg(not(loom))]
impl Shared for MappedRing {
    fn write_index(&self) -> &AtomicU32 {
        self.header.u32_at(WRITE_INDEX)
    }
    fn read_index(&self) -> &AtomicU32 {
        self.header.u32_at(READ_INDEX)
    }
    fn semaphore(&self) -> &AtomicU64 {
        self.header.u64_at(SEMAPHORE)
    }
    fn words(&self) -> &[AtomicU32] {
        self.data.words()
    }
    fn load(&self, from: usize, bytes: &mut [u8]) {
        self.data.load(from * 4, bytes);
    }
    fn store(&self, to: usize, bytes: &[u8]) {
        self.data.store(to * 4, bytes);
    }
    fn wake(&self) {
        sys::futex_wake(self.header.u32_at(SEMAPHORE), 1);
    }
}

/// Length in bytes of the data file of a ring for messages of `max_msg_size`.
pub(crate) fn data_len(max_msg_size: usize) -> usize {
    const PAGE: usize = 4096;
    // libqb adds its margin and one byte before it rounds up to whole pages.
    (max_msg_size + CHUNK_MARGIN + 1).next_multiple_of(PAGE)
}
