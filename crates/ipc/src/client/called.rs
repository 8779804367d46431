//! A ring of any other daemon: two files that are reached by system calls.
//!
//! Such a daemon may have kept a descriptor of them and cut them short at any
//! moment. Nothing of them is ever loaded or stored from here.

use super::shm::{Ring, Status, check_size};
use crate::calls::{CUT_SHORT, Data, Header};
use crate::eagerness::Eagerness;
use crate::error::Error;
use crate::ring::{
    CHUNK_HEADER, COMMITTED, FLOW_CONTROL, HEADER_LEN, READ_INDEX, REFERENCES, SEMAPHORE, Shared,
    Taken, WORD_SIZE, advance, chunk_words, data_len, fits, payload_len,
};
use crate::sys::{self, Room};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What is read of a chunk before its length is known, and written of one at once; most fit, and
/// every ring is longer.
const AT_ONCE: usize = 512;
/// How many wait for the semaphore: its upper half.
const WAITERS: usize = SEMAPHORE + 4;
/// Of the words between these two, both are looked at before each request.
const STATUS_LEN: usize = FLOW_CONTROL + 4 - REFERENCES;

#[derive(Debug)]
pub(crate) struct CalledRing {
    header: Header,
    data: Data,
    /// Where the daemon's read index was when it was last looked at.
    read: AtomicUsize,
    /// Whether this side counts among those who wait. It does from its first wait on, until the
    /// end: it mostly waits, and the daemon's needless wake-ups are cheaper than counting in and out.
    waits: AtomicBool,
}

impl CalledRing {
    /// Takes one count of the semaphore, asleep until there is one.
    fn sleep(&self, limit: Duration) -> Result<bool, Error> {
        if !self.waits.swap(true, Ordering::Relaxed) {
            self.header.add(WAITERS, 1)?;
        }
        if self.header.wait_while_zero(SEMAPHORE, limit)? {
            self.header.add(SEMAPHORE, -1)?;
            return Ok(true);
        }
        self.try_wait()
    }
}

impl Ring for CalledRing {
    const LOOK_FIRST: bool = false;

    fn attach(header: File, data: File, max_msg_size: usize) -> Result<Self, Error> {
        let data_len = data_len(max_msg_size);
        let size = data
            .metadata()
            .map_err(|e| Error::system("fstat", e))?
            .len();
        if size < data_len as u64 {
            return Err(CUT_SHORT);
        }
        // A mapping may be written to regardless; a file may not, on pain of SIGXFSZ.
        if sys::file_size_limit() < data_len.max(HEADER_LEN) as u64 {
            let error = io::Error::from_raw_os_error(libc::EFBIG);
            return Err(Error::system("RLIMIT_FSIZE", error));
        }
        let ring = Self {
            header: Header::new(header, HEADER_LEN)?,
            data: Data::new(data, data_len),
            read: AtomicUsize::new(0),
            waits: AtomicBool::new(false),
        };
        check_size(ring.header.get(WORD_SIZE)?, data_len)?;
        ring.header.add(REFERENCES, 1)?;
        Ok(ring)
    }

    fn detach(&self) {
        // Of a file that was cut short nobody wants to know.
        if self.waits.load(Ordering::Relaxed) {
            let _ = self.header.add(WAITERS, -1);
        }
        let _ = self.header.add(REFERENCES, -1);
    }

    fn status(&self) -> Result<Status, Error> {
        let bytes = self.header.read::<STATUS_LEN>(REFERENCES)?;
        let word = |at: usize| {
            let at = at - REFERENCES;
            u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Ok(Status {
            references: word(REFERENCES),
            flow_control: word(FLOW_CONTROL),
        })
    }

    fn wait(&self, eagerness: &mut Eagerness, limit: Duration) -> Result<bool, Error> {
        let some = |taken: bool| taken.then_some(());
        let look = || self.try_wait().map(some);
        let sleep = |left: Option<Duration>| self.sleep(left.unwrap_or(limit)).map(some);
        let taken = eagerness.wait(Some(limit), look, sleep)?;
        Ok(taken.is_some())
    }

    /// This side alone takes counts, and one thread of it at a time.
    fn try_wait(&self) -> Result<bool, Error> {
        let counted = self.counted()?;
        if counted {
            // Before the chunk is read: this orders the daemon's writes before it.
            self.header.add(SEMAPHORE, -1)?;
        }
        Ok(counted)
    }

    fn count(&self) -> Result<u32, Error> {
        self.header.get(SEMAPHORE)
    }

    fn interrupt(&self) {
        self.header.wake_all(SEMAPHORE);
    }
}

impl Shared for CalledRing {
    fn size(&self) -> usize {
        self.data.words()
    }

    fn has_room(&self, at: usize, len: usize) -> Result<bool, Error> {
        let pending = || Ok(self.header.get_whole(SEMAPHORE)? > 0);
        let room = |read| fits(len, at, read, self.size(), pending);
        if room(self.read.load(Ordering::Relaxed))? {
            return Ok(true);
        }
        let read = self.header.get_whole(READ_INDEX)? as usize;
        let there_is = room(read)?;
        self.read.store(read, Ordering::Relaxed);
        Ok(there_is)
    }

    /// The index that could be published is the producer's own affair in libqb: nobody else reads it.
    fn append(&self, at: usize, payload: &[u8], _: usize) -> Result<(), Error> {
        let mut start = [0; AT_ONCE];
        let in_start = payload.len().min(AT_ONCE - CHUNK_HEADER);
        let (first, rest) = payload.split_at(in_start);
        start[..4].copy_from_slice(&(payload.len() as u32).to_ne_bytes());
        start[4..CHUNK_HEADER].copy_from_slice(&COMMITTED.to_ne_bytes());
        start[CHUNK_HEADER..][..in_start].copy_from_slice(first);
        self.data.write(at, &start[..CHUNK_HEADER + in_start])?;
        if !rest.is_empty() {
            self.data
                .write(advance(at, AT_ONCE / 4, self.size()), rest)?;
        }
        // The daemon looks at nothing before it has taken this count.
        self.header.add(SEMAPHORE, 1)
    }

    fn take(&self, at: usize, max: usize, room: &mut Room<'_>) -> Result<Taken, Error> {
        let mut start = [0; AT_ONCE];
        self.data.read(at, &mut start)?;
        let [len, magic] = [0, 4]
            .map(|i| u32::from_ne_bytes([start[i], start[i + 1], start[i + 2], start[i + 3]]));
        let len = payload_len(len, magic, max, self.size())?;
        let in_start = len.min(AT_ONCE - CHUNK_HEADER);
        room.push(&start[CHUNK_HEADER..][..in_start]);
        if len > in_start {
            let after = advance(at, AT_ONCE / 4, self.size());
            room.read(len - in_start, |rest| {
                self.data.read(after, rest).map(|()| rest.len())
            })?;
        }
        let next = advance(at, chunk_words(len), self.size());
        // That is all a producer looks at: what lies in the chunk it writes over.
        self.header.set(READ_INDEX, next as u32)?;
        Ok(Taken { len, next })
    }
}
