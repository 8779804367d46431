//! A stranger in the middle: the rings are a daemon's, the stream is not.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse};
use quorate_ipc::server::{ConnId, Server};

use super::answering::Answering;
use super::scripted::private;

/// An [`Answering`] daemon behind a relay.
#[derive(Debug)]
pub struct Relay {
    listener: UnixListener,
    daemon: Answering,
}

/// The two ends of the stream in the relay's hands.
#[derive(Debug)]
pub struct Stream {
    /// What the client believes to be the daemon.
    pub client: UnixStream,
    /// What the daemon believes to be the client.
    pub daemon: UnixStream,
}

impl Relay {
    /// A relay before a daemon that calls this function for each request.
    ///
    /// # Panics
    ///
    /// When it can't be made.
    #[must_use]
    pub fn start(answer: impl FnMut(&mut Server, ConnId, &[u8]) + Send + 'static) -> Self {
        let daemon = Answering::start(answer);
        let run_dir = private(&daemon.run_dir().with_file_name("relay"));
        let listener = UnixListener::bind(run_dir.join("votequorum")).expect("a new socket");
        Self { listener, daemon }
    }

    /// The directory of the relay's socket.
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.daemon.run_dir().with_file_name("relay")
    }

    /// Passes a handshake on, of a client that `connect` makes, and leaves the stream to the caller.
    ///
    /// # Panics
    ///
    /// When the client does not come, or its thread panics.
    pub fn connect<T: Send>(&self, connect: impl FnOnce() -> T + Send) -> (T, Stream) {
        std::thread::scope(|scope| {
            let session = scope.spawn(connect);
            let (mut client, _) = self.listener.accept().expect("the client comes");
            let mut daemon = UnixStream::connect(self.daemon.run_dir().join("votequorum"))
                .expect("the daemon listens");
            Stream::pass(&mut client, &mut daemon, size_of::<ConnectionRequest>());
            Stream::pass(&mut daemon, &mut client, size_of::<ConnectionResponse>());
            let session = session.join().expect("the client connects");
            (session, Stream { client, daemon })
        })
    }
}

impl Stream {
    /// Passes that many bytes of the client's on.
    ///
    /// # Panics
    ///
    /// When either end is gone.
    pub fn forward(&mut self, len: usize) {
        Self::pass(&mut self.client, &mut self.daemon, len);
    }

    fn pass(from: &mut UnixStream, to: &mut UnixStream, len: usize) {
        let mut bytes = vec![0; len];
        from.read_exact(&mut bytes).expect("bytes come");
        to.write_all(&bytes).expect("bytes can be passed on");
    }
}
