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

    /// A word of the header; 0 where the file was cut.
    pub(crate) fn get(&self, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        let _ = self.header.read_exact_at(&mut bytes, offset);
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
        Self::over(knock(run_dir, service), max)
    }

    /// Over a connected socket.
    pub(crate) fn over(mut stream: UnixStream, max: u32) -> Self {
        let response = shake_hands(&mut stream, max).unwrap();
        assert_eq!(response.header.error, 0);
        Self::attach(stream, response)
    }

    /// After a handshake that went well.
    pub(crate) fn attach(stream: UnixStream, response: Box<ConnectionResponse>) -> Self {
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
        let (here, around) = chunk.split_at(chunk.len().min((self.words - self.at) * 4));
        let data = &self.request.data;
        data.write_all_at(here, self.at as u64 * 4).unwrap();
        data.write_all_at(around, 0).unwrap();
        self.at = (self.at + chunk.len() / 4) % self.words;
        let semaphore = self.request.get(SEMAPHORE);
        self.request.set(SEMAPHORE, semaphore.wrapping_add(1));
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
    /// over.
    pub(crate) fn take_reply(&mut self) -> Option<Vec<u8>> {
        self.take_replies(1)?.pop()
    }

    /// Takes replies to all that was asked, when all of them have come: the semaphore is not
    /// changed at the same time as the server changes it.
    pub(crate) fn take_replies(&mut self, count: u32) -> Option<Vec<Vec<u8>>> {
        let start = Instant::now();
        while self.replies() < count {
            assert!(start.elapsed() < Duration::from_secs(60), "no reply");
            if self.is_over() && self.replies() < count {
                return None;
            }
            std::thread::sleep(Duration::from_micros(20));
        }
        let replies = (0..count).map(|_| self.copy_reply()).collect();
        self.reply.set(READ_INDEX, self.next as u32);
        self.reply.set(SEMAPHORE, self.replies() - count);
        replies
    }

    fn copy_reply(&mut self) -> Option<Vec<u8>> {
        let (mut len, data) = ([0; 4], &self.reply.data);
        data.read_exact_at(&mut len, self.next as u64 * 4).ok()?;
        let len = u32::from_ne_bytes(len) as usize;
        let start = (self.next + 2) % self.words;
        let mut bytes = vec![0; len.min(self.words * 4)];
        let to_end = bytes.len().min((self.words - start) * 4);
        let (here, around) = bytes.split_at_mut(to_end);
        data.read_exact_at(here, start as u64 * 4).ok()?;
        data.read_exact_at(around, 0).ok()?;
        self.next = (start + len.div_ceil(4)) % self.words;
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
