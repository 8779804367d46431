//! Events, daemon to client.

use crate::ReplyError;
use crate::wire::Word;
use quorate_ipc::header::ResponseHeader;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `header.id` of each event.
pub mod event_id {
    /// [`super::TestShutdownEvent`].
    pub const TEST_SHUTDOWN: i32 = 10;
}

/// The node is about to be shut down.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TestShutdownEvent {
    /// [`event_id::TEST_SHUTDOWN`]; `error` is 1, or 5 if the time for an answer
    /// is over.
    pub header: ResponseHeader,
    /// As in the request to shut down.
    pub flags: Word,
}

impl TestShutdownEvent {
    /// The event; `error` as explained for the header.
    pub fn new(error: i32, flags: u32) -> Self {
        Self {
            header: ResponseHeader::new(event_id::TEST_SHUTDOWN, size_of::<Self>(), error),
            flags: Word::new(flags),
        }
    }
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// [`TestShutdownEvent`].
    TestShutdown {
        /// 1, or 5 if the time for an answer is over.
        error: i32,
        /// As in the request to shut down.
        flags: u32,
    },
}

impl Event {
    /// Decodes the message in `bytes`. `None` is an event that this version does
    /// not know: newer daemons may send more.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Malformed`] if the message is too short.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, ReplyError> {
        const SHORT: ReplyError = ReplyError::Malformed("an event is shorter than it claims");
        let (header, _) = ResponseHeader::read_from_prefix(bytes).map_err(|_| SHORT)?;
        if header.id != event_id::TEST_SHUTDOWN {
            return Ok(None);
        }
        let (event, _) = TestShutdownEvent::read_from_prefix(bytes).map_err(|_| SHORT)?;
        Ok(Some(Self::TestShutdown {
            error: header.error,
            flags: event.flags.get(),
        }))
    }
}

const _: () = assert!(size_of::<TestShutdownEvent>() == 32);
