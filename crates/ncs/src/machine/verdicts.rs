//! Which rings are known to be quorate.

/// What is known of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Quorate,
    /// The quorum service has not spoken yet.
    Pending,
    /// It never will: a later ring has its verdict, and says nothing about this one.
    Missed,
}

/// The quorate rings, in the order of their verdicts. A ring that is not quorate ends the
/// machine, so none is kept.
#[derive(Debug, Default, Clone)]
pub(crate) struct Verdicts {
    quorate: Vec<(u64, Vec<u32>)>,
}

impl Verdicts {
    pub(crate) fn add(&mut self, ring: u64, nodes: &[u32]) {
        self.quorate.push((ring, nodes.to_vec()));
    }

    pub(crate) fn has(&self, ring: u64) -> bool {
        self.quorate.iter().any(|(known, _)| *known == ring)
    }

    pub(crate) fn of(&self, ring: u64, nodes: &[u32]) -> Verdict {
        if self.has(ring) {
            return Verdict::Quorate;
        }
        match self.quorate.iter().find(|(later, _)| *later > ring) {
            None => Verdict::Pending,
            // Nodes that are quorate now, and were all in that ring, left none for a quorum of
            // others while it lasted.
            Some((_, now)) if now.iter().all(|node| nodes.contains(node)) => Verdict::Quorate,
            Some(_) => Verdict::Missed,
        }
    }

    /// Forgets the rings before `ring`.
    pub(crate) fn forget_before(&mut self, ring: u64) {
        self.quorate.retain(|(known, _)| *known >= ring);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_verdict_is_made_good_only_by_a_part_of_the_ring() {
        let mut verdicts = Verdicts::default();
        assert_eq!(verdicts.of(8, &[1, 2, 3]), Verdict::Pending);
        verdicts.add(4, &[1, 2, 3]);
        assert_eq!(verdicts.of(8, &[1, 2, 3]), Verdict::Pending);
        verdicts.add(12, &[1, 2]);
        assert_eq!(verdicts.of(8, &[1, 2, 3]), Verdict::Quorate);
        assert_eq!(verdicts.of(8, &[1, 3]), Verdict::Missed);
        assert_eq!(verdicts.of(12, &[]), Verdict::Quorate);
        verdicts.forget_before(12);
        assert!(!verdicts.has(4) && verdicts.has(12));
    }
}
