//! The nouns of the group: processes, keys, views.

/// \[DOC\] The most nodes a cluster may have.
pub const MAX_NODES: u32 = 32;

/// \[DOC\] The longest lock key, in bytes.
pub const MAX_KEY: usize = 32;

/// \[OURS\] The most places in the lock table, holders and waiters together. It bounds the size
/// of a snapshot; a request beyond it is refused with [`Code::NoResources`](crate::Code).
pub const MAX_CLAIMS: usize = 65_536;

/// \[OURS\] The bit of corosync's node `node`: `1 << (node - 1)`, or 0 for an id that has none.
#[must_use]
pub fn node_bit(node: u32) -> u32 {
    if (1..=MAX_NODES).contains(&node) {
        1 << (node - 1)
    } else {
        0
    }
}

/// The node ids whose bits are set in `mask`, lowest first.
pub(crate) fn nodes_of(mask: u32) -> impl Iterator<Item = u32> {
    (1..=MAX_NODES).filter(move |node| mask & node_bit(*node) != 0)
}

/// \[OURS\] One process of the group, as CPG names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// corosync's node id.
    pub node: u32,
    /// The process id on that node, or what it goes by where another process has the same.
    pub pid: u32,
}

/// \[OURS\] Why a process joined or left the group: CPG's reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It joined.
    Join,
    /// It left by itself.
    Leave,
    /// Its node left the ring.
    NodeDown,
    /// Its node joined the ring, and it was in the group already.
    NodeUp,
    /// It died, or its connection did.
    ProcDown,
}

impl Reason {
    /// Whether the change came with a change of the ring, and not by an ordered message.
    pub(crate) fn is_of_ring(self) -> bool {
        matches!(self, Self::NodeDown | Self::NodeUp)
    }
}

/// A number that CPG does not use for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a reason of a CPG configuration change")]
pub struct UnknownReason(pub u32);

impl TryFrom<u32> for Reason {
    type Error = UnknownReason;

    fn try_from(value: u32) -> Result<Self, UnknownReason> {
        Ok(match value {
            1 => Self::Join,
            2 => Self::Leave,
            3 => Self::NodeDown,
            4 => Self::NodeUp,
            5 => Self::ProcDown,
            other => return Err(UnknownReason(other)),
        })
    }
}

/// \[DOC\] A lock's name: 1 to 32 bytes with an explicit length, any bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    // Unused bytes are zero, so that the derived order and equality are right.
    bytes: [u8; MAX_KEY],
    len: u8,
}

impl Key {
    /// A key of these bytes; `None` when there are none or too many.
    pub(crate) fn new(name: &[u8]) -> Option<Self> {
        let len = u8::try_from(name.len()).ok()?;
        let mut bytes = [0; MAX_KEY];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        (len > 0).then_some(Self { bytes, len })
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.as_bytes().escape_ascii())
    }
}

/// Who holds or wants a lock: one handle of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// The process.
    pub(crate) process: Address,
    /// Its handle.
    pub(crate) handle: u32,
}

/// \[OURS\] What the cluster remembers when its last application exits: the value of the cmap key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// The number of membership changes so far.
    pub epoch: u32,
    /// The nodes that were in the cluster.
    pub members: u32,
    /// The master's bit.
    pub master: u32,
}

impl Record {
    /// The value as it is kept: three little-endian words.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 12] {
        let mut out = [0; 12];
        for (at, word) in [self.epoch, self.members, self.master]
            .into_iter()
            .enumerate()
        {
            out[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` when it can't have been.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 12] = bytes.try_into().ok()?;
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let record = Self {
            epoch: word(0),
            members: word(4),
            master: word(8),
        };
        let sound = record.master.count_ones() <= 1 && record.master & !record.members == 0;
        sound.then_some(record)
    }
}

/// \[DOC\] What an epoch callback is told, less the handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    /// \[DOC\] The number of membership changes since the cluster started.
    pub epoch: u32,
    /// \[DOC\] The nodes in the cluster now; 0: this node is leaving it.
    pub members: u32,
    /// \[DOC\] The nodes that failed since the last callback.
    pub failed: u32,
    /// \[DOC\] The master's bit.
    pub master: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_of_nodes_1_to_32() {
        assert_eq!(node_bit(0), 0);
        assert_eq!(node_bit(1), 1);
        assert_eq!(node_bit(32), 1 << 31);
        assert_eq!(node_bit(33), 0);
        assert_eq!(nodes_of(0x8000_0005).collect::<Vec<_>>(), [1, 3, 32]);
    }

    #[test]
    fn keys_have_1_to_32_bytes() {
        assert_eq!(Key::new(b""), None);
        assert_eq!(Key::new(&[7; 33]), None);
        assert_eq!(Key::new(&[7; 300]), None);
        assert_eq!(Key::new(&[7; 32]).unwrap().as_bytes(), [7; 32]);
        assert_ne!(Key::new(b"a"), Key::new(b"a\0"));
    }

    #[test]
    fn reasons_are_cpgs() {
        let all = [
            Reason::Join,
            Reason::Leave,
            Reason::NodeDown,
            Reason::NodeUp,
            Reason::ProcDown,
        ];
        for (number, reason) in (1..).zip(all) {
            assert_eq!(Reason::try_from(number), Ok(reason));
        }
        assert_eq!(Reason::try_from(0), Err(UnknownReason(0)));
        assert_eq!(Reason::try_from(6), Err(UnknownReason(6)));
    }

    #[test]
    fn a_record_is_read_back_and_checked() {
        let record = Record {
            epoch: 9,
            members: 0b110,
            master: 0b10,
        };
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
        assert_eq!(Record::from_bytes(&record.to_bytes()[..11]), None);
        let two_masters = Record {
            master: 0b110,
            ..record
        };
        assert_eq!(Record::from_bytes(&two_masters.to_bytes()), None);
        let strange_master = Record {
            master: 1,
            ..record
        };
        assert_eq!(Record::from_bytes(&strange_master.to_bytes()), None);
    }
}
