//! What clients ask, the quorum device's requests apart.

use crate::arithmetic::{self, Rules, Tally};
use crate::effects::{Effect, NodeInfo, Reply};
use crate::engine::Engine;
use crate::flags::{InfoFlags, NodeFlags};
use crate::ids::{ClientId, NodeId};
use crate::input::Request;
use crate::messages::{Message, Reconfigure};
use crate::status::Status;

impl Engine {
    pub(crate) fn request(&mut self, client: ClientId, request: Request) {
        let status = match request {
            Request::GetInfo { node } => {
                let info = self.node_info(node).ok_or(Status::NotExist);
                return self.reply(client, Reply::Info(info));
            }
            Request::GetExtraInfo { node } => {
                let data = self.stored_extra_info(node);
                return self.reply(client, Reply::ExtraInfo(data));
            }
            Request::QdeviceRegister { name } => {
                // The answer comes when the message comes back.
                let Some(status) = self.qdevice_register(client, name) else {
                    return;
                };
                status
            }
            Request::SetExpected { expected_votes } => self.set_expected(expected_votes),
            Request::SetVotes { node, votes } => self.set_votes(node, votes),
            Request::TrackStart { context, flags } => self.track_start(client, context, flags),
            Request::TrackStop => self.track_stop(client),
            Request::QdeviceUnregister { name } => self.qdevice_unregister(name),
            Request::QdeviceUpdate { old, new } => self.qdevice_update(old, new),
            Request::QdevicePoll {
                name,
                cast_vote,
                ring,
            } => self.qdevice_poll(&name, cast_vote, ring),
            Request::QdeviceMasterWins { name, allow } => self.qdevice_master_wins(&name, allow),
            Request::SetExtraInfo { data } => self.set_extra_info(data),
        };
        self.reply(client, Reply::Status(status));
    }

    fn reply(&mut self, client: ClientId, reply: Reply) {
        self.effects.push(Effect::Reply { client, reply });
    }

    fn set_expected(&mut self, expected_votes: u32) -> Status {
        // Judged as if allow_downscale was off: its barrier must not hide a loss of quorum.
        let cast = Tally::cast(&self.nodes, self.sums);
        let rules = Rules {
            floor: None,
            expected: Some(expected_votes).filter(|&votes| votes > 0),
            two_node: self.two_node,
        };
        let quorum = arithmetic::quorum(cast, rules, self.sums);
        if expected_votes < cast.votes || (self.quorate && quorum > cast.votes) {
            return Status::InvalidParam;
        }
        self.set_members_expected_votes(expected_votes);
        self.reconfigure(Reconfigure::ExpectedVotes(expected_votes))
    }

    fn set_votes(&mut self, id: NodeId, votes: u32) -> Status {
        let exchanged = self
            .nodes
            .change(id, |node| std::mem::replace(&mut node.votes, votes));
        let Some(before) = exchanged else {
            return Status::NameNotFound;
        };
        let cast = Tally::cast(&self.nodes, self.sums);
        let rules = Rules {
            floor: None,
            expected: None,
            two_node: self.two_node,
        };
        let quorum = arithmetic::quorum(cast, rules, self.sums);
        if quorum < cast.votes / 2 || quorum > cast.votes {
            self.nodes.change(id, |node| node.votes = before);
            return Status::InvalidParam;
        }
        self.reconfigure(Reconfigure::NodeVotes { node: id, votes })
    }

    pub(crate) fn reconfigure(&mut self, change: Reconfigure) -> Status {
        if self.multicast(Message::Reconfigure(change)) {
            Status::Ok
        } else {
            Status::NoResources
        }
    }

    /// What `votequorum_getinfo` tells about a node; 0 is the local one. `None` if it was never
    /// met.
    #[must_use]
    pub fn node_info(&self, id: NodeId) -> Option<NodeInfo> {
        let id = if id == NodeId::QDEVICE {
            self.nodes.us.id
        } else {
            id
        };
        let node = self.nodes.get(id)?;
        let tally = Tally::members(&self.nodes, self.sums);
        let qdevice_votes = self.nodes.qdevice.votes;
        let total_votes = if node.flags.contains(NodeFlags::QDEVICE_CAST_VOTE) {
            self.sums.add(tally.votes, qdevice_votes)
        } else {
            tally.votes
        };
        Some(NodeInfo {
            node: node.id,
            state: node.state,
            votes: node.votes,
            expected_votes: node.expected_votes,
            highest_expected: tally.highest_expected,
            total_votes,
            quorum: self.quorum,
            flags: self.info_flags(node.flags),
            qdevice_votes,
            qdevice_name: self.qdevice.name.clone(),
        })
    }

    fn info_flags(&self, node: NodeFlags) -> InfoFlags {
        let extra_info = NodeFlags::QDEVICE_EXTRA_INFO;
        let bits = [
            (self.two_node, InfoFlags::TWO_NODE),
            (self.quorate, InfoFlags::QUORATE),
            (self.wait_for_all.on, InfoFlags::WAIT_FOR_ALL),
            (self.last_man_standing.on, InfoFlags::LAST_MAN_STANDING),
            (self.tie_breaker.is_on(), InfoFlags::AUTO_TIE_BREAKER),
            (self.downscale.allowed, InfoFlags::ALLOW_DOWNSCALE),
            (
                node.contains(NodeFlags::QDEVICE_REGISTERED),
                InfoFlags::QDEVICE_REGISTERED,
            ),
            (
                node.contains(NodeFlags::QDEVICE_ALIVE),
                InfoFlags::QDEVICE_ALIVE,
            ),
            (
                node.contains(NodeFlags::QDEVICE_CAST_VOTE),
                InfoFlags::QDEVICE_CAST_VOTE,
            ),
            (
                node.contains(NodeFlags::QDEVICE_MASTER_WINS),
                InfoFlags::QDEVICE_MASTER_WINS,
            ),
            (
                node.contains(extra_info) && !self.compat.no_extra_info,
                InfoFlags::QDEVICE_EXTRA_INFO,
            ),
        ];
        let mut flags = InfoFlags::default();
        for (_, flag) in bits.into_iter().filter(|&(set, _)| set) {
            flags |= flag;
        }
        flags
    }
}
