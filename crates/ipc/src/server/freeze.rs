//! Sockets that are deaf, as those of a daemon that hangs.

use super::{ListenerId, Server};
use crate::error::Error;
use std::os::fd::AsFd;

impl Server {
    /// Makes a socket deaf, and all connections made through it, as those of a
    /// daemon that hangs: the system still lets clients connect, and they wait.
    /// What they have asked meanwhile is heard when the socket is not frozen any
    /// more. What the caller sends is sent all the same.
    ///
    /// # Errors
    ///
    /// Only if the system runs out of memory.
    pub fn set_frozen(&mut self, listener: ListenerId, frozen: bool) -> Result<(), Error> {
        if frozen == self.frozen.contains(&listener.0) {
            return Ok(());
        }
        if frozen {
            self.frozen.insert(listener.0);
            self.freeze(listener.0)
        } else {
            self.frozen.remove(&listener.0);
            self.thaw(listener.0)
        }
    }

    /// Whether something has to do with a socket that was frozen after it had been waited for.
    pub(super) fn is_frozen(&self, id: u64) -> bool {
        let caller = || self.callers.get(id).map(|caller| caller.listener);
        let peer = || self.peers.get(&id).map(|peer| peer.listener);
        !self.frozen.is_empty() && self.frozen.contains(&caller().or_else(peer).unwrap_or(id))
    }

    fn freeze(&mut self, listener: u64) -> Result<(), Error> {
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

    fn thaw(&mut self, listener: u64) -> Result<(), Error> {
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
