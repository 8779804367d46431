//! Requests, client to daemon.

use super::{GET_MAX, KEY_MAX};
use crate::wire::{self, BadRequest, Fault, Octet, Word};
use quorate_ipc::header::RequestHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each request.
pub mod request_id {
    #![expect(missing_docs, reason = "the names are those of the structs")]
    pub const SET: i32 = 0;
    pub const DELETE: i32 = 1;
    pub const GET: i32 = 2;
    pub const ADJUST_INT: i32 = 3;
    pub const ITER_INIT: i32 = 4;
    pub const ITER_NEXT: i32 = 5;
    pub const ITER_FINALIZE: i32 = 6;
    pub const TRACK_ADD: i32 = 7;
    pub const TRACK_DELETE: i32 = 8;
    pub const SET_CURRENT_MAP: i32 = 9;
}

/// A key's name. The daemon goes by the terminating NUL; of the length it asks
/// only whether it is 0, where a name may be left out.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Name {
    length: u16,
    pad: [u8; 6],
    value: [u8; KEY_MAX + 1],
}

impl Name {
    /// A name of at most [`KEY_MAX`] bytes without NUL.
    pub fn new(name: &[u8]) -> Self {
        Self {
            length: name.len().min(KEY_MAX) as u16,
            pad: [0; 6],
            value: wire::c_field(name),
        }
    }

    /// The name, if it is terminated.
    pub fn get(&self) -> Option<&[u8]> {
        wire::c_string(&self.value).ok()
    }
}

/// Changes or creates a key; the value's bytes follow.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Set {
    /// [`request_id::SET`].
    pub header: RequestHeader,
    /// The key.
    pub name: Name,
    /// Bytes of the value.
    pub value_len: u64,
    /// Type of the value.
    pub value_type: Octet,
}

impl Set {
    /// The message that sets a key.
    pub fn message(name: &[u8], value_type: u8, value: &[u8]) -> Vec<u8> {
        let fixed = Self {
            header: wire::request::<Self>(request_id::SET),
            name: Name::new(name),
            value_len: value.len() as u64,
            value_type: Octet::new(value_type),
        };
        wire::message(&fixed, size_of::<Self>(), &[value])
    }
}

/// Removes a key.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Delete {
    /// [`request_id::DELETE`].
    pub header: RequestHeader,
    /// The key.
    pub name: Name,
}

/// A key's value. The reply has exactly as much room for it as asked.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Get {
    /// [`request_id::GET`].
    pub header: RequestHeader,
    /// The key.
    pub name: Name,
    /// Bytes of room; 0 asks for the length and the type only.
    pub room: u64,
}

/// Adds to an integer.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct AdjustInt {
    /// [`request_id::ADJUST_INT`].
    pub header: RequestHeader,
    /// The key.
    pub name: Name,
    /// What is added, an `i32`.
    pub step: Word,
}

/// Begins to list keys.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterInit {
    /// [`request_id::ITER_INIT`].
    pub header: RequestHeader,
    /// What the keys begin with.
    pub prefix: Name,
}

/// The next key of a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterNext {
    /// [`request_id::ITER_NEXT`].
    pub header: RequestHeader,
    /// The list.
    pub handle: u64,
}

/// Ends a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct IterFinalize {
    /// [`request_id::ITER_FINALIZE`].
    pub header: RequestHeader,
    /// The list.
    pub handle: u64,
}

/// Asks for events about a key, or all that begin like it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackAdd {
    /// [`request_id::TRACK_ADD`].
    pub header: RequestHeader,
    /// The key; an empty one stands for all.
    pub name: Name,
    /// 1 deleted, 2 modified, 4 added, 8 the name is a prefix.
    pub track_type: Word,
    /// The client's name for this, echoed in every event.
    pub cookie: u64,
}

/// Ends the events about a key.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackDelete {
    /// [`request_id::TRACK_DELETE`].
    pub header: RequestHeader,
    /// What the reply to [`TrackAdd`] said.
    pub handle: u64,
}

/// Chooses the map that the session speaks of.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct SetCurrentMap {
    /// [`request_id::SET_CURRENT_MAP`].
    pub header: RequestHeader,
    /// 0 the configuration, 1 statistics.
    pub map: Word,
}

macro_rules! constructor {
    ($name:ident, $id:ident, $($field:ident: $type:ty => $value:expr),*) => {
        impl $name {
            /// The request.
            pub fn new($($field: $type),*) -> Self {
                Self {
                    header: wire::request::<Self>(request_id::$id),
                    $($field: $value),*
                }
            }
        }
    };
}

constructor!(Delete, DELETE, name: &[u8] => Name::new(name));
constructor!(Get, GET, name: &[u8] => Name::new(name), room: u64 => room);
constructor!(AdjustInt, ADJUST_INT,
    name: &[u8] => Name::new(name), step: i32 => Word::new(step as u32));
constructor!(IterInit, ITER_INIT, prefix: &[u8] => Name::new(prefix));
constructor!(IterNext, ITER_NEXT, handle: u64 => handle);
constructor!(IterFinalize, ITER_FINALIZE, handle: u64 => handle);
constructor!(TrackAdd, TRACK_ADD, name: &[u8] => Name::new(name),
    track_type: u32 => Word::new(track_type), cookie: u64 => cookie);
constructor!(TrackDelete, TRACK_DELETE, handle: u64 => handle);
constructor!(SetCurrentMap, SET_CURRENT_MAP, map: u32 => Word::new(map));

/// A request as the daemon sees it. Whether a name or type is a valid one is
/// for the map to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the structs")]
pub enum Request<'a> {
    /// [`Set`].
    Set {
        name: &'a [u8],
        value_type: u8,
        value: &'a [u8],
    },
    /// [`Delete`].
    Delete { name: &'a [u8] },
    /// [`Get`]; `room` is at most [`GET_MAX`].
    Get { name: &'a [u8], room: u64 },
    /// [`AdjustInt`].
    AdjustInt { name: &'a [u8], step: i32 },
    /// [`IterInit`].
    IterInit { prefix: &'a [u8] },
    /// [`IterNext`].
    IterNext { handle: u64 },
    /// [`IterFinalize`].
    IterFinalize { handle: u64 },
    /// [`TrackAdd`].
    TrackAdd {
        name: &'a [u8],
        track_type: u32,
        cookie: u64,
    },
    /// [`TrackDelete`].
    TrackDelete { handle: u64 },
    /// [`SetCurrentMap`].
    SetCurrentMap { map: u32 },
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// If it is not exactly one of the messages above.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        let header = wire::request_header(bytes)?;
        Ok(match header.id {
            id @ request_id::SET => {
                let tail = |set: &Set| set.value_len;
                let (fixed, value) = wire::with_tail::<Set>(id, bytes, size_of::<Set>(), tail)?;
                Self::Set {
                    name: name(bytes)?,
                    value_type: fixed.value_type.get(),
                    value,
                }
            }
            id @ request_id::DELETE => {
                wire::exact::<Delete>(id, bytes)?;
                Self::Delete { name: name(bytes)? }
            }
            id @ request_id::GET => {
                let room = wire::exact::<Get>(id, bytes)?.room;
                if room > GET_MAX {
                    return Err(Fault::Value("no reply has room for the value").into());
                }
                Self::Get {
                    name: name(bytes)?,
                    room,
                }
            }
            id @ request_id::ADJUST_INT => Self::AdjustInt {
                step: wire::exact::<AdjustInt>(id, bytes)?.step.get() as i32,
                name: name(bytes)?,
            },
            id @ request_id::ITER_INIT => {
                wire::exact::<IterInit>(id, bytes)?;
                Self::IterInit {
                    prefix: optional_name(bytes)?,
                }
            }
            id @ request_id::ITER_NEXT => Self::IterNext {
                handle: wire::exact::<IterNext>(id, bytes)?.handle,
            },
            id @ request_id::ITER_FINALIZE => Self::IterFinalize {
                handle: wire::exact::<IterFinalize>(id, bytes)?.handle,
            },
            id @ request_id::TRACK_ADD => {
                let fixed = wire::exact::<TrackAdd>(id, bytes)?;
                Self::TrackAdd {
                    name: optional_name(bytes)?,
                    track_type: fixed.track_type.get(),
                    cookie: fixed.cookie,
                }
            }
            id @ request_id::TRACK_DELETE => Self::TrackDelete {
                handle: wire::exact::<TrackDelete>(id, bytes)?.handle,
            },
            id @ request_id::SET_CURRENT_MAP => Self::SetCurrentMap {
                map: wire::exact::<SetCurrentMap>(id, bytes)?.map.get(),
            },
            id => return Err(Fault::UnknownId(id).into()),
        })
    }
}

/// All requests with a name have it in the same place.
fn name(bytes: &[u8]) -> Result<&[u8], BadRequest> {
    const START: usize = offset_of!(Delete, name) + offset_of!(Name, value);
    wire::c_string(&bytes[START..START + KEY_MAX + 1])
}

fn optional_name(bytes: &[u8]) -> Result<&[u8], BadRequest> {
    const LENGTH: usize = offset_of!(Delete, name) + offset_of!(Name, length);
    if bytes[LENGTH..LENGTH + 2] == [0; 2] {
        return Ok(&[]);
    }
    name(bytes)
}

const _: () = {
    assert!(size_of::<Name>() == 264 && offset_of!(Name, value) == 8);
    assert!(size_of::<Set>() == 296 && offset_of!(Set, value_len) == 280);
    assert!(offset_of!(Set, value_type) == 288 && offset_of!(Set, name) == 16);
    assert!(size_of::<Delete>() == 280 && offset_of!(Delete, name) == 16);
    assert!(size_of::<Get>() == 288 && offset_of!(Get, name) == 16);
    assert!(size_of::<AdjustInt>() == 288 && offset_of!(AdjustInt, step) == 280);
    assert!(size_of::<IterInit>() == 280 && offset_of!(IterInit, prefix) == 16);
    assert!(size_of::<IterNext>() == 24);
    assert!(size_of::<IterFinalize>() == 24);
    assert!(size_of::<TrackAdd>() == 296 && offset_of!(TrackAdd, cookie) == 288);
    assert!(offset_of!(TrackAdd, name) == 16 && offset_of!(TrackAdd, track_type) == 280);
    assert!(size_of::<TrackDelete>() == 24);
    assert!(size_of::<SetCurrentMap>() == 24);
};
