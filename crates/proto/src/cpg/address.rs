//! Names of groups and addresses of their members.

use crate::wire::{Fault, Word};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Longest name of a group in bytes; any bytes, not terminated.
pub const GROUP_NAME_MAX: usize = 128;

/// A group's name.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GroupName {
    length: Word,
    value: [u8; GROUP_NAME_MAX],
}

impl GroupName {
    /// A name of at most [`GROUP_NAME_MAX`] bytes.
    pub fn new(name: &[u8]) -> Self {
        debug_assert!(name.len() <= GROUP_NAME_MAX);
        let name = &name[..name.len().min(GROUP_NAME_MAX)];
        let mut value = [0; GROUP_NAME_MAX];
        value[..name.len()].copy_from_slice(name);
        Self {
            length: Word::new(name.len() as u32),
            value,
        }
    }

    /// The name, if it is not longer than its field.
    pub fn get(&self) -> Option<&[u8]> {
        self.value.get(..self.length.get() as usize)
    }
}

/// The name at the front of `field`, which is a whole [`GroupName`].
pub(super) fn group_name(field: &[u8]) -> Result<&[u8], Fault> {
    let (length, value) = Word::read_from_prefix(field).map_err(|_| Fault::Short)?;
    value[..GROUP_NAME_MAX]
        .get(..length.get() as usize)
        .ok_or(Fault::NameTooLong)
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Address {
    /// Its node.
    pub nodeid: Word,
    /// Its process id there.
    pub pid: Word,
    /// In lists of those that came and went: 1 join, 2 leave, 3 node down,
    /// 4 node up, 5 process ended.
    pub reason: Word,
}

impl Address {
    /// A member.
    pub const fn new(nodeid: u32, pid: u32, reason: u32) -> Self {
        Self {
            nodeid: Word::new(nodeid),
            pid: Word::new(pid),
            reason: Word::new(reason),
        }
    }
}

const _: () = assert!(size_of::<GroupName>() == 136 && size_of::<Address>() == 24);
