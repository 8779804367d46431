//! libqb's ring of chunks: one producer, one consumer, a semaphore that counts
//! the chunks.
//!
//! A chunk is two words, its length in bytes and a magic number, followed by
//! the payload rounded up to whole words. Indexes count words and wrap.
//!
//! Each side keeps its own index privately; the shared copy is only published.
//! Of what the peer writes, an index or a length is loaded once and checked
//! before use.
//!
//! How a ring is reached is no matter of these rules: [`Shared`] is what they
//! need. A ring that is memory of this process has [`Words`]; one whose files
//! the peer may cut short is reached by system calls.

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::error::Error;
use crate::semaphore;
use crate::sys::{Room, copy};

pub(crate) const COMMITTED: u32 = 0xA1A1_A1A1;
const ALLOCATED: u32 = 0xA110_CED0;
const CONSUMED: u32 = 0xD0D0_D0D0;

/// Bytes in front of a chunk's payload.
pub(crate) const CHUNK_HEADER: usize = 8;
const CHUNK_HEADER_WORDS: usize = CHUNK_HEADER / 4;
/// libqb's writer keeps this many bytes free beyond the payload.
pub(crate) const CHUNK_MARGIN: usize = 12;

pub(crate) const WRITE_INDEX: usize = 0;
pub(crate) const READ_INDEX: usize = 4;
pub(crate) const WORD_SIZE: usize = 8;
pub(crate) const REFERENCES: usize = 8204;
pub(crate) const SEMAPHORE: usize = 8208;
pub(crate) const FLOW_CONTROL: usize = 8240;
pub(crate) const HEADER_LEN: usize = 8244;

/// A ring that this side shares with another one, as the rules of the protocol see it.
pub(crate) trait Shared {
    /// Its length in words.
    fn size(&self) -> usize;
    /// Whether a payload of so many bytes has room at `at`.
    fn has_room(&self, at: usize, len: usize) -> Result<bool, Error>;
    /// Lays a chunk at `at`, publishes the producer's next index if that costs nothing, and counts the
    /// chunk.
    fn append(&self, at: usize, payload: &[u8], next: usize) -> Result<(), Error>;
    /// Copies the payload of the chunk at `at`, if [`payload_len`] believes its marks, as far as there
    /// is room; then publishes the consumer's next index.
    fn take(&self, at: usize, max: usize, room: &mut Room<'_>) -> Result<Taken, Error>;
}

/// A chunk that was taken.
pub(crate) struct Taken {
    pub(crate) len: usize,
    /// Where the next one will be.
    pub(crate) next: usize,
}

pub(crate) fn chunk_words(len: usize) -> usize {
    CHUNK_HEADER_WORDS + len.div_ceil(4)
}

/// The index so many words further on, at most once around.
pub(crate) fn advance(at: usize, by: usize, words: usize) -> usize {
    let next = at + by;
    if next < words { next } else { next - words }
}

/// What a chunk's two words say of its length, if that can be.
#[inline(always)]
pub(crate) fn payload_len(len: u32, magic: u32, max: usize, words: usize) -> Result<usize, Error> {
    if magic != COMMITTED {
        return Err(Error::Protocol("a chunk in the ring is not committed"));
    }
    let len = len as usize;
    if len > max || chunk_words(len) > words {
        return Err(Error::Protocol("a chunk in the ring is longer than agreed"));
    }
    Ok(len)
}

/// Copies the chunk at `at`, as far as there is room, and gives its place back.
///
/// To be called once for each count taken from the semaphore. Returns the chunk's length.
#[inline(always)]
pub(crate) fn consume(
    ring: &impl Shared,
    at: &mut usize,
    max: usize,
    room: &mut Room<'_>,
) -> Result<usize, Error> {
    let taken = ring.take(*at, max, room)?;
    *at = taken.next;
    Ok(taken.len)
}

/// Appends a chunk at `at`, or reports that there is no room yet.
#[inline(always)]
pub(crate) fn produce(ring: &impl Shared, at: &mut usize, payload: &[u8]) -> Result<(), Error> {
    if !ring.has_room(*at, payload.len())? {
        return Err(Error::FlowControl);
    }
    let next = advance(*at, chunk_words(payload.len()), ring.size());
    ring.append(*at, payload, next)?;
    *at = next;
    Ok(())
}

/// Whether a payload of `len` bytes has room at `at`, if the consumer is at `read` in a ring of so
/// many words.
#[inline(always)]
pub(crate) fn fits(
    len: usize,
    at: usize,
    read: usize,
    words: usize,
    pending: impl FnOnce() -> Result<bool, Error>,
) -> Result<bool, Error> {
    if read >= words {
        return Err(Error::Protocol("the ring's read index is outside the ring"));
    }
    let free = match advance(read, words - at, words) {
        0 if pending()? => 0,
        0 => words,
        gap => gap - 1,
    };
    Ok(free * 4 >= len + CHUNK_MARGIN)
}

/// The parts of a ring that is memory of this process.
pub(crate) trait Words {
    fn write_index(&self) -> &AtomicU32;
    fn read_index(&self) -> &AtomicU32;
    fn semaphore(&self) -> &AtomicU64;
    fn words(&self) -> &[AtomicU32];
    /// Wakes one waiter of the semaphore.
    fn wake(&self);
}

/// Stores the payload of the chunk at `at` where it goes on at the ring's beginning.
#[cold]
fn store_around(words: &[AtomicU32], at: usize, payload: &[u8]) {
    let to = advance(at, CHUNK_HEADER_WORDS, words.len());
    let (head, tail) = payload.split_at(payload.len().min((words.len() - to) * 4));
    copy::store(&words[to..], head);
    copy::store(words, tail);
}

/// Loads what [`store_around`] has stored.
#[cold]
fn load_around(words: &[AtomicU32], at: usize, len: usize, room: &mut Room<'_>) {
    let from = advance(at, CHUNK_HEADER_WORDS, words.len());
    let head = len.min((words.len() - from) * 4);
    copy::load(&words[from..], head, room);
    copy::load(words, len - head, room);
}

/// The two words in front of a chunk's payload.
#[inline(always)]
fn header(words: &[AtomicU32], at: usize) -> [&AtomicU32; CHUNK_HEADER_WORDS] {
    [&words[at], words.get(at + 1).unwrap_or(&words[0])]
}

impl<T: Words> Shared for T {
    #[inline(always)]
    fn size(&self) -> usize {
        self.words().len()
    }

    #[inline(always)]
    fn has_room(&self, at: usize, len: usize) -> Result<bool, Error> {
        let read = self.read_index().load(Ordering::Acquire) as usize;
        let pending = || Ok(semaphore::value(self.semaphore().load(Ordering::Relaxed)) > 0);
        fits(len, at, read, self.words().len(), pending)
    }

    #[inline(always)]
    fn append(&self, at: usize, payload: &[u8], next: usize) -> Result<(), Error> {
        let words = self.words();
        let [len, magic] = header(words, at);
        len.store(0, Ordering::Relaxed);
        magic.store(ALLOCATED, Ordering::Release);
        match words.get(at + CHUNK_HEADER_WORDS..at + chunk_words(payload.len())) {
            Some(place) => copy::store(place, payload),
            None => store_around(words, at, payload),
        }
        len.store(payload.len() as u32, Ordering::Relaxed);
        self.write_index().store(next as u32, Ordering::Relaxed);
        magic.store(COMMITTED, Ordering::Release);
        if semaphore::post(self.semaphore()) {
            self.wake();
        }
        Ok(())
    }

    #[inline(always)]
    fn take(&self, at: usize, max: usize, room: &mut Room<'_>) -> Result<Taken, Error> {
        let words = self.words();
        let [word, magic] = header(words, at);
        let seen = magic.load(Ordering::Acquire);
        let len = payload_len(word.load(Ordering::Relaxed), seen, max, words.len())?;
        match words.get(at + CHUNK_HEADER_WORDS..at + chunk_words(len)) {
            Some(payload) => copy::load(payload, len, room),
            None => load_around(words, at, len, room),
        }
        let next = advance(at, chunk_words(len), words.len());
        word.store(0, Ordering::Relaxed);
        magic.store(CONSUMED, Ordering::Release);
        self.read_index().store(next as u32, Ordering::Release);
        Ok(Taken { len, next })
    }
}

/// Length in bytes of the data file of a ring for messages of `max_msg_size`.
pub(crate) fn data_len(max_msg_size: usize) -> usize {
    const PAGE: usize = 4096;
    // libqb adds its margin and one byte before it rounds up to whole pages.
    (max_msg_size + CHUNK_MARGIN + 1).next_multiple_of(PAGE)
}
