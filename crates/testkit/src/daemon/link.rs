//! One client of a scripted daemon.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse, TYPE_SHM, TYPE_SOCKET};
use quorate_ipc::header::{AUTHENTICATE, ResponseHeader};
use zerocopy::{FromBytes as _, FromZeros as _, IntoBytes as _};

use super::fault::Place;
use super::rings::Rings;
use super::scripted::{Kind, private};
use super::sockets::Sockets;

/// What messages travel through.
#[derive(Debug)]
pub enum Channel {
    /// Shared memory.
    Rings(Rings),
    /// Datagrams.
    Sockets(Sockets),
    /// Nothing.
    Nothing,
}

/// A client that has asked for a connection.
#[derive(Debug)]
pub struct Link {
    /// Handshake and notifications.
    pub stream: UnixStream,
    /// The rest, laid out before the client is answered.
    pub channel: Channel,
    /// What the client asked for.
    pub request: ConnectionRequest,
    /// The answer that it should get.
    pub response: Box<ConnectionResponse>,
    /// Where its files are, until it is gone.
    pub directory: PathBuf,
}

impl Link {
    /// Hears a client's wish and lays everything out; none if it went away.
    pub(super) fn hear(
        mut stream: UnixStream,
        home: &Path,
        name: &str,
        kind: Kind,
    ) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut bytes = [0; size_of::<ConnectionRequest>()];
        stream.read_exact(&mut bytes).ok()?;
        let request = ConnectionRequest::read_from_bytes(&bytes).ok()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = private(&home.join(number.to_string()));
        let mut response = Box::new(ConnectionResponse::new_zeroed());
        response.header = ResponseHeader::new(AUTHENTICATE, size_of::<ConnectionResponse>(), 0);
        response.max_msg_size = request.max_msg_size;
        let channel = match kind {
            Kind::SystemRings | Kind::Rings => {
                let rings = Rings::create(&directory, name, request.max_msg_size);
                response.connection_type = TYPE_SHM;
                put(&mut response.request, &rings.bases[0]);
                put(&mut response.response, &rings.bases[1]);
                put(&mut response.event, &rings.bases[2]);
                Channel::Rings(rings)
            }
            Kind::Sockets => {
                let sockets = Sockets::create(&directory, name);
                response.connection_type = TYPE_SOCKET;
                put(&mut response.request, &sockets.control_path);
                put(&mut response.response, &sockets.base);
                Channel::Sockets(sockets)
            }
            Kind::Nothing => Channel::Nothing,
        };
        Some(Self {
            stream,
            channel,
            request,
            response,
            directory,
        })
    }

    /// Sends bytes on the stream; false if the client is gone.
    pub fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Lets the client in.
    pub fn admit(&mut self) -> bool {
        let response = self.response.as_bytes().to_vec();
        self.say(&response)
    }

    /// The files that the client shares.
    #[must_use]
    pub fn files(&self) -> Vec<&File> {
        match &self.channel {
            Channel::Rings(rings) => rings.files().to_vec(),
            Channel::Sockets(sockets) => vec![&sockets.control],
            Channel::Nothing => Vec::new(),
        }
    }

    /// Whether a message of this length has room, by what the client says it has read.
    #[must_use]
    pub fn has_room(&self, place: Place, len: usize) -> bool {
        match (&self.channel, place) {
            (Channel::Rings(rings), Place::Reply) => rings.response.has_room(len),
            (Channel::Rings(rings), Place::Event) => rings.event.has_room(len),
            _ => true,
        }
    }

    /// Whether the client has not closed the connection.
    #[must_use]
    pub fn stream_is_open(&self) -> bool {
        let mut fds = [PollFd::new(self.stream.as_fd(), PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO) == Ok(0)
    }

    /// Waits for the next request; none if the client is gone or sends what makes no sense.
    pub fn next_request(&mut self) -> Option<Vec<u8>> {
        match &mut self.channel {
            Channel::Rings(rings) => {
                self.stream.read_exact(&mut [0]).ok()?;
                rings.request.take()
            }
            Channel::Sockets(sockets) => {
                let mut fds = [
                    PollFd::new(sockets.calls.as_fd(), PollFlags::POLLIN),
                    PollFd::new(self.stream.as_fd(), PollFlags::empty()),
                ];
                while poll(&mut fds, PollTimeout::NONE).is_err() {}
                if fds[0].any() != Some(true) {
                    return None;
                }
                let mut bytes = vec![0; 1 << 16];
                let len = sockets.calls.recv(&mut bytes).ok()?;
                bytes.truncate(len);
                Some(bytes)
            }
            Channel::Nothing => None,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn put(field: &mut [u8], path: &Path) {
    let path = path.as_os_str().as_bytes();
    field[..path.len()].copy_from_slice(path);
}
