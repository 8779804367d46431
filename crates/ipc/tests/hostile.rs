//! What a hostile client can do to a server by way of its rings: end its own
//! connection, and nothing else. The weaknesses of the original server are named
//! in the tests; `callers.rs` has those of the handshake.

mod rig;

use quorate_ipc::Error;
use quorate_ipc::server::Limits;
use rig::*;
use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Weakness 3: the server believed the sizes and indexes in shared memory.
#[test]
fn sizes_and_indexes_in_the_header_are_not_believed() {
    for offset in [WRITE_INDEX, READ_INDEX, WORD_SIZE, REFERENCES] {
        for value in [1, 7, 2048, 0x7FFF_FFFF, u32::MAX] {
            let rig = Rig::start(Limits::default());
            let good = rig.client();
            let mut bad = rig.hostile();
            for ring in [&bad.request, &bad.reply, &bad.event] {
                ring.set(offset, value);
            }
            // More than the ring holds, so that the server must look for room.
            let events = request(EVENTS, &40u32.to_ne_bytes());
            bad.put_request(&events);
            bad.notify(1);
            assert!(is_served(&good), "{offset} {value}");
        }
    }
}

/// Weakness 3: the index of a reader is where a chunk ends, or it is a lie.
#[test]
fn a_false_read_index_ends_the_connection() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    let mut bad = rig.hostile();
    bad.event.set(READ_INDEX, 3);
    bad.put_request(&request(EVENTS, &40u32.to_ne_bytes()));
    bad.notify(1);
    assert!(rig.next_end().contains("read index"));
    assert!(bad.is_cut_off());
    assert!(is_served(&good));
}

/// Weakness 3: a file cut short killed the server by SIGBUS.
#[test]
fn truncated_files_do_not_kill() {
    for which in 0..6 {
        for len in [0, 1, 4096, 8208] {
            let rig = Rig::start(Limits::default());
            let good = rig.client();
            let mut bad = rig.hostile();
            bad.put_request(&request(EVENTS, &4u32.to_ne_bytes()));
            bad.put_request(&request(ECHO, &[7; 4000]));
            let rings = [&bad.request, &bad.reply, &bad.event];
            let files = rings.map(|ring| [&ring.header, &ring.data]).concat();
            files[which].set_len(len).unwrap();
            bad.notify(2);
            assert!(is_served(&good), "file {which} cut to {len}");
            assert!(is_served(&rig.client()));
        }
    }
}

/// The same at every moment of a conversation.
#[test]
fn files_truncated_all_the_time_do_not_kill() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for seed in 0..2 {
            let (rig, stop) = (&rig, &stop);
            scope.spawn(move || {
                let mut round = seed;
                while !stop.load(Ordering::Acquire) {
                    round += 2;
                    cut_while_talking(rig, round);
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(800) {
            assert!(is_served(&good));
        }
        stop.store(true, Ordering::Release);
    });
    assert!(is_served(&good));
}

fn cut_while_talking(rig: &Rig, round: usize) {
    let bad = rig.hostile();
    let talk = request(EVENTS, &3u32.to_ne_bytes());
    let rings = [&bad.request, &bad.reply, &bad.event];
    let ring = rings[round / 2 % 3];
    let file = if round / 6 % 2 == 0 {
        &ring.header
    } else {
        &ring.data
    };
    let full = file.metadata().unwrap().len();
    let mut chunk = [talk.len() as u32, COMMITTED]
        .map(u32::to_ne_bytes)
        .concat();
    chunk.extend_from_slice(&talk);
    for n in 0..40 {
        // Errors are welcome here: the files are what the other side made of them.
        let at = n * chunk.len() as u64 % 4096;
        let _ = bad.request.data.write_all_at(&chunk, at);
        let _ = bad
            .request
            .header
            .write_all_at(&1u32.to_ne_bytes(), SEMAPHORE);
        let _ = (&bad.stream).write_all(&[0]);
        let _ = file.set_len(0);
        std::thread::yield_now();
        let _ = file.set_len(full);
    }
}

/// Weakness 3: a path in the header named what was removed in the end.
#[test]
fn paths_in_the_header_are_not_followed() {
    let rig = Rig::start(Limits::default());
    let victim = rig.dir.join("victim");
    fs::write(&victim, b"precious").unwrap();
    let bad = rig.hostile();
    let mut path = victim.to_str().unwrap().as_bytes().to_vec();
    path.push(0);
    for ring in [&bad.request, &bad.reply, &bad.event] {
        for offset in [HEADER_PATH, DATA_PATH] {
            ring.header.write_all_at(&path, offset).unwrap();
        }
    }
    drop(bad);
    rig.next_end();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(rig.ring_dirs().len(), 0);
}

/// Weakness 4: the server waited for bytes that did not come.
#[test]
fn missing_notification_bytes_block_nobody() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    let mut bad = rig.hostile();
    bad.put_request(&request(ECHO, b"one"));
    bad.put_request(&request(ECHO, b"two"));
    assert!(is_served(&good));
    // One byte is a hint; how many requests there are is known from the ring.
    bad.notify(1);
    eventually(|| (bad.replies() == 2).then_some(()));
    assert!(is_served(&good));
}

/// More than are taken in one turn.
#[test]
fn one_notification_byte_is_enough_for_many_requests() {
    const REQUESTS: u32 = 100;
    let rig = Rig::start(Limits::default());
    let mut bad = rig.hostile();
    for n in 0..REQUESTS {
        bad.put_request(&request(ECHO, &n.to_ne_bytes()));
    }
    bad.notify(1);
    eventually(|| (bad.replies() == REQUESTS).then_some(()));
}

#[test]
fn too_many_notification_bytes_are_harmless() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    let mut bad = rig.hostile();
    for _ in 0..50 {
        bad.notify(10_000);
        assert!(is_served(&good));
    }
    bad.put_request(&request(ECHO, b"one"));
    bad.notify(1);
    eventually(|| (bad.replies() == 1).then_some(()));
}

/// Weakness 5: what a client wrote was parsed without a check.
#[test]
fn chunks_that_are_none_end_the_connection() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    type Put = fn(&mut Hostile);
    let lies: [(Put, &str); 4] = [
        (|bad| bad.put(24, 0xA110_CED0, &[0; 24]), "not committed"),
        (
            |bad| bad.put(8193, COMMITTED, &[0; 24]),
            "longer than agreed",
        ),
        (
            |bad| bad.put(u32::MAX, COMMITTED, &[0; 24]),
            "longer than agreed",
        ),
        (|bad| bad.request.set(SEMAPHORE, 5), "not committed"),
    ];
    for (lie, why) in lies {
        let mut bad = rig.hostile();
        lie(&mut bad);
        bad.notify(1);
        let end = rig.next_end();
        assert!(end.contains(why), "{end}");
        assert!(bad.is_cut_off());
        assert!(is_served(&good));
    }
    // Short ones are for the service to judge.
    let mut short = rig.hostile();
    short.put_request(&[1, 0, 0, 0]);
    short.put_request(&[]);
    short.notify(1);
    eventually(|| (short.replies() == 2).then_some(()));
}

/// Nothing stops a client from writing to its ring after it has left.
#[test]
fn a_client_that_has_left_is_not_heard_for_ever() {
    let rig = Rig::start(Limits::default());
    let mut bad = rig.hostile();
    let chunk = [8u32.to_ne_bytes(), COMMITTED.to_ne_bytes(), [0; 4], [0; 4]].concat();
    let words = 12288 / 4;
    for at in (0..words).step_by(4) {
        let offset = at as u64 * 4;
        bad.request.data.write_all_at(&chunk, offset).unwrap();
    }
    bad.request.set(SEMAPHORE, u32::MAX);
    bad.stream.shutdown(Shutdown::Both).unwrap();
    assert!(bad.is_cut_off());
    rig.next_end();
    assert!(is_served(&rig.client()));
}

#[test]
fn a_request_to_disconnect_is_granted() {
    let rig = Rig::start(Limits::default());
    let mut bad = rig.hostile();
    bad.put_request(&request(-3, &[]));
    bad.notify(1);
    assert_eq!(rig.next_end(), Error::Disconnected.to_string());
    assert!(bad.is_cut_off());
}

/// Weakness 7: rights were changed by path in a directory of the client's.
#[test]
fn links_in_the_connections_directory_lead_nowhere() {
    let rig = Rig::start(Limits::default());
    let victim = rig.dir.join("victim");
    fs::write(&victim, b"precious").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(&victim).unwrap();
    let mut bad = rig.hostile();
    let dir = bad.request.base.parent().unwrap().to_owned();
    let meta = fs::metadata(&dir).unwrap();
    assert_eq!(meta.mode() & 0o777, 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
        symlink(&victim, &path).unwrap();
    }
    // The descriptors are what counts.
    bad.put_request(&request(ECHO, b"one"));
    bad.notify(1);
    eventually(|| (bad.replies() == 1).then_some(()));
    drop(bad);
    rig.next_end();
    assert!(!dir.exists());
    let after = fs::metadata(&victim).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
}

/// To remove a million files would take the server a while.
#[test]
fn a_clients_own_files_are_left_to_the_end() {
    let rig = Rig::start(Limits::default());
    let bad = rig.hostile();
    let dir = bad.request.base.parent().unwrap().to_owned();
    fs::write(dir.join("own"), b"x").unwrap();
    drop(bad);
    rig.next_end();
    let left: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["own"]);
    // That it is gone at the end is checked with the rig's.
}

/// Weakness 9: events piled up in memory without limit.
#[test]
fn a_client_that_takes_no_events_is_cut_off() {
    let limits = Limits {
        queued_bytes: 64 << 10,
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let good = rig.client();
    let mut bad = rig.hostile();
    bad.put_request(&request(EVENTS, &1000u32.to_ne_bytes()));
    bad.notify(1);
    assert!(rig.next_end().contains("does not take"));
    assert!(bad.is_cut_off());
    assert!(is_served(&good));
}

/// Weakness 10: a reply that found no room was lost.
#[test]
fn replies_wait_until_there_is_room() {
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    let mut bad = rig.hostile();
    // Replies of 1,024 bytes to a ring of three pages, none of them taken.
    for n in 0..40 {
        bad.put_request(&request(ECHO, &[n; 984]));
        bad.notify(1);
        // The ring has room for eight of them; the last ones taken may still be counted.
        eventually(|| (bad.request.get(SEMAPHORE) < 8).then_some(()));
    }
    assert!(is_served(&good));
    let (mut at, words) = (0, bad.reply.words());
    for n in 0..40 {
        // Counted and never taken: the server may be adding to it right now.
        eventually(|| (bad.replies() > u32::from(n)).then_some(()));
        let mut chunk = [0; 1032];
        for (i, word) in chunk.chunks_mut(4).enumerate() {
            let offset = (at + i) % words * 4;
            bad.reply.data.read_exact_at(word, offset as u64).unwrap();
        }
        assert_eq!(chunk[..4], 1024u32.to_ne_bytes());
        assert_eq!(chunk[8..], reply(ECHO, &request(ECHO, &[n; 984])));
        at = (at + 258) % words;
        bad.reply.set(READ_INDEX, at as u32);
    }
}

/// Weakness 9: events that were not taken were kept without limit.
#[test]
fn what_waits_for_one_connection_has_a_limit() {
    let limits = Limits {
        queued_bytes: 100 * EVENT_LEN,
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let good = rig.client();
    let mut bad = rig.hostile();
    bad.put_request(&request(EVENTS, &200u32.to_ne_bytes()));
    bad.notify(1);
    let why = rig.next_end();
    assert!(why.contains("does not take"), "{why}");
    assert!(is_served(&good));
}
