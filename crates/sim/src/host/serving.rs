//! Waiting for programs, and hearing what they want.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use quorate_ipc::server::{ConnId, Knock, Occurrence};

use super::{Host, HostError, TRY_AGAIN, admission, faults};
use crate::Cluster;
use crate::fault::{Call, Function};

/// How long more connections of a program that ends are waited for.
const SETTLING: Duration = Duration::from_millis(1);

impl Host {
    /// Has [`wait`](Self::wait) end also when this descriptor is readable, until it is closed.
    ///
    /// # Errors
    ///
    /// If the system can't watch it.
    pub fn watch(&self, fd: BorrowedFd<'_>) -> Result<(), HostError> {
        Ok(self.server.watch(fd)?)
    }

    /// Waits until programs want something, no longer than `limit`, and no longer than until a
    /// signal; [`serve`](Self::serve) then answers. Says whether a watched descriptor is readable.
    ///
    /// # Errors
    ///
    /// If the system refuses to wait.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<bool, HostError> {
        Ok(self.server.wait(limit)?)
    }

    /// Waits for programs to want something, and answers; no longer than `limit`, and no longer
    /// than until a signal. Says whether anything came.
    ///
    /// # Errors
    ///
    /// If the system refuses sockets, or to wait.
    pub fn serve(&mut self, limit: Option<Duration>) -> Result<bool, HostError> {
        self.serve_and(limit, |_, _| Ok(()))
    }

    /// As [`serve`](Self::serve); when a program calls a function, something can be done with the
    /// cluster before that is heard.
    ///
    /// # Errors
    ///
    /// As `serve`, or what `on_call` returns.
    pub fn serve_and<E: From<HostError>>(
        &mut self,
        limit: Option<Duration>,
        mut on_call: impl FnMut(&mut Cluster, &Call) -> Result<(), E>,
    ) -> Result<bool, E> {
        // Connections of a program that ends hang up at once, in an order of the system's own: all
        // of them are waited for, and taken in theirs.
        let some_gone = !self.gone.is_empty();
        let limit = if some_gone { Some(SETTLING) } else { limit };
        let occurrences = self.poll(limit)?;
        let anything = some_gone || !occurrences.is_empty();
        if occurrences.is_empty() {
            self.take_leave()?;
        }
        for occurrence in occurrences {
            if !matches!(occurrence, Occurrence::Disconnected { .. }) {
                self.take_leave()?;
            }
            match occurrence {
                Occurrence::Connected {
                    conn,
                    listener,
                    service,
                    ..
                } => {
                    self.connected(conn, listener, service);
                    self.called(conn, Some(Function::connecting(service)), &mut on_call)?;
                }
                Occurrence::Request { conn, bytes } => {
                    let service = self.links.get(&conn).map(|link| link.service);
                    let function = service.and_then(|s| Function::of_request(s, &bytes));
                    self.called(conn, function, &mut on_call)?;
                    self.hear(conn, &bytes)?;
                }
                Occurrence::Disconnected { conn, unread, .. } => self.gone.push((conn, unread)),
            }
            self.tell()?;
        }
        Ok(anything)
    }

    /// Connections that have hung up end, in the order in which they began.
    pub(super) fn take_leave(&mut self) -> Result<(), HostError> {
        let mut gone = std::mem::take(&mut self.gone);
        gone.sort_by_key(|(conn, _)| self.links.get(conn).map(|link| link.number));
        for (conn, unread) in gone {
            self.hear_the_rest(conn)?;
            self.disconnected(conn, unread);
            self.tell()?;
        }
        Ok(())
    }

    /// What is done on a call is told before the call is heard.
    fn called<E: From<HostError>>(
        &mut self,
        conn: ConnId,
        function: Option<Function>,
        on_call: &mut impl FnMut(&mut Cluster, &Call) -> Result<(), E>,
    ) -> Result<(), E> {
        if let (Some(link), Some(function)) = (self.links.get(&conn), function) {
            let node = link.node;
            on_call(&mut self.cluster, &Call { node, function })?;
            self.tell()?;
        }
        Ok(())
    }

    fn poll(&mut self, limit: Option<Duration>) -> Result<Vec<Occurrence>, HostError> {
        let stations = &self.stations;
        let owner = self.owner;
        let cluster = &mut self.cluster;
        let admit = |knock: &Knock| {
            let mut stations = stations.iter();
            match stations.find(|(_, station)| station.has(knock.listener)) {
                Some((node, station)) if station.ready => {
                    admission::admit(&station.cmap.map, &knock.credentials, owner)?;
                    faults::connecting(cluster, *node, knock.service).map_or(Ok(()), Err)
                }
                _ => Err(TRY_AGAIN),
            }
        };
        Ok(self.server.poll(limit, admit)?)
    }
}
