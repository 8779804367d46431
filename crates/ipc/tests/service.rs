//! Our client and our server.

mod rig;

use quorate_ipc::client::Wait;
use quorate_ipc::server::Limits;
use quorate_ipc::{Connection, Error};
use rig::*;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn wanted(count: u32) -> Vec<u8> {
    request(EVENTS, &count.to_ne_bytes())
}

fn ask(client: &Connection, bytes: &[u8]) -> Vec<u8> {
    let mut answer = vec![0; 8192];
    let len = client.call(bytes, answer.as_mut_slice()).unwrap();
    answer.truncate(len);
    answer
}

fn take_events(client: &Connection, count: u32) {
    let mut buffer = [0; EVENT_LEN];
    for n in 0..count {
        while client.wait_event(Some(Duration::from_secs(10))).unwrap() != Wait::Ready {}
        let len = client
            .take_event(&mut buffer, n + 1 < count)
            .unwrap()
            .unwrap();
        assert_eq!((len, &buffer[..]), (EVENT_LEN, &event(n)[..]));
    }
}

#[test]
fn requests_of_all_sizes_are_answered() {
    let rig = Rig::start(Limits::default());
    let client = rig.client();
    for len in (0..700).chain([1000, 4095, 4096, 8000, 8192 - 40]) {
        let request = request(ECHO, &vec![len as u8; len]);
        assert_eq!(ask(&client, &request), reply(ECHO, &request));
    }
}

#[test]
fn events_come_before_the_reply_and_in_order() {
    let rig = Rig::start(Limits::default());
    let client = rig.client();
    for _ in 0..20 {
        ask(&client, &wanted(5));
        take_events(&client, 5);
        assert!(
            client
                .take_event(&mut [0; EVENT_LEN], false)
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn more_events_than_the_ring_holds_arrive_all() {
    let rig = Rig::start(Limits::default());
    let client = rig.client();
    ask(&client, &wanted(3000));
    take_events(&client, 3000);
    // And the socket is quiet again: a byte too many would report an event.
    let wait = client.wait_event(Some(Duration::from_millis(20))).unwrap();
    assert_eq!(wait, Wait::Nothing);
}

#[test]
fn idle_means_that_everything_was_taken() {
    let rig = Rig::start(Limits::default());
    let client = rig.client();
    let idle = || rig.idle.load(Ordering::Acquire).then_some(());
    eventually(idle);
    ask(&client, &wanted(1));
    eventually(|| (!rig.idle.load(Ordering::Acquire)).then_some(()));
    std::thread::sleep(Duration::from_millis(30));
    assert!(idle().is_none());
    take_events(&client, 1);
    eventually(idle);
}

#[test]
fn an_event_whose_byte_was_not_taken_is_under_way() {
    let rig = Rig::start(Limits::default());
    let mut client = rig.hostile();
    let idle = || rig.idle.load(Ordering::Acquire).then_some(());
    client.put_request(&wanted(1));
    client.notify(1);
    eventually(|| (client.replies() == 1).then_some(()));
    // One chunk each: two words, and what it carries.
    for ring in [&client.reply, &client.event] {
        let mut len = [0; 4];
        ring.data.read_exact_at(&mut len, 0).unwrap();
        ring.set(READ_INDEX, 2 + u32::from_ne_bytes(len).div_ceil(4));
    }
    std::thread::sleep(Duration::from_millis(50));
    assert!(idle().is_none());
    client.stream.read_exact(&mut [0; 1]).unwrap();
    eventually(idle);
}

#[test]
fn flow_control_stops_requests_and_lets_them_go_on() {
    let rig = Rig::start(Limits::default());
    let (client, controller) = (rig.client(), rig.client());
    let control = |value: u32| ask(&controller, &request(FLOW, &value.to_ne_bytes()));
    assert!(is_served(&client));
    control(1);
    let refused = client.call(&request(ECHO, b"x"), &mut [0; 256]);
    assert!(matches!(refused, Err(Error::FlowControl)));
    // What comes all the same is not looked at until there is leave again.
    let mut urgent = rig.hostile();
    control(2);
    urgent.put_request(&request(ECHO, b"x"));
    urgent.notify(1);
    assert!(is_served(&controller));
    assert_eq!((urgent.request.get(FLOW_WORD), urgent.replies()), (2, 0));
    control(0);
    eventually(|| (urgent.replies() == 1).then_some(()));
    assert!(is_served(&client));
}

#[test]
fn an_orderly_end_is_noticed_at_once() {
    let rig = Rig::start(Limits::default());
    let (client, closer) = (rig.client(), rig.client());
    assert!(is_served(&client));
    ask(&closer, &request(CLOSE_OTHERS, &[]));
    let start = Instant::now();
    let error = client
        .call(&request(ECHO, b"x"), &mut [0; 256])
        .unwrap_err();
    assert!(matches!(error, Error::Disconnected), "{error}");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(is_served(&closer));
    eventually(|| (rig.ring_dirs().len() == 1).then_some(()));
}

#[test]
fn what_a_client_said_before_it_left_is_heard() {
    let rig = Rig::start(Limits::default());
    for n in 1..=50 {
        let mut client = rig.hostile();
        client.put_request(&request(SILENT, b"last words"));
        client.notify(1);
        drop(client);
        assert_eq!(rig.next_end(), Error::Disconnected.to_string());
        assert_eq!(rig.silent.load(Ordering::Acquire), n);
    }
}

/// Each connection takes one descriptor of a client, and seven here.
#[test]
fn a_thousand_clients_are_served() {
    const CLIENTS: usize = 1000;
    if !enough_descriptors(CLIENTS as u64 * 8 + 200) {
        assert!(std::env::var_os("QUORATE_REQUIRE_ALL").is_none());
        writeln!(
            std::io::stdout(),
            "skipped: this process may not open 8,200 files"
        )
        .unwrap();
        return;
    }
    let rig = Rig::start(Limits::default());
    let clients: Vec<_> = (0..CLIENTS).map(|_| rig.client()).collect();
    for client in &clients {
        ask(client, &wanted(1));
    }
    for client in &clients {
        take_events(client, 1);
        assert!(is_served(client));
    }
    assert_eq!(rig.ring_dirs().len(), CLIENTS);
    drop(clients);
    eventually(|| rig.ring_dirs().is_empty().then_some(()));
}

/// Raises the limit as far as it may be raised.
fn enough_descriptors(needed: u64) -> bool {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is writable.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return false;
    }
    limit.rlim_cur = limit.rlim_cur.max(needed.min(limit.rlim_max));
    // SAFETY: the structure is initialised.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed }
}
