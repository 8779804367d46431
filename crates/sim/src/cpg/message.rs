//! What nodes tell each other about groups.

use super::node::Name;

/// Multicast from node to node; all that is told comes by way of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Message<'a> {
    Join {
        group: &'a [u8],
        pid: u32,
    },
    Leave {
        group: &'a [u8],
        pid: u32,
        reason: u32,
    },
    /// The sender's processes, for the synchronisation of the ring of this number.
    Processes {
        ring: u64,
        list: Vec<(Name, u32)>,
    },
    Data {
        group: &'a [u8],
        pid: u32,
        data: &'a [u8],
    },
    Fragment {
        group: &'a [u8],
        pid: u32,
        total: u32,
        kind: u32,
        data: &'a [u8],
    },
}

const JOIN: u8 = 0;
const LEAVE: u8 = 1;
const PROCESSES: u8 = 2;
const DATA: u8 = 3;
const FRAGMENT: u8 = 4;

impl<'a> Message<'a> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let numbers = |list: &[u32]| {
            list.iter()
                .flat_map(|n| n.to_ne_bytes())
                .collect::<Vec<_>>()
        };
        let length = |group: &[u8]| group.len() as u32;
        match self {
            Message::Join { group, pid } => {
                [&[JOIN][..], &numbers(&[*pid, length(group)]), group].concat()
            }
            Message::Leave { group, pid, reason } => {
                let numbers = numbers(&[*pid, *reason, length(group)]);
                [&[LEAVE][..], &numbers, group].concat()
            }
            Message::Processes { ring, list } => {
                let mut bytes = [&[PROCESSES][..], &ring.to_ne_bytes()].concat();
                for (group, pid) in list {
                    bytes.extend(numbers(&[*pid, length(group)]));
                    bytes.extend_from_slice(group);
                }
                bytes
            }
            Message::Data { group, pid, data } => {
                [&[DATA][..], &numbers(&[*pid, length(group)]), group, data].concat()
            }
            Message::Fragment {
                group,
                pid,
                total,
                kind,
                data,
            } => {
                let numbers = numbers(&[*pid, *total, *kind, length(group)]);
                [&[FRAGMENT][..], &numbers, group, data].concat()
            }
        }
    }

    /// `None` if this is no message of cpg.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (kind, mut rest) = bytes.split_first()?;
        let rest = &mut rest;
        Some(match *kind {
            JOIN => Message::Join {
                pid: number(rest)?,
                group: group(rest)?,
            },
            LEAVE => Message::Leave {
                pid: number(rest)?,
                reason: number(rest)?,
                group: group(rest)?,
            },
            PROCESSES => {
                let (ring, mut rest) = rest.split_first_chunk()?;
                let mut list = Vec::new();
                while !rest.is_empty() {
                    let pid = number(&mut rest)?;
                    list.push((group(&mut rest)?.into(), pid));
                }
                Message::Processes {
                    ring: u64::from_ne_bytes(*ring),
                    list,
                }
            }
            DATA => Message::Data {
                pid: number(rest)?,
                group: group(rest)?,
                data: rest,
            },
            FRAGMENT => Message::Fragment {
                pid: number(rest)?,
                total: number(rest)?,
                kind: number(rest)?,
                group: group(rest)?,
                data: rest,
            },
            _ => return None,
        })
    }
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_ne_bytes(*number))
}

fn group<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(rest)? as usize;
    let (group, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let (group, data) = (&b"a group"[..], &b"\0some data"[..]);
        let messages = [
            Message::Join { group, pid: 7 },
            Message::Leave {
                group: b"",
                pid: 8,
                reason: 5,
            },
            Message::Processes {
                ring: 1 << 40,
                list: vec![(group.into(), 1), (b""[..].into(), 2)],
            },
            Message::Data {
                group,
                pid: 9,
                data,
            },
            Message::Fragment {
                group,
                pid: 9,
                total: 1 << 30,
                kind: 2,
                data,
            },
        ];
        for message in &messages {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes).as_ref(), Some(message));
            // Data has no end of its own.
            for end in 0..bytes.len().min(12) {
                assert_ne!(Message::decode(&bytes[..end]).as_ref(), Some(message));
            }
        }
        assert_eq!(Message::decode(&[9]), None);
        assert_eq!(Message::decode(&[]), None);
    }
}
