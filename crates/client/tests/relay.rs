//! A stranger in the middle: the rings are a daemon's, the stream is not.

use quorate_client::{Endpoint, Error, EventBuffer, IpcError, Options, VoteQuorum, Wait};
use quorate_ipc::header::ResponseHeader;
use quorate_proto::votequorum::Event;
use quorate_testkit::daemon::{Relay, Stream};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;
use zerocopy::IntoBytes;

/// A daemon that sends one event with each answer, behind a relay.
fn relay() -> Relay {
    Relay::start(|server, conn, _| {
        let event = Event::ExpectedVotes {
            context: 7,
            expected_votes: 3,
        };
        server.event(conn, event.encode());
        server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
    })
}

/// A session, and the stream that it believes to be the daemon's.
fn session(relay: &Relay) -> (VoteQuorum, Stream) {
    let options = Options {
        endpoint: Endpoint::RunDir(relay.run_dir()),
        timeout: None,
    };
    relay.connect(|| VoteQuorum::connect(&options).unwrap())
}

fn assert_disconnected<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error, Error::Ipc(IpcError::Disconnected)),
        "{error}"
    );
}

#[test]
fn a_stream_closed_in_one_direction_is_the_end_for_who_waits() {
    let relay = relay();
    let (session, stream) = session(&relay);
    stream.client.shutdown(Shutdown::Write).unwrap();
    assert_disconnected(session.wait(None));
    assert_disconnected(session.track_stop());
}

#[test]
fn a_stream_closed_in_one_direction_is_the_end_of_a_call() {
    let relay = relay();
    let (session, stream) = session(&relay);
    std::thread::scope(|scope| {
        // The byte that announces the request is not passed on.
        let call = scope.spawn(|| session.track_stop());
        stream.client.shutdown(Shutdown::Write).unwrap();
        assert_disconnected(call.join().unwrap());
    });
}

#[test]
fn bytes_without_events_do_not_keep_anybody_busy() {
    let relay = relay();
    let (session, mut stream) = session(&relay);
    stream.client.write_all(&[0; 5]).unwrap();
    let mut woken = 0;
    while session.wait(Some(Duration::ZERO)).unwrap() == Wait::Ready {
        woken += 1;
        assert_eq!(
            session.next_event(&mut EventBuffer::new(), true).unwrap(),
            None
        );
    }
    assert!(woken <= 5, "{woken}");
    // An event whose byte was among them is found all the same.
    stream.daemon.set_nonblocking(true).unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| session.track_start(7, 2));
        stream.forward(1);
        call.join().unwrap().unwrap();
    });
    let mut buffer = EventBuffer::new();
    let event = session.next_event(&mut buffer, true).unwrap();
    assert_eq!(
        event,
        Some(Event::ExpectedVotes {
            context: 7,
            expected_votes: 3
        })
    );
}

#[test]
fn a_session_that_is_closed_while_its_events_are_looked_at_says_so() {
    let relay = relay();
    let (session, mut stream) = session(&relay);
    stream.client.write_all(&[0]).unwrap();
    let signal = session.poll(None).unwrap();
    session.close();
    let error = session.examine(signal).unwrap_err();
    assert!(matches!(error, Error::Ipc(IpcError::Closed)), "{error}");
}
