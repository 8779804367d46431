//! The socket connection type: a pair of datagram sockets, one message each.

use super::files::SharedFile;
use crate::atomic::Ordering;
use crate::endpoint::joined;
use crate::error::Error;
use crate::handshake::ConnectionResponse;
use crate::sys::{self, Address, Mapping, Room, SocketKind, Transfer};
use std::ffi::CStr;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// The control file: three pairs of a count of messages under way and a
/// flow-control word, for requests, responses and events.
const CONTROL_LEN: usize = 24;
const REQUESTS_SENT: usize = 0;
const FLOW_CONTROL: usize = 4;
const RESPONSES_SENT: usize = 8;
const EVENTS_SENT: usize = 16;

const FLOW_STOP: u32 = 1;

#[derive(Debug)]
pub(super) struct Datagrams {
    calls: OwnedFd,
    events: OwnedFd,
    control: Mapping,
    directory: PathBuf,
}

impl Datagrams {
    pub(super) fn attach(response: &ConnectionResponse) -> Result<Self, Error> {
        let shared = SharedFile::open(&response.request, "")?;
        shared.unlink();
        let len = shared
            .file
            .metadata()
            .map_err(|e| Error::system("fstat", e))?
            .len();
        if len != CONTROL_LEN as u64 {
            return Err(Error::Protocol("the control file has a wrong size"));
        }
        let control = Mapping::new(&shared.file, CONTROL_LEN)?;
        control.populate()?;
        let base = CStr::from_bytes_until_nul(&response.response)
            .map_err(|_| Error::Protocol("the sockets' name is not terminated"))?
            .to_bytes();
        let max = i32::try_from(response.max_msg_size).unwrap_or(i32::MAX);
        Ok(Self {
            calls: pair(base, "-response", "-request", max)?,
            events: pair(base, "-event", "-event-tx", max)?,
            control,
            directory: shared.into_directory(),
        })
    }

    pub(super) fn event_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }

    pub(super) fn call_fd(&self) -> BorrowedFd<'_> {
        self.calls.as_fd()
    }

    pub(super) fn flow_control(&self) -> u32 {
        self.control.u32_at(FLOW_CONTROL).load(Ordering::Relaxed)
    }

    /// False if the daemon's socket has no room now.
    pub(super) fn send(&self, request: &[u8]) -> Result<bool, Error> {
        if self.flow_control() == FLOW_STOP {
            return Err(Error::FlowControl);
        }
        match sys::send(self.calls.as_fd(), request)? {
            Transfer::Done(_) => {
                self.control
                    .u32_at(REQUESTS_SENT)
                    .fetch_add(1, Ordering::Relaxed);
                Ok(true)
            }
            Transfer::WouldBlock => Ok(false),
        }
    }

    pub(super) fn receive(
        &self,
        reply: &mut [u8],
        slice: Duration,
    ) -> Result<Option<usize>, Error> {
        if let Some(len) = self.take(&self.calls, RESPONSES_SENT, reply)? {
            return Ok(Some(len));
        }
        sys::wait_ready([(self.calls.as_fd(), sys::READ)], Some(slice))?;
        self.take(&self.calls, RESPONSES_SENT, reply)
    }

    pub(super) fn take_event(
        &self,
        buffer: &mut (impl Room + ?Sized),
    ) -> Result<Option<usize>, Error> {
        self.take(&self.events, EVENTS_SENT, buffer.room(usize::MAX))
    }

    fn take(
        &self,
        socket: &OwnedFd,
        counter: usize,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, Error> {
        match sys::recv_datagram(socket.as_fd(), buffer)? {
            // A datagram without content is none of libqb's; what shutdown
            // makes of a socket reads the same.
            Transfer::Done(0) | Transfer::WouldBlock => Ok(None),
            Transfer::Done(len) => {
                self.control.u32_at(counter).fetch_sub(1, Ordering::Relaxed);
                Ok(Some(len))
            }
        }
    }

    /// Wakes whoever waits. Of this connection type the client clears up.
    pub(super) fn close(&self) {
        sys::shutdown(self.calls.as_fd());
        sys::shutdown(self.events.as_fd());
        let _ = fs::remove_dir(&self.directory);
    }
}

/// A socket bound to `base` + `ours`, connected to `base` + `theirs`.
fn pair(base: &[u8], ours: &str, theirs: &str, max: i32) -> Result<OwnedFd, Error> {
    let socket = sys::unix_socket(SocketKind::Datagram)?;
    let address = |suffix: &str| Address::abstract_name(&joined(&[base, suffix.as_bytes()])?);
    sys::bind(socket.as_fd(), &address(ours)?)?;
    sys::connect(socket.as_fd(), &address(theirs)?)?;
    sys::set_option(socket.as_fd(), sys::SEND_BUFFER, max)?;
    sys::set_option(socket.as_fd(), sys::RECEIVE_BUFFER, max)?;
    Ok(socket)
}
