//! What [`Server::poll`] does with each thing that is ready.

use super::peer::{NOT_TAKEN, Peer};
use super::sys::Event;
use super::{ACCEPTED, BATCH, ConnId, Occurrence, RETRY, ROUND, ROUND_BYTES, Server};
use crate::error::Error;
use std::os::fd::AsFd;
use std::time::Instant;

impl Server {
    /// Something has happened on a connection's socket.
    pub(super) fn attend(&mut self, event: &Event, occurrences: &mut Vec<Occurrence>) {
        let Some(peer) = self.peers.get_mut(&event.token) else {
            return;
        };
        if event.readable || event.hung_up {
            match peer.drain_bytes() {
                Ok(true) => {
                    self.busy.insert(event.token);
                }
                Ok(false) => {
                    let conn = ConnId(event.token);
                    let last = peer.take_last_requests().into_iter();
                    occurrences.extend(last.map(|bytes| Occurrence::Request { conn, bytes }));
                    self.end(event.token, Error::Disconnected);
                }
                Err(why) => self.end(event.token, why),
            }
        }
        if event.writable {
            self.tend(event.token, Peer::flush);
        }
    }

    /// Takes requests from those who may have some, one after the other. A crowd with full
    /// rings shortens everybody's turn; it does not make others wait longer for theirs.
    pub(super) fn take_turns(&mut self, occurrences: &mut Vec<Occurrence>) {
        let mut later = std::mem::take(&mut self.busy);
        let soon = later.split_off(&(self.turn + 1));
        let batch = (ROUND / (soon.len() + later.len()).max(1)).clamp(1, BATCH);
        let mut waiting = soon.into_iter().chain(later);
        let (mut requests, mut bytes) = (0, 0);
        while requests < ROUND && bytes < ROUND_BYTES {
            let Some(id) = waiting.next() else {
                break;
            };
            self.turn = id;
            let taken = self.take_requests(id, batch, occurrences);
            requests += taken.0;
            bytes += taken.1;
        }
        self.busy.extend(waiting);
    }

    /// How many requests it has taken, and how many bytes.
    fn take_requests(
        &mut self,
        id: u64,
        most: usize,
        occurrences: &mut Vec<Occurrence>,
    ) -> (usize, usize) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return (0, 0);
        };
        if self.frozen.contains(&peer.listener) {
            return (0, 0);
        }
        let (heard, error) = peer.take_requests(most);
        let taken = (heard.requests.len(), heard.bytes);
        let conn = ConnId(id);
        let requests = heard.requests.into_iter();
        occurrences.extend(requests.map(|bytes| Occurrence::Request { conn, bytes }));
        if heard.more {
            self.busy.insert(id);
        }
        if let Some(why) = error {
            self.end(id, why);
        }
        taken
    }

    /// Looks whether clients have made room in full rings, at every [`RETRY`].
    pub(super) fn look_for_room(&mut self) {
        if self.blocked.is_empty() || self.looked.elapsed() < RETRY {
            return;
        }
        self.looked = Instant::now();
        for id in self.blocked.clone() {
            self.tend(id, Peer::flush);
        }
    }

    /// Does something with a connection that may fill its rings or empty its
    /// queues, and ends it if that goes wrong.
    pub(super) fn tend(&mut self, id: u64, act: impl FnOnce(&mut Peer) -> Result<(), Error>) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let before = peer.queued_bytes();
        let done = act(peer);
        self.queued = self.queued - before + peer.queued_bytes();
        if let Err(why) = done {
            self.end(id, why);
            return;
        }
        if peer.waits_for_room() {
            self.blocked.insert(id);
        } else {
            self.blocked.remove(&id);
        }
        let owes = peer.owes_bytes();
        let changed = if owes {
            self.owing.insert(id)
        } else {
            self.owing.remove(&id)
        };
        if changed && !self.frozen.contains(&peer.listener) {
            if let Err(why) = self.poller.want_room(peer.as_fd(), id, owes) {
                self.end(id, why);
            }
        }
        self.save_memory();
    }

    /// Ends the connection for which most is kept, when that is too much for all together.
    fn save_memory(&mut self) {
        if self.queued <= self.limits.queued_bytes_in_all {
            return;
        }
        let most = self.blocked.iter().max_by_key(|id| {
            let peer = self.peers.get(id);
            peer.map_or(0, Peer::queued_bytes)
        });
        if let Some(id) = most.copied() {
            self.end(id, NOT_TAKEN);
        }
    }

    /// Ends a connection and sees to it that this is reported.
    pub(super) fn end(&mut self, id: u64, why: Error) {
        let unread = self.unread_events(ConnId(id));
        if let Some(peer) = self.forget(id) {
            peer.finish();
            let conn = ConnId(id);
            self.ended
                .push(Occurrence::Disconnected { conn, why, unread });
        }
    }

    pub(super) fn forget(&mut self, id: u64) -> Option<Peer> {
        for set in [&mut self.busy, &mut self.blocked, &mut self.owing] {
            set.remove(&id);
        }
        let peer = self.peers.remove(&id)?;
        self.queued -= peer.queued_bytes();
        Some(peer)
    }

    /// Drops callers whose time is over.
    pub(super) fn expire(&mut self) {
        self.callers.expire(self.limits.half_open_time, ACCEPTED);
    }
}
