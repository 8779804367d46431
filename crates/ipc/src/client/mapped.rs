//! A ring of the system's corosync: two mapped files.

use super::shm::{Ring, Status};
use crate::eagerness::Eagerness;
use crate::error::Error;
use crate::ring::{
    FLOW_CONTROL, HEADER_LEN, READ_INDEX, REFERENCES, SEMAPHORE, WORD_SIZE, WRITE_INDEX, Words,
    data_len,
};
use crate::semaphore;
use crate::sys::{self, FixedMapping, Mapping};
use std::fs::File;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Mapped, for speed: a call through [`super::called::CalledRing`] takes half as long again.
#[derive(Debug)]
pub(crate) struct MappedRing {
    header: FixedMapping<HEADER_LEN>,
    data: Mapping,
}

impl MappedRing {
    fn references(&self) -> &AtomicU32 {
        self.header.u32_at(REFERENCES)
    }
}

impl Ring for MappedRing {
    const LOOK_FIRST: bool = true;

    fn attach(header: File, data: File, max_msg_size: usize) -> Result<Self, Error> {
        let data_len = data_len(max_msg_size);
        let ring = Self {
            header: FixedMapping::new(&header)?,
            data: Mapping::new(&data, data_len)?,
        };
        ring.header.populate()?;
        ring.data.populate()?;
        let words = ring.header.u32_at(WORD_SIZE).load(Ordering::Relaxed);
        super::shm::check_size(words, data_len)?;
        ring.references().fetch_add(1, Ordering::AcqRel);
        Ok(ring)
    }

    fn detach(&self) {
        self.references().fetch_sub(1, Ordering::AcqRel);
    }

    #[inline(always)]
    fn status(&self) -> Result<Status, Error> {
        Ok(Status {
            references: self.references().load(Ordering::Relaxed),
            flow_control: self.header.u32_at(FLOW_CONTROL).load(Ordering::Relaxed),
        })
    }

    fn wait(&self, _: &mut Eagerness, limit: Duration) -> Result<bool, Error> {
        let futex = self.header.u32_at(SEMAPHORE);
        Ok(semaphore::take(self.semaphore(), || {
            sys::futex_wait_while_zero(futex, limit);
        }))
    }

    #[inline(always)]
    fn try_wait(&self) -> Result<bool, Error> {
        Ok(semaphore::try_take(self.semaphore()))
    }

    #[inline(always)]
    fn count(&self) -> Result<u32, Error> {
        Ok(semaphore::value(self.semaphore().load(Ordering::Relaxed)))
    }

    fn interrupt(&self) {
        sys::futex_wake(self.header.u32_at(SEMAPHORE), i32::MAX);
    }
}

impl Words for MappedRing {
    fn write_index(&self) -> &AtomicU32 {
        self.header.u32_at(WRITE_INDEX)
    }
    fn read_index(&self) -> &AtomicU32 {
        self.header.u32_at(READ_INDEX)
    }
    fn semaphore(&self) -> &AtomicU64 {
        self.header.u64_at(SEMAPHORE)
    }
    fn words(&self) -> &[AtomicU32] {
        self.data.words()
    }
    fn wake(&self) {
        sys::futex_wake(self.header.u32_at(SEMAPHORE), 1);
    }
}
