//! One connection, seen from the server.

use super::files::Rings;
use super::ring::Producer;
use super::sys::{self, Credentials};
use crate::endpoint::Service;
use crate::error::Error;
use crate::header::DISCONNECT;
use crate::ring::CHUNK_HEADER;
use crate::sys as common;
use crate::sys::Transfer;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Reads of notification bytes at a time; each takes up to 4 KiB.
const READS: usize = 16;
/// Bytes of requests in a row, however few they are.
const BATCH_BYTES: usize = 1 << 20;

/// Why a connection ends whose queue is too long.
pub(super) const NOT_TAKEN: Error = Error::Protocol("the client does not take what it asked for");

/// A connected client.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) listener: u64,
    pub(super) service: Service,
    pub(super) credentials: Credentials,
    stream: UnixStream,
    rings: Rings,
    replies: VecDeque<Vec<u8>>,
    events: VecDeque<Vec<u8>>,
    queued_bytes: usize,
    queue_limit: usize,
    /// Events in the ring for which the client has not been sent its byte.
    owed_bytes: usize,
    /// Requests handed out that have not been answered.
    unanswered: usize,
    held: bool,
    /// Replies, and events, wait in their queues until they are not held back any more.
    pub(super) holds_replies: bool,
    pub(super) holds_events: bool,
}

/// What came of listening to a client.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) requests: Vec<Vec<u8>>,
    pub(super) bytes: usize,
    /// More may wait.
    pub(super) more: bool,
}

impl Peer {
    pub(super) fn new(
        stream: UnixStream,
        listener: u64,
        service: Service,
        credentials: Credentials,
        rings: Rings,
        queue_limit: usize,
    ) -> Self {
        Self {
            listener,
            service,
            credentials,
            stream,
            rings,
            replies: VecDeque::new(),
            events: VecDeque::new(),
            queued_bytes: 0,
            queue_limit,
            owed_bytes: 0,
            unanswered: 0,
            held: false,
            holds_replies: false,
            holds_events: false,
        }
    }

    /// Takes notification bytes away. They are no more than a hint: how many
    /// requests there are is known from the ring. False if the client is gone.
    pub(super) fn drain_bytes(&self) -> Result<bool, Error> {
        let mut bytes = [0; 4096];
        for _ in 0..READS {
            match common::recv(self.stream.as_fd(), &mut bytes) {
                Ok(Transfer::Done(0)) | Err(Error::Disconnected) => return Ok(false),
                Ok(Transfer::Done(n)) if n == bytes.len() => {}
                Ok(_) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes up to `most` requests out of the ring. An error may come with
    /// requests that were taken before it.
    pub(super) fn take_requests(&mut self, most: usize) -> (Heard, Option<Error>) {
        let mut heard = Heard::default();
        let error = self.take_into(&mut heard, most).err();
        (heard, error)
    }

    fn take_into(&mut self, heard: &mut Heard, most: usize) -> Result<(), Error> {
        if self.held {
            return Ok(());
        }
        // Of what comes later the client gives notice later.
        let waiting = self.rings.requests.waiting()?;
        while heard.requests.len() < waiting {
            if heard.requests.len() == most || heard.bytes >= BATCH_BYTES {
                heard.more = true;
                break;
            }
            let bytes = self.rings.requests.take()?;
            if says_goodbye(&bytes) {
                return Err(Error::Disconnected);
            }
            self.unanswered += 1;
            heard.bytes += bytes.len();
            heard.requests.push(bytes);
        }
        Ok(())
    }

    /// What a client that is gone had still to say: a ring full at most, for
    /// nothing keeps it from writing on.
    pub(super) fn take_last_requests(&mut self) -> Vec<Vec<u8>> {
        let (mut requests, mut room) = (Vec::new(), self.rings.requests.capacity());
        for _ in 0..self.rings.requests.waiting().unwrap_or(0) {
            let Ok(bytes) = self.rings.requests.take() else {
                break;
            };
            let Some(rest) = room.checked_sub(bytes.len() + CHUNK_HEADER) else {
                break;
            };
            room = rest;
            requests.push(bytes);
        }
        requests
    }

    pub(super) fn reply(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.enqueue(bytes, |peer| &mut peer.replies)?;
        self.flush()
    }

    pub(super) fn dismiss(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    pub(super) fn event(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        self.enqueue(bytes, |peer| &mut peer.events)?;
        self.flush()
    }

    fn enqueue(
        &mut self,
        bytes: Vec<u8>,
        queue: impl FnOnce(&mut Self) -> &mut VecDeque<Vec<u8>>,
    ) -> Result<(), Error> {
        if self.queued_bytes + bytes.len() > self.queue_limit {
            return Err(NOT_TAKEN);
        }
        self.queued_bytes += bytes.len();
        queue(self).push_back(bytes);
        Ok(())
    }

    /// Moves into the rings what has room there, and sends the bytes owed.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let (mut replied, mut events, mut notified) = (0, 0, 0);
        if !self.holds_replies {
            (_, replied) = pour(&mut self.replies, &mut self.rings.replies)?;
        }
        if !self.holds_events {
            (events, notified) = pour(&mut self.events, &mut self.rings.events)?;
        }
        self.queued_bytes -= replied + notified;
        self.owed_bytes += events;
        while self.owed_bytes > 0 {
            let bytes = [0; 64];
            let due = self.owed_bytes.min(bytes.len());
            match common::send(self.stream.as_fd(), &bytes[..due])? {
                Transfer::Done(n) => self.owed_bytes -= n,
                Transfer::WouldBlock => break,
            }
        }
        Ok(())
    }

    /// Whether something waits for the client to make room in a ring, of which
    /// it gives no sign.
    pub(super) fn waits_for_room(&self) -> bool {
        let replies = !self.holds_replies && !self.replies.is_empty();
        replies || (!self.holds_events && !self.events.is_empty())
    }

    /// Whether a reply is held back.
    pub(super) fn holds_a_reply(&self) -> bool {
        self.holds_replies && !self.replies.is_empty()
    }

    /// Events that the client has not taken.
    pub(super) fn unread_events(&mut self) -> Result<usize, Error> {
        Ok(self.events.len() + self.rings.events.untaken()?)
    }

    /// Bytes of messages that wait.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Whether bytes wait for the client to take some from the socket.
    pub(super) fn owes_bytes(&self) -> bool {
        self.owed_bytes > 0
    }

    /// Nothing is under way in either direction.
    pub(super) fn is_idle(&mut self) -> Result<bool, Error> {
        Ok(self.unanswered == 0
            && !self.waits_for_room()
            && self.owed_bytes == 0
            && self.rings.replies.drained()?
            && self.rings.events.drained()?
            && self.rings.requests.waiting()? == 0
            && !sys::has_unread(self.stream.as_fd()))
    }

    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    pub(super) fn set_flow_control(&mut self, value: u32) -> Result<(), Error> {
        self.held = value != 0;
        self.rings.requests.set_flow_control(value)
    }

    /// Says goodbye in the rings, so that the client's next call fails at once.
    pub(super) fn finish(&self) {
        // A client that has cut its ring short won't be told.
        let _ = self.rings.requests.finish();
        common::shutdown(self.stream.as_fd());
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Returns how many messages, and how many bytes, found room.
fn pour(queue: &mut VecDeque<Vec<u8>>, ring: &mut Producer) -> Result<(usize, usize), Error> {
    let (mut messages, mut bytes) = (0, 0);
    while let Some(next) = queue.front() {
        if !ring.put(next)? {
            break;
        }
        messages += 1;
        bytes += next.len();
        queue.pop_front();
    }
    Ok((messages, bytes))
}

fn says_goodbye(request: &[u8]) -> bool {
    request.first_chunk() == Some(&DISCONNECT.to_ne_bytes())
}
