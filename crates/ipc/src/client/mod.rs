//! The client's half of a connection.

mod backlog;
pub(crate) mod called;
mod connect;
mod control;
mod datagram;
mod deadline;
mod files;
pub(crate) mod mapped;
pub(crate) mod shm;
mod transport;

use crate::error::Error;
use crate::sys::lock::TimedMutex;
pub use crate::sys::{Room, Space};
use crate::{process, sys};
pub(crate) use deadline::Deadline;
use shm::CallState;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use transport::{Channel, Transport, through};

/// How long a wait lasts before the connection's health is looked at again: the
/// daemon's death raises no event on a semaphore.
const SLICE: Duration = Duration::from_millis(20);

/// How long it lasts at most, when an answer takes long: were it always short, a thousand clients of
/// one daemon would keep it from the processor with nothing but looking.
const LONGEST_SLICE: Duration = Duration::from_millis(160);

/// How long a sender rests when the system has no memory for a message.
const SHORTAGE: Duration = Duration::from_millis(5);

/// The caller's wishes for a connection.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Largest message in bytes to be sent or received. Corosync grants what it
    /// is asked for and allocates three rings of this size.
    pub max_msg_size: u32,
    /// How long the daemon may take to answer; `None` waits as long as it lives.
    pub timeout: Option<Duration>,
}

/// A connection to one service of a daemon.
///
/// Any number of threads may use it at once: calls are answered one at a time,
/// events are handed out one by one.
#[derive(Debug)]
pub struct Connection {
    setup: OwnedFd,
    channel: Channel,
    max_msg_size: usize,
    timeout: Option<Duration>,
    owner: u32,
    closed: AtomicBool,
    broken: AtomicBool,
    daemon_gone: AtomicBool,
    calls: TimedMutex<Calls>,
}

/// What is under way between requests and replies.
#[derive(Debug, Default)]
struct Calls {
    /// Replies still to come to requests whose callers have given up. They are
    /// thrown away before the next request is sent, so that no caller is ever
    /// given another's answer.
    owed: u32,
    rings: CallState,
}

/// What the system reported about a connection's descriptors.
#[derive(Clone, Copy, Debug)]
pub struct Signal(sys::Ready);

/// What a wait for events ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Look for an event now.
    Ready,
    /// The limit passed, or a signal came.
    Nothing,
}

impl Connection {
    /// The descriptor to poll for events. It is the connection's own: it must
    /// be neither read nor closed.
    pub fn fd(&self) -> BorrowedFd<'_> {
        let setup = self.setup.as_fd();
        through!(&self.channel, it => it.event_fd(setup))
    }

    /// The descriptors to poll where events and the daemon's end are both
    /// waited for, together with others: the event's and the connection's,
    /// which are the same one in shared memory.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.fd(), self.setup.as_fd()]
    }

    /// Sends a request and waits for its reply; returns the reply's length.
    ///
    /// A reply longer than the room for it is a violation of the protocol. Any error
    /// but [`Error::TooBig`], [`Error::FlowControl`] and [`Error::TimedOut`]
    /// ends the connection's use.
    ///
    /// # Errors
    ///
    /// [`Error::TooBig`]: nothing was sent; [`Error::FlowControl`]: neither;
    /// [`Error::TimedOut`]: it may have been; [`Error::Closed`], [`Error::Disconnected`],
    /// [`Error::Protocol`], [`Error::System`]: the connection's use has ended.
    pub fn call<'a>(&self, request: &[u8], reply: impl Into<Room<'a>>) -> Result<usize, Error> {
        self.call_for(request, &mut reply.into())
    }

    fn call_for(&self, request: &[u8], reply: &mut Room<'_>) -> Result<usize, Error> {
        if request.len() > self.max_msg_size {
            return Err(Error::TooBig {
                size: request.len(),
                limit: self.max_msg_size,
            });
        }
        let deadline = Deadline::after(self.timeout);
        let mut calls = self.calls.lock(&deadline)?;
        self.alive()?;
        let most = reply.left();
        let len = through!(&self.channel, it => {
            self.exchange(it, &mut calls, request, reply, &deadline)
        })?;
        if len > most {
            return Err(self.broken_by(Error::Protocol("a reply is longer than documented")));
        }
        Ok(len)
    }

    /// Sends a request that has no reply. More cautious than [`Self::call`]: the
    /// daemon's mildest wish for less traffic is an [`Error::FlowControl`].
    ///
    /// # Errors
    ///
    /// As [`Self::call`].
    pub fn send_only(&self, request: &[u8]) -> Result<(), Error> {
        if request.len() > self.max_msg_size {
            return Err(Error::TooBig {
                size: request.len(),
                limit: self.max_msg_size,
            });
        }
        let deadline = Deadline::after(self.timeout);
        let mut calls = self.calls.lock(&deadline)?;
        self.alive()?;
        let wish = through!(&self.channel, it => it.flow_control());
        if wish.map_err(|error| self.broken_by(error))? != 0 {
            return Err(Error::FlowControl);
        }
        through!(&self.channel, it => {
            self.send(it, &mut calls, request, &deadline)?;
            self.notify(it, &mut calls, &deadline)
        })
    }

    /// Hands out the next event, if one is there; returns its length. Of an
    /// event longer than the buffer the rest is dropped.
    ///
    /// With `more` the caller promises to ask again soon, which saves system
    /// calls.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::Disconnected`], [`Error::Protocol`],
    /// [`Error::System`]: the connection's use has ended. Events that came before the
    /// daemon's end are handed out first.
    pub fn take_event<'a>(
        &self,
        room: impl Into<Room<'a>>,
        more: bool,
    ) -> Result<Option<usize>, Error> {
        let mut room = room.into();
        // What the daemon had to say before it died is still delivered.
        let died = self.daemon_gone.load(Ordering::Acquire);
        if !died {
            self.alive()?;
        }
        let setup = self.setup.as_fd();
        let taken = through!(&self.channel, it => it.take_event(setup, &mut room, more));
        match taken {
            Ok(None) if died => Err(self.alive().err().unwrap_or(Error::Disconnected)),
            taken => taken.map_err(|error| self.broken_by(error)),
        }
    }

    /// Waits for an event, for ever without a limit. No lock is held meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::Disconnected`]; [`Error::System`]: a system call
    /// failed.
    pub fn wait_event(&self, limit: Option<Duration>) -> Result<Wait, Error> {
        self.alive()?;
        let signal = self.poll_event(limit)?;
        self.examine(signal)
    }

    /// First half of [`Self::wait_event`]: the system call alone. A thread may be
    /// cancelled here; nothing in here can panic.
    ///
    /// # Errors
    ///
    /// [`Error::System`]: the system call failed.
    pub fn poll_event(&self, limit: Option<Duration>) -> Result<Signal, Error> {
        let setup = self.setup.as_fd();
        let ready = through!(&self.channel, it => it.poll_event(setup, limit))?;
        Ok(Signal(ready))
    }

    /// Second half of [`Self::wait_event`]: what the signal means.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::Disconnected`]; [`Error::Protocol`],
    /// [`Error::System`]: the connection's use has ended.
    pub fn examine(&self, Signal(ready): Signal) -> Result<Wait, Error> {
        let setup = self.setup.as_fd();
        let queued = through!(&self.channel, it => it.event_queued(setup, ready))
            .map_err(|error| self.broken_by(error))?;
        self.alive()?;
        if queued {
            return Ok(Wait::Ready);
        }
        if ready.hung_up {
            return Err(self.broken_by(Error::Disconnected));
        }
        Ok(Wait::Nothing)
    }

    /// Ends the connection: whoever waits in another thread returns with
    /// [`Error::Closed`]. The descriptor itself is closed when the last user
    /// of this value has let go of it.
    ///
    /// In a forked child this does nothing to the parent's connection.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) || process::generation() != self.owner {
            return;
        }
        let daemon_gone = if self.broken.load(Ordering::Acquire) {
            self.daemon_gone.load(Ordering::Acquire)
        } else {
            sys::wait_ready([(self.setup.as_fd(), sys::END)], Some(Duration::ZERO))
                .is_ok_and(|[setup]| setup.hung_up)
        };
        sys::shutdown(self.setup.as_fd());
        through!(&self.channel, it => it.close(daemon_gone));
    }

    /// Gives the connection up because of what came over it. To be called when
    /// a message can't be what it should be: no later one could be trusted.
    pub fn distrust(&self, why: &'static str) -> Error {
        self.broken_by(Error::Protocol(why))
    }

    fn alive(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if self.broken.load(Ordering::Acquire) {
            return Err(Error::Disconnected);
        }
        Ok(())
    }

    /// Makes every later use fail and wakes those who wait, for no later answer
    /// on this connection could be trusted.
    #[cold]
    fn broken_by(&self, error: Error) -> Error {
        if matches!(error, Error::Closed) || self.closed.load(Ordering::Acquire) {
            return Error::Closed;
        }
        if matches!(error, Error::Disconnected) {
            self.daemon_gone.store(true, Ordering::Release);
        }
        self.broken.store(true, Ordering::Release);
        sys::shutdown(self.setup.as_fd());
        error
    }

    /// Has a request answered, after all that were sent before.
    #[inline(always)]
    fn exchange(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        request: &[u8],
        reply: &mut Room<'_>,
        deadline: &Deadline,
    ) -> Result<usize, Error> {
        // The daemon does not answer what it was never told of.
        self.notify(way, calls, deadline)?;
        while calls.owed > 0 {
            self.receive(way, calls, &mut Room::none(), deadline)?;
            calls.owed -= 1;
        }
        self.send(way, calls, request, deadline)?;
        calls.owed += 1;
        self.notify(way, calls, deadline)?;
        let len = self.receive(way, calls, reply, deadline)?;
        calls.owed -= 1;
        Ok(len)
    }

    #[inline(always)]
    fn send(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        request: &[u8],
        deadline: &Deadline,
    ) -> Result<(), Error> {
        loop {
            match way.send(&mut calls.rings, request) {
                Err(error @ (Error::FlowControl | Error::TooBig { .. })) => return Err(error),
                Err(error) => return Err(self.broken_by(error)),
                Ok(true) => return Ok(()),
                Ok(false) => self.pause(way, deadline)?,
            }
        }
    }

    #[inline(always)]
    fn notify(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        while calls.rings.unannounced() {
            match way.notify(&mut calls.rings, self.setup.as_fd()) {
                Ok(true) => {}
                Ok(false) => self.pause(way, deadline)?,
                Err(error) => return Err(self.broken_by(error)),
            }
        }
        Ok(())
    }

    /// The daemon's socket is full: waits a slice for room.
    #[cold]
    fn pause(&self, way: &impl Transport, deadline: &Deadline) -> Result<(), Error> {
        let slice = deadline.slice(SLICE)?;
        let fd = way.room_fd(self.setup.as_fd());
        let [socket] = sys::wait_ready([(fd, sys::WRITE)], Some(slice))?;
        self.alive()?;
        if socket.hung_up {
            return Err(self.broken_by(Error::Disconnected));
        }
        if socket.writable {
            // Room, and yet it was refused: the system is short of memory.
            std::thread::sleep(slice.min(SHORTAGE));
        }
        Ok(())
    }

    #[inline(always)]
    fn receive(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        reply: &mut Room<'_>,
        deadline: &Deadline,
    ) -> Result<usize, Error> {
        // The daemon has a higher priority than its clients: mostly it has answered by now.
        match way.received(&mut calls.rings, reply) {
            Ok(Some(len)) => Ok(len),
            Ok(None) => self.wait_and_receive(way, calls, reply, deadline),
            Err(error) => Err(self.broken_by(error)),
        }
    }

    #[inline(never)]
    fn wait_and_receive(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        reply: &mut Room<'_>,
        deadline: &Deadline,
    ) -> Result<usize, Error> {
        let mut longest = SLICE;
        loop {
            let slice = deadline.slice(longest)?;
            if let Some(len) = self.receive_within(way, calls, reply, slice)? {
                return Ok(len);
            }
            longest = (longest * 2).min(LONGEST_SLICE);
            self.alive()?;
            let fds = [(self.setup.as_fd(), sys::END)];
            let [setup] = sys::wait_ready(fds, Some(Duration::ZERO))?;
            if setup.hung_up {
                // The reply may have come just before the end.
                return match self.receive_within(way, calls, reply, Duration::ZERO)? {
                    Some(len) => Ok(len),
                    None => Err(self.broken_by(Error::Disconnected)),
                };
            }
        }
    }

    fn receive_within(
        &self,
        way: &impl Transport,
        calls: &mut Calls,
        reply: &mut Room<'_>,
        slice: Duration,
    ) -> Result<Option<usize>, Error> {
        let received = way.receive(&mut calls.rings, reply, slice);
        received.map_err(|error| self.broken_by(error))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}
