//! What [`Server::poll`] does with each thing that is ready.

use super::caller::{Caller, Wish};
use super::files::Rings;
use super::listener::Listener;
use super::peer::{NOT_TAKEN, Peer};
use super::sys::{Credentials, Event};
use super::{
    ACCEPTED, BATCH, ConnId, Knock, ListenerId, Occurrence, RETRY, ROUND, ROUND_BYTES, Server,
};
use crate::endpoint::Service;
use crate::error::Error;
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// What there is once a caller has been let in.
struct Admission {
    service: Service,
    credentials: Credentials,
    granted: u32,
    rings: Rings,
}

impl Server {
    /// Lets callers in, of all sockets where some wait: from each one in turn, as many as fit into
    /// this turn. To accept one, and to send another away for it, takes longer than most answers.
    pub(super) fn accept(
        &mut self,
        mut knocked: BTreeSet<u64>,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        let mut accepted = 0;
        while !knocked.is_empty() {
            let mut later = std::mem::take(&mut knocked);
            let soon = later.split_off(&(self.door + 1));
            for id in soon.into_iter().chain(later) {
                if accepted == ACCEPTED {
                    return;
                }
                let listener = self.listeners.get_mut(&id);
                if let Some(stream) = listener.and_then(Listener::accept) {
                    self.door = id;
                    accepted += 1;
                    knocked.insert(id);
                    self.receive(stream, id, admit, occurrences);
                }
            }
        }
    }

    fn receive(
        &mut self,
        stream: UnixStream,
        listener: u64,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        let token = self.new_id();
        let Ok(caller) = Caller::new(stream, listener) else {
            return;
        };
        if self.poller.add(caller.stream.as_fd(), token).is_err() {
            return;
        }
        if self.callers.len() >= self.limits.half_open {
            self.make_room(admit, occurrences);
        }
        self.callers.insert(token, caller);
    }

    /// Sends the caller away that has been silent longest among those of the process that has
    /// most of them, unless its request has come meanwhile.
    fn make_room(
        &mut self,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        if let Some(oldest) = self.callers.oldest_of_most() {
            self.listen(oldest, admit, occurrences);
            self.callers.remove(oldest);
        }
    }

    pub(super) fn listen(
        &mut self,
        id: u64,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        let heard = match self.callers.get_mut(id).map(Caller::listen) {
            None | Some(Ok(None)) => return,
            // A caller that talks nonsense is dropped without a word.
            Some(heard) => heard.ok().flatten(),
        };
        let (Some(caller), Some(wish)) = (self.callers.remove(id), heard) else {
            return;
        };
        match self.admission(id, &caller, wish, admit) {
            Ok(admission) => self.welcome(id, caller, admission, occurrences),
            Err(errno) => caller.refuse(errno),
        }
    }

    /// Nothing is made for a caller before it is known to be welcome.
    fn admission(
        &self,
        id: u64,
        caller: &Caller,
        wish: Wish,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
    ) -> Result<Admission, i32> {
        let listener = self.listeners.get(&caller.listener).ok_or(libc::ENOSYS)?;
        if self.peers.len() >= self.limits.connections {
            return Err(libc::EMFILE);
        }
        let (service, credentials) = (listener.service, wish.credentials);
        admit(&Knock {
            listener: ListenerId(caller.listener),
            service,
            credentials,
        })?;
        let sizes = (self.limits.message_size)(service);
        let granted = wish.max_msg_size.clamp(*sizes.start(), *sizes.end());
        let rings = self.home.rings(id, service, &credentials, granted);
        Ok(Admission {
            service,
            credentials,
            granted,
            rings: rings.map_err(|error| error.errno().unwrap_or(libc::EIO))?,
        })
    }

    fn welcome(
        &mut self,
        id: u64,
        caller: Caller,
        admission: Admission,
        occurrences: &mut Vec<Occurrence>,
    ) {
        let Admission {
            service,
            credentials,
            granted,
            rings,
        } = admission;
        if caller.welcome(id, granted, &rings).is_err() {
            return;
        }
        let listener = caller.listener;
        let limit = self.limits.queued_bytes;
        let peer = Peer::new(caller.stream, listener, service, credentials, rings, limit);
        self.peers.insert(id, peer);
        occurrences.push(Occurrence::Connected {
            conn: ConnId(id),
            listener: ListenerId(listener),
            service,
            credentials,
        });
    }

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

    /// Whether something has to do with a socket that was frozen after it had been waited for.
    pub(super) fn is_frozen(&self, id: u64) -> bool {
        let caller = || self.callers.get(id).map(|caller| caller.listener);
        let peer = || self.peers.get(&id).map(|peer| peer.listener);
        !self.frozen.is_empty() && self.frozen.contains(&caller().or_else(peer).unwrap_or(id))
    }

    pub(super) fn freeze(&mut self, listener: u64) -> Result<(), Error> {
        if let Some(listener) = self.listeners.get(&listener) {
            self.poller.remove(listener.as_fd())?;
        }
        let poller = &self.poller;
        self.callers
            .freeze(listener, |caller| poller.remove(caller.stream.as_fd()))?;
        for (id, peer) in &self.peers {
            if peer.listener == listener {
                self.poller.remove(peer.as_fd())?;
                self.busy.remove(id);
            }
        }
        Ok(())
    }

    pub(super) fn thaw(&mut self, listener: u64) -> Result<(), Error> {
        if let Some(door) = self.listeners.get(&listener) {
            self.poller.add(door.as_fd(), listener)?;
        }
        let poller = &self.poller;
        self.callers
            .thaw(listener, |id, caller| poller.add(caller.stream.as_fd(), id))?;
        for (id, peer) in &self.peers {
            if peer.listener == listener {
                self.poller.add(peer.as_fd(), *id)?;
                // Its bytes may have been taken away while requests remained.
                self.busy.insert(*id);
                if self.owing.contains(id) {
                    self.poller.want_room(peer.as_fd(), *id, true)?;
                }
            }
        }
        Ok(())
    }
}
