//! A quorum device's process on a node, as far as votequorum sees it.

use std::time::Duration;

use quorate_engine::{
    ClientId, Input, NodeId, Notification, Reply, Request, RingId, Status, track,
};

use super::queue::Event;
use super::{Cluster, OperationError, Running};
use crate::config::quorum_config;
use crate::log::What;
use crate::transport::Services;

/// The name `corosync-qdevice` registers under.
pub const DEVICE_NAME: &[u8] = b"Qdevice";

/// What happens to the simulated quorum device of a node, which does what `corosync-qdevice` does:
/// register, poll at half of its timeout, and at once when the ring changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceAction {
    /// It starts and registers, and from then on votes or does not.
    Start {
        /// Whether it votes for its node.
        vote: bool,
    },
    /// It votes from now on, or does not.
    Vote(bool),
    /// It asks that its partition win with its vote, or does not any more
    /// (`votequorum_qdevice_master_wins`).
    MasterWins(bool),
    /// Its process is gone, without a word.
    Stop,
    /// It unregisters and stops.
    Unregister,
}

/// How long the device thinks about a new ring before it votes. A real one asks a server over the
/// network first, which takes from milliseconds to its own timeouts.
const THINKING: Duration = Duration::from_millis(10);

#[derive(Clone, Debug)]
pub(super) struct Device {
    client: ClientId,
    vote: bool,
    registered: bool,
    /// The ring it last heard of.
    ring: RingId,
    /// The only poll to come that counts.
    next_poll: u64,
    /// It has something new to say, and has not said it yet.
    thinks: bool,
}

impl<S: Services> Cluster<S> {
    /// Starts the quorum device of a node, changes its vote, or ends it.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down or paused, or the device does not run.
    pub fn device(&mut self, node: NodeId, action: DeviceAction) -> Result<(), OperationError> {
        let peer = self.running_peer(node)?;
        if self.peers[peer].running == Running::Paused {
            return Err(OperationError::Paused(node));
        }
        let running = self.peers[peer].device.is_some();
        match action {
            DeviceAction::Start { vote } if !running => self.start_device(node, peer, vote)?,
            DeviceAction::Start { vote } | DeviceAction::Vote(vote) if running => {
                let action = if vote { "votes" } else { "does not vote" };
                self.record_device(peer, action);
                if let Some(device) = &mut self.peers[peer].device {
                    device.vote = vote;
                    device.thinks = true;
                }
                self.poll_after(peer, Duration::ZERO);
            }
            DeviceAction::MasterWins(allow) if running => {
                let action = if allow {
                    "wants its partition to win"
                } else {
                    "leaves it to the votes who wins"
                };
                self.record_device(peer, action);
                let name = DEVICE_NAME.to_vec();
                self.device_asks(peer, Request::QdeviceMasterWins { name, allow });
            }
            DeviceAction::Stop if running => {
                self.record_device(peer, "stops");
                self.drop_device(peer);
            }
            DeviceAction::Unregister if running => {
                self.record_device(peer, "unregisters");
                let name = DEVICE_NAME.to_vec();
                self.device_asks(peer, Request::QdeviceUnregister { name });
                self.drop_device(peer);
            }
            _ => return Err(OperationError::NoDevice(node)),
        }
        self.check_invariants();
        Ok(())
    }

    fn start_device(
        &mut self,
        node: NodeId,
        peer: usize,
        vote: bool,
    ) -> Result<(), OperationError> {
        let vote_or_not = if vote { "votes" } else { "does not vote" };
        self.record_device(peer, &format!("starts and {vote_or_not}"));
        let client = self.attach(node)?;
        self.peers[peer].device = Some(Device {
            client,
            vote,
            registered: false,
            ring: RingId::default(),
            next_poll: 0,
            thinks: false,
        });
        let name = DEVICE_NAME.to_vec();
        self.device_asks(peer, Request::QdeviceRegister { name });
        Ok(())
    }

    fn drop_device(&mut self, peer: usize) {
        if let Some(device) = self.peers[peer].device.take() {
            self.detach(device.client);
        }
    }

    fn record_device(&mut self, peer: usize, action: &str) {
        let action = action.to_owned();
        self.record(Some(peer), What::Device { action });
    }

    /// Whether the quorum device of a node is about to vote, or to vote otherwise than before.
    pub(super) fn device_thinks(&self, peer: usize) -> bool {
        let device = self.peers[peer].device.as_ref();
        device.is_some_and(|device| device.thinks)
    }

    pub(super) fn is_device(&self, peer: usize, client: ClientId) -> bool {
        let device = self.peers[peer].device.as_ref();
        device.is_some_and(|device| device.client == client)
    }

    fn device_asks(&mut self, peer: usize, request: Request) {
        if let Some(client) = self.peers[peer].device.as_ref().map(|device| device.client) {
            self.feed(peer, Input::Request { client, request });
        }
    }

    pub(super) fn device_answered(&mut self, peer: usize, reply: &Reply) {
        let Some(device) = &mut self.peers[peer].device else {
            return;
        };
        if device.registered {
            // A poll for a ring that is past is refused, and repeated for the next one.
            return;
        }
        if *reply == Reply::Status(Status::Ok) {
            device.registered = true;
            let request = Request::TrackStart {
                context: 0,
                flags: track::CHANGES,
            };
            self.device_asks(peer, request);
        } else {
            self.record_device(peer, "is refused and gives up");
            self.drop_device(peer);
        }
    }

    pub(super) fn device_notified(&mut self, peer: usize, notification: &Notification) {
        let Notification::NodeList { ring, .. } = notification else {
            return;
        };
        if let Some(device) = &mut self.peers[peer].device {
            device.ring = *ring;
            device.thinks = true;
            self.poll_after(peer, THINKING);
        }
    }

    fn poll_after(&mut self, peer: usize, wait: Duration) {
        let generation = self.number();
        if let Some(device) = &mut self.peers[peer].device {
            device.next_poll = generation;
            self.queue
                .push(self.now + wait, Event::Poll { peer, generation });
        }
    }

    pub(super) fn device_polls(&mut self, peer: usize, generation: u64) {
        let state = &mut self.peers[peer];
        let device = state.device.as_mut();
        let Some(device) = device.filter(|device| device.next_poll == generation) else {
            return;
        };
        device.thinks = false;
        let request = Request::QdevicePoll {
            name: DEVICE_NAME.to_vec(),
            cast_vote: device.vote,
            ring: device.ring,
        };
        let registered = device.registered;
        let config = quorum_config(&state.keys).device.unwrap_or_default();
        // While the node is paused the device waits for an answer, and asks nothing more.
        if registered && state.running != Running::Paused {
            self.device_asks(peer, request);
        }
        self.poll_after(peer, Duration::from_millis(config.timeout.into()) / 2);
    }
}
