//! Rings that are rewritten and cut while they are in use, and requests without their byte.

use std::fs;
use std::net::Shutdown;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use quorate_ipc::Service;
use quorate_proto::votequorum;
use zerocopy::IntoBytes as _;

use super::{Case, Kept, VICTIM, ask_for_info, connect, the_daemon_dies};
use crate::raw::{DATA_PATH, HEADER_PATH, WORD_SIZE, WRITE_INDEX};

pub(super) const CASES: [Case; 4] = [
    ("3_rewritten_indexes_kill", rewrite, the_daemon_dies),
    ("3_truncated_files_kill", truncate, the_daemon_dies),
    ("3_paths_in_the_header_are_removed", paths, |_, attacker| {
        assert_eq!(attacker.said, ["removed"]);
    }),
    (
        "4_a_missing_byte_stops_everything",
        missing_byte,
        |_, attacker| {
            assert_eq!(attacker.said, ["not served", "served"]);
        },
    ),
];

fn rewrite() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    client.reply.set(WORD_SIZE, 0x1000_0000);
    client.reply.set(WRITE_INDEX, 0x0FFF_0000);
    ask_for_info(&mut client);
    Box::new(client)
}

fn truncate() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    client
        .reply
        .data
        .set_len(0)
        .expect("the file is the client's");
    ask_for_info(&mut client);
    Box::new(client)
}

fn paths() -> Kept {
    fs::write(VICTIM, b"precious").expect("a file");
    let client = connect(Service::VoteQuorum);
    let path = [VICTIM.as_bytes(), b"\0"].concat();
    for ring in [&client.request, &client.reply, &client.event] {
        let _ = ring.header.write_all_at(&path, DATA_PATH);
        let _ = ring.header.write_all_at(&path, HEADER_PATH);
    }
    let _ = client.stream.shutdown(Shutdown::Both);
    let start = Instant::now();
    while Path::new(VICTIM).exists() && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    println!(
        "{}",
        if Path::new(VICTIM).exists() {
            "there"
        } else {
            "removed"
        }
    );
    Box::new(client)
}

fn missing_byte() -> Kept {
    let mut other = connect(Service::VoteQuorum);
    let mut client = connect(Service::VoteQuorum);
    client.put_request(votequorum::GetInfo::new(0).as_bytes());
    ask_for_info(&mut client);
    // Until it has answered both and waits for the second byte.
    while client.replies() < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    ask_for_info(&mut other);
    // There is no event that nothing happens: two seconds are a thousand times what it takes.
    std::thread::sleep(Duration::from_secs(2));
    println!(
        "{}",
        if other.replies() == 0 {
            "not served"
        } else {
            "served"
        }
    );
    client.notify(1);
    println!(
        "{}",
        if other.take_reply().is_some() {
            "served"
        } else {
            "not served"
        }
    );
    Box::new((client, other))
}
