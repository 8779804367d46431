//! `allow_downscale` and `expected_votes_tracking`: how far expected votes may sink.

use crate::effects::{Effect, KeyValue, LogLevel};
use crate::engine::Engine;
use crate::flags::NodeFlags;

/// Both options and their barriers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Downscale {
    pub(crate) allowed: bool,
    /// The last expected votes configured or set by an administrator.
    pub(crate) barrier: u32,
    pub(crate) tracking: bool,
    /// The highest expected votes ever seen.
    pub(crate) tracking_barrier: u32,
}

impl Downscale {
    /// Expected votes for `nodes` members: clean leaving lowers them, but quorum stays that of the
    /// barrier (observed on corosync 3.1.7).
    pub(crate) fn at_least_barrier(&self, nodes: u32) -> u32 {
        if self.allowed {
            nodes.max(self.barrier)
        } else {
            nodes
        }
    }
}

impl Engine {
    pub(crate) fn set_barrier(&mut self, expected_votes: u32) {
        self.downscale.barrier = expected_votes;
        self.set_key("ev_barrier", KeyValue::U32(expected_votes));
    }

    pub(crate) fn raise_tracking_barrier(&mut self) {
        let expected_votes = self.nodes.us.expected_votes;
        if self.downscale.tracking && expected_votes > self.downscale.tracking_barrier {
            self.set_tracking_barrier(expected_votes);
        }
    }

    pub(crate) fn set_tracking_barrier(&mut self, barrier: u32) {
        self.downscale.tracking_barrier = barrier;
        self.set_key("ev_tracking_barrier", KeyValue::U32(barrier));
        if self.compat.lost_tracking {
            self.log(
                LogLevel::Warning,
                "the expected votes barrier could not be stored",
            );
        } else {
            self.effects.push(Effect::PersistBarrier(barrier));
        }
    }

    /// Without `allow_downscale` a clean stop looks like a crash to the other nodes.
    pub(crate) fn leave(&mut self) {
        if self.downscale.allowed {
            self.nodes.us.flags.assign(NodeFlags::LEAVING, true);
            self.multicast_own_info();
        }
    }
}
