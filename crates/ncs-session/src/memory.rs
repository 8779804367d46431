//! What happens when the program has no memory left: see `quorate_boundary::memory`.
//!
//! A call that begins then is refused. One that has found memory for what stays behind it is done,
//! and so is everything that others in the group wait for, as long as the reserve lasts. The reader
//! takes nothing in that could need more than there is, and waits: to the group, this process is
//! then one that is stopped.

use crate::core::Core;
use quorate_boundary::memory::{self, Mark, RESERVE};
use quorate_ncs::{Code, Input};

/// What a call needs, besides connections.
pub(crate) const CALL: usize = 16 << 10;

/// What connecting needs at its worst moment, and what a membership keeps: room for the group's
/// longest message, the keys of a full configuration, an answer of cmap.
pub(crate) const CONNECTIONS: usize = 256 << 10;

impl<C: Copy> Core<C> {
    /// Whether a call may begin that needs so many bytes. A quarter of the reserve, and more, is
    /// left to those that have begun, and to the reader.
    pub(crate) fn may_begin(&mut self, bytes: usize) -> Result<Mark, Code> {
        self.move_out();
        let room = memory::has_room(RESERVE / 4 + bytes) && memory::malloc_has(bytes);
        if room {
            Ok(Mark::now())
        } else {
            Err(Code::AllocError)
        }
    }

    /// Whether there is memory for all that may come of this input.
    pub(crate) fn may_take_in(&mut self, input: &Input<'_>) -> bool {
        self.move_out();
        let membership = self.membership.as_ref();
        membership.is_none_or(|member| memory::has_room(member.machine.appetite(input)))
    }

    /// Moves what came from the reserve to memory of malloc's, once that has some again: so that
    /// the reserve is whole for the next time.
    fn move_out(&mut self) {
        if !memory::in_use() || !memory::malloc_has(self.size()) {
            return;
        }
        self.handles = self.handles.clone();
        self.calls = self.calls.clone();
        self.due = self.due.iter().copied().collect();
        self.running = self.running.clone();
        if let Some(membership) = &mut self.membership {
            membership.machine = membership.machine.clone();
            membership.outbox = membership.outbox.clone();
        }
    }

    fn size(&self) -> usize {
        let lists = self.handles.len() + self.calls.len() + self.due.len() + self.running.len();
        let membership = self.membership.as_ref().map_or(0, |member| {
            let waiting: usize = member.outbox.iter().map(Vec::len).sum();
            member.machine.size() + 2 * waiting
        });
        256 * lists + membership
    }
}
