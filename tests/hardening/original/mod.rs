//! What the attacks of `crates/ipc/tests` and `crates/sim/tests/hostile` do to the original server:
//! corosync 3.1.7 with libqb 2.0.6, one daemon for each attack, in namespaces of its own. The
//! numbers are those of the table in `docs/testing.md`.

mod requests;
mod traced;

use std::any::Any;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use quorate_ipc::Service;
use quorate_proto::{cmap, votequorum};
use quorate_testkit::{Cluster, Node, Process, Requirements, Suite, wait_until};
use zerocopy::IntoBytes as _;

use crate::raw::{DATA_PATH, HEADER_PATH, Hostile, WORD_SIZE, WRITE_INDEX};

/// The argument that makes this program an attacker.
pub(crate) const ATTACK: &str = "--attack";

/// What an attacker has open, kept until it ends.
type Kept = Box<dyn Any>;
/// A name, what the attacker does, and what comes of it.
type Case = (&'static str, fn() -> Kept, fn(&Node, &Attacker));

const CROWD: usize = 200;
const LARGE: u32 = 32 << 20;
const VICTIM: &str = "/run/victim";

const CASES: [Case; 10] = [
    ("1_half_open_connections_stay", half_open, they_stay),
    ("2_any_size_is_granted", any_size, |_, attacker| {
        assert_eq!(attacker.said, [format!("granted {LARGE}")]);
    }),
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
    (
        "5_an_unterminated_name_kills",
        unterminated,
        the_daemon_dies,
    ),
    ("6_stack_memory_in_replies", padding, |_, attacker| {
        assert_eq!(attacker.said, ["padding is not zero"]);
    }),
    ("9_events_pile_up", pile_up, memory_grows),
    ("a_long_value_is_refused", long_value, |_, attacker| {
        assert_eq!(attacker.said, ["16384: 1", "16385: 7"]);
    }),
];

fn all() -> impl Iterator<Item = Case> {
    let more = requests::CASES.into_iter().chain(traced::CASES);
    CASES.into_iter().chain(more)
}

pub(crate) fn run_all(suite: &mut Suite) {
    for (name, _, check) in all() {
        let mut needs = Requirements::cluster();
        if traced::CASES.iter().any(|case| case.0 == name) {
            needs = needs.program("strace");
        }
        suite.test_with(&format!("original/{name}"), &needs, || {
            let cluster = Cluster::builder().start();
            let node = cluster.node(1);
            let attacker = Attacker::start(node, name);
            check(node, &attacker);
        });
    }
    suite.test_with(
        &format!("original/{}", requests::DEVICE),
        &Requirements::cluster(),
        requests::a_device_leaves,
    );
}

/// In a process of its own on the node: attacks, says so, and stays as it is.
pub(crate) fn attack(name: &str) -> ExitCode {
    if let Some((_, play)) = traced::ROLES.iter().find(|(role, _)| *role == name) {
        play();
        return ExitCode::SUCCESS;
    }
    let of_case = || Some(all().find(|case| case.0 == name)?.1);
    let of_device = (name == requests::DEVICE).then_some(requests::device_that_leaves as fn() -> _);
    let Some(attack) = of_device.or_else(of_case) else {
        return ExitCode::FAILURE;
    };
    let _kept = attack();
    println!("done");
    let _ = std::io::stdin().read(&mut [0]);
    ExitCode::SUCCESS
}

struct Attacker {
    _process: Process,
    said: Vec<String>,
    /// Descriptors and KiB of memory that the daemon had before.
    before: (usize, usize),
}

impl Attacker {
    fn start(node: &Node, name: &str) -> Self {
        let before = (descriptors(node), memory(node));
        let program = std::env::current_exe().expect("a running program has a path");
        let mut command = node.command(&program).with_args([ATTACK, name]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the attacker starts");
        let mut said = Vec::new();
        for line in BufReader::new(process.stdout.take().expect("it is piped")).lines() {
            let line = line.expect("text");
            if line == "done" {
                return Self {
                    _process: process,
                    said,
                    before,
                };
            }
            said.push(line);
        }
        panic!("the attack was not carried out: {said:?}");
    }
}

fn descriptors(node: &Node) -> usize {
    let path = format!("/proc/{}/fd", node.daemon_pid());
    fs::read_dir(path).expect("the daemon runs").count()
}

/// Anonymous memory of the daemon in KiB.
fn memory(node: &Node) -> usize {
    let path = format!("/proc/{}/status", node.daemon_pid());
    let status = fs::read_to_string(path).expect("the daemon runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

fn the_daemon_dies(node: &Node, _: &Attacker) {
    wait_until("the daemon's death", || match node.is_running() {
        true => Err("it runs".into()),
        false => Ok(()),
    });
}

fn stream(service: Service) -> UnixStream {
    let mut name = service.name().as_bytes().to_vec();
    name.resize(107, 0);
    let address = SocketAddr::from_abstract_name(name).expect("a name");
    UnixStream::connect_addr(&address).expect("corosync listens")
}

fn connect(service: Service) -> Hostile {
    Hostile::over(stream(service), 1 << 20)
}

fn half_open() -> Kept {
    let crowd: Vec<_> = (0..CROWD).map(|_| stream(Service::VoteQuorum)).collect();
    Box::new(crowd)
}

fn they_stay(node: &Node, attacker: &Attacker) {
    wait_until("a descriptor for each", || {
        let more = descriptors(node) - attacker.before.0;
        (more >= CROWD)
            .then_some(())
            .ok_or_else(|| format!("{more} more descriptors"))
    });
}

fn any_size() -> Kept {
    let client = Hostile::over(stream(Service::VoteQuorum), LARGE);
    println!("granted {}", client.response.max_msg_size);
    Box::new(client)
}

fn ask_for_info(client: &mut Hostile) {
    client.put_request(votequorum::GetInfo::new(0).as_bytes());
    client.notify(1);
}

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

fn set(client: &mut Hostile, len: usize, fill: u8) -> u32 {
    let reply = client.ask(&cmap::Set::message(b"attack.key", 12, &vec![fill; len]));
    u32::from_ne_bytes(
        reply.expect("an answer")[16..20]
            .try_into()
            .expect("four bytes"),
    )
}

fn pile_up() -> Kept {
    let mut deaf = connect(Service::Cmap);
    deaf.ask(cmap::TrackAdd::new(b"attack.", 15, 1).as_bytes())
        .expect("an answer");
    let mut client = connect(Service::Cmap);
    for n in 0..1500 {
        assert_eq!(set(&mut client, 16 << 10, n as u8), 1);
    }
    Box::new((client, deaf))
}

/// 1,500 events of 32 KiB, of which the ring holds 1 MiB.
fn memory_grows(node: &Node, attacker: &Attacker) {
    let more = memory(node) - attacker.before.1;
    assert!(more > 32 << 10, "{more} KiB");
    println!("{more} KiB more");
}

fn long_value() -> Kept {
    let mut client = connect(Service::Cmap);
    for len in [16 << 10, (16 << 10) + 1] {
        println!("{len}: {}", set(&mut client, len, 7));
    }
    Box::new(client)
}
