//! Total order and the phases of synchronisation.
//!
//! The token goes round the members; `token` knows where it begins. What a node has to say is said
//! when the token comes by, and delivered to all members before it comes by again; what follows from that
//! waits for the next round.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quorate_engine::{Input, NodeId, RingId, Timer};

use super::Cluster;
use super::clients::OutputKind;
use super::peer::{RingKey, Running};
use crate::log::What;
use crate::transport::{GroupEvent, Outbox, Payload, ServiceId, Services, Told};
use crate::wording;

/// A round takes this long, and up to as much again by chance. No rule of votequorum depends on
/// it, as long as it is short against all timeouts.
pub(super) const ROTATION: Duration = Duration::from_micros(500);

/// A synchronisation: every node lists its services; then, service by service, every node says its
/// part, and when all have been heard the service is activated everywhere (corosync's `sync.c`).
#[derive(Clone, Debug)]
pub(super) struct Sync {
    /// 0: the lists of services; then the services, ascending; votequorum is the last.
    turn: usize,
    /// Lists or barriers that have not been delivered.
    awaited: usize,
    /// Nodes that have not done their part of votequorum's synchronisation.
    unfinished: BTreeSet<usize>,
    /// Nodes that begin their part when the token comes by in the next round, in the one after
    /// it, and so on.
    late: VecDeque<Vec<usize>>,
    /// It is votequorum's turn.
    votequorums: bool,
}

impl Sync {
    pub(super) fn new(members: usize) -> Self {
        Sync {
            turn: 0,
            awaited: members,
            unfinished: BTreeSet::new(),
            late: VecDeque::new(),
            votequorums: false,
        }
    }

    pub(super) fn is_votequorums(&self) -> bool {
        self.votequorums
    }

    /// Whether somebody waits for the token without having something to say.
    pub(super) fn awaits_token(&self) -> bool {
        !self.late.is_empty()
    }
}

/// What happens in a round, in order.
enum Said {
    Payload(usize, Payload),
    /// The token comes by a node that is late.
    Late(usize),
}

impl<S: Services> Cluster<S> {
    pub(super) fn rotate(&mut self, key: RingKey) {
        let Some(ring) = self.rings.get_mut(&key) else {
            return;
        };
        ring.rotating = false;
        if ring.is_stalled() {
            return;
        }
        let members = Arc::clone(&ring.members);
        let syncing = ring.sync.is_some();
        let late = ring.sync.as_mut().and_then(|sync| sync.late.pop_front());
        let late = late.unwrap_or_default();
        let recorded = self.recorded_speaker(key);
        let round = recorded.map_or_else(|| self.round(key), |speaker| vec![speaker]);
        let mut said = Vec::new();
        for from in round {
            if !syncing && !self.peers[from].outgoing.is_empty() {
                self.passes_on(key, from);
            }
            let outgoing = self.peers[from].outgoing.take();
            said.extend(
                outgoing
                    .into_iter()
                    .map(|payload| Said::Payload(from, payload)),
            );
            if late.contains(&from) {
                said.push(Said::Late(from));
            }
        }
        let mut heard = Vec::new();
        for said in said {
            let (from, payload) = match said {
                Said::Payload(from, payload) => (from, payload),
                Said::Late(member) => {
                    self.hand_out(&members, &mut heard);
                    self.take_part(key, member);
                    continue;
                }
            };
            match payload {
                Payload::ServiceList(id) | Payload::Barrier(id) => {
                    if self.is_last_awaited(key, id) {
                        self.hand_out(&members, &mut heard);
                        self.ends_turn(key, from);
                        self.next_turn(key, &members);
                    }
                }
                payload => heard.push((self.peers[from].id, payload)),
            }
        }
        self.hand_out(&members, &mut heard);
        if recorded.is_some() {
            self.recorded_speaker_heard(key);
        }
        self.watch.changed();
        self.wake(key);
    }

    /// A list of services or a barrier was delivered.
    fn is_last_awaited(&mut self, key: RingKey, id: RingId) -> bool {
        let ring = self.rings.get_mut(&key).filter(|ring| ring.id == id);
        let Some(sync) = ring.and_then(|ring| ring.sync.as_mut()) else {
            return false;
        };
        sync.awaited -= 1;
        sync.awaited == 0
    }

    /// Delivers these messages, in this order, to every member. Nothing that a member makes of them
    /// reaches another one before the next round, so members can take turns instead of messages,
    /// which is much faster in a large cluster.
    fn hand_out(&mut self, members: &[usize], heard: &mut Vec<(NodeId, Payload)>) {
        for &to in members {
            let mut rest = &heard[..];
            while let Some((from, payload)) = rest.first() {
                let heard = match payload {
                    Payload::Engine(_) => self.deliver_to_engine(to, rest),
                    _ => {
                        self.deliver(to, *from, payload);
                        1
                    }
                };
                rest = &rest[heard..];
            }
        }
        heard.clear();
    }

    /// Delivers votequorum's messages until one of them has consequences, or another service's is
    /// next. Says how many were delivered, at least one.
    fn deliver_to_engine(&mut self, to: usize, heard: &[(NodeId, Payload)]) -> usize {
        let mut delivered = 0;
        let messages = heard.iter().map_while(|(from, payload)| match payload {
            Payload::Engine(message) => Some((*from, message)),
            _ => None,
        });
        let Some(engine) = &mut self.peers[to].engine else {
            return 1;
        };
        for effect in engine.hear(messages.inspect(|_| delivered += 1)) {
            self.carry_out(to, effect);
        }
        delivered
    }

    fn deliver(&mut self, to: usize, from: NodeId, payload: &Payload) {
        match payload {
            Payload::Service(service, data) => {
                let service = *service;
                let event = GroupEvent::Delivered {
                    from,
                    service,
                    data,
                };
                self.tell(to, event);
            }
            Payload::Reload { number } => self.reload_peer(to, from, *number),
            Payload::ReloadWrong { number, error } => {
                self.refuse_reload(to, from, (*number, error))
            }
            Payload::Kill { node, reason } => self.hear_kill(to, from, *node, reason),
            Payload::ShutDown => self.hear_shutdown(to, from),
            // Votequorum's have a way of their own; the others are counted, not heard.
            Payload::Engine(_) | Payload::ServiceList(_) | Payload::Barrier(_) => {}
        }
    }

    /// All nodes have done what this turn was for.
    fn next_turn(&mut self, key: RingKey, members: &[usize]) {
        let services = self.services.synchronised().to_vec();
        let Some(ring) = self.rings.get_mut(&key) else {
            return;
        };
        let Some(sync) = &mut ring.sync else { return };
        let done = sync.turn;
        sync.turn += 1;
        sync.awaited = members.len();
        if done > services.len() {
            ring.sync = None;
            for &member in members {
                self.feed(member, Input::SyncActivate);
            }
            for &member in members {
                self.peers[member].outgoing.synchronised();
                self.tell(member, GroupEvent::SyncCompleted);
            }
            return;
        }
        let next = services.get(done).copied();
        let done = done.checked_sub(1).and_then(|n| services.get(n)).copied();
        self.pass_silent_turns(key, done, next);
        if let Some(service) = done {
            for &member in members {
                self.tell(member, GroupEvent::SyncActivated(service));
            }
        }
        let mut rounds = self.turn_begins(key, next.is_none());
        let punctual = rounds.pop_front().unwrap_or_default();
        if let Some(sync) = self.rings.get_mut(&key).and_then(|ring| ring.sync.as_mut()) {
            sync.late = rounds;
            sync.votequorums = next.is_none();
            if next.is_none() {
                sync.unfinished = members.iter().copied().collect();
            }
        }
        for member in punctual {
            self.take_part(key, member);
        }
    }

    /// A node does its part of the present turn.
    pub(super) fn take_part(&mut self, key: RingKey, member: usize) {
        let services = self.services.synchronised();
        let ring = self.rings.get(&key);
        let Some(turn) = ring
            .and_then(|ring| ring.sync.as_ref())
            .map(|sync| sync.turn)
        else {
            return;
        };
        match services.get(turn - 1).copied() {
            Some(service) => {
                self.tell(member, GroupEvent::SyncProcess(service));
                self.reach_barrier(member);
            }
            None => self.feed(member, Input::SyncProcess),
        }
    }

    fn reach_barrier(&mut self, member: usize) {
        let ring = self.peers[member].ring.and_then(|key| self.rings.get(&key));
        if let Some(ring) = ring {
            let barrier = Payload::Barrier(ring.id);
            self.send(member, barrier);
        }
    }

    pub(super) fn sync_done(&mut self, member: usize) {
        if let Some(sync) = self.sync_of(member) {
            sync.unfinished.remove(&member);
        }
        self.reach_barrier(member);
    }

    /// votequorum does not wait for its device any more.
    pub(super) fn sync_released(&mut self, member: usize) {
        let unfinished = |sync: &mut Sync| sync.unfinished.contains(&member);
        if self.sync_of(member).is_some_and(unfinished) {
            self.feed(member, Input::SyncProcess);
        }
    }

    fn sync_of(&mut self, member: usize) -> Option<&mut Sync> {
        let key = self.peers[member].ring?;
        self.rings.get_mut(&key)?.sync.as_mut()
    }

    /// Queues something for the next round.
    pub(super) fn send(&mut self, from: usize, payload: Payload) {
        self.peers[from].outgoing.push(payload);
        if let Some(key) = self.peers[from].ring {
            self.wake(key);
        }
    }

    /// Tells the other services of a node, and sends what they answer.
    pub(super) fn tell(&mut self, member: usize, event: GroupEvent<'_>) {
        let mut outbox = Outbox::default();
        let is_part_of_sync = matches!(event, GroupEvent::SyncProcess(_));
        self.services
            .handle(self.peers[member].id, event, &mut outbox);
        if is_part_of_sync {
            for (service, data) in std::mem::take(&mut outbox.messages) {
                self.send(member, Payload::Service(service, data));
            }
        }
        self.empty(member, outbox);
    }

    /// Sends what the other services of a node have to say.
    pub(super) fn empty(&mut self, member: usize, outbox: Outbox) {
        for Told {
            client,
            message,
            text: notification,
        } in outbox.events
        {
            let what = What::Notified {
                client: client.0,
                notification,
            };
            self.record(Some(member), what);
            self.state_output(member, OutputKind::Event { client, message });
        }
        for (service, data) in outbox.messages {
            self.multicast_from(member, service, data);
        }
    }

    /// Sends a service's message, after a synchronisation that is under way.
    pub(super) fn multicast_from(&mut self, member: usize, service: ServiceId, data: Vec<u8>) {
        let payload = Payload::Service(service, data);
        if self.is_synchronising(member) {
            self.peers[member].outgoing.push_later(payload);
        } else {
            self.send(member, payload);
        }
    }

    pub(super) fn timer_expired(&mut self, peer: usize, timer: Timer, generation: u64) {
        if !self.peers[peer].expires(timer, generation) {
            return;
        }
        let input = Input::TimerExpired(timer);
        if self.peers[peer].running == Running::Paused {
            self.peers[peer].frozen.push(input);
            return;
        }
        let timer = wording::timer(timer).into();
        self.record(Some(peer), What::Timer { timer });
        self.feed(peer, input);
    }
}
