//! Where the engine departs from corosync, and how to make it follow.

/// Behaviour of the original that is off by default because relying on it is unsafe, or because
/// it depends on corosync's version. `Compat::default()` turns none of it on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Compat {
    /// Cut quorum to 8 bits, as corosync 3.1.7 and later do: three nodes of 200 votes then have
    /// quorum 45 and every single node is quorate on its own (observed on corosync 3.1.7).
    pub uint8_quorum: bool,
    /// `expected_votes_tracking` as corosync has had it since 2.4.0: the barrier never reaches
    /// the disk, and while tracking is on it stands *instead of* the configured expected votes
    /// (even `quorum.expected_votes` is ignored) rather than being their minimum, which is what
    /// votequorum(5) promises (observed on corosync 3.1.7).
    pub lost_tracking: bool,
    /// Add votes modulo 2³², as corosync's unsigned arithmetic does, where the engine saturates:
    /// expected votes of 2³²-1 then give a quorum of 0 from that side.
    pub wrapping_votes: bool,
    /// Be a corosync without votequorum 8.1 (3.1.x): qdevice extra info does not exist, its
    /// requests are answered with [`InvalidParam`](crate::Status::InvalidParam) and no
    /// notification of it is ever sent. Old client libraries report such a notification as a
    /// library error.
    pub no_extra_info: bool,
}

impl Compat {
    /// Everything as corosync 3.1.7 does it.
    pub const COROSYNC_3_1: Compat = Compat {
        uint8_quorum: true,
        lost_tracking: true,
        wrapping_votes: true,
        no_extra_info: true,
    };
}
