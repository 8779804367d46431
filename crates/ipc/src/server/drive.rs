//! What [`Server::poll`] does with each thing that is ready.

use super::caller::{Caller, Wish};
use super::files::Rings;
use super::peer::Peer;
use super::sys::{Credentials, Event};
use super::{BATCH, ConnId, Knock, ListenerId, Occurrence, Server};
use crate::endpoint::Service;
use crate::error::Error;
use std::os::fd::AsFd;
use std::time::Instant;

/// What there is once a caller has been let in.
struct Admission {
    service: Service,
    credentials: Credentials,
    granted: u32,
    rings: Rings,
}

impl Server {
    pub(super) fn accept(&mut self, id: u64) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        for stream in listener.accept() {
            let token = self.new_id();
            let Ok(caller) = Caller::new(stream, id) else {
                continue;
            };
            if self.poller.add(caller.stream.as_fd(), token).is_err() {
                continue;
            }
            // Who comes with a request has it ready; the silent make room.
            if self.callers.len() >= self.limits.half_open {
                self.callers.pop_first();
            }
            self.callers.insert(token, caller);
        }
    }

    pub(super) fn listen(
        &mut self,
        id: u64,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        let Some(mut caller) = self.callers.remove(&id) else {
            return;
        };
        // A caller that talks nonsense is dropped without a word.
        let Ok(wish) = caller.listen() else {
            return;
        };
        let Some(wish) = wish else {
            self.callers.insert(id, caller);
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
        let rings = self.home.rings(id, service, granted);
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
                Ok(true) => self.take_requests(event.token, occurrences),
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

    pub(super) fn take_requests(&mut self, id: u64, occurrences: &mut Vec<Occurrence>) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if self.frozen.contains(&peer.listener) {
            return;
        }
        let (heard, error) = peer.take_requests(BATCH);
        let conn = ConnId(id);
        let requests = heard.requests.into_iter();
        occurrences.extend(requests.map(|bytes| Occurrence::Request { conn, bytes }));
        if heard.more {
            self.busy.insert(id);
        }
        if let Some(why) = error {
            self.end(id, why);
        }
    }

    /// Does something with a connection that may fill its rings or empty its
    /// queues, and ends it if that goes wrong.
    pub(super) fn tend(&mut self, id: u64, act: impl FnOnce(&mut Peer) -> Result<(), Error>) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if let Err(why) = act(peer) {
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
        if !changed || self.frozen.contains(&peer.listener) {
            return;
        }
        if let Err(why) = self.poller.want_room(peer.as_fd(), id, owes) {
            self.end(id, why);
        }
    }

    /// Ends a connection and sees to it that this is reported.
    pub(super) fn end(&mut self, id: u64, why: Error) {
        if let Some(peer) = self.forget(id) {
            peer.finish();
            self.ended.push((id, why));
        }
    }

    pub(super) fn forget(&mut self, id: u64) -> Option<Peer> {
        for set in [&mut self.busy, &mut self.blocked, &mut self.owing] {
            set.remove(&id);
        }
        self.peers.remove(&id)
    }

    /// Drops callers whose time is over.
    pub(super) fn expire(&mut self) {
        let (limit, frozen) = (self.limits.half_open_time, &self.frozen);
        self.callers.retain(|_, caller| {
            caller.since.elapsed() < limit || frozen.contains(&caller.listener)
        });
    }

    pub(super) fn freeze(&mut self, listener: u64) -> Result<(), Error> {
        if let Some(listener) = self.listeners.get(&listener) {
            self.poller.remove(listener.as_fd())?;
        }
        let mine = |caller: &&Caller| caller.listener == listener;
        for caller in self.callers.values().filter(mine) {
            self.poller.remove(caller.stream.as_fd())?;
        }
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
        for (id, caller) in &mut self.callers {
            if caller.listener == listener {
                self.poller.add(caller.stream.as_fd(), *id)?;
                // It was not the caller who was slow.
                caller.since = Instant::now();
            }
        }
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
