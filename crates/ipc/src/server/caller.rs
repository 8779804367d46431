//! From an accepted socket to a connection.

use super::files::Rings;
use super::sys::{self, Credentials};
use crate::error::Error;
use crate::handshake::{ConnectionRequest, ConnectionResponse, PATH_LEN, TYPE_SHM};
use crate::header::{AUTHENTICATE, ResponseHeader};
use crate::sys as common;
use crate::sys::Transfer;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// Somebody who has connected and not yet said what it wants.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) stream: UnixStream,
    pub(super) listener: u64,
    /// Since when it is waited for; not while its socket is frozen.
    pub(super) since: Option<Instant>,
    /// Whose process it is, as far as that is known before it says anything.
    pub(super) process: i32,
    request: [u8; size_of::<ConnectionRequest>()],
    got: usize,
    credentials: Option<Credentials>,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) credentials: Credentials,
    pub(super) max_msg_size: u32,
}

impl Caller {
    pub(super) fn new(stream: UnixStream, listener: u64) -> Result<Self, Error> {
        let process = common::peer(stream.as_fd())?.pid;
        Ok(Self {
            process,
            stream,
            listener,
            since: Some(Instant::now()),
            request: [0; size_of::<ConnectionRequest>()],
            got: 0,
            credentials: None,
        })
    }

    /// Listens to the caller: its wish when that is complete, an error when it
    /// never will be.
    pub(super) fn listen(&mut self) -> Result<Option<Wish>, Error> {
        let buffer = &mut self.request[self.got..];
        let (received, credentials) = sys::recv_with_credentials(self.stream.as_fd(), buffer)?;
        match received {
            Transfer::WouldBlock => return Ok(None),
            Transfer::Done(0) => return Err(Error::Disconnected),
            Transfer::Done(n) => self.got += n,
        }
        // One request, one sender: parts of it may come from two processes.
        let credentials = credentials.ok_or(Error::Protocol("a caller without credentials"))?;
        if *self.credentials.get_or_insert(credentials) != credentials {
            return Err(Error::Protocol("a request by several processes"));
        }
        if self.got < self.request.len() {
            return Ok(None);
        }
        let request = ConnectionRequest::read_from_bytes(&self.request)
            .map_err(|_| Error::Protocol("the connection request has a wrong size"))?;
        if request.header.id != AUTHENTICATE {
            return Err(Error::Protocol("the connection request has a wrong id"));
        }
        common::set_option(self.stream.as_fd(), common::PASS_CREDENTIALS, 0)?;
        Ok(Some(Wish {
            credentials,
            max_msg_size: request.max_msg_size,
        }))
    }

    /// Tells the caller where its rings are.
    pub(super) fn welcome(&self, id: u64, granted: u32, rings: &Rings) -> Result<(), Error> {
        let mut response = blank();
        response.connection_type = TYPE_SHM;
        response.max_msg_size = granted;
        response.connection = id;
        let [request, reply, event] = rings.bases();
        set_path(&mut response.request, request)?;
        set_path(&mut response.response, reply)?;
        set_path(&mut response.event, event)?;
        self.answer(&response)
    }

    /// Tells the caller why it can't be served. Whether it hears makes no
    /// difference: the socket is closed next.
    pub(super) fn refuse(&self, errno: i32) {
        let mut response = blank();
        response.header.error = -errno.saturating_abs().max(1);
        let _ = self.answer(&response);
    }

    /// In one piece, because libqb's client gives up when it gets a part.
    fn answer(&self, response: &ConnectionResponse) -> Result<(), Error> {
        match common::send(self.stream.as_fd(), response.as_bytes())? {
            Transfer::Done(n) if n == size_of::<ConnectionResponse>() => Ok(()),
            _ => Err(Error::Disconnected),
        }
    }
}

fn blank() -> ConnectionResponse {
    let mut response = ConnectionResponse::new_zeroed();
    let size = size_of::<ConnectionResponse>();
    response.header = ResponseHeader::new(AUTHENTICATE, size, 0);
    response
}

fn set_path(field: &mut [u8; PATH_LEN], path: &Path) -> Result<(), Error> {
    let path = path.as_os_str().as_bytes();
    if path.len() >= PATH_LEN {
        return Err(Error::Untrusted("the directory's path is too long"));
    }
    field[..path.len()].copy_from_slice(path);
    Ok(())
}
