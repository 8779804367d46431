//! The daemon's half of a connection.
//!
//! A [`Server`] has any number of sockets, of the services of any number of
//! simulated nodes, and their clients. It is driven by one thread, through
//! [`Server::poll`], and never blocks anywhere else:
//!
//! ```no_run
//! # use quorate_ipc::{Service, server::{Limits, Occurrence, Server}};
//! # use std::path::Path;
//! # fn main() -> Result<(), quorate_ipc::Error> {
//! let mut server = Server::new(Path::new("/dev/shm"), Limits::default())?;
//! server.bind_dir(Path::new("/run/user/1000/node1"), Service::VoteQuorum)?;
//! loop {
//!     let admit = |_: &_| Ok(());
//!     for occurrence in server.poll(None, admit)? {
//!         if let Occurrence::Request { conn, bytes } = occurrence {
//!             // Decode, do, answer:
//! #           let answer = bytes;
//!             server.reply(conn, answer);
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! Clients are taken for hostile. What one does can end its own connection,
//! which is reported as [`Occurrence::Disconnected`], and nothing else: no
//! function here fails because of a client, and none waits for one. Only
//! shared-memory connections are offered; no client can demand another kind.
//!
//! Each connection holds seven descriptors: a thousand of them need a limit
//! (`RLIMIT_NOFILE`) that is rarely the default. Without descriptors left, callers
//! are turned away.

mod admission;
mod caller;
mod crowd;
mod drive;
mod files;
mod freeze;
mod hold;
mod limits;
mod listener;
mod looks;
mod occurrence;
mod peer;
mod ring;
#[cfg(test)]
mod ring_tests;
mod sending;
mod sys;

use crate::eagerness::Eagerness;
use crate::endpoint::Service;
use crate::error::Error;
use crowd::Crowd;
use files::Home;
pub use hold::Sent;
pub use limits::Limits;
use listener::Listener;
pub use occurrence::{ConnId, Knock, ListenerId, Occurrence};
use peer::Peer;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};
pub use sys::Credentials;
use sys::{Event, Poller};

/// Requests of one connection in a row, before others have their turn.
const BATCH: usize = 16;
/// Requests of all connections, and bytes of them, before whoever drives the
/// server has its turn.
const ROUND: usize = 64;
const ROUND_BYTES: usize = 16 << 20;

/// Callers accepted (and sent away), clients let in, and ends of connections noticed, in one go: files
/// are made and removed. The rest is reported again, after those who are connected have had their turn.
const ACCEPTED: usize = 4;
const COMINGS: usize = 4;
const GOINGS: usize = 8;

/// What descriptors report as that are only watched; no id is 0.
const WATCHED: u64 = 0;

/// How often a full ring is looked at again: the client gives no sign when it
/// has made room.
const RETRY: Duration = Duration::from_millis(2);

/// The sockets and connections of one process.
#[derive(Debug)]
pub struct Server {
    poller: Poller,
    /// What [`Server::wait`] has found, for [`Server::poll`].
    ready: Vec<Event>,
    eagerness: Eagerness,
    limits: Limits,
    next: u64,
    listeners: BTreeMap<u64, Listener>,
    callers: Crowd,
    /// Whose caller was accepted last; the next socket is first in the next turn.
    door: u64,
    peers: BTreeMap<u64, Peer>,
    /// Connections that may have requests.
    busy: BTreeSet<u64>,
    /// Whose requests were taken last; the next one is first in the next round.
    turn: u64,
    /// Connections with a full ring.
    blocked: BTreeSet<u64>,
    /// When full rings were last looked at.
    looked: Instant,
    /// Bytes that wait for room in rings, of all connections.
    queued: usize,
    /// Connections that are asked to report room in their socket.
    owing: BTreeSet<u64>,
    /// Sockets that are not listened to, nor their connections.
    frozen: BTreeSet<u64>,
    /// Connections that ended outside of [`Server::poll`], still to be reported.
    ended: Vec<Occurrence>,
    /// Copies of what was sent, if they are wanted.
    sent: Option<Vec<Sent>>,
    home: Home,
}

impl Server {
    /// A server without sockets. The files of its connections will be in a
    /// directory of its own in `ring_base`, usually `/dev/shm`; what a server
    /// that was killed has left there is removed.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no place for the files.
    pub fn new(ring_base: &Path, limits: Limits) -> Result<Self, Error> {
        Self::in_home(Home::create(ring_base)?, limits)
    }

    /// A server whose own directory in `ring_base` is `quorate-{name}`, so that it can be found.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`]; with `EEXIST` if the name is taken by a living server, or by another
    /// user.
    pub fn named(ring_base: &Path, name: &str, limits: Limits) -> Result<Self, Error> {
        Self::in_home(Home::named(ring_base, name)?, limits)
    }

    fn in_home(home: Home, limits: Limits) -> Result<Self, Error> {
        Ok(Self {
            poller: Poller::new()?,
            ready: Vec::new(),
            eagerness: Eagerness::default(),
            limits,
            next: 0,
            listeners: BTreeMap::new(),
            callers: Crowd::default(),
            door: 0,
            peers: BTreeMap::new(),
            busy: BTreeSet::new(),
            turn: 0,
            blocked: BTreeSet::new(),
            looked: Instant::now(),
            queued: 0,
            owing: BTreeSet::new(),
            frozen: BTreeSet::new(),
            ended: Vec::new(),
            sent: None,
            home,
        })
    }

    /// Lets other users connect, through sockets that are made from now on, if
    /// `admit` in [`Self::poll`] does. Only root's server can do that, as a
    /// connection's files must become its client's.
    ///
    /// # Errors
    ///
    /// [`Error::Untrusted`] if this is not root.
    pub fn open_to_others(&mut self) -> Result<(), Error> {
        if crate::sys::effective_uid() != 0 {
            return Err(Error::Untrusted("only root can let other users in"));
        }
        self.home.open()
    }

    /// Opens a service's socket in a directory that must belong to this user
    /// and be closed to all others (mode 0700), which makes every client one
    /// that runs with this user's rights, or root's. If the server is
    /// [open to others](Self::open_to_others), these may go through it (0711).
    ///
    /// # Errors
    ///
    /// [`Error::Untrusted`] if the directory is not so, [`Error::System`] with
    /// `EADDRINUSE` if another server listens there.
    pub fn bind_dir(&mut self, run_dir: &Path, service: Service) -> Result<ListenerId, Error> {
        let listener = Listener::bind(run_dir, service, self.home.is_open())?;
        let id = self.new_id();
        self.poller.add(listener.as_fd(), id)?;
        self.listeners.insert(id, listener);
        Ok(ListenerId(id))
    }

    /// Closes a socket; connections made through it stay.
    pub fn unbind(&mut self, listener: ListenerId) {
        self.listeners.remove(&listener.0);
        self.callers.send_away(listener.0);
    }

    /// The server's own directory, closed to other users. What is put there goes with the
    /// server; if that is killed, the next one that is made in the same place removes it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Becomes readable when [`Self::poll`] has something to do. To be polled
    /// together with other descriptors, for no longer than [`Self::patience`].
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }

    /// How long [`Self::poll`] need not be called if the descriptor stays quiet.
    pub fn patience(&self) -> Option<Duration> {
        if !self.busy.is_empty() || !self.ended.is_empty() {
            return Some(Duration::ZERO);
        }
        let expiry = self.callers.patience(self.limits.half_open_time);
        let retry = RETRY.saturating_sub(self.looked.elapsed());
        let retry = (!self.blocked.is_empty()).then_some(retry);
        expiry.into_iter().chain(retry).min()
    }

    /// Has [`Self::wait`] end also when this descriptor is readable, until it is closed.
    ///
    /// # Errors
    ///
    /// If the system can't watch it.
    pub fn watch(&self, fd: BorrowedFd<'_>) -> Result<(), Error> {
        self.poller.add(fd, WATCHED)
    }

    /// Waits until [`Self::poll`] has something to do, a watched descriptor is readable or a signal
    /// comes; for ever without a limit. Says whether a watched descriptor is readable.
    ///
    /// Better than to wait for [`Self::fd`] together with others: the system lets the one who is
    /// woken go on where the client is that wakes it only if it waits for that client's socket itself.
    ///
    /// # Errors
    ///
    /// Only if the system refuses to wait at all.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<bool, Error> {
        let limit = limit.into_iter().chain(self.patience()).min();
        self.ready = if limit == Some(Duration::ZERO) {
            self.poller.wait(limit)?
        } else {
            let ready = |limit| {
                let ready = self.poller.wait(limit)?;
                Ok::<_, Error>((!ready.is_empty()).then_some(ready))
            };
            let look = || ready(Some(Duration::ZERO));
            let found = self.eagerness.wait(limit, look, ready)?;
            found.unwrap_or_default()
        };
        Ok(self.ready.iter().any(|event| event.token == WATCHED))
    }

    /// Waits for something to happen, for ever without a limit, unless [`Self::wait`] has found
    /// something; returns early, with nothing, at a signal or to do work of its own. `admit`
    /// decides about those who ask to be let in, or turns them away with an errno.
    ///
    /// # Errors
    ///
    /// Only if the system refuses to wait at all.
    pub fn poll(
        &mut self,
        limit: Option<Duration>,
        mut admit: impl FnMut(&Knock) -> Result<(), i32>,
    ) -> Result<Vec<Occurrence>, Error> {
        if self.ready.is_empty() {
            self.wait(limit)?;
        }
        let events = std::mem::take(&mut self.ready);
        let mut occurrences = Vec::new();
        let (mut comings, mut goings) = (0, 0);
        let mut knocked = BTreeSet::new();
        for event in &events {
            if self.is_frozen(event.token) {
                continue;
            }
            if self.listeners.contains_key(&event.token) {
                knocked.insert(event.token);
            } else if self.callers.get(event.token).is_some() {
                comings += 1;
                if comings <= COMINGS {
                    self.listen(event.token, &mut admit, &mut occurrences);
                }
            } else {
                goings += usize::from(event.hung_up);
                if !event.hung_up || goings <= GOINGS {
                    self.attend(event, &mut occurrences);
                }
            }
        }
        self.accept(knocked, &mut admit, &mut occurrences);
        self.take_turns(&mut occurrences);
        self.look_for_room();
        self.expire();
        occurrences.append(&mut self.ended);
        Ok(occurrences)
    }

    /// Ends a connection, as a daemon does that shuts down in good order. The
    /// end is not reported again.
    pub fn close(&mut self, conn: ConnId) {
        if let Some(peer) = self.forget(conn.0) {
            peer.finish();
        }
    }

    fn new_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// Ends all connections in good order.
impl Drop for Server {
    fn drop(&mut self) {
        self.peers.values().for_each(Peer::finish);
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::fs::DirBuilder;
    use std::os::unix::fs::DirBuilderExt;
    use std::path::PathBuf;

    /// A new directory that only this user can enter.
    pub(crate) fn private_dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("quorate-ipc-{name}-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        dir
    }
}
