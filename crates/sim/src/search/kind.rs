//! The kinds of steps that random histories have.

use std::fmt;

/// A kind of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Nodes start.
    Up,
    /// Nodes are killed.
    Kill,
    /// Nodes stop cleanly.
    Leave,
    /// Nodes are killed and start again at once.
    Restart,
    /// Nodes freeze and go on.
    Pause,
    /// The network falls apart and heals.
    Partition,
    /// An administrator changes votes.
    SetVotes,
    /// An administrator changes expected votes.
    SetExpected,
    /// A daemon is busy: tells who connects to try again, answers late, tells events late.
    Fault,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::Up,
        Kind::Kill,
        Kind::Leave,
        Kind::Restart,
        Kind::Pause,
        Kind::Partition,
        Kind::SetVotes,
        Kind::SetExpected,
        Kind::Fault,
    ];

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_string() == name)
    }

    /// What happens often in clusters happens often here.
    pub(super) const fn weight(self) -> u64 {
        match self {
            Kind::Up => 5,
            Kind::Partition => 4,
            Kind::Kill => 3,
            Kind::Restart | Kind::Pause | Kind::Fault => 2,
            Kind::Leave | Kind::SetVotes | Kind::SetExpected => 1,
        }
    }
}

/// As scenarios call the step.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Up => "up",
            Kind::Kill => "kill",
            Kind::Leave => "leave",
            Kind::Restart => "restart",
            Kind::Pause => "pause",
            Kind::Partition => "partition",
            Kind::SetVotes => "set_votes",
            Kind::SetExpected => "set_expected",
            Kind::Fault => "fault",
        })
    }
}

/// What a busy corosync does: while it starts or its ring forms, it tells who connects, and who
/// multicasts, to try again; requests wait while it does something else; events wait while a
/// program's socket is full.
pub(super) const FAULTS: [(&str, &str); 8] = [
    (
        "votequorum_initialize",
        "error = \"CS_ERR_TRY_AGAIN\"\nfunction = \"votequorum_initialize\"",
    ),
    (
        "quorum_initialize",
        "error = \"CS_ERR_TRY_AGAIN\"\nfunction = \"quorum_initialize\"",
    ),
    (
        "cpg_initialize",
        "error = \"CS_ERR_TRY_AGAIN\"\nfunction = \"cpg_initialize\"",
    ),
    (
        "cmap_initialize",
        "error = \"CS_ERR_TRY_AGAIN\"\nfunction = \"cmap_initialize\"",
    ),
    (
        "cpg_join",
        "error = \"CS_ERR_TRY_AGAIN\"\nfunction = \"cpg_join\"\nnth = \"1-3\"",
    ),
    ("slow", "delay = \"50ms\""),
    ("very slow", "delay = \"5s\"\nnth = \"1-2\""),
    ("late events", "hold_events = true"),
];
