use proptest::prelude::*;

use super::*;

fn samples() -> Vec<Message> {
    let (a, key) = (
        Address { node: 2, pid: 4711 },
        Key::new(b"pool\0one").unwrap(),
    );
    let hello = Hello {
        instance: 0x1122_3344_5566_7788,
        ring: 40,
        record: Record {
            epoch: 7,
            members: 6,
            master: 2,
        },
        addresses: vec![(1, [10, 0, 0, 1].into()), (2, [7; 16].into())],
    };
    let lock = |verb| Message::Lock {
        verb,
        handle: 5,
        request: 6,
        key,
    };
    vec![
        Message::Hello(hello),
        Message::Standing {
            ring: 44,
            epoch: 9,
            head: a,
        },
        Message::Snapshot {
            target: a,
            instance: 1,
            serial: 2,
            piece: Piece {
                index: 1,
                count: 2,
                bytes: b"state".to_vec(),
            },
        },
        Message::Ready {
            instance: 9,
            line: Line {
                ring: 8,
                founder: a,
                life: 7,
            },
        },
        Message::NodeAddress {
            node: 3,
            ip: [192, 168, 0, 1].into(),
        },
        Message::Leaving { node: 32 },
        lock(LockVerb::Lock),
        lock(LockVerb::TryLock),
        lock(LockVerb::Unlock),
        Message::Release { handle: 77 },
        Message::Ask(Ask {
            instance: 1 << 40,
            serial: 2,
            attempt: 3,
        }),
        Message::Withdraw {
            handle: 5,
            request: 6,
            key,
        },
    ]
}

#[test]
fn every_message_is_read_back() {
    for message in samples() {
        assert_eq!(Message::decode(&message.encode()), Ok(message));
    }
}

#[test]
fn the_bytes_are_these() {
    let unlock = samples().swap_remove(8).encode();
    let mut expected = b"NCSQ\x01\0\x09\0\x05\0\0\0\x06\0\0\0\0\0\0\0\x08\0\0\0".to_vec();
    expected.extend(b"pool\0one");
    assert_eq!(unlock, expected);
}

#[test]
fn every_shorter_and_longer_message_is_refused() {
    for message in samples() {
        let mut bytes = message.encode();
        for len in 0..bytes.len() {
            assert_eq!(
                Message::decode(&bytes[..len]),
                Err(WireError::Truncated),
                "{message:?}"
            );
        }
        bytes.push(0);
        assert_eq!(
            Message::decode(&bytes),
            Err(WireError::Invalid),
            "{message:?}"
        );
    }
}

#[test]
fn strangers_are_unknown() {
    let bytes = Message::Leaving { node: 1 }.encode();
    for (at, what) in [(0, b'X'), (4, 2), (5, 1), (6, 0), (6, 13), (7, 1)] {
        let mut other = bytes.clone();
        other[at] = what;
        assert_eq!(
            Message::decode(&other),
            Err(WireError::Unknown),
            "byte {at} = {what}"
        );
    }
}

#[test]
fn a_count_that_lies_makes_no_room() {
    let mut hello = samples().swap_remove(0).encode();
    hello[36..40].fill(0xff);
    assert_eq!(Message::decode(&hello), Err(WireError::Truncated));
}

#[test]
fn pieces_are_within_their_count_and_size() {
    let piece = |index, count, len| {
        let bytes = vec![0; len];
        let (target, piece) = (
            Address { node: 1, pid: 1 },
            Piece {
                index,
                count,
                bytes,
            },
        );
        Message::decode(
            &Message::Snapshot {
                target,
                instance: 0,
                serial: 0,
                piece,
            }
            .encode(),
        )
        .is_ok()
    };
    assert!(piece(0, 1, FRAGMENT));
    assert!(!piece(1, 1, 1));
    assert!(!piece(0, 0, 0));
    assert!(!piece(0, MAX_FRAGMENTS + 1, 1));
    assert!(!piece(0, 1, FRAGMENT + 1));
}

proptest! {
    #[test]
    fn garbage_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 8..200), kind in 0..13u8) {
        bytes[..8].copy_from_slice(&[b'N', b'C', b'S', b'Q', 1, 0, kind, 0]);
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_or_another_message(
        which in 0..11usize, at in any::<prop::sample::Index>(), bit in 0..8u8
    ) {
        let sample = samples().swap_remove(which);
        let mut bytes = sample.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(Message::decode(&bytes), Ok(sample));
    }
}
