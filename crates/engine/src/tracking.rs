//! Trackers: clients that asked to be notified.

use crate::effects::{Effect, NodeEntry, Notification};
use crate::engine::Engine;
use crate::flags::NodeFlags;
use crate::ids::{ClientId, NodeId};
use crate::input::track;
use crate::node::Node;
use crate::status::Status;

/// A client that is notified of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tracker {
    client: ClientId,
    context: u64,
}

impl Engine {
    pub(crate) fn track_start(&mut self, client: ClientId, context: u64, flags: u8) -> Status {
        if flags & (track::CURRENT | track::CHANGES) != 0 {
            self.notify_present_state(client, context);
        }
        if self.is_tracking(client) {
            // The present state was told under the new context, changes keep the old one.
            return Status::Exist;
        }
        if flags & (track::CHANGES | track::CHANGES_ONLY) != 0 {
            // The newest tracker is notified first.
            self.trackers.insert(0, Tracker { client, context });
        }
        Status::Ok
    }

    pub(crate) fn track_stop(&mut self, client: ClientId) -> Status {
        if !self.is_tracking(client) {
            return Status::NotExist;
        }
        self.disconnect(client);
        Status::Ok
    }

    pub(crate) fn disconnect(&mut self, client: ClientId) {
        self.trackers.retain(|tracker| tracker.client != client);
    }

    fn is_tracking(&self, client: ClientId) -> bool {
        self.trackers.iter().any(|tracker| tracker.client == client)
    }

    fn notify_present_state(&mut self, client: ClientId, context: u64) {
        let mut batch = vec![self.node_list_notification(), self.quorum_notification()];
        if !self.compat.no_extra_info {
            let has_some = |node: &&Node| node.flags.contains(NodeFlags::QDEVICE_EXTRA_INFO);
            batch.extend(
                self.nodes
                    .iter()
                    .filter(has_some)
                    .map(extra_info_notification),
            );
        }
        let effects = batch.into_iter().map(|notification| Effect::Notify {
            client,
            context,
            notification,
        });
        self.effects.extend(effects);
    }

    pub(crate) fn notify_trackers(&mut self, notification: &Notification) {
        let effects = self
            .trackers
            .iter()
            .map(|&Tracker { client, context }| Effect::Notify {
                client,
                context,
                notification: notification.clone(),
            });
        self.effects.extend(effects);
    }

    pub(crate) fn node_list_notification(&self) -> Notification {
        Notification::NodeList {
            ring: self.membership.ring,
            members: self.membership.members.clone(),
        }
    }

    pub(crate) fn quorum_notification(&self) -> Notification {
        let entry = |node: &Node| NodeEntry {
            node: node.id,
            state: node.state,
        };
        let mut nodes: Vec<_> = self.nodes.iter().map(entry).collect();
        if self.nodes.us.flags.contains(NodeFlags::QDEVICE_REGISTERED) {
            nodes.push(entry(&self.nodes.qdevice));
        }
        Notification::Quorum {
            quorate: self.quorate,
            nodes,
        }
    }

    pub(crate) fn notify_extra_info(&mut self, node: NodeId) {
        if let Some(notification) = self.nodes.get(node).map(extra_info_notification) {
            self.notify_trackers(&notification);
        }
    }
}

fn extra_info_notification(node: &Node) -> Notification {
    Notification::ExtraInfo {
        node: node.id,
        data: node.stored_extra_info().to_vec(),
    }
}
