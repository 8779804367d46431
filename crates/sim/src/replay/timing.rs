//! When things happen in the simulation.

use std::time::Duration;

/// Between the end of one thing and the begin of the next: enough that programs which do something
/// in between, which changes chance, do not change the order.
pub(super) const MARGIN: Duration = Duration::from_millis(300);
/// How long after everything is quiet it is looked at what the node sees.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// How much later something may come that nobody has done, by a timer of votequorum.
pub(super) const SLACK: Duration = Duration::from_millis(500);

/// The recorded time of the first moment, and the virtual time that it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Anchor {
    pub(super) recorded: Duration,
    pub(super) simulated: Duration,
}

impl Anchor {
    /// The virtual time for a recorded one.
    pub(super) fn simulated(self, recorded: Duration) -> Duration {
        self.simulated + recorded.saturating_sub(self.recorded)
    }
}
