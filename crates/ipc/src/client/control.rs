//! The file that a connection of datagram sockets shares: three pairs of a count of messages
//! under way and a flow-control word, for requests, responses and events.

use crate::calls::Header;
use crate::endpoint::Daemon;
use crate::error::Error;
use crate::sys::FixedMapping;
use std::fs::File;
use std::sync::atomic::Ordering;

const LEN: usize = 24;
const FLOW_CONTROL: usize = 4;

/// Which messages are counted, by where their count is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Requests = 0,
    Responses = 8,
    Events = 16,
}

/// Reached as the rings are: see [`super::transport::Channel`].
#[derive(Debug)]
pub(super) enum Control {
    Mapped(FixedMapping<LEN>),
    Called(Header),
}

impl Control {
    pub(super) fn attach(file: File, daemon: Daemon) -> Result<Self, Error> {
        let len = file
            .metadata()
            .map_err(|e| Error::system("fstat", e))?
            .len();
        if len != LEN as u64 {
            return Err(Error::Protocol("the control file has a wrong size"));
        }
        match daemon {
            Daemon::System => {
                let mapping = FixedMapping::new(&file)?;
                mapping.populate()?;
                Ok(Self::Mapped(mapping))
            }
            Daemon::Other => Header::new(file, LEN).map(Self::Called),
        }
    }

    pub(super) fn flow_control(&self) -> Result<u32, Error> {
        match self {
            Self::Mapped(words) => Ok(words.u32_at(FLOW_CONTROL).load(Ordering::Relaxed)),
            Self::Called(words) => words.get(FLOW_CONTROL),
        }
    }

    /// Counts a message in (1) or out (-1).
    pub(super) fn count(&self, of: Count, delta: i8) -> Result<(), Error> {
        match self {
            Self::Mapped(words) => {
                let by = i32::from(delta) as u32;
                words.u32_at(of as usize).fetch_add(by, Ordering::Relaxed);
                Ok(())
            }
            Self::Called(words) => words.add(of as usize, delta),
        }
    }
}
