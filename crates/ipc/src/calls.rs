//! Files shared with a peer that may cut them short at any moment.
//!
//! Were they mapped and used, an access behind their end would raise SIGBUS; so
//! they are read and written with `pread` and `pwrite` on descriptors that stay
//! open, and what must change atomically is changed by the kernel
//! (`FUTEX_WAKE_OP`), which reports a missing page as an error. No signal handler
//! is needed, and none could be installed: both halves may live in a program that
//! has its own.

use crate::error::Error;
use crate::sys::{KernelWords, Waited};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Why a connection ends whose file is not what it was.
pub(crate) const CUT_SHORT: Error = Error::Protocol("a shared file was cut short");

/// A file of words, some of which change atomically.
#[derive(Debug)]
pub(crate) struct Header {
    file: File,
    /// Only ever handed to the kernel.
    words: KernelWords,
}

impl Header {
    /// The first `len` bytes, which the file must have.
    pub(crate) fn new(file: File, len: usize) -> Result<Self, Error> {
        let words = KernelWords::new(&file, len)?;
        Ok(Self { file, words })
    }

    pub(crate) fn get(&self, offset: usize) -> Result<u32, Error> {
        self.read(offset).map(u32::from_ne_bytes)
    }

    pub(crate) fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        read(&self.file, &mut bytes, offset)?;
        Ok(bytes)
    }

    /// A word that the peer may be writing: four bytes that are read meanwhile could be a mixture.
    pub(crate) fn get_whole(&self, offset: usize) -> Result<u32, Error> {
        let mut seen = self.get(offset)?;
        for _ in 0..3 {
            let again = self.get(offset)?;
            if again == seen {
                break;
            }
            seen = again;
        }
        Ok(seen)
    }

    pub(crate) fn set(&self, offset: usize, value: u32) -> Result<(), Error> {
        write(&self.file, &value.to_ne_bytes(), offset)
    }

    /// Changes a word by so much, at once for all who do the same, and wakes one
    /// who waits on it.
    pub(crate) fn add(&self, offset: usize, delta: i8) -> Result<(), Error> {
        if self.words.add_and_wake(offset, delta) {
            Ok(())
        } else {
            Err(CUT_SHORT)
        }
    }

    /// Waits while a word is zero; true if it was not to begin with, and false if
    /// it is to be looked at again.
    pub(crate) fn wait_while_zero(&self, offset: usize, limit: Duration) -> Result<bool, Error> {
        match self.words.wait_while_zero(offset, limit) {
            Waited::NotZero => Ok(true),
            Waited::LookAgain => Ok(false),
            Waited::Gone => Err(CUT_SHORT),
        }
    }

    /// Wakes all who wait on a word.
    pub(crate) fn wake_all(&self, offset: usize) {
        self.words.wake_all(offset);
    }
}

/// A file of words that go round.
#[derive(Debug)]
pub(crate) struct Data {
    file: File,
    words: usize,
}

impl Data {
    /// The first `len` bytes, which must be whole words.
    pub(crate) fn new(file: File, len: usize) -> Self {
        let words = len / 4;
        Self { file, words }
    }

    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Reads bytes that begin in the word at `at` and may go on at the beginning.
    pub(crate) fn read(&self, at: usize, buffer: &mut [u8]) -> Result<(), Error> {
        let to_end = (self.words - at) * 4;
        let (first, second) = buffer.split_at_mut(to_end.min(buffer.len()));
        read(&self.file, first, at * 4)?;
        read(&self.file, second, 0)
    }

    /// Writes bytes as [`Self::read`] reads them.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        let to_end = (self.words - at) * 4;
        let (first, second) = bytes.split_at(to_end.min(bytes.len()));
        write(&self.file, first, at * 4)?;
        write(&self.file, second, 0)
    }
}

fn read(file: &File, buffer: &mut [u8], offset: usize) -> Result<(), Error> {
    file.read_exact_at(buffer, offset as u64)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => CUT_SHORT,
            _ => Error::system("pread", error),
        })
}

fn write(file: &File, bytes: &[u8], offset: usize) -> Result<(), Error> {
    file.write_all_at(bytes, offset as u64)
        .map_err(|error| match error.kind() {
            // There was room when the file was made.
            io::ErrorKind::StorageFull => CUT_SHORT,
            _ => Error::system("pwrite", error),
        })
}
