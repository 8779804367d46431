//! What the attacks of `crates/ipc/tests` and `crates/sim/tests/hostile` do to the original server:
//! corosync 3.1.7 with libqb 2.0.6, one daemon for each attack, in namespaces of its own. The
//! numbers are those of the table in `docs/testing.md`.

mod kept;
mod requests;
mod rings;
mod traced;

use std::any::Any;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{ExitCode, Stdio};

use quorate_ipc::Service;
use quorate_proto::votequorum;
use quorate_testkit::{Cluster, Node, Process, Requirements, Suite, wait_until};
use zerocopy::IntoBytes as _;

use crate::raw::Hostile;

/// The argument that makes this program an attacker.
pub(crate) const ATTACK: &str = "--attack";

/// What an attacker has open, kept until it ends.
type Kept = Box<dyn Any>;
/// A name, what the attacker does, and what comes of it.
type Case = (&'static str, fn() -> Kept, fn(&Node, &Attacker));

const LARGE: u32 = 32 << 20;
const VICTIM: &str = "/run/victim";

fn all() -> impl Iterator<Item = Case> {
    let cases = kept::CASES.into_iter().chain(rings::CASES);
    cases.chain(requests::CASES).chain(traced::CASES)
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

fn ask_for_info(client: &mut Hostile) {
    client.put_request(votequorum::GetInfo::new(0).as_bytes());
    client.notify(1);
}
