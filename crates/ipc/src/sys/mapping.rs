//! Memory that is shared with another process.

use crate::atomic::{AtomicU32, AtomicU64};
use crate::error::Error;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

/// A file shared with another process, mapped readable and writable.
///
/// Access goes through atomics only, so that a peer that writes at the same
/// time causes no undefined behaviour. Whoever has the file open could still cut
/// it short, which turns an access into SIGBUS: only for the files of the system's
/// corosync, which keeps no descriptor of them. See [`super::KernelWords`].
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and hands out
// atomics only.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes, which the file must have.
    pub(crate) fn new(file: &File, len: usize) -> Result<Self, Error> {
        let size = file
            .metadata()
            .map_err(|e| Error::system("fstat", e))?
            .len();
        if len == 0 || size < len as u64 {
            return Err(Error::Protocol("a shared file is smaller than announced"));
        }
        // SAFETY: a new mapping at an address of the kernel's choice touches no
        // existing memory.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(Error::last_os("mmap"));
        }
        let start = NonNull::new(start.cast()).ok_or(Error::NoMemory)?;
        Ok(Self { start, len })
    }

    /// Makes sure that every page is there now: of a file that was cut short, or
    /// never had its pages in a file system that is full, this call fails where
    /// an access would raise SIGBUS. Linux before 5.14 can't, and is believed.
    pub(crate) fn populate(&self) -> Result<(), Error> {
        let start = self.start.as_ptr().cast();
        // SAFETY: the range was mapped by `new`; the advice changes no content.
        match super::check("madvise", || unsafe {
            libc::madvise(start, self.len, libc::MADV_POPULATE_WRITE)
        }) {
            Err(error) if error.errno() != Some(libc::EINVAL) => Err(error),
            _ => Ok(()),
        }
    }

    /// Where the 32-bit word at a byte offset is, which must be aligned and inside.
    pub(super) fn address(&self, offset: usize) -> *mut u8 {
        assert!(offset % 4 == 0 && offset + 4 <= self.len);
        self.start.as_ptr().wrapping_add(offset)
    }

    /// The whole mapping as 32-bit words.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[AtomicU32] {
        // SAFETY: the slice covers whole words of the mapping, as for [`FixedMapping::u32_at`].
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len / 4) }
    }
}

/// A mapping whose length is known to the compiler, so that checks of offsets that are known to it
/// as well cost nothing.
#[derive(Debug)]
pub(crate) struct FixedMapping<const LEN: usize>(Mapping);

impl<const LEN: usize> FixedMapping<LEN> {
    /// Maps the first `LEN` bytes, which the file must have.
    pub(crate) fn new(file: &File) -> Result<Self, Error> {
        Mapping::new(file, LEN).map(Self)
    }

    /// As [`Mapping::populate`].
    pub(crate) fn populate(&self) -> Result<(), Error> {
        self.0.populate()
    }

    /// The 32-bit word at a byte offset, which must be aligned and inside.
    #[inline(always)]
    pub(crate) fn u32_at(&self, offset: usize) -> &AtomicU32 {
        assert!(offset % 4 == 0 && offset + 4 <= LEN);
        // SAFETY: inside the mapping, which `new` made so long, and aligned by the assertion and
        // mmap's page alignment; lives as long as `self`; only ever used as an atomic.
        unsafe { self.0.start.add(offset).cast::<AtomicU32>().as_ref() }
    }

    /// The 64-bit word at a byte offset, which must be aligned and inside.
    #[inline(always)]
    pub(crate) fn u64_at(&self, offset: usize) -> &AtomicU64 {
        assert!(offset % 8 == 0 && offset + 8 <= LEN);
        // SAFETY: as for `u32_at`.
        unsafe { self.0.start.add(offset).cast::<AtomicU64>().as_ref() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new`, and no reference outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
