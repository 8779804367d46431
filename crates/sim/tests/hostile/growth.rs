//! What clients could make grow without limit.

use quorate_ipc::Service;
use quorate_proto::{cmap, status, votequorum};
use zerocopy::IntoBytes;

use crate::raw::Hostile;
use crate::rig::{Rig, Witness, word};

const INVALID_PARAM: u32 = 7;
const NO_MEMORY: u32 = 8;
const NO_RESOURCES: u32 = 18;

fn error(reply: Option<Vec<u8>>) -> u32 {
    word(&reply.expect("the connection stays"), 16)
}

/// Weakness 9: events for a client that takes none. Who causes them is not held up.
#[test]
fn a_tracker_that_takes_no_events_is_cut_off() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let mut deaf = rig.hostile(Service::Cmap);
    assert_eq!(
        error(deaf.ask(cmap::TrackAdd::new(b"", 15, 1).as_bytes())),
        1
    );
    let mut changer = rig.hostile(Service::Cmap);
    rig.wait_for_connections(Witness::CONNECTIONS + 2);
    let mut changes = 0u32;
    while rig.connections() == Witness::CONNECTIONS + 2 {
        let value = changes.to_ne_bytes().repeat(4000);
        let reply = changer.ask(&cmap::Set::message(b"a.key", 12, &value));
        assert_eq!(error(reply), 1);
        changes += 1;
        witness.is_served();
        assert!(changes < 10_000, "events pile up");
    }
    assert!(deaf.is_cut_off());
    assert_eq!(
        error(changer.ask(cmap::Get::new(b"a.key", 0).as_bytes())),
        1
    );
}

/// Weakness 10: replies that nobody takes are not lost, and not kept without limit.
#[test]
fn a_client_that_takes_no_replies_is_cut_off() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let mut deaf = rig.hostile(Service::Cmap);
    rig.wait_for_connections(Witness::CONNECTIONS + 1);
    let mut asked = 0;
    while rig.connections() == Witness::CONNECTIONS + 1 {
        // The last ones taken may still be counted.
        if deaf.request.get(crate::raw::SEMAPHORE) < 32 {
            // The answer has as much room as it says.
            deaf.put_request(cmap::Get::new(b"totem.version", 60_000).as_bytes());
            deaf.notify(1);
            asked += 1;
        }
        witness.is_served();
        assert!(asked < 10_000, "replies pile up");
    }
    assert!(deaf.is_cut_off());
}

fn until_refused(client: &mut Hostile, request: &[u8]) -> usize {
    for n in 0..100_000 {
        match error(client.ask(request)) {
            1 => {}
            NO_MEMORY => return n,
            other => panic!("{other}"),
        }
    }
    panic!("no limit");
}

#[test]
fn lists_and_trackers_of_a_connection_have_a_limit() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let mut bad = rig.hostile(Service::Cmap);
    let list = cmap::IterInit::new(b"");
    assert_eq!(until_refused(&mut bad, list.as_bytes()), 1024);
    let mut other = rig.hostile(Service::Cmap);
    let tracker = cmap::TrackAdd::new(b"", 15, 1);
    assert_eq!(until_refused(&mut other, tracker.as_bytes()), 1024);
    // One given back is one more to have.
    assert_eq!(
        error(bad.ask(cmap::IterFinalize::new(1 << 32 | 1).as_bytes())),
        1
    );
    assert_eq!(error(bad.ask(list.as_bytes())), 1);
    witness.is_served();
}

/// A longer one could not be told to those who track it.
#[test]
fn a_value_longer_than_corosync_allows_is_refused() {
    let rig = Rig::start();
    let mut tracker = rig.hostile(Service::Cmap);
    assert_eq!(
        error(tracker.ask(cmap::TrackAdd::new(b"", 15, 1).as_bytes())),
        1
    );
    let mut bad = rig.hostile(Service::Cmap);
    for (len, expected) in [
        (16 << 10, 1),
        ((16 << 10) + 1, INVALID_PARAM),
        (60_000, INVALID_PARAM),
    ] {
        let request = cmap::Set::message(b"a.key", 12, &vec![7; len]);
        assert_eq!(error(bad.ask(&request)), expected, "{len}");
    }
    assert_eq!(
        error(tracker.ask(cmap::Get::new(b"a.key", 0).as_bytes())),
        1
    );
}

#[test]
fn the_map_has_a_limit() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let mut bad = rig.hostile(Service::Cmap);
    let value = vec![7; 16 << 10];
    let keys = (0..10_000).find(|n| {
        let name = format!("attack.{n}");
        let reply = bad.ask(&cmap::Set::message(name.as_bytes(), 12, &value));
        error(reply) == NO_MEMORY
    });
    assert!((4000..4100).contains(&keys.expect("no limit")), "{keys:?}");
    // What is there can still be changed for something shorter, and removed.
    witness.is_served();
    assert_eq!(error(bad.ask(cmap::Delete::new(b"attack.0").as_bytes())), 1);
}

/// While programs work, virtual time may stand still, and with it the token.
#[test]
fn messages_that_wait_for_the_token_have_a_limit() {
    let rig = Rig::start_without_time();
    let mut witness = Witness::new(&rig);
    let mut bad = rig.hostile(Service::VoteQuorum);
    let request = votequorum::SetVotes::new(2, 1);
    let taken = (0..100_000).find(|_| error(bad.ask(request.as_bytes())) == NO_RESOURCES);
    assert_eq!(taken, Some(4096));
    let register = votequorum::Register::new(b"Qdevice");
    let refused = status(0, NO_RESOURCES as i32).to_vec();
    assert_eq!(bad.ask(register.as_bytes()), Some(refused));
    // Questions are answered all the same.
    witness.is_served();
}
