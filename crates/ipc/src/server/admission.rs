//! Who is let in, and who has to go.

use super::caller::{Caller, Wish};
use super::files::Rings;
use super::listener::Listener;
use super::peer::Peer;
use super::sys::Credentials;
use super::{ACCEPTED, ConnId, Knock, ListenerId, Occurrence, Server};
use crate::endpoint::Service;
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

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
    /// most of them, unless its request has come meanwhile. A frozen socket hears nobody.
    fn make_room(
        &mut self,
        admit: &mut impl FnMut(&Knock) -> Result<(), i32>,
        occurrences: &mut Vec<Occurrence>,
    ) {
        if let Some(oldest) = self.callers.oldest_of_most() {
            if !self.is_frozen(oldest) {
                self.listen(oldest, admit, occurrences);
            }
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
}
