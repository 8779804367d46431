//! Programs that end at any moment.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quorate_ipc::{Endpoint, Service};
use quorate_proto::votequorum;
use zerocopy::IntoBytes;

use crate::rig::{Rig, Witness, word};

/// Weakness 8: the answer to a registration comes later, and went to where the connection had
/// been. Here it goes to nobody, and the registration ends as the protocol says it does.
#[test]
fn a_device_that_leaves_before_its_answer() {
    let rig = Rig::start_without_time();
    let mut witness = Witness::new(&rig);
    for _ in 0..100 {
        let mut bad = rig.hostile(Service::VoteQuorum);
        bad.put_request(votequorum::Register::new(b"Qdevice").as_bytes());
        bad.notify(1);
        drop(bad);
        witness.is_served();
    }
    rig.wait_for_the_end_of_others(Witness::CONNECTIONS);
    rig.let_time_pass();
    let mut next = rig.hostile(Service::VoteQuorum);
    let reply = next.ask(votequorum::Register::new(b"Qdevice").as_bytes());
    assert_eq!(word(&reply.unwrap(), 16), 1);
    witness.is_served();
}

/// Set for the child that does nothing but talk.
const TALK: &str = "QUORATE_TEST_TALK";

/// In a child of the next test: all kinds of requests, until it is killed.
#[test]
fn talk() {
    let Some(run_dir) = std::env::var_os(TALK) else {
        return;
    };
    let door = Endpoint::RunDir(run_dir.into());
    for round in 0.. {
        for (_, attack) in crate::attacks::ALL {
            attack(&door, round);
        }
    }
}

fn talker(rig: &Rig) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::talk"])
        .env(TALK, rig.run_dir())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn programs_killed_at_any_moment() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    for n in 0..40 {
        let mut child = talker(&rig);
        // Until it is there, and then for as many requests as differ from the last time.
        while rig.connections() == Witness::CONNECTIONS {
            witness.is_served();
        }
        for _ in 0..n * 3 {
            witness.is_served();
        }
        std::thread::sleep(Duration::from_micros(137 * n));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
    rig.wait_for_the_end_of_others(Witness::CONNECTIONS);
    witness.is_served();
}
