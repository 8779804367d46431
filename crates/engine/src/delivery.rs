//! Messages that arrive, the engine's own among them.

use crate::config::ConfigWarning;
use crate::decide::Recalculation;
use crate::effects::{Effect, LogLevel, Reply};
use crate::engine::{EXTRA_INFO_MAX, Engine};
use crate::flags::NodeFlags;
use crate::ids::NodeId;
use crate::messages::{Message, Reconfigure};
use crate::node::{Node, NodeState};
use crate::status::Status;

impl Engine {
    pub(crate) fn deliver(&mut self, from: NodeId, message: &Message) {
        match *message {
            Message::NodeInfo {
                node: NodeId::QDEVICE,
                votes,
                ..
            } => {
                self.on_qdevice_votes(from, votes);
            }
            Message::NodeInfo {
                node,
                votes,
                expected_votes,
                flags,
            } => {
                self.on_node_info(node, votes, expected_votes, flags);
            }
            Message::Reconfigure(change) => self.on_reconfigure(change),
            Message::QdeviceRegister { ref name } => self.on_qdevice_register(from, name),
            Message::QdeviceUnregister { .. } => self.on_qdevice_unregister(),
            Message::QdeviceRename { ref old, ref new } => {
                if *old == self.qdevice.name {
                    self.qdevice.name.clone_from(new);
                }
            }
            Message::ExtraInfo { node, ref data } => self.on_extra_info(node, data),
        }
    }

    fn on_qdevice_votes(&mut self, from: NodeId, votes: u32) {
        let Some(sender) = self.nodes.get(from) else {
            self.log(
                LogLevel::Error,
                format!("qdevice votes from unknown node {from}"),
            );
            return;
        };
        let sender_knows_better = !self.quorate && sender.flags.contains(NodeFlags::QUORATE);
        let known = self.nodes.qdevice.votes;
        let votes = if sender_knows_better {
            votes
        } else {
            votes.max(known)
        };
        if votes != known {
            self.nodes.qdevice.votes = votes;
            self.recalculate(Recalculation::NeverSink);
        }
    }

    fn on_node_info(&mut self, id: NodeId, votes: u32, expected_votes: u32, flags: NodeFlags) {
        let is_us = id == self.nodes.us.id;
        let is_new = self.nodes.get(id).is_none();
        let leaving = flags.contains(NodeFlags::LEAVING);
        let is_quorate = flags.contains(NodeFlags::QUORATE);
        // A quorate cluster that an inquorate node joins is the higher authority.
        let joins_quorate = is_quorate && !self.quorate;
        if joins_quorate {
            self.nodes.us.expected_votes = expected_votes;
        }
        let believed = is_quorate || self.downscale.tracking;
        let recorded_expected = if believed {
            expected_votes
        } else {
            self.nodes.us.expected_votes
        };
        let state = if leaving {
            NodeState::Leaving
        } else {
            NodeState::Member
        };
        let told = (flags, votes, state, recorded_expected);
        let changed = self.nodes.meet(id, |node| {
            let before = (node.flags, node.votes, node.state, node.expected_votes);
            (node.flags, node.votes, node.state, node.expected_votes) = told;
            before != told
        });

        if self.last_man_standing.on && votes > 1 {
            self.warn(ConfigWarning::LastManStandingOff);
            self.stop_last_man_standing();
        }
        if is_us || is_new || changed == Some(true) || flags.contains(NodeFlags::FIRST) {
            self.recalculate(if leaving {
                Recalculation::ShrinkToMembers
            } else if joins_quorate {
                Recalculation::MaySink
            } else {
                Recalculation::NeverSink
            });
        }
        let now = if is_us { self.nodes.us.flags } else { flags };
        let quorate_for_good =
            now.contains(NodeFlags::QUORATE) && !now.contains(NodeFlags::WFA_STATUS);
        if self.wait_for_all.on && quorate_for_good {
            self.set_wait_for_all_status(false);
        }
    }

    fn on_reconfigure(&mut self, change: Reconfigure) {
        match change {
            Reconfigure::ExpectedVotes(expected_votes) => {
                self.set_members_expected_votes(expected_votes);
                self.notify_expected_votes();
                self.set_barrier(expected_votes);
                if self.downscale.tracking {
                    let us = &mut self.nodes.us;
                    us.expected_votes = us.expected_votes.max(self.downscale.tracking_barrier);
                }
                self.recalculate(Recalculation::MaySink);
            }
            Reconfigure::NodeVotes { node, votes } => {
                if self.nodes.change(node, |node| node.votes = votes).is_some() {
                    self.recalculate(Recalculation::MaySink);
                }
            }
            Reconfigure::CancelWaitForAll { node } => {
                self.set_wait_for_all_status(false);
                let text = format!("waiting for all was cancelled on node {node}");
                self.log(LogLevel::Info, text);
                self.recalculate(Recalculation::NeverSink);
            }
        }
    }

    fn on_qdevice_register(&mut self, from: NodeId, name: &[u8]) {
        let is_us = from == self.nodes.us.id;
        if !is_us {
            if self.qdevice.name.is_empty() {
                self.qdevice.name = name.to_vec();
            }
            return;
        }
        // Every membership change repeats the name of a device that is registered.
        if self.nodes.us.flags.contains(NodeFlags::QDEVICE_REGISTERED) {
            return;
        }
        // A name learnt from another node is repeated too.
        let Some(client) = self.qdevice.registering.take() else {
            self.log(
                LogLevel::Warning,
                "a quorum device registers, but no client asked for it",
            );
            return;
        };
        if self.qdevice.name.is_empty() {
            self.qdevice.name = name.to_vec();
        }
        let status = if self.qdevice.name == name {
            self.nodes
                .us
                .flags
                .assign(NodeFlags::QDEVICE_REGISTERED, true);
            self.multicast_qdevice_votes();
            self.multicast_own_info();
            Status::Ok
        } else {
            self.log(
                LogLevel::Warning,
                "a quorum device of another name is registered elsewhere",
            );
            Status::Exist
        };
        self.effects.push(Effect::Reply {
            client,
            reply: Reply::Status(status),
        });
    }

    fn on_qdevice_unregister(&mut self) {
        let registered = |node: &Node| node.flags.contains(NodeFlags::QDEVICE_REGISTERED);
        if !self.nodes.members().any(registered) {
            self.qdevice.name.clear();
        }
    }

    fn on_extra_info(&mut self, id: NodeId, data: &[u8]) {
        if self.compat.no_extra_info {
            return;
        }
        if data.len() > EXTRA_INFO_MAX {
            self.log(
                LogLevel::Error,
                format!("oversized extra info of node {id}"),
            );
            return;
        }
        let stored = self.nodes.change(id, |node| {
            let some = !data.is_empty();
            node.flags.assign(NodeFlags::QDEVICE_EXTRA_INFO, some);
            node.extra_info = data.to_vec();
        });
        if stored.is_none() {
            self.log(LogLevel::Error, format!("extra info of unknown node {id}"));
            return;
        }
        self.notify_extra_info(id);
    }
}
