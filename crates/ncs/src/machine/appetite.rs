//! How much memory an input may need.

use super::{Input, Machine, Phase};

/// For what does not grow: an effect, a message of fixed size, a node of a tree.
const LEAST: usize = 32 * 1024;

/// For a thing that is counted: its place in a list that is copied to grow, a message about it, an
/// effect about it.
const EACH: usize = 320;

/// For a byte that is taken in, kept, and read as a part of the state.
const BYTE: usize = 12;

impl Machine {
    /// \[OURS\] The most bytes of memory that [`Self::handle`] needs for this input, with all that
    /// comes out of it. For whoever can wait until there are so many, but not stop half way.
    #[must_use]
    pub fn appetite(&self, input: &Input<'_>) -> usize {
        let (things, bytes) = match input {
            Input::Deliver { bytes, .. } => (0, bytes.len()),
            Input::Configuration {
                members,
                left,
                joined,
            } => (members.len() + left.len() + joined.len(), 0),
            Input::Ring { nodes, .. } | Input::Quorum { nodes, .. } => (nodes.len(), 0),
            _ => (0, 0),
        };
        let (known, kept) = match &self.phase {
            // What others have is forgotten then: the end is not to wait for memory.
            _ if is_the_end(input) => (0, 0),
            Phase::Waiting(waiting) => (0, waiting.assembled()),
            Phase::Inside(inside) => {
                let state = &inside.state;
                let group = state.members.len() + state.newcomers.len();
                (group + state.locks.len(), 0)
            }
            Phase::Lost => (0, 0),
        };
        let own = self.handles.len() + self.calls.len() + self.addresses.len();
        let order = if is_the_end(input) {
            0
        } else {
            self.order.len()
        };
        LEAST + EACH * (things + known + own + order) + BYTE * (bytes + kept)
    }

    /// \[OURS\] As much again as this holds: what [`Clone`] needs.
    #[must_use]
    pub fn size(&self) -> usize {
        self.appetite(&Input::Nudge)
    }
}

/// Whether this machine is lost with it.
fn is_the_end(input: &Input<'_>) -> bool {
    matches!(
        input,
        Input::Quorum { quorate: false, .. } | Input::DaemonLost
    )
}
