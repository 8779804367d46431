//! Events, daemon to client.

use super::Name;
use crate::ReplyError;
use crate::wire::{self, Octet, Word};
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each event.
pub mod event_id {
    /// [`super::ChangeEvent`].
    pub const CHANGE: i32 = 9;
}

/// Fixed part of the event; the new value's bytes follow, then the old one's.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ChangeEvent {
    /// [`event_id::CHANGE`].
    pub header: ResponseHeader,
    /// The client's name for what it tracks.
    pub cookie: u64,
    /// The key.
    pub name: Name,
    /// 1 deleted, 2 modified, 4 added.
    pub change: Word,
    /// Type of the new value; 0 if there is none.
    pub new_type: Octet,
    /// Type of the old value; 0 if there was none.
    pub old_type: Octet,
    /// Bytes of the new value.
    pub new_len: u64,
    /// Bytes of the old value.
    pub old_len: u64,
}

/// A value with its type; of type 0 and empty if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its type.
    pub value_type: u8,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A key was added, changed or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The client's name for what it tracks.
    pub cookie: u64,
    /// The key.
    pub name: &'a [u8],
    /// 1 deleted, 2 modified, 4 added.
    pub change: u32,
    /// The value now.
    pub new: Value<'a>,
    /// The value before.
    pub old: Value<'a>,
}

impl<'a> Event<'a> {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let fixed = ChangeEvent {
            header: wire::success::<ChangeEvent>(event_id::CHANGE),
            cookie: self.cookie,
            name: Name::new(self.name),
            change: Word::new(self.change),
            new_type: Octet::new(self.new.value_type),
            old_type: Octet::new(self.old.value_type),
            new_len: self.new.bytes.len() as u64,
            old_len: self.old.bytes.len() as u64,
        };
        let values = [self.new.bytes, self.old.bytes];
        wire::message(&fixed, size_of::<ChangeEvent>(), &values)
    }

    /// Decodes the message in `bytes`. `None` is an event that this version does
    /// not know: newer daemons may send more.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Malformed`] if the message is shorter than it claims or
    /// its name is not terminated.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, ReplyError> {
        Self::parse(bytes).ok_or(ReplyError::Malformed("an event is shorter than it claims"))
    }

    fn parse(bytes: &'a [u8]) -> Option<Option<Self>> {
        const NAME: usize = offset_of!(ChangeEvent, name) + 8;
        let (header, _) = ResponseHeader::read_from_prefix(bytes).ok()?;
        if header.id != event_id::CHANGE {
            return Some(None);
        }
        let (fixed, rest) = ChangeEvent::read_from_prefix(bytes).ok()?;
        let rest = &mut &*rest;
        Some(Some(Self {
            cookie: fixed.cookie,
            name: wire::c_string(&bytes[NAME..offset_of!(ChangeEvent, change)]).ok()?,
            change: fixed.change.get(),
            new: Value {
                value_type: fixed.new_type.get(),
                bytes: wire::list(rest, fixed.new_len)?,
            },
            old: Value {
                value_type: fixed.old_type.get(),
                bytes: wire::list(rest, fixed.old_len)?,
            },
        }))
    }
}

const _: () = {
    assert!(size_of::<ChangeEvent>() == 336 && offset_of!(ChangeEvent, name) == 32);
    assert!(offset_of!(ChangeEvent, change) == 296 && offset_of!(ChangeEvent, new_type) == 304);
    assert!(offset_of!(ChangeEvent, new_len) == 320 && offset_of!(ChangeEvent, old_len) == 328);
};
