//! The state as bytes, for a newcomer.

use std::collections::BTreeMap;

use crate::locks::{Claim, LockTable};
use crate::state::{Branch, State};
use crate::types::Owner;
use crate::wire::{FRAGMENT, Line, Piece, Reader, WireError, Writer};

pub(crate) fn encode(state: &State) -> Vec<u8> {
    let mut out = Writer::default();
    out.u64(state.line.ring);
    out.address(state.line.founder);
    out.u64(state.line.life);
    out.u64(state.branch.ring);
    out.address(state.branch.head);
    out.u64(state.ring);
    out.record(state.record());
    out.u32(state.leaving);
    out.u32(state.lost);
    out.count(state.addresses.len());
    for (node, ip) in &state.addresses {
        out.u32(*node);
        out.ip(*ip);
    }
    out.count(state.members.len());
    for member in &state.members {
        out.address(*member);
    }
    out.count(state.newcomers.len());
    for (newcomer, instance) in &state.newcomers {
        out.address(*newcomer);
        out.u64(*instance);
    }
    out.count(state.locks.queues().len());
    for (key, queue) in state.locks.queues() {
        out.key(key);
        out.count(queue.len());
        for claim in queue {
            out.address(claim.owner.process);
            out.u32(claim.owner.handle);
            out.u64(claim.request);
        }
    }
    out.finish()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<State, WireError> {
    let mut from = Reader::new(bytes);
    let line = Line {
        ring: from.u64()?,
        founder: from.address()?,
        life: from.u64()?,
    };
    let branch = Branch {
        ring: from.u64()?,
        head: from.address()?,
    };
    let ring = from.u64()?;
    let record = from.record()?;
    let mut state = State {
        line,
        branch,
        ring,
        nodes: record.members,
        epoch: record.epoch,
        master: record.master,
        leaving: from.u32()?,
        lost: from.u32()?,
        addresses: BTreeMap::new(),
        members: Vec::new(),
        newcomers: BTreeMap::new(),
        locks: LockTable::default(),
    };
    for _ in 0..from.count(9)? {
        state.addresses.insert(from.u32()?, from.ip()?);
    }
    for _ in 0..from.count(8)? {
        state.members.push(from.address()?);
    }
    for _ in 0..from.count(16)? {
        state.newcomers.insert(from.address()?, from.u64()?);
    }
    for _ in 0..from.count(25)? {
        let key = from.key()?;
        for _ in 0..from.count(20)? {
            let process = from.address()?;
            let claim = Claim {
                owner: Owner {
                    process,
                    handle: from.u32()?,
                },
                request: from.u64()?,
            };
            if !state.locks.push(key, claim) {
                return Err(WireError::Invalid);
            }
        }
    }
    from.finish()?;
    Ok(state)
}

/// Cuts a snapshot into pieces that fit in messages.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece> + '_ {
    let count = u32::try_from(bytes.len().div_ceil(FRAGMENT)).unwrap_or(u32::MAX);
    let chunks = (0..count).zip(bytes.chunks(FRAGMENT));
    chunks.map(move |(index, bytes)| Piece {
        index,
        count,
        bytes: bytes.to_vec(),
    })
}

/// The pieces of one answer of one member, put together.
#[derive(Debug, Default, Clone)]
pub(crate) struct Assembly {
    bytes: Vec<u8>,
    next: u32,
}

impl Assembly {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds the next piece; the whole when it was the last. A sender's pieces come in its own
    /// order, so one that is out of turn belongs to nothing that can be put together.
    pub(crate) fn add(&mut self, piece: &Piece) -> Option<Vec<u8>> {
        if piece.index != self.next {
            return None;
        }
        self.bytes.extend(&piece.bytes);
        self.next += 1;
        (self.next == piece.count).then(|| std::mem::take(&mut self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::Founding;
    use crate::types::{Address, Key, MAX_CLAIMS, Record};
    use crate::wire::MAX_FRAGMENTS;

    /// The largest state there can be, or near enough.
    fn full(claims: usize) -> State {
        let process = Address { node: 1, pid: 7 };
        let founding = Founding {
            line: Line {
                ring: 8,
                founder: process,
                life: 6,
            },
            members: vec![process],
            record: Record {
                epoch: 5,
                members: 0b11,
                master: 0b10,
            },
            addresses: [(1, [10, 0, 0, 1].into()), (2, [9; 16].into())].into(),
        };
        let mut state = State::found(founding, 0b11);
        state.newcomers.insert(Address { node: 2, pid: 8 }, 99);
        (state.leaving, state.lost) = (0b10, 0b01);
        for n in 0..claims {
            let mut name = [b'x'; 32];
            name[..8].copy_from_slice(&(n / 2).to_le_bytes());
            let handle = u32::try_from(n).unwrap();
            let owner = Owner { process, handle };
            let key = Key::new(&name).unwrap();
            assert!(state.locks.push(key, Claim { owner, request: 3 }));
        }
        state
    }

    #[test]
    fn a_full_state_fits_and_is_read_back() {
        let state = full(MAX_CLAIMS);
        let bytes = encode(&state);
        let mut assembly = Assembly::default();
        let mut whole = None;
        for piece in pieces(&bytes) {
            assert_eq!(whole, None, "nothing after the last piece");
            assert!(piece.count <= MAX_FRAGMENTS);
            whole = assembly.add(&piece);
        }
        assert_eq!(decode(&whole.unwrap()), Ok(state));
    }

    #[test]
    fn a_piece_out_of_turn_is_not_taken() {
        let mut assembly = Assembly::default();
        let all: Vec<_> = pieces(&[1; FRAGMENT + 1]).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(assembly.add(&all[1]), None);
        assert_eq!(assembly.add(&all[0]), None);
        assert_eq!(assembly.add(&all[0]), None);
        assert_eq!(assembly.add(&all[1]), Some(vec![1; FRAGMENT + 1]));
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = encode(&full(4));
        for len in 0..bytes.len() {
            assert_eq!(decode(&bytes[..len]), Err(WireError::Truncated));
        }
        assert_eq!(
            decode(&[&bytes[..], &[0]].concat()),
            Err(WireError::Invalid)
        );
    }

    proptest! {
        #[test]
        fn garbage_never_panics(at in any::<prop::sample::Index>(), with in any::<[u8; 8]>()) {
            let mut bytes = encode(&full(6));
            let at = at.index(bytes.len() - 8);
            bytes[at..at + 8].copy_from_slice(&with);
            if let Ok(state) = decode(&bytes) {
                prop_assert!(state.locks.queues().all(|(_, queue)| !queue.is_empty()));
            }
        }
    }
}
