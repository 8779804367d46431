//! What the sessions with all services have in common.

use crate::{Error, Options};
use quorate_ipc::client::{Room, Signal, Space, Wait};
use quorate_ipc::header::ResponseHeader;
use quorate_ipc::{Connection, Service};
use quorate_proto::{ReplyError, check_reply};
use std::os::fd::BorrowedFd;
use std::time::Duration;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// The methods by which a session with a field `session` waits for its events
/// and ends; the same for every service that sends any.
macro_rules! waiting_methods {
    () => {
        /// Waits for an event, for ever without a limit. No lock is held meanwhile.
        ///
        /// # Errors
        ///
        /// [`Error::Ipc`](crate::Error::Ipc): the daemon is gone, the session was closed, or
        /// a system call failed.
        pub fn wait(
            &self,
            limit: Option<std::time::Duration>,
        ) -> Result<quorate_ipc::client::Wait, $crate::Error> {
            self.session.wait(limit)
        }

        /// First half of [`Self::wait`]: see [`quorate_ipc::Connection::poll_event`].
        ///
        /// # Errors
        ///
        /// [`Error::Ipc`](crate::Error::Ipc): a system call failed.
        pub fn poll(
            &self,
            limit: Option<std::time::Duration>,
        ) -> Result<quorate_ipc::client::Signal, $crate::Error> {
            self.session.poll(limit)
        }

        /// Second half of [`Self::wait`]: see [`quorate_ipc::Connection::examine`].
        ///
        /// # Errors
        ///
        /// [`Error::Ipc`](crate::Error::Ipc): the daemon is gone, the session was closed, or
        /// a system call failed.
        pub fn examine(
            &self,
            signal: quorate_ipc::client::Signal,
        ) -> Result<quorate_ipc::client::Wait, $crate::Error> {
            self.session.examine(signal)
        }

        /// What to poll where other descriptors are waited for at the same time: see
        /// [`quorate_ipc::Connection::descriptors`].
        pub fn descriptors(&self) -> [std::os::fd::BorrowedFd<'_>; 2] {
            self.session.descriptors()
        }

        /// The descriptor to poll for events; neither to be read nor closed.
        pub fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
            self.session.fd()
        }

        /// Ends the session, and with it what the daemon keeps for it; whoever
        /// waits in another thread returns.
        pub fn close(&self) {
            self.session.close();
        }
    };
}
pub(crate) use waiting_methods;

/// Most events that are passed over in a row, as they are of no known kind: a daemon that sends nothing
/// else would keep the caller for ever.
pub(crate) const PASSED_OVER: usize = 1 << 10;

#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
}

impl Session {
    pub(crate) fn connect(
        service: Service,
        options: &Options,
        max_msg_size: u32,
    ) -> Result<Self, Error> {
        let wishes = quorate_ipc::Options {
            max_msg_size,
            timeout: options.timeout,
        };
        let connection = Connection::connect(service, &options.endpoint, wishes)?;
        Ok(Self { connection })
    }

    /// Sends a request and reads a reply of a fixed size. A type of reply starts
    /// with its header.
    pub(crate) fn call<R: FromZeros + FromBytes + IntoBytes + Immutable>(
        &self,
        request: &[u8],
        id: i32,
    ) -> Result<R, Error> {
        let mut reply = R::new_zeroed();
        self.call_at_least(request, id, &mut reply, size_of::<R>())?;
        Ok(reply)
    }

    /// The same, in the caller's room, which is not cleared before.
    pub(crate) fn call_in<'a, R: FromBytes + KnownLayout + Immutable, const N: usize>(
        &self,
        request: &[u8],
        id: i32,
        room: &'a mut Space<N>,
    ) -> Result<&'a R, Error> {
        let len = self.connection.call(request, &mut *room)?;
        let reply = room.filled();
        self.check(reply, len, id, size_of::<R>())?;
        match R::ref_from_prefix(reply) {
            Ok((reply, _)) => Ok(reply),
            Err(_) => {
                Err(self.refused_or_malformed(ReplyError::Malformed("a reply has no fields")))
            }
        }
    }

    /// Sends a request and reads a reply of `least` bytes or more into a larger
    /// type; returns the number of bytes.
    pub(crate) fn call_at_least<R: FromBytes + IntoBytes + Immutable>(
        &self,
        request: &[u8],
        id: i32,
        reply: &mut R,
        least: usize,
    ) -> Result<usize, Error> {
        let len = self.connection.call(request, reply.as_mut_bytes())?;
        self.check(reply.as_bytes(), len, id, least)?;
        Ok(len)
    }

    /// [`check_reply`] for a reply of `len` bytes.
    #[inline(always)]
    fn check(&self, reply: &[u8], len: usize, id: i32, least: usize) -> Result<(), Error> {
        let checked = match ResponseHeader::read_from_prefix(reply) {
            Ok((header, _)) => check_reply(&header, len, id, least),
            Err(_) => Err(ReplyError::Malformed("a reply has no header")),
        };
        checked.map_err(|error| self.refused_or_malformed(error))
    }

    /// Sends a request and returns the length of the reply, which the caller
    /// has yet to check.
    pub(crate) fn call_unchecked(&self, request: &[u8], reply: &mut [u8]) -> Result<usize, Error> {
        Ok(self.connection.call(request, reply)?)
    }

    /// Sends a request whose reply is a header with this id.
    pub(crate) fn status(&self, request: &[u8], id: i32) -> Result<(), Error> {
        self.call::<ResponseHeader>(request, id).map(drop)
    }

    /// Sends a request that has no reply.
    pub(crate) fn send(&self, request: &[u8]) -> Result<(), Error> {
        Ok(self.connection.send_only(request)?)
    }

    pub(crate) fn take_event<'a>(
        &self,
        room: impl Into<Room<'a>>,
        more: bool,
    ) -> Result<Option<usize>, Error> {
        Ok(self.connection.take_event(room, more)?)
    }

    pub(crate) fn poll(&self, limit: Option<Duration>) -> Result<Signal, Error> {
        Ok(self.connection.poll_event(limit)?)
    }

    pub(crate) fn examine(&self, signal: Signal) -> Result<Wait, Error> {
        Ok(self.connection.examine(signal)?)
    }

    pub(crate) fn wait(&self, limit: Option<Duration>) -> Result<Wait, Error> {
        Ok(self.connection.wait_event(limit)?)
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.connection.fd()
    }

    pub(crate) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        self.connection.descriptors()
    }

    pub(crate) fn close(&self) {
        self.connection.close();
    }

    /// The daemon's refusal is passed on; a message that can't be what it should
    /// be ends the connection.
    pub(crate) fn refused_or_malformed(&self, error: ReplyError) -> Error {
        match error {
            ReplyError::Rejected(_) => error.into(),
            ReplyError::Malformed(why) => self.connection.distrust(why).into(),
        }
    }
}
