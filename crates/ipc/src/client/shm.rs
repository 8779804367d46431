//! The three rings of a shared-memory connection.

use super::backlog::Backlog;
use super::files::SharedFile;
use super::transport::Transport;
use crate::eagerness::Eagerness;
use crate::error::Error;
use crate::handshake::ConnectionResponse;
use crate::ring::{self, Shared};
use crate::sys::lock::lock;
use crate::sys::{self, Ready, Room, Transfer};
use std::fs::{self, File};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// Both sides are there.
const CONNECTED: u32 = 2;
/// The daemon wants no requests now.
const FLOW_STOP: u32 = 1;
/// Notification bytes taken from the socket with one system call.
const BATCH: usize = 64;
/// So many events in the ring, and a call that has its reply takes them out: the ring holds some
/// hundred, and the daemon looks again late for room in one that was full.
const CROWDED: u32 = 128;
/// More than a ring holds, unless it was asked to be large: a daemon that adds events all the time
/// does not keep a call.
const MOST_AT_ONCE: usize = 1 << 10;

/// The client's end of a ring in two files.
pub(crate) trait Ring: Shared + Sized {
    /// Whether to look for a reply before one is waited for, which costs nothing in memory.
    const LOOK_FIRST: bool;

    /// Opens a ring that carries messages of up to `max_msg_size` bytes, and counts this side in.
    fn attach(header: File, data: File, max_msg_size: usize) -> Result<Self, Error>;

    /// Counts this side out. Not in the destructor: a forked child that lets
    /// its copy go must not touch what the parent still uses.
    fn detach(&self);

    fn status(&self) -> Result<Status, Error>;

    /// Takes one count of the semaphore, waiting up to `limit` for it, without sleep if that is
    /// worth it.
    fn wait(&self, eagerness: &mut Eagerness, limit: Duration) -> Result<bool, Error>;

    /// Takes one count of the semaphore if there is one.
    fn try_wait(&self) -> Result<bool, Error>;

    /// Whether there is one.
    fn counted(&self) -> Result<bool, Error> {
        Ok(self.count()? > 0)
    }

    /// How many there are.
    fn count(&self) -> Result<u32, Error>;

    /// Wakes whoever waits, in both processes, without a chunk.
    fn interrupt(&self);
}

/// What the daemon says of itself in the request ring.
pub(crate) struct Status {
    /// Two while both sides are there; the daemon changes it when it ends.
    pub(super) references: u32,
    /// Non-zero: the daemon asks to send less.
    pub(super) flow_control: u32,
}

/// Whether the ring has the size that both sides compute.
pub(super) fn check_size(words: u32, data_len: usize) -> Result<(), Error> {
    if words as usize == data_len / 4 {
        Ok(())
    } else {
        Err(Error::Protocol("the ring's size is not the one agreed"))
    }
}

#[derive(Debug)]
pub(super) struct Rings<R> {
    request: R,
    response: R,
    event: R,
    max_msg_size: usize,
    events: Mutex<EventState>,
    directory: PathBuf,
}

/// The private side of the request and the response ring.
#[derive(Debug, Default)]
pub(super) struct CallState {
    write: usize,
    read: usize,
    /// Requests written for which the daemon has not been sent its byte.
    unannounced: usize,
    eagerness: Eagerness,
}

#[derive(Debug, Default)]
struct EventState {
    read: usize,
    /// Events taken minus notification bytes taken. The daemon sends one byte
    /// per event, but not always at once.
    unread_bytes: isize,
    backlog: Backlog,
}

impl CallState {
    /// Whether there are requests of which the daemon has not been told.
    pub(super) fn unannounced(&self) -> bool {
        self.unannounced > 0
    }
}

impl<R: Ring> Rings<R> {
    pub(super) fn attach(response: &ConnectionResponse) -> Result<Self, Error> {
        let max = response.max_msg_size as usize;
        let mut directory = PathBuf::new();
        let mut attach = |field: &[u8]| -> Result<_, Error> {
            let header = SharedFile::open(field, "-header")?;
            let data = SharedFile::open(field, "-data")?;
            header.unlink();
            data.unlink();
            let (header, parent) = header.into_parts();
            directory = parent;
            R::attach(header, data.into_parts().0, max)
        };
        Ok(Self {
            request: attach(&response.request)?,
            response: attach(&response.response)?,
            event: attach(&response.event)?,
            max_msg_size: max,
            events: Mutex::default(),
            directory,
        })
    }
}

impl<R: Ring> Rings<R> {
    /// Makes room in a crowded ring of events, where they are memory of this process. What is wrong
    /// with them is said to who wants events.
    #[inline(always)]
    fn relieve(&self) {
        if R::LOOK_FIRST && self.event.count().is_ok_and(|count| count >= CROWDED) {
            self.keep_events();
        }
    }

    #[cold]
    fn keep_events(&self) {
        let mut events = lock(&self.events);
        let EventState { read, backlog, .. } = &mut *events;
        let (max, mut event) = (self.max_msg_size, Vec::new());
        if !backlog.reserve(max) || event.try_reserve_exact(max).is_err() {
            return;
        }
        event.resize(max, 0);
        for _ in 0..MOST_AT_ONCE {
            if !backlog.reserve(max) || !matches!(self.event.counted(), Ok(true)) {
                return;
            }
            // Its count is taken last: one that is refused stays where it is.
            let room = &mut Room::from(event.as_mut_slice());
            let Ok(len) = ring::consume(&self.event, read, max, room) else {
                return;
            };
            backlog.push(&event[..len]);
            let _ = self.event.try_wait();
        }
    }
}

impl<R: Ring> Transport for Rings<R> {
    fn event_fd<'a>(&'a self, setup: BorrowedFd<'a>) -> BorrowedFd<'a> {
        setup
    }

    fn room_fd<'a>(&'a self, setup: BorrowedFd<'a>) -> BorrowedFd<'a> {
        setup
    }

    fn flow_control(&self) -> Result<u32, Error> {
        Ok(self.request.status()?.flow_control)
    }

    #[inline(always)]
    fn send(&self, calls: &mut CallState, request: &[u8]) -> Result<bool, Error> {
        let status = self.request.status()?;
        if status.references != CONNECTED {
            return Err(Error::Disconnected);
        }
        if status.flow_control == FLOW_STOP {
            return Err(Error::FlowControl);
        }
        ring::produce(&self.request, &mut calls.write, request)?;
        calls.unannounced += 1;
        Ok(true)
    }

    #[inline(always)]
    fn notify(&self, calls: &mut CallState, socket: BorrowedFd<'_>) -> Result<bool, Error> {
        while calls.unannounced > 0 {
            const BYTES: &[u8; BATCH] = &[0; BATCH];
            match sys::send(socket, &BYTES[..calls.unannounced.min(BATCH)])? {
                Transfer::Done(n) => calls.unannounced -= n,
                Transfer::WouldBlock => return Ok(false),
            }
        }
        Ok(true)
    }

    #[inline(always)]
    fn received(
        &self,
        calls: &mut CallState,
        reply: &mut Room<'_>,
    ) -> Result<Option<usize>, Error> {
        if !R::LOOK_FIRST || !self.response.try_wait()? {
            return Ok(None);
        }
        let len = ring::consume(&self.response, &mut calls.read, self.max_msg_size, reply)?;
        self.relieve();
        Ok(Some(len))
    }

    fn receive(
        &self,
        calls: &mut CallState,
        reply: &mut Room<'_>,
        slice: Duration,
    ) -> Result<Option<usize>, Error> {
        if !self.response.wait(&mut calls.eagerness, slice)? {
            return Ok(None);
        }
        let len = ring::consume(&self.response, &mut calls.read, self.max_msg_size, reply)?;
        self.relieve();
        Ok(Some(len))
    }

    fn take_event(
        &self,
        socket: BorrowedFd<'_>,
        room: &mut Room<'_>,
        more: bool,
    ) -> Result<Option<usize>, Error> {
        let mut events = lock(&self.events);
        let taken = if !events.backlog.is_empty() {
            events.unread_bytes += 1;
            events.backlog.pop(room)
        } else if self.event.try_wait()? {
            let len = ring::consume(&self.event, &mut events.read, self.max_msg_size, room)?;
            events.unread_bytes += 1;
            Some(len)
        } else {
            None
        };
        // While there are more events the socket is to stay readable anyway.
        let due =
            taken.is_none() || (!more && events.backlog.is_empty() && !self.event.counted()?);
        if due || events.unread_bytes >= BATCH as isize {
            events.settle(socket)?;
        }
        Ok(taken)
    }

    fn poll_event(&self, setup: BorrowedFd<'_>, limit: Option<Duration>) -> Result<Ready, Error> {
        Ok(sys::wait_ready([(setup, sys::READ)], limit)?[0])
    }

    /// A byte without an event is taken away, or it would be reported for ever.
    fn event_queued(&self, socket: BorrowedFd<'_>, ready: Ready) -> Result<bool, Error> {
        if !ready.readable && !ready.hung_up {
            return Ok(false);
        }
        let mut events = lock(&self.events);
        events.settle(socket)?;
        if events.backlog.is_empty() && !self.event.counted()? && events.unread_bytes <= 0 {
            match sys::recv(socket, &mut [0])? {
                // The daemon will say no more.
                Transfer::Done(0) => return Err(Error::Disconnected),
                Transfer::Done(_) => events.unread_bytes -= 1,
                Transfer::WouldBlock => {}
            }
        }
        // The event may have come in between, with the byte that was taken.
        Ok(!events.backlog.is_empty() || self.event.counted()?)
    }

    /// The directory of a daemon that died without clearing up is removed.
    fn close(&self, daemon_gone: bool) {
        self.response.interrupt();
        for ring in [&self.request, &self.response, &self.event] {
            ring.detach();
        }
        if daemon_gone {
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

impl EventState {
    fn settle(&mut self, socket: BorrowedFd<'_>) -> Result<(), Error> {
        while let Ok(due @ 1..) = usize::try_from(self.unread_bytes) {
            let mut bytes = [0; BATCH];
            match sys::recv(socket, &mut bytes[..due.min(BATCH)]) {
                // The end of the stream is for the next wait to report.
                Ok(Transfer::Done(0) | Transfer::WouldBlock) | Err(Error::Disconnected) => break,
                Ok(Transfer::Done(n)) => self.unread_bytes -= n as isize,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
