//! A connection, and how far it is with its group.

use super::lists::Lists;
use super::node::Name;

/// A connection takes part in one group, once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum State {
    /// It never asked to join.
    #[default]
    Unjoined,
    /// It has asked, and the others have not heard of it.
    Joining,
    Joined,
    /// It has asked to leave. This is the end: corosync never goes back to the beginning, and goes
    /// on telling it about the group.
    Leaving,
}

/// How much of a message in fragments was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Fragments {
    total: u32,
    sent: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    pub(super) state: State,
    pub(super) group: Name,
    pub(super) pid: u32,
    /// It wants to know the ring when it joins, and was told.
    pub(super) wants_ring: bool,
    pub(super) knows_ring: bool,
    /// It is about to go, and is told nothing any more.
    pub(super) finalized: bool,
    /// How often its group has changed; a message in fragments must not span a change.
    pub(super) changes: u64,
    pub(super) changes_at_first: u64,
    fragments: Fragments,
    pub(super) lists: Lists,
}

/// `CPG_MODEL_V1`'s kinds of fragments.
pub(super) mod kind {
    pub(in crate::cpg) const FIRST: u32 = 1;
    pub(in crate::cpg) const CONTINUED: u32 = 2;
    pub(in crate::cpg) const LAST: u32 = 3;
}

impl Client {
    /// Whether it is told what happens in this group.
    pub(super) fn hears(&self, group: &[u8]) -> bool {
        !self.finalized
            && matches!(self.state, State::Joined | State::Leaving)
            && *self.group == *group
    }

    /// Whether a fragment belongs to the message before it and does not exceed it; then it counts.
    pub(super) fn fits(&mut self, fragment_kind: u32, total: u32, len: usize) -> bool {
        let before = match fragment_kind {
            kind::FIRST => Fragments { total, sent: 0 },
            kind::CONTINUED | kind::LAST => self.fragments,
            _ => return false,
        };
        let sent = u32::try_from(len)
            .ok()
            .and_then(|len| before.sent.checked_add(len));
        let Some(sent) = sent.filter(|sent| before.total == total && *sent <= total) else {
            return false;
        };
        self.fragments = match fragment_kind {
            kind::LAST => Fragments::default(),
            _ => Fragments { total, sent },
        };
        true
    }
}
