//! Requests that are wrong or shorter than they say, that are not waited for, and that come and go.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use quorate_ipc::Service;
use quorate_proto::votequorum;
use quorate_testkit::{Cluster, Node, wait_until};
use zerocopy::IntoBytes as _;

use super::{Attacker, Case, Kept, ask_for_info, connect, descriptors, stream, the_daemon_dies};
use crate::raw::{COMMITTED, Hostile, SEMAPHORE};

pub(super) const DEVICE: &str = "8_an_answer_goes_to_freed_memory";
pub(super) const CASES: [Case; 5] = [
    (
        "1_comings_and_goings_leave_nothing",
        comings_and_goings,
        nothing_is_left,
    ),
    (
        "5_a_short_request_is_read_to_its_end",
        short_request,
        |_, attacker| {
            assert_eq!(attacker.said, ["1", "12"]);
        },
    ),
    (
        "5_an_unterminated_name_kills",
        unterminated,
        the_daemon_dies,
    ),
    ("6_stack_memory_in_replies", padding, |_, attacker| {
        assert_eq!(attacker.said, ["padding is not zero"]);
    }),
    (
        "10_replies_without_room_are_lost",
        replies_without_room,
        |_, attacker| {
            let Some(replies) = attacker.said[0].parse::<u32>().ok() else {
                panic!("{:?}", attacker.said);
            };
            assert!((1..REQUESTS).contains(&replies), "{replies}");
            println!("    {replies} of {REQUESTS}");
            assert_eq!(attacker.said[1..], ["1 more for 1 more"]);
        },
    ),
];

const COMINGS: usize = 10_000;

/// A third of them says nothing, one says half of what it should, and one is let in.
fn comings_and_goings() -> Kept {
    for n in 0..COMINGS {
        match n % 3 {
            0 => drop(stream(Service::VoteQuorum)),
            1 => drop(stream(Service::VoteQuorum).write_all(&[0; 12])),
            _ => drop(connect(Service::VoteQuorum)),
        }
    }
    Box::new(())
}

fn nothing_is_left(node: &Node, attacker: &Attacker) {
    let process = Path::new("/proc").join(node.daemon_pid().to_string());
    let shared = process.join("root/dev/shm");
    wait_until("their end", || {
        let entries = fs::read_dir(&shared).expect("a directory").flatten();
        let rings = entries.filter(|entry| {
            let name = entry.file_name();
            entry.path().is_dir() && name.to_string_lossy().starts_with("qb-")
        });
        let (more, rings) = (
            descriptors(node) as i64 - attacker.before.0 as i64,
            rings.count(),
        );
        match (more, rings) {
            (0, 0) => Ok(()),
            left => Err(format!("{left:?}")),
        }
    });
}

/// The request's header says that it has 24 bytes, and its chunk that it has 16: the node that it
/// asks for is what lies behind it in the ring.
fn short_request() -> Kept {
    let clients = [1_u32, 99].map(|node| {
        let mut client = connect(Service::VoteQuorum);
        let behind = node.to_ne_bytes();
        client
            .request
            .data
            .write_all_at(&behind, 8 + 16)
            .expect("the file is the client's");
        client.put(16, COMMITTED, &votequorum::GetInfo::new(0).as_bytes()[..16]);
        client.notify(1);
        let reply = client.take_reply().expect("an answer");
        println!(
            "{}",
            u32::from_ne_bytes(reply[16..20].try_into().expect("four bytes"))
        );
        client
    });
    Box::new(clients)
}

fn unterminated() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    let mut request = votequorum::Register::new(b"Qdevice").as_bytes().to_vec();
    request[16..].fill(b'x');
    client.put_request(&request);
    client.notify(1);
    Box::new(client)
}

fn padding() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    let dirty = (0..20).any(|_| {
        let reply = client
            .ask(votequorum::GetInfo::new(1).as_bytes())
            .expect("an answer");
        [4..8, 12..16, 20..24]
            .into_iter()
            .any(|padding| reply[padding] != [0; 4])
    });
    println!("padding is {}", if dirty { "not zero" } else { "zero" });
    Box::new(client)
}

/// The other node, without which no message is delivered, is stopped.
pub(super) fn device_that_leaves() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    client.put_request(votequorum::Register::new(b"Qdevice").as_bytes());
    client.notify(1);
    let is_heard = |client: &Hostile| client.request.get(SEMAPHORE) == 0;
    while !is_heard(&client) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let directory = client
        .request
        .base
        .parent()
        .expect("a directory")
        .to_owned();
    drop(client);
    while directory.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    Box::new(())
}

/// What is freed is overwritten, so that its use is noticed.
pub(super) fn a_device_leaves() {
    let cluster = Cluster::builder().nodes(2).prepare();
    for node in cluster.nodes() {
        node.launch_with(&[("MALLOC_PERTURB_", "165")]);
    }
    cluster.wait_all_members();
    cluster.node(2).pause();
    let attacker = Attacker::start(cluster.node(1), DEVICE);
    the_daemon_dies(cluster.node(1), &attacker);
}

const REQUESTS: u32 = 5000;

/// The ring for replies has room for some 3,000.
fn replies_without_room() -> Kept {
    let mut client = connect(Service::VoteQuorum);
    for _ in 0..REQUESTS {
        client.put_request(votequorum::GetInfo::new(0).as_bytes());
    }
    client.notify(REQUESTS as usize);
    while client.request.get(SEMAPHORE) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Another one's turn comes when all that is done.
    let mut other = connect(Service::VoteQuorum);
    ask_for_info(&mut other);
    other.take_reply().expect("an answer");
    let replies = client.replies();
    println!("{replies}");
    client.take_replies(replies).expect("they are there");
    // There is room again, for what is asked now.
    ask_for_info(&mut client);
    while client.request.get(SEMAPHORE) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    other
        .ask(votequorum::GetInfo::new(0).as_bytes())
        .expect("an answer");
    println!("{} more for 1 more", client.replies());
    Box::new((client, other))
}
