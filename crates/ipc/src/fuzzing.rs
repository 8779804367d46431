//! The client's ends of a ring, for fuzzing: only there with `--cfg fuzzing`.

use crate::client::called::CalledRing;
use crate::client::shm::Ring;
use crate::eagerness::Eagerness;
use crate::memory::Memory;
use crate::ring::{
    HEADER_LEN, READ_INDEX, REFERENCES, SEMAPHORE, WORD_SIZE, Words, consume, data_len, produce,
};
use crate::sys::Room;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Does the same things to a ring in memory, and to one in files.
pub fn ring(data: &[u8]) {
    in_memory(data);
    in_files(data);
}

/// Takes chunks out of a ring and puts some in, while every word of it is written to. The bytes
/// are, in turn, the ring's size, and then steps.
fn in_memory(data: &[u8]) {
    let (size, mut steps) = data.split_first().unwrap_or((&0, &[]));
    let memory = Memory::new(4 + usize::from(*size));
    let words = memory.words().len();
    let (mut read, mut written) = (0, 0);
    let mut buffer = [0xEE; 256];
    while let Some((step, rest)) = steps.split_first_chunk::<6>() {
        let [kind, at, bytes @ ..] = *step;
        let (at, value) = (usize::from(at), u32::from_ne_bytes(bytes));
        steps = rest;
        match kind % 8 {
            0 => memory.read_index().store(value, Ordering::Relaxed),
            1 => memory.semaphore().store(value.into(), Ordering::Relaxed),
            2..=4 => memory.words()[at % words].store(value, Ordering::Relaxed),
            5 => {
                let room = usize::from(bytes[0]);
                if let Ok(len) =
                    consume(&memory, &mut read, at, &mut Room::from(&mut buffer[..room]))
                {
                    assert!(len <= at);
                }
                // What is behind the caller's room is not touched.
                assert!(buffer[room..].iter().all(|byte| *byte == 0xEE));
                buffer.fill(0xEE);
            }
            _ => drop(produce(&memory, &mut written, &vec![7; at])),
        }
        assert!(read < words && written < words);
    }
}

/// A file that has no name, with so many bytes.
fn file(len: usize) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_TMPFILE);
    let file = options.open("/dev/shm").expect("there is /dev/shm");
    file.set_len(len as u64).expect("a file can grow");
    file
}

/// The same where words are written, and files cut, by descriptors that the daemon has kept. A step
/// whose kind has its highest bit set cuts.
fn in_files(data: &[u8]) {
    const MAX: usize = 200;
    let len = data_len(MAX);
    let (header, chunks) = (file(HEADER_LEN), file(len));
    let word = |file: &File, at: usize, value: u32| {
        let written = file.write_all_at(&value.to_ne_bytes(), at as u64);
        written.expect("a file can be written");
    };
    word(&header, WORD_SIZE, (len / 4) as u32);
    word(&header, REFERENCES, 1);
    let copy = |file: &File| file.try_clone().expect("a descriptor is free");
    let ring = CalledRing::attach(copy(&header), copy(&chunks), MAX).expect("nothing is wrong yet");
    let (mut read, mut written) = (0, 0);
    let mut buffer = [0xEE; MAX];
    for step in data.chunks_exact(6) {
        let [kind, at, bytes @ ..] = step else {
            continue;
        };
        let (at, value) = (
            usize::from(*at),
            u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        );
        match kind % 8 {
            _ if kind & 0x80 != 0 => {
                let cut = if at % 2 == 0 { &header } else { &chunks };
                let len = u64::from(value % 16384);
                cut.set_len(len).expect("a file can be cut");
            }
            0 => word(&header, READ_INDEX, value),
            1 => word(&header, SEMAPHORE, value),
            2..=4 => word(&chunks, at * 4, value),
            5 => {
                let room = usize::from(bytes[0]).min(MAX);
                if let Ok(len) = consume(
                    &ring,
                    &mut read,
                    at.min(MAX),
                    &mut Room::from(&mut buffer[..room]),
                ) {
                    assert!(len <= at);
                }
                assert!(buffer[room..].iter().all(|byte| *byte == 0xEE));
                buffer.fill(0xEE);
            }
            6 => {
                let _ = (
                    ring.status(),
                    ring.try_wait(),
                    ring.wait(&mut Eagerness::default(), Duration::ZERO),
                );
            }
            _ => drop(produce(&ring, &mut written, &vec![7; at.min(MAX)])),
        }
        assert!(read < len / 4 && written < len / 4);
    }
    ring.detach();
}
