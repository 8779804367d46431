//! What one side encodes the other decodes, with the documented sizes: votequorum.

use quorate_ipc::header::ResponseHeader;
use quorate_proto::votequorum::{self, Node, RingId};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

const RING: RingId = RingId { nodeid: 3, seq: 77 };

fn header(bytes: &[u8]) -> ResponseHeader {
    let (header, _) = ResponseHeader::read_from_prefix(bytes).unwrap();
    assert_eq!(header.size as usize, bytes.len());
    header
}

#[test]
fn votequorum_requests() {
    use votequorum::*;
    let name = &b"Qdevice"[..];
    let (old_name, new_name) = (name, &b"other"[..]);
    let cases: Vec<(Vec<u8>, Request<'_>)> = vec![
        (
            GetInfo::new(7).as_bytes().to_vec(),
            Request::GetInfo { nodeid: 7 },
        ),
        (
            SetExpected::new(5).as_bytes().to_vec(),
            Request::SetExpected { expected_votes: 5 },
        ),
        (
            SetVotes::new(2, 9).as_bytes().to_vec(),
            Request::SetVotes {
                nodeid: 2,
                votes: 9,
            },
        ),
        (
            TrackStart::new(u64::MAX, 2).as_bytes().to_vec(),
            Request::TrackStart {
                context: u64::MAX,
                flags: 2,
            },
        ),
        (TrackStop::new().as_bytes().to_vec(), Request::TrackStop),
        (
            Register::new(name).as_bytes().to_vec(),
            Request::Register { name },
        ),
        (
            Unregister::new(name).as_bytes().to_vec(),
            Request::Unregister { name },
        ),
        (
            Update::new(name, b"other").as_bytes().to_vec(),
            Request::Update { old_name, new_name },
        ),
        (
            Poll::new(name, 1, RING).as_bytes().to_vec(),
            Request::Poll {
                name,
                cast_vote: 1,
                ring: RING,
            },
        ),
        (
            MasterWins::new(name, 1).as_bytes().to_vec(),
            Request::MasterWins { name, allow: 1 },
        ),
        (
            GetExtraInfo::new(4).as_bytes().to_vec(),
            Request::GetExtraInfo { nodeid: 4 },
        ),
    ];
    for (bytes, request) in cases {
        assert_eq!(Request::decode(&bytes), Ok(request));
        // One byte more or less makes it another message.
        for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat()] {
            assert!(Request::decode(wrong).is_err());
        }
    }
}

#[test]
fn votequorum_events() {
    use votequorum::Event;
    let (context, nodeid) = (0x1122_3344_5566_7788, 6);
    let mut nodes = [1, 2, 3].map(|nodeid| Node { nodeid, state: 1 });
    let mut again = nodes;
    let mut members = [1, 2];
    let mut info = *b"extra";
    let mut no_info = [];
    let events = [
        (
            48 + 8 * 3,
            Event::Quorum {
                context,
                quorate: 1,
                nodes: &mut nodes,
            },
        ),
        (
            40,
            Event::ExpectedVotes {
                context,
                expected_votes: 5,
            },
        ),
        (
            56 + 4 * 2,
            Event::NodeList {
                context,
                ring: RING,
                members: &mut members,
            },
        ),
        (
            48 + 5,
            Event::ExtraInfo {
                context,
                nodeid,
                info: &mut info,
            },
        ),
        (
            48,
            Event::ExtraInfo {
                context,
                nodeid,
                info: &mut no_info,
            },
        ),
    ];
    for (size, event) in events {
        let mut bytes = event.encode();
        assert_eq!((bytes.len(), header(&bytes).error), (size, 1));
        assert_eq!(Event::decode(&mut bytes), Ok(Some(event)));
    }
    // As captured from corosync 3.1.7, with zeros for its garbage.
    let quorum = Event::Quorum {
        context,
        quorate: 1,
        nodes: &mut again[..1],
    };
    let words: [u32; 14] = [
        3,
        0,
        56,
        0,
        1,
        0,
        1,
        0,
        0x5566_7788,
        0x1122_3344,
        1,
        0,
        1,
        1,
    ];
    assert_eq!(quorum.encode(), words.as_bytes());
}

#[test]
fn votequorum_replies() {
    use votequorum::{ExtraInfoReply, InfoReply, StatusReply};
    assert_eq!(
        StatusReply::new(12).as_bytes(),
        quorate_proto::status(0, 12)
    );
    let mut info = InfoReply::new(1);
    info.set_qdevice_name(b"Qdevice");
    assert_eq!(header(info.as_bytes()).id, 1);
    assert_eq!(&info.as_bytes()[60..68], b"Qdevice\0");
    let bytes = ExtraInfoReply::message(b"extra");
    assert_eq!((bytes.len(), header(&bytes).id), (32 + 5, 6));
    let mut reply = ExtraInfoReply::new_zeroed();
    reply.as_mut_bytes()[..bytes.len()].copy_from_slice(&bytes);
    assert_eq!(reply.info(bytes.len()), Some(&b"extra"[..]));
    assert_eq!(header(&ExtraInfoReply::refusal(12)).error, 12);
}
