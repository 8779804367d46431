//! A client that keeps to no rule.

#![allow(dead_code, reason = "each test program uses its part")]

use quorate_ipc::Service;
use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, IntoBytes};

/// A client that touches sockets and files directly.
pub(crate) struct Hostile {
    pub(crate) stream: UnixStream,
    pub(crate) response: Box<ConnectionResponse>,
    pub(crate) request: RingFiles,
    pub(crate) reply: RingFiles,
    pub(crate) event: RingFiles,
    /// Where the next request goes, in words.
    at: usize,
    /// Where the next reply is.
    next: usize,
    /// Length of each ring.
    words: usize,
}

pub(crate) struct RingFiles {
    pub(crate) base: PathBuf,
    pub(crate) header: File,
    pub(crate) data: File,
}

impl RingFiles {
    fn open(field: &[u8]) -> Self {
        let len = field.iter().position(|byte| *byte == 0).unwrap();
        let base = PathBuf::from(String::from_utf8(field[..len].to_vec()).unwrap());
        let open = |suffix: &str| {
            let path = format!("{}{suffix}", base.display());
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(path)
                .unwrap()
        };
        Self {
            header: open("-header"),
            data: open("-data"),
            base,
        }
    }

    pub(crate) fn get(&self, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        self.header.read_exact_at(&mut bytes, offset).unwrap();
        u32::from_ne_bytes(bytes)
    }

    pub(crate) fn set(&self, offset: u64, value: u32) {
        self.header
            .write_all_at(&value.to_ne_bytes(), offset)
            .unwrap();
    }

    pub(crate) fn words(&self) -> usize {
        self.get(8) as usize
    }
}

/// Offsets in a ring's header file.
pub(crate) const WRITE_INDEX: u64 = 0;
pub(crate) const READ_INDEX: u64 = 4;
pub(crate) const WORD_SIZE: u64 = 8;
pub(crate) const HEADER_PATH: u64 = 12;
pub(crate) const DATA_PATH: u64 = 4108;
pub(crate) const REFERENCES: u64 = 8204;
pub(crate) const SEMAPHORE: u64 = 8208;
pub(crate) const FLOW_WORD: u64 = 8240;
pub(crate) const COMMITTED: u32 = 0xA1A1_A1A1;

/// A connected socket, on which nothing has been said.
pub(crate) fn knock(run_dir: &Path, service: Service) -> UnixStream {
    let stream = UnixStream::connect(run_dir.join(service.name())).unwrap();
    let limit = Some(Duration::from_secs(60));
    stream.set_read_timeout(limit).unwrap();
    stream
}

/// The connection response, or the end of the stream.
pub(crate) fn shake_hands(stream: &mut UnixStream, max: u32) -> Option<Box<ConnectionResponse>> {
    stream
        .write_all(ConnectionRequest::new(max).as_bytes())
        .ok()?;
    let mut bytes = vec![0; size_of::<ConnectionResponse>()];
    stream.read_exact(&mut bytes).ok()?;
    Some(Box::new(
        ConnectionResponse::read_from_bytes(&bytes).unwrap(),
    ))
}

impl Hostile {
    pub(crate) fn connect(run_dir: &Path, service: Service, max: u32) -> Self {
        let mut stream = knock(run_dir, service);
        let response = shake_hands(&mut stream, max).unwrap();
        assert_eq!(response.header.error, 0);
        let words = (response.max_msg_size as usize + 13).next_multiple_of(4096) / 4;
        Self {
            words,
            request: RingFiles::open(&response.request),
            reply: RingFiles::open(&response.response),
            event: RingFiles::open(&response.event),
            response,
            stream,
            at: 0,
            next: 0,
        }
    }

    /// Puts a chunk into the request ring, whatever its words are.
    pub(crate) fn put(&mut self, len: u32, magic: u32, payload: &[u8]) {
        let mut chunk = [len.to_ne_bytes(), magic.to_ne_bytes()].concat();
        chunk.extend_from_slice(payload);
        chunk.resize(chunk.len().next_multiple_of(4), 0);
        for (i, word) in chunk.chunks(4).enumerate() {
            let at = (self.at + i) % self.words * 4;
            self.request.data.write_all_at(word, at as u64).unwrap();
        }
        self.at = (self.at + chunk.len() / 4) % self.words;
        let semaphore = self.request.get(SEMAPHORE);
        self.request.set(SEMAPHORE, semaphore + 1);
    }

    pub(crate) fn put_request(&mut self, bytes: &[u8]) {
        self.put(bytes.len() as u32, COMMITTED, bytes);
    }

    /// The server may have noticed something already, and be gone.
    pub(crate) fn notify(&mut self, bytes: usize) {
        let _ = self.stream.write_all(&vec![0; bytes]);
    }

    /// Replies counted by the semaphore.
    pub(crate) fn replies(&self) -> u32 {
        self.reply.get(SEMAPHORE)
    }

    /// Takes the next reply as a client would, waiting for it; nothing when the connection is
    /// over. With files that were tampered with, the connection is given up.
    pub(crate) fn take_reply(&mut self) -> Option<Vec<u8>> {
        let start = Instant::now();
        while self.replies() == 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "no reply");
            if self.is_over() && self.replies() == 0 {
                return None;
            }
            std::thread::sleep(Duration::from_micros(20));
        }
        let word = |at: usize| {
            let (mut word, offset) = ([0; 4], at % self.words * 4);
            let read = self.reply.data.read_exact_at(&mut word, offset as u64);
            read.ok().map(|()| word)
        };
        let len = u32::from_ne_bytes(word(self.next)?) as usize;
        let mut bytes = Vec::new();
        for n in 0..len.div_ceil(4) {
            bytes.extend_from_slice(&word(self.next + 2 + n)?);
        }
        bytes.truncate(len);
        self.next = (self.next + 2 + len.div_ceil(4)) % self.words;
        self.reply.set(READ_INDEX, self.next as u32);
        // The server posts only when it has written a reply, and one is asked for at a time.
        self.reply.set(SEMAPHORE, self.replies() - 1);
        Some(bytes)
    }

    /// Asks, and takes the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        self.put_request(request);
        self.notify(1);
        self.take_reply()
    }

    fn is_over(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let mut bytes = [0; 64];
        let over = loop {
            match (&self.stream).read(&mut bytes) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
            }
        };
        self.stream.set_nonblocking(false).unwrap();
        over
    }

    /// The connection is over: the stream ends (after notification bytes).
    pub(crate) fn is_cut_off(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).is_ok()
    }
}
