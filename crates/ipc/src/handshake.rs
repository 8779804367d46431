//! The first two messages of a connection.

use crate::header::{AUTHENTICATE, RequestHeader, ResponseHeader};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Length of each path field of the response, terminating NUL included.
pub const PATH_LEN: usize = 4096;

/// `connection_type`: datagram sockets.
pub const TYPE_SOCKET: u32 = 0;
/// `connection_type`: shared-memory rings.
pub const TYPE_SHM: u32 = 1;

/// Client to daemon, 24 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ConnectionRequest {
    /// `id` is [`AUTHENTICATE`].
    pub header: RequestHeader,
    /// The largest message in bytes that the client wants to send or receive.
    pub max_msg_size: u32,
    pad: u32,
}

impl ConnectionRequest {
    /// Asks for messages of up to `max_msg_size` bytes.
    pub const fn new(max_msg_size: u32) -> Self {
        Self {
            header: RequestHeader::new(AUTHENTICATE, size_of::<Self>()),
            max_msg_size,
            pad: 0,
        }
    }
}

/// Daemon to client, 12,328 bytes, always whole, even to report an error.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ConnectionResponse {
    /// `error` is 0 or a negative errno.
    pub header: ResponseHeader,
    /// [`TYPE_SHM`] or [`TYPE_SOCKET`].
    pub connection_type: u32,
    /// The largest message in bytes that the three channels carry.
    pub max_msg_size: u32,
    /// The daemon's name for the connection; meaningless to the client.
    pub connection: u64,
    /// Base path of the request ring, NUL-terminated.
    pub request: [u8; PATH_LEN],
    /// Base path of the response ring, NUL-terminated.
    pub response: [u8; PATH_LEN],
    /// Base path of the event ring, NUL-terminated.
    pub event: [u8; PATH_LEN],
}

const _: () = assert!(size_of::<ConnectionRequest>() == 24);
const _: () = assert!(size_of::<ConnectionResponse>() == 12328);
const _: () = assert!(std::mem::offset_of!(ConnectionResponse, request) == 40);
