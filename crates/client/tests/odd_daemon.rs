//! Daemons that answer otherwise than corosync does.

use quorate_client::{Endpoint, Error, Event, EventBuffer, IpcError, Options, VoteQuorum, Wait};
use quorate_ipc::header::{RequestHeader, ResponseHeader};
use quorate_proto::ReplyError;
use quorate_proto::votequorum::{InfoReply, RingId};
use quorate_testkit::daemon::Answering;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zerocopy::{FromBytes, IntoBytes};

fn options(daemon: &Answering) -> Options {
    Options {
        endpoint: Endpoint::RunDir(daemon.run_dir()),
        timeout: None,
    }
}

fn session(daemon: &Answering) -> VoteQuorum {
    VoteQuorum::connect(&options(daemon)).unwrap()
}

fn id(request: &[u8]) -> i32 {
    RequestHeader::read_from_prefix(request).unwrap().0.id
}

/// GETINFO is answered with these bytes; nothing may be believed afterwards.
fn gives_up(reply: Vec<u8>) {
    let daemon = Answering::start(move |server, conn, _| server.reply(conn, reply.clone()));
    let session = session(&daemon);
    let first = session.info(0).unwrap_err();
    assert!(
        matches!(first, Error::Ipc(IpcError::Protocol(_))),
        "{first}"
    );
    let second = session.info(0).unwrap_err();
    assert!(
        matches!(second, Error::Ipc(IpcError::Disconnected)),
        "{second}"
    );
    // Who polls the descriptor learns of it as well.
    let waited = session.wait(None).unwrap_err();
    assert!(
        matches!(waited, Error::Ipc(IpcError::Disconnected)),
        "{waited}"
    );
}

#[test]
fn an_answer_to_another_request() {
    let mut reply = InfoReply::new(1).as_bytes().to_vec();
    reply[..4].copy_from_slice(&6i32.to_ne_bytes());
    gives_up(reply);
}

#[test]
fn a_refusal_of_another_request() {
    gives_up(ResponseHeader::new(6, 24, 7).as_bytes().to_vec());
}

#[test]
fn an_answer_shorter_than_its_fields() {
    gives_up(InfoReply::new(1).as_bytes()[..319].to_vec());
}

#[test]
fn an_answer_longer_than_documented() {
    let mut reply = InfoReply::new(1).as_bytes().to_vec();
    reply.push(0);
    gives_up(reply);
}

#[test]
fn an_answer_shorter_than_a_header() {
    gives_up(vec![1; 23]);
}

#[test]
fn any_request_may_be_refused_barely() {
    let bare = ResponseHeader::new(0, 24, 6);
    let daemon = Answering::start(move |server, conn, _| server.reply(conn, bare.as_bytes()));
    let session = session(&daemon);
    for _ in 0..2 {
        let error = session.info(0).unwrap_err();
        assert!(
            matches!(error, Error::Reply(ReplyError::Rejected(6))),
            "{error}"
        );
        let error = session.track_stop().unwrap_err();
        assert!(
            matches!(error, Error::Reply(ReplyError::Rejected(6))),
            "{error}"
        );
    }
}

#[test]
fn reasons_to_refuse_a_connection_are_errnos() {
    for errno in [libc::EACCES, libc::EAGAIN, libc::ENOSYS, libc::EMFILE] {
        let daemon = Answering::start_admitting(move || Err(errno), |_, _, _| ());
        let error = VoteQuorum::connect(&options(&daemon)).unwrap_err();
        let Error::Ipc(error @ IpcError::Refused(_)) = error else {
            panic!("{error}")
        };
        assert_eq!(error.errno(), Some(errno));
    }
}

fn node_list(context: u64, members: &mut [u32]) -> Vec<u8> {
    let ring = RingId { nodeid: 1, seq: 4 };
    Event::NodeList {
        context,
        ring,
        members,
    }
    .encode()
}

#[test]
fn events_of_unknown_kinds_are_passed_over() {
    let daemon = Answering::start(|server, conn, _| {
        let mut unknown = node_list(1, &mut [1]);
        unknown[..4].copy_from_slice(&99i32.to_ne_bytes());
        server.event(conn, unknown);
        // Larger than any known event.
        let mut large = ResponseHeader::new(98, 6000, 1).as_bytes().to_vec();
        large.resize(6000, 0);
        server.event(conn, large);
        server.event(conn, node_list(2, &mut [1, 2]));
        server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
    });
    let session = session(&daemon);
    session.track_start(2, 2).unwrap();
    let mut buffer = EventBuffer::new();
    let event = session.next_event(&mut buffer, true).unwrap();
    assert!(
        matches!(event, Some(Event::NodeList { context: 2, .. })),
        "{event:?}"
    );
    assert_eq!(session.next_event(&mut buffer, true).unwrap(), None);
    assert_eq!(session.wait(Some(Duration::ZERO)).unwrap(), Wait::Nothing);
}

#[test]
fn an_event_that_claims_too_much_ends_the_connection() {
    let daemon = Answering::start(|server, conn, _| {
        let mut event = node_list(1, &mut [1, 2, 3]);
        event.truncate(64);
        server.event(conn, event);
        server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
    });
    let session = session(&daemon);
    session.track_start(1, 2).unwrap();
    let error = session
        .next_event(&mut EventBuffer::new(), true)
        .unwrap_err();
    assert!(
        matches!(error, Error::Ipc(IpcError::Protocol(_))),
        "{error}"
    );
    assert!(session.info(0).is_err());
}

/// Far more than the ring and the socket's buffer hold.
#[test]
fn a_flood_of_events_arrives_whole_and_in_order() {
    const EVENTS: u64 = 10_000;
    let daemon = Answering::start(|server, conn, _| {
        for context in 0..EVENTS {
            server.event(conn, node_list(context, &mut [1, 2, 3]));
        }
        server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
    });
    let session = session(&daemon);
    session.track_start(0, 2).unwrap();
    let mut buffer = EventBuffer::new();
    let mut expected = 0;
    while expected < EVENTS {
        match session.next_event(&mut buffer, expected % 3 != 0).unwrap() {
            Some(Event::NodeList {
                context, members, ..
            }) => {
                assert_eq!((context, &members[..]), (expected, &[1, 2, 3][..]));
                expected += 1;
            }
            Some(other) => panic!("{other:?}"),
            None => {
                session.wait(None).unwrap();
            }
        }
    }
    assert_eq!(session.wait(Some(Duration::ZERO)).unwrap(), Wait::Nothing);
}

/// The daemon keeps the first answer back until the second request is there.
#[test]
fn an_answer_that_comes_late_is_nobody_elses() {
    let mut first = true;
    let release = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&release);
    let daemon = Answering::start(move |server, conn, request| {
        assert_eq!(id(request), 0);
        let node = u32::from_ne_bytes(request[16..20].try_into().unwrap());
        let mut reply = InfoReply::new(1);
        reply.nodeid = node;
        if std::mem::take(&mut first) {
            while !seen.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
        }
        server.reply(conn, reply.as_bytes());
    });
    let timeout = Some(Duration::from_millis(50));
    let session = VoteQuorum::connect(&Options {
        timeout,
        ..options(&daemon)
    })
    .unwrap();
    let gave_up = session.info(7).unwrap_err();
    assert!(
        matches!(gave_up, Error::Ipc(IpcError::TimedOut)),
        "{gave_up}"
    );
    // Still owed: nothing is sent before it has come.
    let again = session.info(8).unwrap_err();
    assert!(matches!(again, Error::Ipc(IpcError::TimedOut)), "{again}");
    release.store(true, Ordering::Release);
    let answered = loop {
        match session.info(9) {
            Ok(info) => break info.nodeid,
            // A loaded machine; what matters is that no answer is a wrong one.
            Err(Error::Ipc(IpcError::TimedOut)) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(answered, 9);
}
