//! What a client may use up.

use crate::endpoint::Service;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Bounds on what clients may use up, together and each.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Callers who have connected but not yet said what they want. For one more,
    /// one has to go: of the process that has most of them, the one that has been
    /// silent longest.
    pub half_open: usize,
    /// How long such a caller may take.
    pub half_open_time: Duration,
    /// Connections in all; one more is refused with `EMFILE`.
    pub connections: usize,
    /// Bytes of replies and events that wait for room in a connection's rings.
    /// A client that lets more pile up is disconnected: to lose events silently
    /// would be worse, and to keep them all would let it use up the memory.
    pub queued_bytes: usize,
    /// The same for all connections together: the one for which most is kept is
    /// disconnected.
    pub queued_bytes_in_all: usize,
    /// The message sizes that a service grants: what a client asks for is moved
    /// into this range. The lower end must fit the largest reply and event; from
    /// the granted size both sides compute the length of each of three rings.
    pub message_size: fn(Service) -> RangeInclusive<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            half_open: 64,
            half_open_time: Duration::from_secs(5),
            connections: 4096,
            queued_bytes: 8 << 20,
            queued_bytes_in_all: 128 << 20,
            message_size,
        }
    }
}

/// Room for 384 nodes. Corosync grants what is asked, and the C libraries ask
/// for 1 MiB, which only cpg and cmap have a use for.
fn message_size(service: Service) -> RangeInclusive<u32> {
    match service {
        // An event with 4,096 bytes of extra information; joined and left nodes.
        Service::VoteQuorum | Service::Quorum => 8 << 10..=64 << 10,
        // The state of sixteen links in words.
        Service::Cfg => 12 << 10..=64 << 10,
        // Two values of 16 KiB in one event; any room for a value in a reply.
        Service::Cmap => 64 << 10..=1 << 20,
        // The largest multicast, which every member must be able to receive.
        Service::Cpg => 1 << 20..=1 << 20,
    }
}

/// A bound on requests of a service: as long as there is room for one more of these, a client need not
/// be told that others were taken.
pub(super) fn largest_request(service: Service) -> usize {
    match service {
        // 4,096 bytes of extra information.
        Service::VoteQuorum | Service::Quorum | Service::Cfg => 8 << 10,
        // A value of 16 KiB.
        Service::Cmap => 20 << 10,
        Service::Cpg => usize::MAX,
    }
}
