//! The socket connection type: a pair of datagram sockets, one message each.

use super::control::{Control, Count};
use super::files::SharedFile;
use super::shm::CallState;
use super::transport::Transport;
use crate::endpoint::{Daemon, joined};
use crate::error::Error;
use crate::handshake::ConnectionResponse;
use crate::sys::{self, Address, Ready, Room, SocketKind, Transfer};
use std::ffi::CStr;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

const FLOW_STOP: u32 = 1;

#[derive(Debug)]
pub(super) struct Datagrams {
    calls: OwnedFd,
    events: OwnedFd,
    control: Control,
    directory: PathBuf,
}

impl Datagrams {
    pub(super) fn attach(response: &ConnectionResponse, daemon: Daemon) -> Result<Self, Error> {
        let shared = SharedFile::open(&response.request, "")?;
        shared.unlink();
        let (file, directory) = shared.into_parts();
        let control = Control::attach(file, daemon)?;
        let base = CStr::from_bytes_until_nul(&response.response)
            .map_err(|_| Error::Protocol("the sockets' name is not terminated"))?
            .to_bytes();
        let max = i32::try_from(response.max_msg_size).unwrap_or(i32::MAX);
        Ok(Self {
            calls: pair(base, "-response", "-request", max)?,
            events: pair(base, "-event", "-event-tx", max)?,
            control,
            directory,
        })
    }

    fn take(
        &self,
        socket: &OwnedFd,
        of: Count,
        room: &mut Room<'_>,
    ) -> Result<Option<usize>, Error> {
        let len = room.read(usize::MAX, |bytes| {
            Ok(match sys::recv_datagram(socket.as_fd(), bytes)? {
                Transfer::Done(len) => len,
                Transfer::WouldBlock => 0,
            })
        })?;
        if len == 0 {
            // A datagram without content is none of libqb's; what shutdown
            // makes of a socket reads the same.
            return Ok(None);
        }
        self.control.count(of, -1)?;
        Ok(Some(len))
    }
}

impl Transport for Datagrams {
    fn event_fd<'a>(&'a self, _: BorrowedFd<'a>) -> BorrowedFd<'a> {
        self.events.as_fd()
    }

    fn room_fd<'a>(&'a self, _: BorrowedFd<'a>) -> BorrowedFd<'a> {
        self.calls.as_fd()
    }

    fn flow_control(&self) -> Result<u32, Error> {
        self.control.flow_control()
    }

    fn send(&self, _: &mut CallState, request: &[u8]) -> Result<bool, Error> {
        if self.flow_control()? == FLOW_STOP {
            return Err(Error::FlowControl);
        }
        match sys::send(self.calls.as_fd(), request)? {
            Transfer::Done(_) => {
                self.control.count(Count::Requests, 1)?;
                Ok(true)
            }
            Transfer::WouldBlock => Ok(false),
        }
    }

    fn notify(&self, _: &mut CallState, _: BorrowedFd<'_>) -> Result<bool, Error> {
        Ok(true)
    }

    fn received(&self, _: &mut CallState, _: &mut Room<'_>) -> Result<Option<usize>, Error> {
        Ok(None)
    }

    fn receive(
        &self,
        _: &mut CallState,
        reply: &mut Room<'_>,
        slice: Duration,
    ) -> Result<Option<usize>, Error> {
        if let Some(len) = self.take(&self.calls, Count::Responses, reply)? {
            return Ok(Some(len));
        }
        sys::wait_ready([(self.calls.as_fd(), sys::READ)], Some(slice))?;
        self.take(&self.calls, Count::Responses, reply)
    }

    fn take_event(
        &self,
        _: BorrowedFd<'_>,
        room: &mut Room<'_>,
        _: bool,
    ) -> Result<Option<usize>, Error> {
        self.take(&self.events, Count::Events, room)
    }

    fn poll_event(&self, setup: BorrowedFd<'_>, limit: Option<Duration>) -> Result<Ready, Error> {
        let fds = [(self.events.as_fd(), sys::READ), (setup, sys::READ)];
        let [event, setup] = sys::wait_ready(fds, limit)?;
        Ok(Ready {
            hung_up: event.hung_up || setup.hung_up,
            ..event
        })
    }

    fn event_queued(&self, _: BorrowedFd<'_>, ready: Ready) -> Result<bool, Error> {
        Ok(ready.readable && !ready.hung_up)
    }

    /// Of this connection type the client clears up.
    fn close(&self, _: bool) {
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
