//! The quorum device: a local process that votes for its node's partition.

use crate::config::DeviceConfig;
use crate::effects::{Effect, KeyValue, LogLevel, Timer};
use crate::engine::{EXTRA_INFO_MAX, Engine, QDEVICE_NAME_MAX};
use crate::flags::NodeFlags;
use crate::ids::{ClientId, NodeId, RingId};
use crate::messages::Message;
use crate::status::Status;

/// What is known of the quorum device besides its votes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Qdevice {
    /// The first name heard of, from here or another node; empty if none.
    pub(crate) name: Vec<u8>,
    pub(crate) timeout: u32,
    pub(crate) sync_timeout: u32,
    /// Off when a reload makes the configuration contradict itself.
    pub(crate) can_operate: bool,
    /// The client whose registration is on its way through the ring.
    pub(crate) registering: Option<ClientId>,
    pub(crate) master_wins: bool,
    timer_armed: bool,
}

impl Default for Qdevice {
    fn default() -> Self {
        let DeviceConfig {
            timeout,
            sync_timeout,
            ..
        } = DeviceConfig::default();
        Qdevice {
            name: Vec::new(),
            timeout,
            sync_timeout,
            can_operate: true,
            registering: None,
            master_wins: false,
            timer_armed: false,
        }
    }
}

impl Engine {
    fn is_registered(&self) -> bool {
        self.nodes.us.flags.contains(NodeFlags::QDEVICE_REGISTERED)
    }

    /// Whether a request under this name may be carried out.
    fn check_registered(&self, name: &[u8]) -> Result<(), Status> {
        if !self.is_registered() {
            Err(Status::NotExist)
        } else if self.qdevice.name != name {
            Err(Status::InvalidParam)
        } else {
            Ok(())
        }
    }

    /// `None` if the answer has to wait for the message to come back.
    pub(crate) fn qdevice_register(&mut self, client: ClientId, name: Vec<u8>) -> Option<Status> {
        if !self.qdevice.can_operate {
            self.log(
                LogLevel::Info,
                "the configuration does not allow a quorum device",
            );
            return Some(Status::Access);
        }
        if name.len() > QDEVICE_NAME_MAX {
            return Some(Status::InvalidParam);
        }
        if self.is_registered() {
            if self.qdevice.name == name {
                return Some(Status::Ok);
            }
            self.log(
                LogLevel::Warning,
                "a quorum device of another name is registered already",
            );
            return Some(Status::Exist);
        }
        if self.qdevice.registering.is_some() {
            self.log(
                LogLevel::Warning,
                "another quorum device is just being registered",
            );
            return Some(Status::TryAgain);
        }
        if !self.multicast(Message::QdeviceRegister { name }) {
            self.log(
                LogLevel::Warning,
                "the quorum device could not be announced",
            );
            return Some(Status::TryAgain);
        }
        self.qdevice.registering = Some(client);
        None
    }

    pub(crate) fn qdevice_unregister(&mut self, name: Vec<u8>) -> Status {
        if let Err(status) = self.check_registered(&name) {
            return status;
        }
        let was_waiting = self.is_waiting_for_qdevice();
        if std::mem::take(&mut self.qdevice.timer_armed) {
            self.effects.push(Effect::CancelTimer(Timer::Qdevice));
            self.sync.awaits_qdevice = false;
        }
        let all = NodeFlags::QDEVICE_REGISTERED
            | NodeFlags::QDEVICE_ALIVE
            | NodeFlags::QDEVICE_CAST_VOTE
            | NodeFlags::QDEVICE_MASTER_WINS;
        self.nodes.us.flags.assign(all, false);
        if !self.compat.no_extra_info {
            self.store_extra_info(Vec::new());
        }
        self.multicast_own_info();
        self.multicast(Message::QdeviceUnregister { name });
        self.release_sync(was_waiting);
        Status::Ok
    }

    pub(crate) fn qdevice_update(&mut self, old: Vec<u8>, new: Vec<u8>) -> Status {
        if let Err(status) = self.check_registered(&old) {
            return status;
        }
        if new.len() > QDEVICE_NAME_MAX {
            return Status::InvalidParam;
        }
        self.multicast(Message::QdeviceRename { old, new });
        Status::Ok
    }

    pub(crate) fn qdevice_poll(&mut self, name: &[u8], cast_vote: bool, ring: RingId) -> Status {
        if !self.qdevice.can_operate {
            return Status::Access;
        }
        // A decision made for another membership must not count for this one.
        if self.is_registered() && ring != self.membership.ring {
            return Status::MessageError;
        }
        if let Err(status) = self.check_registered(name) {
            return status;
        }
        let was_waiting = self.is_waiting_for_qdevice();
        let before = self.nodes.us.flags;
        self.nodes.us.flags.assign(NodeFlags::QDEVICE_ALIVE, true);
        self.nodes
            .us
            .flags
            .assign(NodeFlags::QDEVICE_CAST_VOTE, cast_vote);
        self.multicast_own_info_if_not(before);
        self.arm_qdevice_timer(self.qdevice.timeout);
        self.sync.awaits_qdevice = false;
        self.release_sync(was_waiting);
        Status::Ok
    }

    pub(crate) fn qdevice_master_wins(&mut self, name: &[u8], allow: bool) -> Status {
        if !self.qdevice.can_operate {
            return Status::Access;
        }
        if let Err(status) = self.check_registered(name) {
            return status;
        }
        let before = self.nodes.us.flags;
        self.nodes
            .us
            .flags
            .assign(NodeFlags::QDEVICE_MASTER_WINS, allow);
        self.multicast_own_info_if_not(before);
        self.qdevice.master_wins = allow;
        self.set_key("qdevice_master_wins", KeyValue::U8(allow.into()));
        Status::Ok
    }

    pub(crate) fn set_extra_info(&mut self, data: Vec<u8>) -> Status {
        if self.compat.no_extra_info {
            return Status::InvalidParam;
        }
        if !self.qdevice.can_operate {
            return Status::Access;
        }
        if data.len() > EXTRA_INFO_MAX {
            return Status::InvalidParam;
        }
        if !self.is_registered() {
            return Status::NotExist;
        }
        self.store_extra_info(data);
        Status::Ok
    }

    fn store_extra_info(&mut self, data: Vec<u8>) {
        self.nodes
            .us
            .flags
            .assign(NodeFlags::QDEVICE_EXTRA_INFO, !data.is_empty());
        self.nodes.us.extra_info = data;
        self.multicast_extra_info();
    }

    pub(crate) fn stored_extra_info(&self, node: NodeId) -> Result<Vec<u8>, Status> {
        if self.compat.no_extra_info {
            return Err(Status::InvalidParam);
        }
        if !self.qdevice.can_operate {
            return Err(Status::Access);
        }
        let node = self.nodes.get(node).ok_or(Status::NotExist)?;
        Ok(node.stored_extra_info().to_vec())
    }

    pub(crate) fn arm_qdevice_timer(&mut self, after_ms: u32) {
        self.qdevice.timer_armed = true;
        self.effects.push(Effect::SetTimer {
            timer: Timer::Qdevice,
            after_ms,
        });
    }

    /// The device did not poll in time. It stays registered: only a restart or an explicit
    /// unregistration ends that (observed on corosync 3.1.7).
    pub(crate) fn qdevice_expired(&mut self) {
        let alive = self.nodes.us.flags.contains(NodeFlags::QDEVICE_ALIVE);
        if !self.qdevice.timer_armed || !alive {
            return;
        }
        let was_waiting = self.is_waiting_for_qdevice();
        let vote = NodeFlags::QDEVICE_ALIVE | NodeFlags::QDEVICE_CAST_VOTE;
        self.nodes.us.flags.assign(vote, false);
        let name = String::from_utf8_lossy(&self.qdevice.name).into_owned();
        self.log(
            LogLevel::Info,
            format!("quorum device {name} does not poll any more"),
        );
        self.multicast_own_info();
        self.qdevice.timer_armed = false;
        self.sync.awaits_qdevice = false;
        self.release_sync(was_waiting);
    }

    fn release_sync(&mut self, was_waiting: bool) {
        if was_waiting && !self.is_waiting_for_qdevice() {
            self.effects.push(Effect::SyncReleased);
        }
    }

    fn multicast_own_info_if_not(&mut self, before: NodeFlags) {
        if self.nodes.us.flags != before {
            self.multicast_own_info();
        }
    }

    pub(crate) fn multicast_own_info(&mut self) {
        let us = &self.nodes.us;
        let message = Message::NodeInfo {
            node: us.id,
            votes: us.votes,
            expected_votes: us.expected_votes,
            flags: us.flags,
        };
        self.multicast(message);
    }

    pub(crate) fn multicast_qdevice_votes(&mut self) {
        let message = Message::NodeInfo {
            node: NodeId::QDEVICE,
            votes: self.nodes.qdevice.votes,
            expected_votes: 0,
            flags: NodeFlags::default(),
        };
        self.multicast(message);
    }

    pub(crate) fn multicast_extra_info(&mut self) {
        let us = &self.nodes.us;
        let message = Message::ExtraInfo {
            node: us.id,
            data: us.stored_extra_info().to_vec(),
        };
        self.multicast(message);
    }
}
