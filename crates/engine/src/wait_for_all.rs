//! `wait_for_all`: no quorum after a start before every node has been seen.

use crate::effects::KeyValue;
use crate::engine::Engine;
use crate::flags::NodeFlags;

/// The option and its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct WaitForAll {
    pub(crate) on: bool,
    /// Not configured, so it follows `two_node`, at reloads too.
    pub(crate) follows_two_node: bool,
    /// Still waiting. Comes back with every loss of quorum (observed on corosync 3.1.7).
    pub(crate) status: bool,
}

impl WaitForAll {
    pub(crate) fn is_waiting(self) -> bool {
        self.on && self.status
    }
}

impl Engine {
    pub(crate) fn set_wait_for_all_status(&mut self, waiting: bool) {
        self.wait_for_all.status = waiting;
        self.nodes.us.flags.assign(NodeFlags::WFA_STATUS, waiting);
        self.set_key("wait_for_all_status", KeyValue::U8(waiting.into()));
    }
}
