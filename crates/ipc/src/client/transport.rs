//! What a connection's messages travel through.

use super::called::CalledRing;
use super::datagram::Datagrams;
use super::mapped::MappedRing;
use super::shm::{CallState, Rings};
use crate::endpoint::Daemon;
use crate::error::Error;
use crate::handshake::{ConnectionResponse, TYPE_SHM, TYPE_SOCKET};
use crate::sys::{Ready, Room};
use std::os::fd::BorrowedFd;
use std::time::Duration;

#[derive(Debug)]
pub(super) enum Channel {
    /// Rings of the system's corosync, which nobody can cut short.
    Mapped(Rings<MappedRing>),
    /// Rings of any other daemon.
    Called(Rings<CalledRing>),
    Datagrams(Datagrams),
}

impl Channel {
    /// Opens what the daemon has made.
    pub(super) fn attach(response: &ConnectionResponse, daemon: Daemon) -> Result<Self, Error> {
        match (response.connection_type, daemon) {
            (TYPE_SHM, Daemon::System) => Rings::attach(response).map(Self::Mapped),
            (TYPE_SHM, Daemon::Other) => Rings::attach(response).map(Self::Called),
            (TYPE_SOCKET, daemon) => Datagrams::attach(response, daemon).map(Self::Datagrams),
            (other, _) => Err(Error::UnknownTransport(other)),
        }
    }
}

/// Does the same through whichever it is, each by code of its own.
macro_rules! through {
    ($channel:expr, $transport:ident => $does:expr) => {
        match $channel {
            Channel::Mapped($transport) => $does,
            Channel::Called($transport) => $does,
            Channel::Datagrams($transport) => $does,
        }
    };
}
pub(super) use through;

/// A way for messages. `setup` is the connection's own descriptor.
pub(super) trait Transport {
    /// The descriptor that reports events.
    fn event_fd<'a>(&'a self, setup: BorrowedFd<'a>) -> BorrowedFd<'a>;

    /// The descriptor that reports room for a request.
    fn room_fd<'a>(&'a self, setup: BorrowedFd<'a>) -> BorrowedFd<'a>;

    /// Non-zero: the daemon asks to send less.
    fn flow_control(&self) -> Result<u32, Error>;

    /// False if there is no room for the request now.
    fn send(&self, calls: &mut CallState, request: &[u8]) -> Result<bool, Error>;

    /// Tells the daemon of requests it has not been told of; false if there is
    /// no room for that now.
    fn notify(&self, calls: &mut CallState, setup: BorrowedFd<'_>) -> Result<bool, Error>;

    /// A reply that is there already, where it costs nothing to look.
    fn received(&self, calls: &mut CallState, reply: &mut Room<'_>)
    -> Result<Option<usize>, Error>;

    /// A reply that comes within the time.
    fn receive(
        &self,
        calls: &mut CallState,
        reply: &mut Room<'_>,
        slice: Duration,
    ) -> Result<Option<usize>, Error>;

    /// The next event, if there is one.
    fn take_event(
        &self,
        setup: BorrowedFd<'_>,
        room: &mut Room<'_>,
        more: bool,
    ) -> Result<Option<usize>, Error>;

    /// Waits for news of events, or the end.
    fn poll_event(&self, setup: BorrowedFd<'_>, limit: Option<Duration>) -> Result<Ready, Error>;

    /// Whether an event waits, now that the system has reported this.
    fn event_queued(&self, setup: BorrowedFd<'_>, ready: Ready) -> Result<bool, Error>;

    /// Wakes a waiting caller and leaves.
    fn close(&self, daemon_gone: bool);
}
