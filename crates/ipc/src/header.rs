//! Message headers: every field is a 32-bit integer in an eight-byte slot.
//!
//! The four bytes behind each field are garbage in what libqb sends; they are
//! never read here and always zero in what is sent.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Identifies the connection request and its response.
pub const AUTHENTICATE: i32 = -1;
/// Asks the daemon to drop the connection.
pub const DISCONNECT: i32 = -3;

/// Header of every request (16 bytes).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct RequestHeader {
    /// Which request; the numbers are each service's own.
    pub id: i32,
    pad0: u32,
    /// Size of the whole message in bytes.
    pub size: i32,
    pad1: u32,
}

impl RequestHeader {
    /// A header for a message of `size` bytes, header included.
    pub const fn new(id: i32, size: usize) -> Self {
        Self {
            id,
            pad0: 0,
            size: size as i32,
            pad1: 0,
        }
    }
}

/// Header of every response and every event (24 bytes).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ResponseHeader {
    /// Which response or event.
    pub id: i32,
    pad0: u32,
    /// Size of the whole message in bytes.
    pub size: i32,
    pad1: u32,
    /// A `cs_error_t`: 1 is success. In the handshake: 0 or a negative errno.
    pub error: i32,
    pad2: u32,
}

impl ResponseHeader {
    /// A header for a message of `size` bytes, header included.
    pub const fn new(id: i32, size: usize, error: i32) -> Self {
        Self {
            id,
            pad0: 0,
            size: size as i32,
            pad1: 0,
            error,
            pad2: 0,
        }
    }
}

const _: () = assert!(size_of::<RequestHeader>() == 16);
const _: () = assert!(size_of::<ResponseHeader>() == 24);
