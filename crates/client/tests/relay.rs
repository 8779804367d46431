//! A stranger in the middle: the rings are a daemon's, the stream is not.

use quorate_client::{Endpoint, Error, EventBuffer, IpcError, Options, VoteQuorum, Wait};
use quorate_ipc::Service;
use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse};
use quorate_ipc::header::ResponseHeader;
use quorate_ipc::server::{Limits, Occurrence, Server};
use quorate_proto::votequorum::Event;
use std::fs::{self, DirBuilder};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use zerocopy::IntoBytes;

/// A daemon that sends one event with each answer, behind a relay.
struct Daemon {
    dir: PathBuf,
    listener: UnixListener,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The two ends of the stream in the relay's hands.
struct Stream {
    client: UnixStream,
    daemon: UnixStream,
}

impl Daemon {
    fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("quorate-relay-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        for dir in [
            &dir,
            &dir.join("run"),
            &dir.join("rings"),
            &dir.join("relay"),
        ] {
            DirBuilder::new().mode(0o700).create(dir).unwrap();
        }
        let mut server = Server::new(&dir.join("rings"), Limits::default()).unwrap();
        server
            .bind_dir(&dir.join("run"), Service::VoteQuorum)
            .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::Acquire) {
                    serve(&mut server);
                }
            }
        });
        let listener = UnixListener::bind(dir.join("relay/votequorum")).unwrap();
        Self {
            dir,
            listener,
            stop,
            thread: Some(thread),
        }
    }

    /// A session, and the stream that it believes to be the daemon's.
    fn session(&self) -> (VoteQuorum, Stream) {
        let options = Options {
            endpoint: endpoint(&self.dir.join("relay")),
            timeout: None,
        };
        std::thread::scope(|scope| {
            let session = scope.spawn(|| VoteQuorum::connect(&options).unwrap());
            let (mut client, _) = self.listener.accept().unwrap();
            let mut daemon = UnixStream::connect(self.dir.join("run/votequorum")).unwrap();
            forward(&mut client, &mut daemon, size_of::<ConnectionRequest>());
            forward(&mut daemon, &mut client, size_of::<ConnectionResponse>());
            (session.join().unwrap(), Stream { client, daemon })
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let ended = self.thread.take().unwrap().join();
        fs::remove_dir_all(&self.dir).unwrap();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

fn endpoint(dir: &Path) -> Endpoint {
    Endpoint::RunDir(dir.to_path_buf())
}

fn forward(from: &mut UnixStream, to: &mut UnixStream, len: usize) {
    let mut bytes = vec![0; len];
    from.read_exact(&mut bytes).unwrap();
    to.write_all(&bytes).unwrap();
}

fn serve(server: &mut Server) {
    let happened = server.poll(Some(Duration::from_millis(20)), |_| Ok(()));
    for occurrence in happened.unwrap() {
        if let Occurrence::Request { conn, .. } = occurrence {
            let event = Event::ExpectedVotes {
                context: 7,
                expected_votes: 3,
            };
            server.event(conn, event.encode());
            server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
        }
    }
}

fn assert_disconnected<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error, Error::Ipc(IpcError::Disconnected)),
        "{error}"
    );
}

#[test]
fn a_stream_closed_in_one_direction_is_the_end_for_who_waits() {
    let daemon = Daemon::start();
    let (session, stream) = daemon.session();
    stream.client.shutdown(Shutdown::Write).unwrap();
    assert_disconnected(session.wait(None));
    assert_disconnected(session.track_stop());
}

#[test]
fn a_stream_closed_in_one_direction_is_the_end_of_a_call() {
    let daemon = Daemon::start();
    let (session, stream) = daemon.session();
    std::thread::scope(|scope| {
        // The byte that announces the request is not passed on.
        let call = scope.spawn(|| session.track_stop());
        stream.client.shutdown(Shutdown::Write).unwrap();
        assert_disconnected(call.join().unwrap());
    });
}

#[test]
fn bytes_without_events_do_not_keep_anybody_busy() {
    let daemon = Daemon::start();
    let (session, mut stream) = daemon.session();
    stream.client.write_all(&[0; 5]).unwrap();
    let mut woken = 0;
    while session.wait(Some(Duration::ZERO)).unwrap() == Wait::Ready {
        woken += 1;
        assert_eq!(
            session.next_event(&mut EventBuffer::new(), true).unwrap(),
            None
        );
    }
    assert!(woken <= 5, "{woken}");
    // An event whose byte was among them is found all the same.
    stream.daemon.set_nonblocking(true).unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| session.track_start(7, 2));
        forward(&mut stream.client, &mut stream.daemon, 1);
        call.join().unwrap().unwrap();
    });
    let mut buffer = EventBuffer::new();
    let event = session.next_event(&mut buffer, true).unwrap();
    assert_eq!(
        event,
        Some(Event::ExpectedVotes {
            context: 7,
            expected_votes: 3
        })
    );
}

#[test]
fn a_session_that_is_closed_while_its_events_are_looked_at_says_so() {
    let daemon = Daemon::start();
    let (session, mut stream) = daemon.session();
    stream.client.write_all(&[0]).unwrap();
    let signal = session.poll(None).unwrap();
    session.close();
    let error = session.examine(signal).unwrap_err();
    assert!(matches!(error, Error::Ipc(IpcError::Closed)), "{error}");
}
