//! Asking a live cluster.

use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::net::sockopt::{self, Timeout, socket_peercred};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};
use rustix::process::geteuid;
use serde_json::Error as JsonError;
use thiserror::Error;

use crate::message::{Refusal, Reply, Request, Status};
use crate::place::{Name, SOCKET};

/// More than any reply has.
const LONGEST: u64 = 64 << 20;

/// How much longer than a request's own limit its answer may take if nothing else limits it: only a
/// cluster that hangs takes as long.
const LATE: Duration = Duration::from_secs(30);

/// Why a cluster could not be asked, or did not do what it was asked.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody has the name.
    #[error("no cluster is served under the name '{0}'")]
    NoSuchCluster(Name),
    /// Nobody serves in the directory.
    #[error("{}: no cluster is served here", .0.display())]
    NotServed(PathBuf),
    /// Somebody else may have put the socket there.
    #[error("{}: belongs to another user, or can be written by others", .0.display())]
    Untrusted(PathBuf),
    /// The connection failed, or ended before the answer.
    #[error("the connection to the cluster: {0}")]
    Connection(#[from] io::Error),
    /// It says nothing, for so long: its process may be stopped, or be at work.
    #[error("the cluster has not answered within {0:?}")]
    NoAnswer(Duration),
    /// The answer cannot be understood.
    #[error("the cluster's answer: {0}")]
    Answer(#[from] JsonError),
    /// The cluster refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A connection to a live cluster.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    directory: PathBuf,
    timeout: Option<Duration>,
}

impl Client {
    /// Connects to the cluster of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or it is not this user's.
    pub fn find(name: &Name) -> Result<Self, ClientError> {
        match Self::connect(&name.directory()) {
            Err(ClientError::NotServed(_)) => Err(ClientError::NoSuchCluster(name.clone())),
            other => other,
        }
    }

    /// Connects to the cluster that has one of its nodes' sockets in `run_dir`, which is what
    /// programs have as `QUORATE_RUN_DIR`.
    ///
    /// # Errors
    ///
    /// If that is not a served cluster's, or not this user's.
    pub fn of_node(run_dir: &Path) -> Result<Self, ClientError> {
        let directory = run_dir.parent().unwrap_or(Path::new("/"));
        Self::connect(directory)
    }

    /// Connects to the cluster in this directory.
    ///
    /// # Errors
    ///
    /// As for [`Self::find`].
    pub fn connect(directory: &Path) -> Result<Self, ClientError> {
        Self::connect_within(directory, None)
    }

    /// The same, and limits how long the cluster may take to answer, each time; where a request has
    /// a limit of its own, that is added.
    ///
    /// # Errors
    ///
    /// As for [`Self::find`]; also if the cluster lets nobody connect for so long.
    pub fn connect_within(
        directory: &Path,
        timeout: Option<Duration>,
    ) -> Result<Self, ClientError> {
        let not_served = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ClientError::NotServed(directory.to_path_buf())
            }
            _ => ClientError::Connection(error),
        };
        let handle = open(
            directory,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        );
        let handle = std::fs::File::from(handle.map_err(|error| not_served(error.into()))?);
        let meta = handle.metadata()?;
        let own = geteuid().as_raw();
        let trusted = |uid: u32| uid == own || uid == 0;
        let untrusted = || ClientError::Untrusted(directory.to_path_buf());
        if !trusted(meta.uid()) || meta.mode() & 0o022 != 0 {
            return Err(untrusted());
        }
        // Through the descriptor: it is the directory that was looked at, and short.
        let number = std::os::fd::AsRawFd::as_raw_fd(&handle);
        let path = format!("/proc/self/fd/{number}/{SOCKET}");
        let stream = reach(&path, timeout).map_err(|error| match (error.kind(), timeout) {
            (io::ErrorKind::WouldBlock, Some(limit)) => ClientError::NoAnswer(limit),
            _ => not_served(error),
        })?;
        let server = socket_peercred(stream.as_fd()).map_err(io::Error::from)?;
        if !trusted(server.uid.as_raw()) {
            return Err(untrusted());
        }
        Ok(Self {
            stream: BufReader::new(stream),
            directory: directory.to_path_buf(),
            timeout,
        })
    }

    /// The cluster's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What programs on a node need as `QUORATE_RUN_DIR`; `None` if there is no such node.
    #[must_use]
    pub fn run_dir(&self, node: u32) -> Option<PathBuf> {
        let path = self.directory.join(format!("node{node}"));
        path.is_dir().then_some(path)
    }

    /// Asks, and waits for the answer. A refusal is an error. After any other error nothing can be
    /// asked here any more: what came then could be the answer to this.
    ///
    /// # Errors
    ///
    /// Any of [`ClientError`] but those of connecting.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        match self.answer(request) {
            Ok(Reply::Refused(refusal)) => Err(refusal.into()),
            Ok(reply) => Ok(reply),
            Err(error) => {
                let _ = self.stream.get_ref().shutdown(Shutdown::Both);
                Err(error)
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Result<Reply, ClientError> {
        let limit = self.limit(request);
        let start = Instant::now();
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.write(&line, start, limit)?;
        line.clear();
        while line.last() != Some(&b'\n') {
            let read = self.read(start, limit)?;
            if read.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(read.len(), |end| end + 1);
            line.extend_from_slice(&read[..taken]);
            self.stream.consume(taken);
            if line.len() as u64 > LONGEST {
                return Err(io::Error::from(io::ErrorKind::InvalidData).into());
            }
        }
        Ok(serde_json::from_slice(&line)?)
    }

    /// How long the answer to a request may take.
    fn limit(&self, request: &Request) -> Option<Duration> {
        let own = match request {
            Request::Wait { limit_ms } | Request::WaitConnected { limit_ms, .. } => *limit_ms,
            _ => return self.timeout,
        };
        let late = self.timeout.unwrap_or(LATE);
        Some(Duration::from_millis(own).saturating_add(late))
    }

    /// Sends all of it.
    fn write(
        &mut self,
        mut bytes: &[u8],
        start: Instant,
        limit: Option<Duration>,
    ) -> Result<(), ClientError> {
        while !bytes.is_empty() {
            let stream = self.stream.get_mut();
            stream.set_write_timeout(rest(start, limit)?)?;
            match stream.write(bytes) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(no_answer(error, limit)),
            }
        }
        Ok(())
    }

    /// What has come; nothing if the connection has ended.
    fn read(&mut self, start: Instant, limit: Option<Duration>) -> Result<&[u8], ClientError> {
        while self.stream.buffer().is_empty() {
            let rest = rest(start, limit)?;
            self.stream.get_ref().set_read_timeout(rest)?;
            match self.stream.fill_buf() {
                Ok([]) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(no_answer(error, limit)),
            }
        }
        Ok(self.stream.buffer())
    }

    /// Changes something, as a step of a scenario says it: `kill = 3`.
    ///
    /// # Errors
    ///
    /// As for [`Self::ask`].
    pub fn change(&mut self, step: &str) -> Result<Reply, ClientError> {
        self.ask(&Request::Change {
            step: step.to_owned(),
            files: Default::default(),
        })
    }

    /// How everything is, with the events after this number.
    ///
    /// # Errors
    ///
    /// As for [`Self::ask`].
    pub fn status(&mut self, events_after: u64) -> Result<Status, ClientError> {
        match self.ask(&Request::Status { events_after })? {
            Reply::Status(status) => Ok(*status),
            _ => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
        }
    }

    /// Ends the cluster, and returns when nothing of it is left.
    ///
    /// # Errors
    ///
    /// As for [`Self::ask`].
    pub fn stop(mut self) -> Result<(), ClientError> {
        self.ask(&Request::Stop)?;
        let start = Instant::now();
        loop {
            // The server closes when it has cleaned up; how it does so makes no difference.
            match self.read(start, self.timeout) {
                Err(ClientError::NoAnswer(limit)) => return Err(ClientError::NoAnswer(limit)),
                Err(_) | Ok([]) => return Ok(()),
                Ok(read) => {
                    let taken = read.len();
                    self.stream.consume(taken);
                }
            }
        }
    }
}

/// What is left of a limit, if there is one: a signal does not begin it anew.
fn rest(start: Instant, limit: Option<Duration>) -> Result<Option<Duration>, ClientError> {
    let Some(limit) = limit else {
        return Ok(None);
    };
    match limit.saturating_sub(start.elapsed()) {
        Duration::ZERO => Err(ClientError::NoAnswer(limit)),
        rest => Ok(Some(rest)),
    }
}

/// Connects; where too many stand before the door, waits for no longer than this.
fn reach(path: &str, limit: Option<Duration>) -> io::Result<UnixStream> {
    let kind = SocketType::STREAM;
    let socket = socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    let address = SocketAddrUnix::new(path)?;
    let start = Instant::now();
    loop {
        // A signal does not begin it anew.
        let rest = limit.map(|limit| limit.saturating_sub(start.elapsed()));
        if rest == Some(Duration::ZERO) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        sockopt::set_socket_timeout(&socket, Timeout::Send, rest)?;
        match rustix::net::connect(&socket, &address) {
            Err(rustix::io::Errno::INTR) => {}
            done => {
                done?;
                return Ok(UnixStream::from(socket));
            }
        }
    }
}

fn no_answer(error: io::Error, limit: Option<Duration>) -> ClientError {
    match (error.kind(), limit) {
        (io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut, Some(limit)) => {
            ClientError::NoAnswer(limit)
        }
        _ => error.into(),
    }
}
