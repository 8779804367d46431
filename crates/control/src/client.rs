//! Asking a live cluster.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use serde_json::Error as JsonError;
use thiserror::Error;

use crate::message::{Refusal, Reply, Request, Status};
use crate::place::{Name, SOCKET};

/// More than any reply has.
const LONGEST: u64 = 64 << 20;

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
        let stream = UnixStream::connect(path).map_err(not_served)?;
        let server = socket_peercred(stream.as_fd()).map_err(io::Error::from)?;
        if !trusted(server.uid.as_raw()) {
            return Err(untrusted());
        }
        Ok(Self {
            stream: BufReader::new(stream),
            directory: directory.to_path_buf(),
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

    /// Asks, and waits for the answer. A refusal is an error.
    ///
    /// # Errors
    ///
    /// Any of [`ClientError`] but those of connecting.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line)?;
        line.clear();
        let read = (&mut self.stream)
            .take(LONGEST)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match serde_json::from_slice(&line)? {
            Reply::Refused(refusal) => Err(refusal.into()),
            reply => Ok(reply),
        }
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
        // The server closes when it has cleaned up; how it does so makes no difference.
        let _ = io::copy(&mut self.stream, &mut io::sink());
        Ok(())
    }
}
