//! The control socket and those who have connected to it.
//!
//! Nobody here is waited for: what a client sends is taken as it comes, and what it does not read
//! waits for it. A client that sends too much, or is one too many, is the one that goes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

use crate::message::{ErrorKind, Refusal, Reply, Request};
use crate::place::SOCKET;

/// The longest request: the text of a corosync.conf of 2,000 nodes fits.
const LONGEST: usize = 1 << 20;

/// Connections at once.
const CONNECTIONS: usize = 64;

/// Accepted in a row, before others have their turn.
const BATCH: usize = 16;

/// How long nobody is accepted after the system had no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Names a connection; never used twice.
pub(crate) type CallerId = u64;

#[derive(Debug)]
pub(crate) struct Door {
    listener: UnixListener,
    /// Watches the listener and all callers.
    poller: OwnedFd,
    callers: BTreeMap<CallerId, Caller>,
    next: CallerId,
    deaf_until: Option<Instant>,
    /// Whether the listener is watched.
    hears: bool,
}

#[derive(Debug)]
struct Caller {
    stream: UnixStream,
    process: u32,
    /// What it is watched for.
    watched: EventFlags,
    input: Vec<u8>,
    output: Vec<u8>,
    /// A request of its is under way: the next one waits.
    busy: bool,
    /// Nothing more will be read.
    ending: bool,
}

impl Door {
    /// Opens the socket in a directory that is closed to others.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let handle = std::fs::File::open(directory)?;
        // Short, however long the directory's path is.
        let number = std::os::fd::AsRawFd::as_raw_fd(&handle);
        let listener = UnixListener::bind(format!("/proc/self/fd/{number}/{SOCKET}"))?;
        listener.set_nonblocking(true)?;
        let poller = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&poller, &listener, EventData::new_u64(0), EventFlags::IN)?;
        Ok(Self {
            listener,
            poller,
            callers: BTreeMap::new(),
            next: 1,
            deaf_until: None,
            hears: true,
        })
    }

    /// Becomes readable when [`Self::requests`] has something to do; to be waited for after
    /// [`Self::listen`].
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }

    /// Watches each for what can come next.
    pub(crate) fn listen(&mut self) -> io::Result<()> {
        let hears = self.deaf_until.is_none();
        if hears != self.hears {
            let flags = if hears {
                EventFlags::IN
            } else {
                EventFlags::empty()
            };
            epoll::modify(&self.poller, &self.listener, EventData::new_u64(0), flags)?;
            self.hears = hears;
        }
        for caller in self.callers.values_mut() {
            let wanted = match (caller.output.is_empty(), caller.busy) {
                (false, _) => EventFlags::OUT,
                (true, true) => EventFlags::empty(),
                (true, false) => EventFlags::IN,
            };
            if wanted != caller.watched {
                epoll::modify(&self.poller, &caller.stream, EventData::new_u64(0), wanted)?;
                caller.watched = wanted;
            }
        }
        Ok(())
    }

    /// How long [`Self::requests`] need not be called if the descriptors stay quiet.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let waiting = |caller: &&Caller| !caller.busy && caller.input.contains(&b'\n');
        if self.callers.values().any(|caller| waiting(&caller)) {
            return Some(Duration::ZERO);
        }
        let until = self.deaf_until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Hears all who have something to say; at most one request of each.
    pub(crate) fn requests(&mut self) -> Vec<(CallerId, u32, Request)> {
        self.accept();
        let mut requests = Vec::new();
        self.callers.retain(|&id, caller| {
            match caller.hear() {
                Ok(Some(request)) => requests.push((id, caller.process, request)),
                Ok(None) => {}
                Err(_) => return false,
            }
            caller.speak().is_ok() && !caller.is_done()
        });
        requests
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, id: CallerId, reply: &Reply) {
        if let Some(caller) = self.callers.get_mut(&id) {
            caller.say(reply);
            // If it is gone, that will be seen when it is heard again.
            let _ = caller.speak();
        }
    }

    /// Whether a caller is still there.
    pub(crate) fn has(&self, id: CallerId) -> bool {
        self.callers.contains_key(&id)
    }

    fn accept(&mut self) {
        if self.deaf_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        self.deaf_until = None;
        for _ in 0..BATCH {
            match self.listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.deaf_until = Some(Instant::now() + PAUSE);
                    return;
                }
            }
        }
    }

    fn welcome(&mut self, stream: UnixStream) {
        let Ok(peer) = socket_peercred(stream.as_fd()) else {
            return;
        };
        let allowed = peer.uid == geteuid() || peer.uid.is_root();
        if !allowed || stream.set_nonblocking(true).is_err() {
            return;
        }
        if self.callers.len() >= CONNECTIONS {
            // One whose request is under way goes only if all have one.
            let waits = |(_, caller): &(&CallerId, &Caller)| !caller.busy;
            let oldest = self
                .callers
                .iter()
                .find(waits)
                .or(self.callers.iter().next());
            if let Some(oldest) = oldest.map(|(id, _)| *id) {
                self.callers.remove(&oldest);
            }
        }
        let watched = EventFlags::IN;
        if epoll::add(&self.poller, &stream, EventData::new_u64(0), watched).is_err() {
            return;
        }
        let caller = Caller {
            stream,
            watched,
            process: u32::try_from(peer.pid.as_raw_nonzero().get()).unwrap_or(0),
            input: Vec::new(),
            output: Vec::new(),
            busy: false,
            ending: false,
        };
        self.callers.insert(self.next, caller);
        self.next += 1;
    }
}

impl Caller {
    /// The next request, if it is complete and this is the time for it.
    fn hear(&mut self) -> io::Result<Option<Request>> {
        if self.busy {
            return self.notice_end().map(|()| None);
        }
        if !self.output.is_empty() {
            return Ok(None);
        }
        self.read()?;
        let Some(end) = self.input.iter().position(|&byte| byte == b'\n') else {
            if self.input.len() >= LONGEST {
                self.ending = true;
                self.input.clear();
                self.refuse("a request has at most 1 MiB");
            }
            return Ok(None);
        };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        match serde_json::from_slice(&line) {
            Ok(request) => {
                self.busy = true;
                Ok(Some(request))
            }
            Err(error) => {
                self.refuse(&format!("not a request: {error}"));
                Ok(None)
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut part = [0; 16 << 10];
        while !self.ending && !self.input.contains(&b'\n') && self.input.len() < LONGEST {
            match self.stream.read(&mut part) {
                Ok(0) => self.ending = true,
                Ok(read) => self.input.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Fails if a caller that waits has gone. What it sends meanwhile stays where it is.
    fn notice_end(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.stream, PollFlags::empty())];
        let at_once = Timespec::default();
        match poll(&mut fds, Some(&at_once)) {
            Ok(0) | Err(Errno::INTR) => Ok(()),
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn refuse(&mut self, text: &str) {
        self.say(&Reply::Refused(Refusal {
            kind: ErrorKind::Invalid,
            text: text.to_owned(),
        }));
    }

    fn say(&mut self, reply: &Reply) {
        self.busy = false;
        // Strings, numbers and lists of them cannot fail to be written.
        let _ = serde_json::to_writer(&mut self.output, reply);
        self.output.push(b'\n');
    }

    fn speak(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.output.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.ending && !self.busy && self.output.is_empty() && !self.input.contains(&b'\n')
    }
}
