//! The three rings of a shared-memory connection.

use super::files::SharedFile;
use crate::error::Error;
use crate::handshake::ConnectionResponse;
use crate::lock::lock;
use crate::ring::{self, MappedRing, Shared};
use crate::semaphore;
use crate::sys::{self, Room, Transfer};
use std::fs;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Both sides are there.
const CONNECTED: u32 = 2;
/// The daemon wants no requests now.
const FLOW_STOP: u32 = 1;
/// Notification bytes taken from the socket with one system call.
const BATCH: usize = 64;

#[derive(Debug)]
pub(super) struct Rings {
    request: MappedRing,
    response: MappedRing,
    event: MappedRing,
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
}

#[derive(Debug, Default)]
struct EventState {
    read: usize,
    /// Events taken minus notification bytes taken. The daemon sends one byte
    /// per event, but not always at once.
    unread_bytes: isize,
}

impl CallState {
    /// Whether there are requests of which the daemon has not been told.
    pub(super) fn unannounced(&self) -> bool {
        self.unannounced > 0
    }
}

impl Rings {
    pub(super) fn attach(response: &ConnectionResponse) -> Result<Self, Error> {
        let max = response.max_msg_size as usize;
        let mut directory = PathBuf::new();
        let mut attach = |field: &[u8]| -> Result<_, Error> {
            let header = SharedFile::open(field, "-header")?;
            let data = SharedFile::open(field, "-data")?;
            header.unlink();
            data.unlink();
            let ring = MappedRing::attach(&header.file, &data.file, max)?;
            directory = header.into_directory();
            Ok(ring)
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

    pub(super) fn flow_control(&self) -> u32 {
        self.request.flow_control()
    }

    /// Puts the request into the ring.
    pub(super) fn send(&self, calls: &mut CallState, request: &[u8]) -> Result<bool, Error> {
        if self.request.references().load(Ordering::Relaxed) != CONNECTED {
            return Err(Error::Disconnected);
        }
        if self.request.flow_control() == FLOW_STOP {
            return Err(Error::FlowControl);
        }
        ring::produce(&self.request, &mut calls.write, request)?;
        calls.unannounced += 1;
        Ok(true)
    }

    /// Tells the daemon of requests it has not been told of; false if there is
    /// no room for that now.
    pub(super) fn notify(
        &self,
        calls: &mut CallState,
        socket: BorrowedFd<'_>,
    ) -> Result<bool, Error> {
        while calls.unannounced > 0 {
            const BYTES: &[u8; BATCH] = &[0; BATCH];
            match sys::send(socket, &BYTES[..calls.unannounced.min(BATCH)])? {
                Transfer::Done(n) => calls.unannounced -= n,
                Transfer::WouldBlock => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A reply that is there already.
    #[inline(always)]
    pub(super) fn received(
        &self,
        calls: &mut CallState,
        reply: &mut [u8],
    ) -> Result<Option<usize>, Error> {
        if !self.response.try_wait() {
            return Ok(None);
        }
        ring::consume(&self.response, &mut calls.read, self.max_msg_size, reply).map(Some)
    }

    pub(super) fn receive(
        &self,
        calls: &mut CallState,
        reply: &mut [u8],
        slice: Duration,
    ) -> Result<Option<usize>, Error> {
        if !self.response.wait(slice) {
            return Ok(None);
        }
        ring::consume(&self.response, &mut calls.read, self.max_msg_size, reply).map(Some)
    }

    pub(super) fn take_event(
        &self,
        socket: BorrowedFd<'_>,
        buffer: &mut (impl Room + ?Sized),
        more: bool,
    ) -> Result<Option<usize>, Error> {
        let mut events = lock(&self.events);
        let taken = if self.event.try_wait() {
            let len = ring::consume(&self.event, &mut events.read, self.max_msg_size, buffer)?;
            events.unread_bytes += 1;
            Some(len)
        } else {
            None
        };
        // While there are more events the socket is to stay readable anyway.
        let due = taken.is_none() || (!more && !self.queued());
        if due || events.unread_bytes >= BATCH as isize {
            events.settle(socket)?;
        }
        Ok(taken)
    }

    /// Whether an event waits in the ring, now that the socket has reported
    /// something. A byte without an event is taken away, or it would be
    /// reported for ever.
    pub(super) fn event_queued(&self, socket: BorrowedFd<'_>) -> Result<bool, Error> {
        let mut events = lock(&self.events);
        events.settle(socket)?;
        if !self.queued() && events.unread_bytes <= 0 {
            match sys::recv(socket, &mut [0])? {
                // The daemon will say no more.
                Transfer::Done(0) => return Err(Error::Disconnected),
                Transfer::Done(_) => events.unread_bytes -= 1,
                Transfer::WouldBlock => {}
            }
        }
        // The event may have come in between, with the byte that was taken.
        Ok(self.queued())
    }

    fn queued(&self) -> bool {
        semaphore::value(self.event.semaphore().load(Ordering::Relaxed)) > 0
    }

    /// Wakes a waiting caller and leaves; the directory of a daemon that died
    /// without clearing up is removed.
    pub(super) fn close(&self, daemon_gone: bool) {
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
