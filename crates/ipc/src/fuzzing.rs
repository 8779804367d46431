//! The client's ends of a ring, for fuzzing: only there with `--cfg fuzzing`.

use crate::memory::Memory;
use crate::ring::{Shared, consume, produce};
use std::sync::atomic::Ordering;

/// Takes chunks out of a ring and puts some in, while every word of it is written to. The bytes
/// are, in turn, the ring's size, and then steps.
pub fn ring(data: &[u8]) {
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
                if let Ok(len) = consume(&memory, &mut read, at, &mut buffer[..room]) {
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
