//! Feeding engines, and carrying out what they answer.

use std::time::Duration;

use quorate_engine::{Effect, Input, NodeId};

use super::clients::OutputKind;
use super::queue::Event;
use super::{Cluster, peer::Running};
use crate::log::What;
use crate::transport::{Payload, Services};
use crate::wording;

impl<S: Services> Cluster<S> {
    /// Feeds one event to one node; without effect on one that is down.
    pub(super) fn feed(&mut self, peer: usize, input: Input) {
        let Some(engine) = &mut self.peers[peer].engine else {
            return;
        };
        for effect in engine.handle(input) {
            self.carry_out(peer, effect);
        }
    }

    /// As [`feed`](Self::feed); a frozen node finds it when it goes on.
    pub(super) fn feed_when_running(&mut self, peer: usize, input: Input) {
        if self.peers[peer].running == Running::Paused {
            self.peers[peer].frozen.push(input);
        } else {
            self.feed(peer, input);
        }
    }

    pub(super) fn carry_out(&mut self, peer: usize, effect: Effect) {
        match effect {
            Effect::Multicast(message) => {
                let text = wording::message(&message);
                self.record(Some(peer), What::Sends { message: text });
                self.send(peer, Payload::Engine(message));
            }
            Effect::Notify {
                client,
                context,
                notification,
            } => self.notified(peer, client, context, notification),
            Effect::Reply { client, reply } => self.replied(peer, client, reply),
            Effect::QuorumChanged {
                ring,
                members,
                quorate,
            } => {
                self.record_quorum(peer, members.len(), quorate);
                self.watch.changed();
                self.state_output(
                    peer,
                    OutputKind::Quorum {
                        ring,
                        members,
                        quorate,
                    },
                );
            }
            Effect::SyncDone => self.sync_done(peer),
            Effect::SyncWait => self.record(Some(peer), What::WaitsForDevice),
            Effect::SyncReleased => self.sync_released(peer),
            Effect::SetTimer { timer, after_ms } => {
                let generation = self.number();
                self.peers[peer].arm(timer, generation);
                let at = self.now + Duration::from_millis(after_ms.into());
                self.queue.push(
                    at,
                    Event::Timer {
                        peer,
                        timer,
                        generation,
                    },
                );
            }
            Effect::CancelTimer(timer) => self.peers[peer].disarm(timer),
            Effect::PersistBarrier(barrier) => self.peers[peer].stored_barrier = barrier,
            Effect::SetRuntimeKey { name, value } => {
                self.state_output(peer, OutputKind::RuntimeKey { name, value });
            }
            Effect::Log(line) => {
                let level = wording::level(line.level).into();
                let text = line.text;
                self.record(Some(peer), What::Log { level, text });
            }
        }
    }

    fn record_quorum(&mut self, peer: usize, members: usize, quorate: bool) {
        let engine = self.peers[peer].engine.as_ref();
        let Some(info) = engine.and_then(|engine| engine.node_info(NodeId::QDEVICE)) else {
            return;
        };
        let what = What::Quorum {
            quorate,
            members,
            votes: info.total_votes,
            expected: info.expected_votes,
            quorum: info.quorum,
        };
        self.record(Some(peer), what);
    }
}
