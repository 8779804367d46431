//! Requests, client to daemon.

use crate::wire::{self, BadRequest, Fault, Word};
use quorate_ipc::header::RequestHeader;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each request.
pub mod request_id {
    #![expect(missing_docs, reason = "the names are those of the structs")]
    pub const GET_QUORATE: i32 = 0;
    pub const TRACK_START: i32 = 1;
    pub const TRACK_STOP: i32 = 2;
    pub const GET_TYPE: i32 = 3;
    pub const MODEL_GET_TYPE: i32 = 4;
}

/// Whether there is quorum.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetQuorate {
    /// [`request_id::GET_QUORATE`].
    pub header: RequestHeader,
}

/// Asks for events.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackStart {
    /// [`request_id::TRACK_START`].
    pub header: RequestHeader,
    /// `CS_TRACK_*` bits.
    pub flags: Word,
}

/// Ends the events.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackStop {
    /// [`request_id::TRACK_STOP`].
    pub header: RequestHeader,
}

/// Whether quorum is computed at all; the first request of a model 0 session.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetType {
    /// [`request_id::GET_TYPE`].
    pub header: RequestHeader,
}

/// The same, choosing the model of the session's events.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ModelGetType {
    /// [`request_id::MODEL_GET_TYPE`].
    pub header: RequestHeader,
    /// 0 or 1.
    pub model: Word,
}

impl GetQuorate {
    /// The request.
    pub const fn message() -> Self {
        Self {
            header: RequestHeader::new(request_id::GET_QUORATE, size_of::<Self>()),
        }
    }
}

impl TrackStart {
    /// Asks for events; `flags` are `CS_TRACK_*` bits.
    pub fn new(flags: u32) -> Self {
        Self {
            header: wire::request::<Self>(request_id::TRACK_START),
            flags: Word::new(flags),
        }
    }
}

impl TrackStop {
    /// The request.
    pub const fn message() -> Self {
        Self {
            header: RequestHeader::new(request_id::TRACK_STOP, size_of::<Self>()),
        }
    }
}

impl GetType {
    /// The request.
    pub const fn message() -> Self {
        Self {
            header: RequestHeader::new(request_id::GET_TYPE, size_of::<Self>()),
        }
    }
}

impl ModelGetType {
    /// Chooses a model.
    pub fn new(model: u32) -> Self {
        Self {
            header: wire::request::<Self>(request_id::MODEL_GET_TYPE),
            model: Word::new(model),
        }
    }
}

/// A request as the daemon sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// [`GetQuorate`].
    GetQuorate,
    /// [`TrackStart`].
    TrackStart {
        /// `CS_TRACK_*` bits.
        flags: u32,
    },
    /// [`TrackStop`].
    TrackStop,
    /// [`GetType`].
    GetType,
    /// [`ModelGetType`].
    ModelGetType {
        /// 0 and 1 exist; another is for the daemon to refuse.
        model: u32,
    },
}

impl Request {
    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// If it is not exactly one of the messages above.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadRequest> {
        let header = wire::request_header(bytes)?;
        Ok(match header.id {
            id @ request_id::GET_QUORATE => {
                wire::exact::<GetQuorate>(id, bytes)?;
                Self::GetQuorate
            }
            id @ request_id::TRACK_START => Self::TrackStart {
                flags: wire::exact::<TrackStart>(id, bytes)?.flags.get(),
            },
            id @ request_id::TRACK_STOP => {
                wire::exact::<TrackStop>(id, bytes)?;
                Self::TrackStop
            }
            id @ request_id::GET_TYPE => {
                wire::exact::<GetType>(id, bytes)?;
                Self::GetType
            }
            id @ request_id::MODEL_GET_TYPE => Self::ModelGetType {
                model: wire::exact::<ModelGetType>(id, bytes)?.model.get(),
            },
            id => return Err(Fault::UnknownId(id).into()),
        })
    }
}

const _: () = {
    assert!(size_of::<GetQuorate>() == 16);
    assert!(size_of::<TrackStart>() == 24);
    assert!(size_of::<TrackStop>() == 16);
    assert!(size_of::<GetType>() == 16);
    assert!(size_of::<ModelGetType>() == 24);
};
