//! Carrying out what faults do to the calls of programs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_ipc::Service;
use quorate_ipc::server::{ConnId, Sent};
use quorate_proto::status;

use super::{Host, HostError, Link, TRY_AGAIN};
use crate::Cluster;
use crate::fault::{Action, Call, Function, refusal};
use crate::log::What;

/// What is held up.
#[derive(Debug, Default)]
pub(super) struct HeldUp {
    /// Requests to be heard later, in the order in which that will be; and whether a fault has met
    /// them, or they only wait behind one.
    delayed: BTreeMap<(Duration, u64), (ConnId, Vec<u8>, bool)>,
    number: u64,
    /// Connections whose answers wait for a fault to be switched off.
    stalled: BTreeMap<ConnId, usize>,
    /// Connections that hang up instead of the next answer.
    dropping: BTreeSet<ConnId>,
    /// Which switching on and off of faults has been taken notice of.
    changes: u64,
    /// The last event of each kind on each connection, the latest at the end.
    last: BTreeMap<ConnId, Vec<Vec<u8>>>,
}

impl HeldUp {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.delayed.retain(|_, (of, ..)| *of != conn);
        self.stalled.remove(&conn);
        self.dropping.remove(&conn);
        self.last.remove(&conn);
    }

    pub(super) fn sent(&mut self, sent: &Sent) {
        let last = self.last.entry(sent.conn).or_default();
        last.retain(|known| known.first_chunk::<4>() != sent.bytes.first_chunk());
        last.push(sent.bytes.clone());
    }

    /// Whether a connection's program waits for something that faults hold up.
    pub(super) fn delays(&self, conn: ConnId) -> bool {
        self.delayed.values().any(|(of, ..)| *of == conn)
    }

    /// What a connection has asked that nobody has heard yet.
    pub(super) fn take_delayed(&mut self, conn: ConnId) -> Vec<Vec<u8>> {
        let mine = |(_, (of, ..)): &(_, &(ConnId, _, _))| *of == conn;
        let mine: Vec<_> = self
            .delayed
            .iter()
            .filter(mine)
            .map(|(at, _)| *at)
            .collect();
        let taken = mine.iter().filter_map(|at| self.delayed.remove(at));
        taken.map(|(_, bytes, _)| bytes).collect()
    }

    /// When the last of a connection's requests will be heard.
    fn until(&self, conn: ConnId) -> Option<Duration> {
        let mine = self.delayed.iter().rev().find(|(_, (of, ..))| *of == conn);
        mine.map(|((at, _), _)| *at)
    }

    fn delay(&mut self, at: Duration, conn: ConnId, bytes: &[u8], met: bool) {
        self.number += 1;
        self.delayed
            .insert((at, self.number), (conn, bytes.to_vec(), met));
    }
}

/// What somebody is told who connects, if a fault meets them.
pub(super) fn connecting(
    cluster: &mut Cluster,
    node: super::NodeId,
    service: Service,
) -> Option<i32> {
    let function = Function::connecting(service);
    let (_, action) = cluster.faults_mut().meet(&Call { node, function })?;
    let text = format!("{} {action}", function.name);
    cluster.record_on(node, What::Fault { client: None, text });
    match action {
        Action::Error(number) => refusal(number),
        _ => Some(TRY_AGAIN),
    }
}

impl Host {
    /// A request has come. It is carried out now, unless a fault meets it.
    pub(super) fn hear(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        if let Some(at) = self.held_up.until(conn) {
            // The daemon hears a connection's requests in their order.
            self.held_up.delay(at, conn, bytes, false);
            self.cluster.wake_at(at);
            return Ok(());
        }
        self.meet(conn, bytes)
    }

    fn meet(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), HostError> {
        let Some(link) = self.links.get(&conn).copied() else {
            return Ok(());
        };
        let Some(function) = Function::of_request(link.service, bytes) else {
            return self.request(conn, bytes);
        };
        let node = link.node;
        let Some((fault, action)) = self.cluster.faults_mut().meet(&Call { node, function }) else {
            return self.request(conn, bytes);
        };
        let client = Some(link.number);
        let text = format!("{} {action}", function.name);
        self.cluster.record_on(node, What::Fault { client, text });
        match action {
            Action::Error(number) => self.server.reply(conn, status(0, number)),
            Action::Delay(time) => {
                let at = self.cluster.now() + time;
                self.held_up.delay(at, conn, bytes, true);
                self.cluster.wake_at(at);
            }
            Action::DropRequest => self.hang_up(conn),
            Action::DropReply => {
                self.server.hold_replies(conn, true);
                self.held_up.dropping.insert(conn);
                self.request(conn, bytes)?;
            }
            Action::Stall => {
                self.server.hold_replies(conn, true);
                self.held_up.stalled.insert(conn, fault);
                self.request(conn, bytes)?;
            }
            Action::Burst(times) => {
                self.burst(link, times);
                self.request(conn, bytes)?;
            }
            Action::HoldEvents => self.request(conn, bytes)?,
        }
        Ok(())
    }

    fn burst(&mut self, link: Link, times: u32) {
        let alike = |other: &Link| other.node == link.node && other.service == link.service;
        let conns = self.links.iter().filter(|(_, other)| alike(other));
        for conn in conns.map(|(conn, _)| *conn).collect::<Vec<_>>() {
            let last = self.held_up.last.get(&conn).cloned().unwrap_or_default();
            for event in std::iter::repeat_n(&last, times as usize).flatten() {
                self.server.event(conn, &event[..]);
            }
        }
    }

    /// To be called when time has passed, or something was sent or switched, until it says that
    /// it did nothing that could have consequences.
    pub(super) fn attend_faults(&mut self) -> Result<bool, HostError> {
        let changes = self.cluster.faults().changes;
        if std::mem::replace(&mut self.held_up.changes, changes) != changes {
            for conn in self.links.keys().copied().collect::<Vec<_>>() {
                self.hold_events_of(conn);
            }
            let over = |(_, fault): &(&ConnId, &usize)| !self.cluster.faults().is_on(**fault);
            let stalled = self.held_up.stalled.iter().filter(over);
            for conn in stalled.map(|(conn, _)| *conn).collect::<Vec<_>>() {
                self.held_up.stalled.remove(&conn);
                self.server.hold_replies(conn, false);
            }
        }
        for conn in self.held_up.dropping.clone() {
            if self.server.holds_a_reply(conn) {
                self.hang_up(conn);
            }
        }
        let due = self.held_up.delayed.first_entry();
        let Some(due) = due.filter(|next| next.key().0 <= self.cluster.now()) else {
            return Ok(false);
        };
        let (conn, bytes, met) = due.remove();
        self.told = true;
        match met {
            true => self.request(conn, &bytes)?,
            false => self.meet(conn, &bytes)?,
        }
        Ok(true)
    }

    /// Holds back the events of a connection if a fault says so, or sends them.
    pub(super) fn hold_events_of(&mut self, conn: ConnId) {
        if let Some(Link { node, service, .. }) = self.links.get(&conn) {
            let hold = self.cluster.faults().holds_events(*node, *service);
            self.server.hold_events(conn, hold);
        }
    }

    fn hang_up(&mut self, conn: ConnId) {
        self.told = true;
        let unread = self.server.unread_events(conn);
        self.disconnected(conn, unread);
        self.server.close(conn);
    }
}
