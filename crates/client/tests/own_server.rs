//! Our votequorum session against our server, with a service that answers by
//! rote.

use quorate_client::{
    Endpoint, Error, Event, EventBuffer, ExtraInfo, Node, Options, RingId, VoteQuorum, Wait,
};
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::ReplyError;
use quorate_proto::votequorum::{EXTRA_INFO_MAX, ExtraInfoReply, InfoReply, Request, StatusReply};
use quorate_testkit::daemon::Answering;
use std::time::Duration;
use zerocopy::IntoBytes;

const RING: RingId = RingId { nodeid: 1, seq: 8 };
const CONTEXT: u64 = 0x1122_3344_5566_7788;

fn daemon() -> Answering {
    let mut info = Vec::new();
    Answering::start(move |server, conn, bytes| answer(server, conn, bytes, &mut info))
}

fn connect(daemon: &Answering) -> VoteQuorum {
    let options = Options {
        endpoint: Endpoint::RunDir(daemon.run_dir()),
        timeout: Some(Duration::from_secs(20)),
    };
    VoteQuorum::connect(&options).unwrap()
}

fn answer(server: &mut Server, conn: ConnId, bytes: &[u8], info: &mut Vec<u8>) {
    let request = match Request::decode(bytes) {
        Ok(request) => request,
        Err(bad) => return server.reply(conn, bad.reply().unwrap()),
    };
    let error = match request {
        Request::GetInfo { nodeid } if nodeid > 2 => {
            return server.reply(conn, InfoReply::new(12).as_bytes());
        }
        Request::GetInfo { nodeid } => {
            let mut reply = InfoReply::new(1);
            reply.nodeid = nodeid.max(1);
            reply.quorum = 300;
            reply.set_qdevice_name(b"Qdevice");
            return server.reply(conn, reply.as_bytes());
        }
        Request::TrackStart { context, .. } => {
            for event in &mut initial(context, info) {
                server.event(conn, event.encode());
            }
            1
        }
        Request::SetVotes { nodeid: 9, .. } => 17,
        Request::SetExtraInfo { info: new } => {
            *info = new.to_vec();
            1
        }
        Request::GetExtraInfo { nodeid } if nodeid > 2 => {
            return server.reply(conn, ExtraInfoReply::refusal(12));
        }
        Request::GetExtraInfo { .. } => return server.reply(conn, ExtraInfoReply::message(info)),
        Request::Poll { ring, .. } if ring != RING => 22,
        _ => 1,
    };
    server.reply(conn, StatusReply::new(error).as_bytes());
}

fn initial(context: u64, info: &[u8]) -> [Event<'static>; 4] {
    let nodes = [(1, 1), (2, 2)].map(|(nodeid, state)| Node { nodeid, state });
    [
        Event::NodeList {
            context,
            ring: RING,
            members: Vec::leak(vec![1]),
        },
        Event::Quorum {
            context,
            quorate: 1,
            nodes: Vec::leak(nodes.to_vec()),
        },
        Event::ExpectedVotes {
            context,
            expected_votes: 5,
        },
        Event::ExtraInfo {
            context,
            nodeid: 1,
            info: Vec::leak(info.to_vec()),
        },
    ]
}

fn refused(error: Error) -> i32 {
    match error {
        Error::Reply(ReplyError::Rejected(number)) => number,
        other => panic!("{other}"),
    }
}

#[test]
fn every_call_is_understood() {
    let daemon = daemon();
    let session = connect(&daemon);
    let info = session.info(2).unwrap();
    assert_eq!((info.nodeid, info.quorum), (2, 300));
    assert_eq!(&info.qdevice_name[..8], b"Qdevice\0");
    assert_eq!(refused(session.info(3).unwrap_err()), 12);
    session.set_expected_votes(5).unwrap();
    session.set_votes(2, 7).unwrap();
    assert_eq!(refused(session.set_votes(9, 7).unwrap_err()), 17);
    session.track_stop().unwrap();
    session.qdevice_register(b"Qdevice").unwrap();
    session.qdevice_update(b"Qdevice", b"other").unwrap();
    session.qdevice_poll(b"other", 1, RING).unwrap();
    let past = RingId { seq: 4, ..RING };
    assert_eq!(
        refused(session.qdevice_poll(b"other", 1, past).unwrap_err()),
        22
    );
    session.qdevice_master_wins(b"other", 1).unwrap();
    session.qdevice_unregister(b"other").unwrap();
    for info in [&b""[..], b"x", &[7; EXTRA_INFO_MAX]] {
        session.set_qdevice_extra_info(info).unwrap();
        assert_eq!(extra_info(&session, 1).unwrap().bytes(), info);
    }
    assert_eq!(refused(extra_info(&session, 3).unwrap_err()), 12);
}

#[test]
fn events_arrive_as_they_were_sent() {
    let daemon = daemon();
    let session = connect(&daemon);
    session
        .set_qdevice_extra_info(&[7; EXTRA_INFO_MAX])
        .unwrap();
    for _ in 0..100 {
        session.track_start(CONTEXT, 2).unwrap();
        let mut buffer = EventBuffer::new();
        for expected in initial(CONTEXT, &[7; EXTRA_INFO_MAX]) {
            while session.wait(None).unwrap() != Wait::Ready {}
            let event = session.next_event(&mut buffer, false).unwrap();
            assert_eq!(event, Some(expected));
        }
        assert!(session.next_event(&mut buffer, false).unwrap().is_none());
    }
}

#[test]
fn many_threads_share_a_session() {
    let daemon = daemon();
    let session = connect(&daemon);
    std::thread::scope(|scope| {
        for nodeid in [1, 2, 1, 2] {
            let session = &session;
            scope.spawn(move || {
                for _ in 0..500 {
                    assert_eq!(session.info(nodeid).unwrap().nodeid, nodeid);
                }
            });
        }
    });
}

#[test]
fn the_end_of_the_daemon_is_noticed() {
    let mut daemon = daemon();
    let session = connect(&daemon);
    session.info(0).unwrap();
    daemon.stop();
    let error = session.info(0).unwrap_err();
    let gone = quorate_ipc::Error::Disconnected.to_string();
    assert_eq!(error.to_string(), gone);
    assert_eq!(session.wait(None).unwrap_err().to_string(), gone);
}

#[test]
fn what_the_daemon_said_before_its_end_is_heard() {
    let mut daemon = daemon();
    let session = connect(&daemon);
    session.track_start(CONTEXT, 2).unwrap();
    daemon.stop();
    // A call notices the end first.
    assert!(session.info(0).is_err());
    let mut buffer = EventBuffer::new();
    for expected in initial(CONTEXT, &[]) {
        let event = session.next_event(&mut buffer, false).unwrap();
        assert_eq!(event, Some(expected));
    }
    let error = session.next_event(&mut buffer, false).unwrap_err();
    let gone = quorate_ipc::Error::Disconnected.to_string();
    assert_eq!(error.to_string(), gone);
}

fn extra_info(session: &VoteQuorum, nodeid: u32) -> Result<ExtraInfo, Error> {
    let mut info = ExtraInfo::new();
    session.qdevice_extra_info(nodeid, &mut info)?;
    Ok(info)
}
