//! What one side encodes the other decodes, with the documented sizes: cfg and cpg.

use quorate_ipc::header::ResponseHeader;
use quorate_proto::cpg::RingId;
use quorate_proto::{cfg, cpg};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

const RING: RingId = RingId { nodeid: 3, seq: 77 };

fn header(bytes: &[u8]) -> ResponseHeader {
    let (header, _) = ResponseHeader::read_from_prefix(bytes).unwrap();
    assert_eq!(header.size as usize, bytes.len());
    header
}

#[test]
fn cfg_messages() {
    use cfg::*;
    let cases = vec![
        (
            KillNode::new(2, b"why").as_bytes().to_vec(),
            Request::KillNode {
                nodeid: 2,
                reason: b"why",
            },
        ),
        (
            TryShutdown::new(1).as_bytes().to_vec(),
            Request::TryShutdown { flags: 1 },
        ),
        (
            ReplyToShutdown::new(1).as_bytes().to_vec(),
            Request::ReplyToShutdown { response: 1 },
        ),
        (
            GetNodeAddrs::new(3).as_bytes().to_vec(),
            Request::GetNodeAddrs { nodeid: 3 },
        ),
        (
            NodeStatusGet::new(3, 1).as_bytes().to_vec(),
            Request::NodeStatusGet {
                nodeid: 3,
                version: 1,
            },
        ),
        (
            TrackStart::new(2).as_bytes().to_vec(),
            Request::TrackStart { flags: 2 },
        ),
        (
            bare(request_id::LOCAL_GET).as_bytes().to_vec(),
            Request::LocalGet,
        ),
        (
            bare(request_id::TRACK_STOP).as_bytes().to_vec(),
            Request::TrackStop,
        ),
    ];
    for (bytes, request) in cases {
        assert_eq!(Request::decode(&bytes), Ok(request));
    }
    let links = [
        LinkStatus {
            name: b"0 192.0.2.1",
            status: b"OK",
        },
        LinkStatus {
            name: b"1 192.0.2.2",
            status: b"FAULTY",
        },
    ];
    let bytes = RingStatusReply::message(&links);
    assert_eq!((bytes.len(), header(&bytes).id), (10272, 0));
    assert_eq!(RingStatusReply::decode(&bytes).unwrap(), links);

    let addresses = [[1; 16], [2; 16]];
    let bytes = NodeAddrsReply::message(Ok((2, &addresses)));
    assert_eq!(bytes.len(), 32 + 2 * 16);
    header(&bytes);
    assert_eq!(NodeAddrsReply::decode(&bytes), Ok((2, &addresses[..])));
    let bytes = NodeAddrsReply::message(Err(Refused(12)));
    assert_eq!((bytes.len(), header(&bytes).error), (32, 12));

    let mut status = NodeStatus::new_zeroed();
    status.links[0] = Link::new(true, 1397, b"192.0.2.1", b"192.0.2.2");
    let bytes = NodeStatusReply::message(&status);
    assert_eq!((bytes.len(), header(&bytes).id), (4200, 16));
    let reply = NodeStatusReply::read_from_bytes(&bytes).unwrap();
    assert_eq!(reply.status.links[0].destination(), b"192.0.2.2");
    assert_eq!(header(&NodeStatusReply::refusal(21)).error, 21);

    let event = Event::TestShutdown { error: 5, flags: 1 };
    let bytes = TestShutdownEvent::new(5, 1);
    assert_eq!(Event::decode(bytes.as_bytes()), Ok(Some(event)));
}

#[test]
fn cpg_messages() {
    use cpg::*;
    let group = &b"group\0with nul"[..];
    let data = &b"data"[..];
    let cases = vec![
        (
            Join::new(group, 10, 1).as_bytes().to_vec(),
            Request::Join {
                group,
                pid: 10,
                flags: 1,
            },
        ),
        (
            Leave::new(group, 10).as_bytes().to_vec(),
            Request::Leave { group, pid: 10 },
        ),
        (
            Mcast::message(2, data),
            Request::Mcast { guarantee: 2, data },
        ),
        (
            Membership::new(group).as_bytes().to_vec(),
            Request::Membership { group },
        ),
        (
            IterInit::new(group, 2).as_bytes().to_vec(),
            Request::IterInit { group, kind: 2 },
        ),
        (
            IterNext::new(8).as_bytes().to_vec(),
            Request::IterNext { handle: 8 },
        ),
        (
            IterFinalize::new(8).as_bytes().to_vec(),
            Request::IterFinalize { handle: 8 },
        ),
        (
            bare(request_id::FINALIZE).as_bytes().to_vec(),
            Request::Finalize,
        ),
        (bare(10).as_bytes().to_vec(), Request::ZeroCopy),
        (
            PartialMcast::message(2, 100, 1, data),
            Request::PartialMcast {
                guarantee: 2,
                total: 100,
                kind: 1,
                data,
            },
        ),
    ];
    for (bytes, request) in cases {
        assert_eq!(Request::decode(&bytes), Ok(request));
    }
    let one = [Address::new(1, 10, 1)];
    let two = [Address::new(1, 10, 0), Address::new(2, 11, 0)];
    let events = [
        (
            184 + 24 * 3,
            Event::Confchg {
                group,
                members: &two,
                left: &[],
                joined: &one,
            },
        ),
        (
            184 + 4,
            Event::Deliver {
                group,
                nodeid: 1,
                pid: 10,
                data,
            },
        ),
        (
            200 + 4,
            Event::PartialDeliver {
                group,
                total: 100,
                nodeid: 1,
                pid: 10,
                kind: 1,
                data,
            },
        ),
        (
            48 + 8,
            Event::TotemConfchg {
                ring: RING,
                nodes: &[1, 2],
            },
        ),
    ];
    for (size, event) in events {
        let bytes = event.encode();
        assert_eq!(bytes.len(), size);
        header(&bytes);
        assert_eq!(Event::decode(&bytes), Ok(Some(event)));
    }
    let bytes = MembershipReply::message(&two);
    assert_eq!((bytes.len(), header(&bytes).id), (9248, 3));
    assert_eq!(MembershipReply::decode(&bytes), Ok(&two[..]));
    let next = NextReply::new(Ok((group, 1, 10)));
    assert_eq!(next.group.get(), Some(group));
    assert_eq!(header(NextReply::new(Err(27)).as_bytes()).error, 27);
}
