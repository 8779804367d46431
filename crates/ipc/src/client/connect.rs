//! From a service's name to a connection.

use super::deadline::Deadline;
use super::transport::Channel;
use super::{Connection, Options, SLICE};
use crate::endpoint::{Endpoint, Service};
use crate::error::Error;
use crate::handshake::{ConnectionRequest, ConnectionResponse};
use crate::header::{AUTHENTICATE, ResponseHeader};
use crate::process;
use crate::sys::lock::TimedMutex;
use crate::sys::{self, Transfer};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::AtomicBool;
use zerocopy::{FromBytes, IntoBytes};

impl Connection {
    /// Connects to a service of the daemon at `endpoint`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] with `ECONNREFUSED` or `ENOENT` when nobody listens,
    /// [`Error::Refused`] with the daemon's reason, [`Error::TimedOut`] when it
    /// does not answer within the limit.
    pub fn connect(service: Service, endpoint: &Endpoint, options: Options) -> Result<Self, Error> {
        let deadline = Deadline::after(options.timeout);
        let (setup, daemon) = endpoint.connect(service)?;
        sys::set_option(setup.as_fd(), sys::PASS_CREDENTIALS, 1)?;
        send_whole(
            setup.as_fd(),
            ConnectionRequest::new(options.max_msg_size).as_bytes(),
        )?;
        let bytes = receive_response(setup.as_fd(), &deadline)?;
        sys::set_option(setup.as_fd(), sys::PASS_CREDENTIALS, 0)?;

        let response = ConnectionResponse::ref_from_bytes(&bytes)
            .map_err(|_| Error::Protocol("the connection response has a wrong size"))?;
        check_header(&response.header)?;
        if response.max_msg_size < options.max_msg_size {
            return Err(Error::Protocol("less was granted than messages need"));
        }
        Ok(Self {
            channel: Channel::attach(response, daemon)?,
            setup,
            max_msg_size: response.max_msg_size as usize,
            timeout: options.timeout,
            owner: process::generation(),
            closed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            daemon_gone: AtomicBool::new(false),
            calls: TimedMutex::default(),
        })
    }
}

fn check_header(header: &ResponseHeader) -> Result<(), Error> {
    if header.id != AUTHENTICATE {
        return Err(Error::Protocol("the connection response has a wrong id"));
    }
    match header.error {
        0 => Ok(()),
        // i32::MIN has no positive counterpart.
        negative if negative < 0 => Err(Error::Refused(io::Error::from_raw_os_error(
            negative.saturating_neg(),
        ))),
        _ => Err(Error::Protocol(
            "the connection response has an unknown error",
        )),
    }
}

fn send_whole(socket: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), Error> {
    match sys::send(socket, bytes)? {
        Transfer::Done(n) if n == bytes.len() => Ok(()),
        // A new socket has room for 24 bytes, or something is very wrong.
        _ => Err(Error::Disconnected),
    }
}

/// The response has 12 KiB: on the heap, for it would not fit a small stack.
fn receive_response(socket: BorrowedFd<'_>, deadline: &Deadline) -> Result<AlignedBytes, Error> {
    let mut bytes = AlignedBytes::zeroed(size_of::<ConnectionResponse>())?;
    let mut got = 0;
    while got < bytes.len() {
        match sys::recv(socket, &mut bytes[got..])? {
            Transfer::Done(0) => return Err(Error::Disconnected),
            Transfer::Done(n) => got += n,
            Transfer::WouldBlock => {
                sys::wait_ready([(socket, sys::READ)], Some(deadline.slice(SLICE)?))?;
            }
        }
    }
    Ok(bytes)
}

/// Bytes on the heap, aligned for every message.
struct AlignedBytes {
    words: Vec<u64>,
    len: usize,
}

impl AlignedBytes {
    fn zeroed(len: usize) -> Result<Self, Error> {
        let mut words = Vec::new();
        words
            .try_reserve_exact(len.div_ceil(8))
            .map_err(|_| Error::NoMemory)?;
        words.resize(len.div_ceil(8), 0);
        Ok(Self { words, len })
    }
}

impl std::ops::Deref for AlignedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.words.as_bytes()[..self.len]
    }
}

impl std::ops::DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.words.as_mut_bytes()[..self.len]
    }
}
