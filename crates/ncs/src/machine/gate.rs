//! What must be known before the order may be acted upon.

use super::order::{Front, RingChange};
use super::verdicts::Verdict;
use super::{Machine, Phase};
use crate::state::{Branch, State};

/// Whether the order may be acted upon.
#[derive(Debug)]
pub(super) enum Gate {
    Open,
    /// Branches met here, and this one goes on.
    Won(Branch),
    Shut,
    /// Branches meet here; the roll call decides.
    Merge,
    Lost,
}

impl Machine {
    pub(super) fn gate(&self) -> Gate {
        let Phase::Inside(inside) = &self.phase else {
            return Gate::Shut;
        };
        match self.order.front() {
            Front::Nothing | Front::Plain => Gate::Open,
            Front::Half => Gate::Shut,
            Front::Ring(change) => self.ring_gate(&inside.state, &change),
        }
    }

    /// A change of the ring is acted upon once it is sure that this side of it has quorum, and,
    /// when other branches come with it, that this is the one that goes on.
    pub(super) fn ring_gate(&self, state: &State, change: &RingChange) -> Gate {
        match self.verdicts.of(change.ring, &change.nodes) {
            Verdict::Pending => return Gate::Shut,
            Verdict::Missed => return Gate::Lost,
            Verdict::Quorate => {}
        }
        if !change.merge {
            return Gate::Open;
        }
        match self.winners.iter().find(|(place, _)| *place >= change.end) {
            None => Gate::Merge,
            Some((_, winner)) if state.branch == *winner => Gate::Open,
            Some((_, winner)) if self.branch(state, winner.ring) == Some(*winner) => {
                Gate::Won(*winner)
            }
            Some(_) => Gate::Lost,
        }
    }

    /// The branch that this process is of when others are met in the ring `ring`: who moved
    /// together up to there. It must not be asked how it was at an earlier ring, for processes
    /// can have gone over to the other side since.
    pub(super) fn branch(&self, state: &State, ring: u64) -> Option<Branch> {
        let head = state.head(&self.order.gone_until(ring))?;
        Some(Branch { ring, head })
    }

    pub(super) fn set_branch(&mut self, branch: Branch) {
        if let Phase::Inside(inside) = &mut self.phase {
            inside.state.branch = branch;
        }
    }
}
