//! What one side encodes the other decodes, with the documented sizes: quorum and cmap.

use quorate_ipc::header::ResponseHeader;
use quorate_proto::quorum::RingId;
use quorate_proto::{ReplyError, cmap, quorum};
use zerocopy::{FromBytes, IntoBytes};

const RING: RingId = RingId { nodeid: 3, seq: 77 };

fn header(bytes: &[u8]) -> ResponseHeader {
    let (header, _) = ResponseHeader::read_from_prefix(bytes).unwrap();
    assert_eq!(header.size as usize, bytes.len());
    header
}

#[test]
fn quorum_messages() {
    use quorum::*;
    let cases = [
        (
            GetQuorate::message().as_bytes().to_vec(),
            Request::GetQuorate,
        ),
        (
            TrackStart::new(3).as_bytes().to_vec(),
            Request::TrackStart { flags: 3 },
        ),
        (TrackStop::message().as_bytes().to_vec(), Request::TrackStop),
        (GetType::message().as_bytes().to_vec(), Request::GetType),
        (
            ModelGetType::new(1).as_bytes().to_vec(),
            Request::ModelGetType { model: 1 },
        ),
    ];
    for (bytes, request) in cases {
        assert_eq!(Request::decode(&bytes), Ok(request));
    }
    let (members, joined, left) = (&[1, 2, 3][..], &[3][..], &[4, 5][..]);
    let events = [
        (
            48 + 12,
            Event::Notification {
                quorate: true,
                ring_seq: 9,
                members,
            },
        ),
        (
            56 + 12,
            Event::Quorum {
                quorate: false,
                ring: RING,
                members,
            },
        ),
        (
            64 + 24,
            Event::NodeList {
                ring: RING,
                members,
                joined,
                left,
            },
        ),
    ];
    for (size, event) in events {
        let bytes = event.encode();
        assert_eq!(bytes.len(), size);
        header(&bytes);
        assert_eq!(Event::decode(&bytes), Ok(Some(event)));
        // The four bytes behind the lists carry nothing.
        assert!(Event::decode(&bytes[..size - 4]).is_ok());
        assert!(Event::decode(&bytes[..size - 5]).is_err());
    }
    let reply = TypeReply::new(reply_id::MODEL_GET_TYPE, 7, 0);
    assert_eq!(header(reply.as_bytes()).error, 7);
    let reply = QuorateReply::new(true);
    assert_eq!(reply.quorate.get(), 1);
    assert_eq!(header(reply.as_bytes()).error, 1);
}

#[test]
fn cmap_messages() {
    use cmap::*;
    let name = &b"quorum.votes"[..];
    let value = &b"value"[..];
    let cases = vec![
        (
            Set::message(name, 11, value),
            Request::Set {
                name,
                value_type: 11,
                value,
            },
        ),
        (
            Delete::new(name).as_bytes().to_vec(),
            Request::Delete { name },
        ),
        (
            Get::new(name, 4).as_bytes().to_vec(),
            Request::Get { name, room: 4 },
        ),
        (
            AdjustInt::new(name, -1).as_bytes().to_vec(),
            Request::AdjustInt { name, step: -1 },
        ),
        (
            IterInit::new(b"").as_bytes().to_vec(),
            Request::IterInit { prefix: b"" },
        ),
        (
            IterNext::new(5).as_bytes().to_vec(),
            Request::IterNext { handle: 5 },
        ),
        (
            IterFinalize::new(5).as_bytes().to_vec(),
            Request::IterFinalize { handle: 5 },
        ),
        (
            TrackAdd::new(name, 12, 99).as_bytes().to_vec(),
            Request::TrackAdd {
                name,
                track_type: 12,
                cookie: 99,
            },
        ),
        (
            TrackDelete::new(6).as_bytes().to_vec(),
            Request::TrackDelete { handle: 6 },
        ),
        (
            SetCurrentMap::new(1).as_bytes().to_vec(),
            Request::SetCurrentMap { map: 1 },
        ),
    ];
    for (bytes, request) in cases {
        assert_eq!(Request::decode(&bytes), Ok(request));
        assert!(Request::decode(&bytes[..bytes.len() - 1]).is_err());
    }
    let event = Event {
        cookie: 99,
        name,
        change: 2,
        new: Value {
            value_type: 11,
            bytes: value,
        },
        old: Value::default(),
    };
    let bytes = event.encode();
    assert_eq!(bytes.len(), 336 + 5);
    header(&bytes);
    assert_eq!(Event::decode(&bytes), Ok(Some(event)));
    assert!(Event::decode(&bytes[..340]).is_err());
}

#[test]
fn a_value_comes_in_exactly_the_room_that_was_asked_for() {
    use cmap::GetReply;
    for room in [5, 6, 13, 1000] {
        let bytes = GetReply::message(11, b"value", room);
        assert_eq!(bytes.len() as u64, 40 + room);
        header(&bytes);
        let found = GetReply::decode(&bytes, room).unwrap();
        assert_eq!(found.value, b"value");
    }
    let bytes = GetReply::message(11, b"value", 0);
    let found = GetReply::decode(&bytes, 0).unwrap();
    assert_eq!(
        (bytes.len(), found.value_len, found.value),
        (40, 5, &[][..])
    );
    let too_small = GetReply::message(11, b"value", 4);
    assert_eq!(too_small.len(), 40);
    let refused = Err(ReplyError::Rejected(7));
    assert_eq!(GetReply::decode(&too_small, 4), refused);
}
