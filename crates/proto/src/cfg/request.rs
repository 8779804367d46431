//! Requests, client to daemon.

use crate::wire::{self, BadRequest, Fault, Octet, Word};
use quorate_ipc::header::RequestHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each request. Those without a struct are bare.
pub mod request_id {
    #![expect(missing_docs, reason = "the names are those of the structs")]
    pub const RING_STATUS_GET: i32 = 0;
    pub const RING_REENABLE: i32 = 1;
    pub const KILL_NODE: i32 = 2;
    pub const TRY_SHUTDOWN: i32 = 3;
    pub const REPLY_TO_SHUTDOWN: i32 = 4;
    pub const GET_NODE_ADDRS: i32 = 5;
    pub const LOCAL_GET: i32 = 6;
    pub const RELOAD_CONFIG: i32 = 7;
    pub const REOPEN_LOG_FILES: i32 = 8;
    pub const NODE_STATUS_GET: i32 = 9;
    pub const TRACK_START: i32 = 10;
    pub const TRACK_STOP: i32 = 11;
}

/// Bytes of a reason's field; its length counts the terminating NUL.
const REASON_LEN: usize = 256;

/// A request that is a header and nothing more.
pub const fn bare(id: i32) -> RequestHeader {
    RequestHeader::new(id, size_of::<RequestHeader>())
}

/// Ends the corosync of another node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct KillNode {
    /// [`request_id::KILL_NODE`].
    pub header: RequestHeader,
    /// Node id.
    pub nodeid: Word,
    reason_len: u16,
    reason: [u8; REASON_LEN],
    pad: [u8; 6],
}

impl KillNode {
    /// Ends the corosync of `nodeid` for a reason of at most 255 bytes.
    pub fn new(nodeid: u32, reason: &[u8]) -> Self {
        Self {
            header: wire::request::<Self>(request_id::KILL_NODE),
            nodeid: Word::new(nodeid),
            reason_len: (reason.len().min(REASON_LEN - 1) + 1) as u16,
            reason: wire::c_field(reason),
            pad: [0; 6],
        }
    }
}

/// Asks to shut the local node down.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TryShutdown {
    /// [`request_id::TRY_SHUTDOWN`].
    pub header: RequestHeader,
    /// 0 asks all sessions, 1 tells them, 2 does it at once.
    pub flags: Word,
}

/// The answer of a session that was asked about a shutdown.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ReplyToShutdown {
    /// [`request_id::REPLY_TO_SHUTDOWN`].
    pub header: RequestHeader,
    /// 0 no, 1 yes.
    pub response: Word,
}

/// The addresses of a node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GetNodeAddrs {
    /// [`request_id::GET_NODE_ADDRS`].
    pub header: RequestHeader,
    /// Node id; 0 is the local one.
    pub nodeid: Word,
}

/// The state of the links to a node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeStatusGet {
    /// [`request_id::NODE_STATUS_GET`].
    pub header: RequestHeader,
    /// Node id.
    pub nodeid: Word,
    /// Version of the structure that is wanted: 1.
    pub version: Word,
}

/// Asks to be asked about shutdowns.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TrackStart {
    /// [`request_id::TRACK_START`].
    pub header: RequestHeader,
    /// `CS_TRACK_*` bits, one byte.
    pub flags: Octet,
}

macro_rules! constructor {
    ($name:ident, $id:ident, $($field:ident: $type:ty => $wrap:ident),*) => {
        impl $name {
            /// The request.
            pub fn new($($field: $type),*) -> Self {
                Self {
                    header: wire::request::<Self>(request_id::$id),
                    $($field: $wrap::new($field)),*
                }
            }
        }
    };
}

constructor!(TryShutdown, TRY_SHUTDOWN, flags: u32 => Word);
constructor!(ReplyToShutdown, REPLY_TO_SHUTDOWN, response: u32 => Word);
constructor!(GetNodeAddrs, GET_NODE_ADDRS, nodeid: u32 => Word);
constructor!(NodeStatusGet, NODE_STATUS_GET, nodeid: u32 => Word, version: u32 => Word);
constructor!(TrackStart, TRACK_START, flags: u8 => Octet);

/// A request as the daemon sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the structs")]
pub enum Request<'a> {
    /// The state of the local node's links.
    RingStatusGet,
    /// Of old; always refused with error 19.
    RingReenable,
    /// [`KillNode`]; the reason without its NUL.
    KillNode { nodeid: u32, reason: &'a [u8] },
    /// [`TryShutdown`].
    TryShutdown { flags: u32 },
    /// [`ReplyToShutdown`].
    ReplyToShutdown { response: u32 },
    /// [`GetNodeAddrs`].
    GetNodeAddrs { nodeid: u32 },
    /// The local node's id.
    LocalGet,
    /// Reads the configuration again, on all nodes.
    ReloadConfig,
    /// Opens the log files again.
    ReopenLogFiles,
    /// [`NodeStatusGet`].
    NodeStatusGet { nodeid: u32, version: u32 },
    /// [`TrackStart`].
    TrackStart { flags: u8 },
    /// Not to be asked any more.
    TrackStop,
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// If it is not exactly one of the messages above.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadRequest> {
        let header = wire::request_header(bytes)?;
        let without_fields = |id, request| wire::exact::<RequestHeader>(id, bytes).map(|_| request);
        match header.id {
            id @ request_id::RING_STATUS_GET => without_fields(id, Self::RingStatusGet),
            id @ request_id::RING_REENABLE => without_fields(id, Self::RingReenable),
            id @ request_id::KILL_NODE => {
                let fixed = wire::exact::<KillNode>(id, bytes)?;
                Ok(Self::KillNode {
                    nodeid: fixed.nodeid.get(),
                    reason: reason(bytes, fixed.reason_len)?,
                })
            }
            id @ request_id::TRY_SHUTDOWN => Ok(Self::TryShutdown {
                flags: wire::exact::<TryShutdown>(id, bytes)?.flags.get(),
            }),
            id @ request_id::REPLY_TO_SHUTDOWN => Ok(Self::ReplyToShutdown {
                response: wire::exact::<ReplyToShutdown>(id, bytes)?.response.get(),
            }),
            id @ request_id::GET_NODE_ADDRS => Ok(Self::GetNodeAddrs {
                nodeid: wire::exact::<GetNodeAddrs>(id, bytes)?.nodeid.get(),
            }),
            id @ request_id::LOCAL_GET => without_fields(id, Self::LocalGet),
            id @ request_id::RELOAD_CONFIG => without_fields(id, Self::ReloadConfig),
            id @ request_id::REOPEN_LOG_FILES => without_fields(id, Self::ReopenLogFiles),
            id @ request_id::NODE_STATUS_GET => {
                let fixed = wire::exact::<NodeStatusGet>(id, bytes)?;
                Ok(Self::NodeStatusGet {
                    nodeid: fixed.nodeid.get(),
                    version: fixed.version.get(),
                })
            }
            id @ request_id::TRACK_START => Ok(Self::TrackStart {
                flags: wire::exact::<TrackStart>(id, bytes)?.flags.get(),
            }),
            id @ request_id::TRACK_STOP => without_fields(id, Self::TrackStop),
            id => Err(Fault::UnknownId(id).into()),
        }
    }

    /// Whether the daemon may ask to try this again later, with a bare reply of
    /// error 6, while its queue is full.
    pub fn flow_controlled(&self) -> bool {
        !matches!(
            self,
            Self::GetNodeAddrs { .. }
                | Self::LocalGet
                | Self::ReopenLogFiles
                | Self::NodeStatusGet { .. }
        )
    }
}

fn reason(bytes: &[u8], len: u16) -> Result<&[u8], BadRequest> {
    let start = offset_of!(KillNode, reason);
    let field = bytes[start..start + REASON_LEN]
        .get(..usize::from(len))
        .ok_or(Fault::NameTooLong)?;
    let end = field.iter().position(|byte| *byte == 0);
    Ok(&field[..end.unwrap_or(field.len())])
}

const _: () = {
    assert!(size_of::<RequestHeader>() == 16);
    assert!(size_of::<KillNode>() == 288 && offset_of!(KillNode, reason_len) == 24);
    assert!(offset_of!(KillNode, nodeid) == 16 && offset_of!(KillNode, reason) == 26);
    assert!(size_of::<TryShutdown>() == 24);
    assert!(size_of::<ReplyToShutdown>() == 24);
    assert!(size_of::<GetNodeAddrs>() == 24);
    assert!(size_of::<NodeStatusGet>() == 32 && offset_of!(NodeStatusGet, version) == 24);
    assert!(size_of::<TrackStart>() == 24);
};
