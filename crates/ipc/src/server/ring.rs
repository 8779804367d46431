//! The server's ends of the rings.
//!
//! A client may write to these files, and cut them short, at any moment: they are reached as
//! [`crate::calls`] says.
//!
//! Sizes, paths and this side's index are private; the client's index is
//! believed only when it is where a chunk ends.

use crate::calls::{Data, Header};
use crate::error::Error;
use crate::ring::{
    CHUNK_HEADER, CHUNK_MARGIN, COMMITTED, FLOW_CONTROL, HEADER_LEN, READ_INDEX, REFERENCES,
    SEMAPHORE, WORD_SIZE, advance, chunk_words, data_len,
};
use crate::server::sys;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{Ordering, fence};

/// Length of a header file. Newer parts of libqb map no more than 8,248 bytes
/// of it, but older ones check.
const HEADER_FILE_LEN: usize = 8252;
const HEADER_PATH: usize = 12;
const DATA_PATH: usize = 4108;
const PATH_LEN: usize = 4096;
/// glibc's mark of a semaphore that processes share, and where it is.
const SHARED_MARK: (usize, u32) = (SEMAPHORE + 8, 0x80);

/// What a ring's two files are called behind its name.
pub(super) const FILES: [&str; 2] = ["-header", "-data"];

/// How many requests may be taken before the client is told of it.
const MOST_LAG: u32 = 16;
/// What is read of a chunk before its length is known; most requests fit, and
/// every ring is longer.
const FIRST_READ: usize = 512;

const MISCOUNTED: Error = Error::Protocol("the count of chunks in the ring is impossible");

/// The two files of a ring.
#[derive(Debug)]
struct Files {
    header: Header,
    data: Data,
    max: usize,
}

impl Files {
    fn create(base: &Path, max: usize) -> Result<Self, Error> {
        let [header_path, data_path] = FILES.map(|suffix| with_suffix(base, suffix));
        let (header, data) = (create(&header_path)?, create(&data_path)?);
        let data_len = data_len(max);
        let mut image = vec![0; HEADER_FILE_LEN];
        let mut set = |offset: usize, bytes: &[u8]| {
            image[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        for (offset, path) in [(HEADER_PATH, &header_path), (DATA_PATH, &data_path)] {
            let path = path.as_os_str().as_bytes();
            if path.len() >= PATH_LEN {
                return Err(Error::Untrusted("the directory's path is too long"));
            }
            set(offset, path);
        }
        set(WORD_SIZE, &((data_len / 4) as u32).to_ne_bytes());
        set(REFERENCES, &1u32.to_ne_bytes());
        set(SHARED_MARK.0, &SHARED_MARK.1.to_ne_bytes());
        sys::allocate(&header, HEADER_FILE_LEN)?;
        sys::allocate(&data, data_len)?;
        header
            .write_all_at(&image, 0)
            .map_err(|e| Error::system("pwrite", e))?;
        Ok(Self {
            header: Header::new(header, HEADER_LEN)?,
            data: Data::new(data, data_len),
            max,
        })
    }
}

pub(super) fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    let mut path = base.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn create(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| Error::system("open", e))
}

/// The end that takes requests.
///
/// The client needs what this side publishes only to see how much room there is. So the count and
/// the index lag behind: by a few chunks, and by no more bytes than leave room for the largest
/// request of its service. Chunks that were taken are not marked: a client that counts what it has not written
/// gets heard what it wrote before, no more often than the ring has room for.
#[derive(Debug)]
pub(super) struct Consumer {
    files: Files,
    at: usize,
    /// Chunks, and words, that were taken and are still counted.
    lag: (u32, usize),
    /// Bytes of the largest request that is meant to come.
    largest: usize,
}

impl Consumer {
    pub(super) fn create(base: &Path, max: usize, largest: usize) -> Result<Self, Error> {
        Ok(Self {
            files: Files::create(base, max)?,
            at: 0,
            lag: (0, 0),
            largest: largest.min(max),
        })
    }

    /// Chunks that wait, by the client's count.
    pub(super) fn waiting(&self) -> Result<usize, Error> {
        let counted = self.files.header.get(SEMAPHORE)?;
        let waiting = counted.checked_sub(self.lag.0).ok_or(MISCOUNTED)? as usize;
        if waiting > self.capacity() / CHUNK_HEADER {
            return Err(MISCOUNTED);
        }
        // The client's writes are ordered before its count, and what is read next after this.
        fence(Ordering::Acquire);
        Ok(waiting)
    }

    /// Bytes that the ring holds, headers of chunks included.
    pub(super) fn capacity(&self) -> usize {
        self.files.data.words() * 4
    }

    /// A copy of the next chunk. To be called as often as chunks [wait](Self::waiting).
    pub(super) fn take(&mut self) -> Result<Vec<u8>, Error> {
        let mut first = [0; FIRST_READ];
        self.files.data.read(self.at, &mut first)?;
        let word =
            |i: usize| u32::from_ne_bytes([first[i], first[i + 1], first[i + 2], first[i + 3]]);
        let (len, magic) = (word(0) as usize, word(4));
        if magic != COMMITTED {
            return Err(Error::Protocol("a chunk in the ring is not committed"));
        }
        if len > self.files.max {
            return Err(Error::Protocol("a chunk in the ring is longer than agreed"));
        }
        let end = CHUNK_HEADER + len;
        let chunk = if end <= FIRST_READ {
            first[CHUNK_HEADER..end].to_vec()
        } else {
            let mut chunk = vec![0; len];
            let start = advance(self.at, CHUNK_HEADER / 4, self.files.data.words());
            self.files.data.read(start, &mut chunk)?;
            chunk
        };
        let words = chunk_words(len);
        self.at = advance(self.at, words, self.files.data.words());
        self.lag = (self.lag.0 + 1, self.lag.1 + words);
        let room = self.capacity() - self.lag.1 * 4;
        if self.lag.0 == MOST_LAG || room < self.largest + CHUNK_HEADER + CHUNK_MARGIN {
            self.publish()?;
        }
        Ok(chunk)
    }

    fn publish(&mut self) -> Result<(), Error> {
        let (chunks, _) = std::mem::take(&mut self.lag);
        self.files.header.add(SEMAPHORE, -(chunks as i8))?;
        self.files.header.set(READ_INDEX, self.at as u32)
    }

    /// Tells the client to send less (1: nothing), or as it likes (0).
    pub(super) fn set_flow_control(&self, value: u32) -> Result<(), Error> {
        self.files.header.set(FLOW_CONTROL, value)
    }

    /// Tells the client that the end has come: its next call fails at once.
    pub(super) fn finish(&self) -> Result<(), Error> {
        self.files.header.set(REFERENCES, 0)
    }
}

/// The end that sends replies or events. Its index is its own: a client reads on where it was.
#[derive(Debug)]
pub(super) struct Producer {
    files: Files,
    at: usize,
    /// Where the client's index was when it was last looked at.
    read: usize,
    /// Where each chunk ends that the client has not been seen to take.
    ends: VecDeque<u32>,
}

impl Producer {
    pub(super) fn create(base: &Path, max: usize) -> Result<Self, Error> {
        Ok(Self {
            files: Files::create(base, max)?,
            at: 0,
            read: 0,
            ends: VecDeque::new(),
        })
    }

    /// Appends a chunk; false if there is no room yet.
    pub(super) fn put(&mut self, payload: &[u8]) -> Result<bool, Error> {
        if payload.len() > self.files.max {
            return Err(Error::TooBig {
                size: payload.len(),
                limit: self.files.max,
            });
        }
        if self.free() < payload.len() + CHUNK_MARGIN {
            self.look()?;
            if self.free() < payload.len() + CHUNK_MARGIN {
                return Ok(false);
            }
        }
        let mut chunk = Vec::with_capacity(CHUNK_HEADER + payload.len());
        chunk.extend_from_slice(&(payload.len() as u32).to_ne_bytes());
        chunk.extend_from_slice(&COMMITTED.to_ne_bytes());
        chunk.extend_from_slice(payload);
        self.files.data.write(self.at, &chunk)?;
        self.at = advance(self.at, chunk_words(payload.len()), self.files.data.words());
        self.ends.push_back(self.at as u32);
        // The client looks at nothing before it has taken this count.
        self.files.header.add(SEMAPHORE, 1)?;
        Ok(true)
    }

    /// Whether the client has taken everything.
    pub(super) fn drained(&mut self) -> Result<bool, Error> {
        Ok(self.untaken()? == 0)
    }

    /// Chunks that the client has not taken.
    pub(super) fn untaken(&mut self) -> Result<usize, Error> {
        if !self.ends.is_empty() {
            self.look()?;
        }
        Ok(self.ends.len())
    }

    fn free(&self) -> usize {
        if self.ends.is_empty() {
            return self.files.data.words() * 4;
        }
        let gap = (self.read + self.files.data.words() - self.at) % self.files.data.words();
        gap.saturating_sub(1) * 4
    }

    /// Notices what the client has taken. Its index must be where a chunk ends
    /// that it had not taken before, or unchanged.
    fn look(&mut self) -> Result<(), Error> {
        let index = self.files.header.get_whole(READ_INDEX)?;
        if index as usize == self.read {
            return Ok(());
        }
        let Some(taken) = self.ends.iter().position(|end| *end == index) else {
            return Err(Error::Protocol("the ring's read index is not at a chunk"));
        };
        self.ends.drain(..=taken);
        self.read = index as usize;
        Ok(())
    }
}
