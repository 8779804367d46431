//! What a hostile caller can do to a server before it is let in. The weaknesses
//! of the original server are named in the tests.

mod rig;

use quorate_ipc::server::Limits;
use quorate_ipc::{Error, Service};
use rig::*;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

fn knock(rig: &Rig) -> UnixStream {
    hostile::knock(&rig.run_dir(), Service::VoteQuorum)
}

/// Weakness 1: half-open connections were kept without limit.
#[test]
fn silent_callers_make_room_for_others() {
    let limits = Limits {
        half_open: 8,
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let mut silent: Vec<_> = (0..50).map(|_| knock(&rig)).collect();
    assert!(is_served(&rig.client()));
    // All but the last few have been sent away.
    for stream in &mut silent[..50 - 8] {
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    }
    assert!(is_served(&rig.client()));
}

/// Weakness 1: nor was there a limit in time.
#[test]
fn silent_callers_are_sent_away_after_a_while() {
    let limits = Limits {
        half_open_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let start = Instant::now();
    let mut mute = knock(&rig);
    let mut slow = knock(&rig);
    slow.write_all(&[0xFF; 10]).unwrap();
    for stream in [&mut mute, &mut slow] {
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    }
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(is_served(&rig.client()));
}

/// Weakness 1: files and memory were spent before the caller was judged.
#[test]
fn nothing_is_made_for_those_who_are_refused() {
    let rig = Rig::start_with(Limits::default(), |_| Err(libc::EACCES));
    let mut streams: Vec<_> = (0..20).map(|_| knock(&rig)).collect();
    for stream in &mut streams {
        let response = shake_hands(stream, 1 << 20).unwrap();
        assert_eq!(response.header.error, -libc::EACCES);
        assert_eq!(rig.ring_dirs().len(), 0);
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    }
    let error = rig.try_client().unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.raw_os_error() == Some(libc::EACCES)));
}

/// Weakness 2: a client could have any amount of memory allocated.
#[test]
fn the_message_size_is_bounded() {
    let rig = Rig::start(Limits::default());
    for (asked, granted) in [
        (0, 8192),
        (8191, 8192),
        (10000, 10000),
        (1 << 20, 65536),
        (u32::MAX, 65536),
    ] {
        let client = Hostile::connect(&rig.run_dir(), Service::VoteQuorum, asked);
        assert_eq!(client.response.max_msg_size, granted);
        let len = (u64::from(granted) + 13).next_multiple_of(4096);
        for ring in [&client.request, &client.reply, &client.event] {
            assert_eq!(ring.data.metadata().unwrap().len(), len);
            assert_eq!(u64::from(ring.get(WORD_SIZE)) * 4, len);
        }
    }
}

#[test]
fn one_connection_more_than_allowed_is_refused() {
    let limits = Limits {
        connections: 3,
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let mut clients: Vec<_> = (0..3).map(|_| rig.client()).collect();
    let error = rig.try_client().unwrap_err();
    assert_eq!(error.errno(), Some(libc::EMFILE));
    clients.pop();
    rig.next_end();
    assert!(is_served(&rig.client()));
    assert!(clients.iter().all(is_served));
}

#[test]
fn a_request_with_a_wrong_id_is_dropped_without_a_word() {
    let rig = Rig::start(Limits::default());
    let mut stream = knock(&rig);
    stream.write_all(&[1; 24]).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    assert!(is_served(&rig.client()));
}
