//! A daemon's ends of the rings, in which every word may be wrong.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use nix::libc;

/// Where the words of a ring's header stand.
pub mod header {
    /// Where the next chunk is written.
    pub const WRITE_INDEX: usize = 0;
    /// Where the next chunk is read.
    pub const READ_INDEX: usize = 4;
    /// The ring's length in words.
    pub const WORD_SIZE: usize = 8;
    /// The path of the file with the header.
    pub const HEADER_PATH: usize = 12;
    /// The path of the file with the chunks.
    pub const DATA_PATH: usize = 4108;
    /// How many sides are there.
    pub const REFERENCES: usize = 8204;
    /// The semaphore's value.
    pub const SEMAPHORE: usize = 8208;
    /// How many wait for it.
    pub const WAITERS: usize = 8212;
    /// glibc's mark of a semaphore that processes share.
    pub const SHARED_MARK: usize = 8216;
    /// The daemon's wish for less traffic.
    pub const FLOW_CONTROL: usize = 8240;
    /// All of them.
    pub const WORDS: [usize; 8] = [
        WRITE_INDEX,
        READ_INDEX,
        WORD_SIZE,
        REFERENCES,
        SEMAPHORE,
        WAITERS,
        SHARED_MARK,
        FLOW_CONTROL,
    ];
    /// Length of the file.
    pub const LEN: usize = 8252;
}

/// `magic` of a chunk that is complete.
const COMMITTED: u32 = 0xA1A1_A1A1;

/// A chunk as it is laid into a ring.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The length it claims.
    pub len: u32,
    /// Its mark.
    pub magic: u32,
    /// What it holds.
    pub payload: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// A chunk as it should be.
    #[must_use]
    pub fn new(payload: &'a [u8]) -> Self {
        Self {
            len: payload.len() as u32,
            magic: COMMITTED,
            payload,
        }
    }
}

/// A ring in its two files.
#[derive(Debug)]
pub struct Ring {
    /// The file with the indexes and the semaphore.
    pub header: File,
    /// The file with the chunks.
    pub data: File,
    /// Mapped for the kernel to change what must change atomically: nothing here may load or store
    /// in files that a test cuts short.
    words: NonNull<u32>,
    len: usize,
    at: usize,
}

// SAFETY: the mapping belongs to the process, and only the kernel uses it.
unsafe impl Send for Ring {}

impl Ring {
    fn create(base: &Path, max: u32) -> Self {
        let [header, data] = ["-header", "-data"].map(|suffix| create(&with_suffix(base, suffix)));
        let len = (max as usize + 13).next_multiple_of(4096);
        header.set_len(header::LEN as u64).expect("a file can grow");
        data.write_all_at(&vec![0; len], 0)
            .expect("there is room for a ring");
        // SAFETY: a new mapping touches no existing memory; the file has this length.
        let start = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let file = header.as_raw_fd();
            libc::mmap(
                std::ptr::null_mut(),
                header::LEN,
                access,
                libc::MAP_SHARED,
                file,
                0,
            )
        };
        assert_ne!(start, libc::MAP_FAILED, "a file can be mapped");
        let ring = Self {
            header,
            data,
            words: NonNull::new(start.cast()).expect("not at address 0"),
            len,
            at: 0,
        };
        ring.set(header::WORD_SIZE, (len / 4) as u32);
        ring.set(header::REFERENCES, 1);
        ring.set(header::SHARED_MARK, 0x80);
        // libqb's client goes by them.
        for (offset, suffix) in [
            (header::HEADER_PATH, "-header"),
            (header::DATA_PATH, "-data"),
        ] {
            let path = with_suffix(base, suffix);
            let bytes = path.as_os_str().as_bytes();
            let written = ring.header.write_all_at(bytes, offset as u64);
            written.expect("the file has room for a path");
        }
        ring
    }

    /// Sets a word of the header.
    ///
    /// # Panics
    ///
    /// When the file can't be written.
    pub fn set(&self, offset: usize, value: u32) {
        let bytes = value.to_ne_bytes();
        let written = self.header.write_all_at(&bytes, offset as u64);
        written.expect("the header file is there");
    }

    /// A word of the header; 0 if the file was cut short before it.
    #[must_use]
    pub fn get(&self, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        let read = self.header.read_exact_at(&mut bytes, offset as u64);
        read.map_or(0, |()| u32::from_ne_bytes(bytes))
    }

    /// Counts a chunk and wakes who waits, unless the file was cut short.
    pub fn post(&self) {
        self.count(1);
    }

    fn count(&self, delta: i32) {
        const ADD: i32 = 1 << 28;
        // SAFETY: the word is inside the mapping; only the kernel uses it, and finds out if it is
        // not there any more.
        unsafe {
            let word = self.words.add(header::SEMAPHORE / 4).as_ptr();
            let operation = ADD | (delta & 0xFFF) << 12;
            libc::syscall(
                libc::SYS_futex,
                word,
                libc::FUTEX_WAKE_OP,
                1,
                std::ptr::null::<libc::timespec>(),
                word,
                operation,
            );
        }
    }

    /// Lays a chunk into the ring, counted by nothing yet.
    ///
    /// # Panics
    ///
    /// When the file can't be written.
    pub fn lay(&mut self, chunk: Chunk<'_>) {
        let mut bytes = Vec::with_capacity(8 + chunk.payload.len());
        bytes.extend_from_slice(&chunk.len.to_ne_bytes());
        bytes.extend_from_slice(&chunk.magic.to_ne_bytes());
        bytes.extend_from_slice(chunk.payload);
        let (first, second) = bytes.split_at(bytes.len().min(self.len - self.at));
        self.data
            .write_all_at(first, self.at as u64)
            .expect("the data file is there");
        self.data
            .write_all_at(second, 0)
            .expect("the data file is there");
        self.at = (self.at + bytes.len().next_multiple_of(4)) % self.len;
        self.set(header::WRITE_INDEX, (self.at / 4) as u32);
    }

    pub(super) fn has_room(&self, len: usize) -> bool {
        let read = self.get(header::READ_INDEX) as usize * 4 % self.len;
        let free = match (read + self.len - self.at) % self.len {
            0 if self.get(header::SEMAPHORE) > 0 => 0,
            0 => self.len,
            gap => gap,
        };
        free > len + 16
    }

    /// Takes the next chunk, if one is counted; none either of one that makes no sense.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        if self.get(header::SEMAPHORE) == 0 {
            return None;
        }
        self.count(-1);
        let mut start = [0; 8];
        self.read(self.at, &mut start)?;
        let [len, magic] = [&start[..4], &start[4..]]
            .map(|bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let mut payload = vec![0; usize::try_from(len).ok().filter(|len| *len <= self.len)?];
        self.read((self.at + 8) % self.len, &mut payload)?;
        self.at = (self.at + 8 + payload.len().next_multiple_of(4)) % self.len;
        self.set(header::READ_INDEX, (self.at / 4) as u32);
        (magic == COMMITTED).then_some(payload)
    }

    fn read(&self, at: usize, bytes: &mut [u8]) -> Option<()> {
        let (first, second) = bytes.split_at_mut(bytes.len().min(self.len - at));
        self.data.read_exact_at(first, at as u64).ok()?;
        self.data.read_exact_at(second, 0).ok()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: mapped by `create`, and no reference outlives `self`.
        unsafe { libc::munmap(self.words.as_ptr().cast(), header::LEN) };
    }
}

/// The three rings of a connection.
#[derive(Debug)]
pub struct Rings {
    /// From the client.
    pub request: Ring,
    /// To the client, one for each request.
    pub response: Ring,
    /// To the client, at any time.
    pub event: Ring,
    /// Their paths, without what is appended for the two files.
    pub bases: [PathBuf; 3],
}

impl Rings {
    /// Makes the files in a directory.
    ///
    /// # Panics
    ///
    /// When they can't be made.
    #[must_use]
    pub fn create(directory: &Path, service: &str, max: u32) -> Self {
        let bases = ["request", "response", "event"]
            .map(|kind| directory.join(format!("qb-{kind}-{service}")));
        let [request, response, event] = bases.each_ref().map(|base| Ring::create(base, max));
        Self {
            request,
            response,
            event,
            bases,
        }
    }

    /// Header and data of the three.
    #[must_use]
    pub fn files(&self) -> [&File; 6] {
        let [one, two, three] = self.each().map(|ring| [&ring.header, &ring.data]);
        [one[0], one[1], two[0], two[1], three[0], three[1]]
    }

    /// The three, in the order of the handshake.
    #[must_use]
    pub fn each(&self) -> [&Ring; 3] {
        [&self.request, &self.response, &self.event]
    }
}

pub(super) fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    let mut path = base.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

pub(super) fn create(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
