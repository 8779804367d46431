//! Membership changes, in the phases in which corosync synchronises its services.

use crate::decide::Recalculation;
use crate::effects::{Effect, LogLevel, Timer};
use crate::engine::Engine;
use crate::flags::NodeFlags;
use crate::ids::{NodeId, RingId};
use crate::messages::Message;
use crate::node::NodeState;

/// The ring and who is in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Membership {
    pub(crate) ring: RingId,
    pub(crate) members: Vec<NodeId>,
    pub(crate) previous: Vec<NodeId>,
}

/// Where the engine is in a synchronisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SyncPhase {
    pub(crate) in_progress: bool,
    told_the_others: bool,
    pub(crate) awaits_qdevice: bool,
}

impl Engine {
    pub(crate) fn sync_init(&mut self, ring: RingId, members: Vec<NodeId>) {
        self.sync = SyncPhase {
            in_progress: true,
            ..SyncPhase::default()
        };
        if members.len() > 1 {
            self.nodes.us.flags.assign(NodeFlags::FIRST, false);
        }
        let nodes_left = self.meet_members(&members);
        self.maybe_start_last_man_standing(members.len(), nodes_left);
        let previous = std::mem::replace(&mut self.membership.members, members);
        self.membership.previous = previous;
        self.membership.ring = ring;
        self.await_qdevice();
    }

    /// Makes room for those who come, and buries those who are gone; whether there were any.
    fn meet_members(&mut self, members: &[NodeId]) -> bool {
        let mut present = members.to_vec();
        present.sort_unstable();
        self.nodes.expect(&present);
        let mut before = self.membership.members.clone();
        before.sort_unstable();
        let mut present = present.into_iter().peekable();
        let mut nodes_left = false;
        for id in before {
            while present.next_if(|&other| other < id).is_some() {}
            if present.peek() != Some(&id) {
                nodes_left = true;
                self.nodes.change(id, |node| node.state = NodeState::Dead);
            }
        }
        nodes_left
    }

    fn await_qdevice(&mut self) {
        let polled = NodeFlags::QDEVICE_REGISTERED | NodeFlags::QDEVICE_ALIVE;
        if self.nodes.us.flags.contains(polled) {
            let after_ms = self.qdevice.sync_timeout;
            self.arm_qdevice_timer(after_ms);
            self.sync.awaits_qdevice = true;
            let name = String::from_utf8_lossy(&self.qdevice.name).into_owned();
            let text = format!("waiting at most {after_ms} ms for quorum device {name} to poll");
            self.log(LogLevel::Info, text);
        }
    }

    pub(crate) fn sync_process(&mut self) {
        if !self.sync.told_the_others {
            self.tell_the_others();
            self.sync.told_the_others = true;
        }
        let step = if self.is_waiting_for_qdevice() {
            Effect::SyncWait
        } else {
            Effect::SyncDone
        };
        self.effects.push(step);
    }

    fn tell_the_others(&mut self) {
        self.multicast_own_info();
        if self.nodes.us.flags.contains(NodeFlags::QDEVICE_EXTRA_INFO) {
            self.multicast_extra_info();
        }
        self.multicast_qdevice_votes();
        if !self.qdevice.name.is_empty() {
            self.multicast(Message::QdeviceRegister {
                name: self.qdevice.name.clone(),
            });
        }
        let notification = self.node_list_notification();
        self.notify_trackers(&notification);
    }

    pub(crate) fn is_waiting_for_qdevice(&self) -> bool {
        self.sync.awaits_qdevice && self.nodes.us.flags.contains(NodeFlags::QDEVICE_REGISTERED)
    }

    pub(crate) fn sync_activate(&mut self) {
        self.recalculate(Recalculation::NeverSink);
        self.announce_quorum();
        self.sync.in_progress = false;
    }

    /// `last_man_standing`: after a while, a cluster that lost nodes and is still quorate counts
    /// only those that remain.
    fn maybe_start_last_man_standing(&mut self, members: usize, nodes_left: bool) {
        if !self.last_man_standing.on {
            return;
        }
        let members = u64::try_from(members).unwrap_or(u64::MAX);
        let quorum = u64::from(self.quorum);
        let shrunk = members >= quorum && nodes_left;
        let tied = members <= quorum
            && self.tie_breaker.is_on()
            && self.remembered.lowest_is_member(&self.nodes);
        if shrunk || tied {
            self.last_man_standing.armed = true;
            self.effects.push(Effect::SetTimer {
                timer: Timer::LastManStanding,
                after_ms: self.last_man_standing.window,
            });
        }
    }

    pub(crate) fn last_man_standing_expired(&mut self) {
        if std::mem::take(&mut self.last_man_standing.armed) && self.quorate {
            self.recalculate(Recalculation::ShrinkToMembers);
        }
    }

    pub(crate) fn stop_last_man_standing(&mut self) {
        self.last_man_standing.on = false;
        if std::mem::take(&mut self.last_man_standing.armed) {
            self.effects
                .push(Effect::CancelTimer(Timer::LastManStanding));
        }
    }
}

/// `last_man_standing` and its window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LastManStanding {
    pub(crate) on: bool,
    pub(crate) window: u32,
    armed: bool,
}

impl LastManStanding {
    pub(crate) fn new(on: bool, window: u32) -> Self {
        LastManStanding {
            on,
            window,
            armed: false,
        }
    }
}
