//! Attacks that go on while others are served. Each function is one round of one of them, over
//! connections of its own; a server that cuts it off has done right.

use std::fs;
use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::os::unix::net::{SocketAddr, UnixStream};

use quorate_ipc::handshake::ConnectionRequest;
use quorate_ipc::{Endpoint, Service};
use quorate_proto::{cmap, votequorum};
use zerocopy::IntoBytes;

use crate::raw::{COMMITTED, Hostile, READ_INDEX, SEMAPHORE, WORD_SIZE, WRITE_INDEX, knock};

/// Services that are attacked.
const SERVICES: [Service; 4] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cfg,
];

/// A name, and a round.
pub(crate) type Attack = (&'static str, fn(&Endpoint, usize));

pub(crate) const ALL: [Attack; 10] = [
    ("nothing", |_, _| std::thread::yield_now()),
    ("half-open connections", half_open),
    ("connects and disconnects", come_and_go),
    ("ring words rewritten", rewrite),
    ("files truncated", truncate),
    ("files replaced by links", replace),
    ("notification bytes without requests", notify),
    ("requests without notification bytes", mute),
    ("events never taken", deaf),
    ("requests as fast as possible", flood),
];

fn knock_at(door: &Endpoint, service: Service) -> UnixStream {
    if let Endpoint::RunDir(run_dir) = door {
        return knock(run_dir, service);
    }
    let mut name = service.name().as_bytes().to_vec();
    name.resize(107, 0);
    let address = SocketAddr::from_abstract_name(name).unwrap();
    UnixStream::connect_addr(&address).unwrap()
}

fn over(door: &Endpoint, service: Service) -> Hostile {
    Hostile::over(knock_at(door, service), 8192)
}

fn connect(door: &Endpoint, round: usize) -> Hostile {
    over(door, SERVICES[round % SERVICES.len()])
}

fn half_open(door: &Endpoint, round: usize) {
    let service = SERVICES[round % SERVICES.len()];
    let mut crowd: Vec<_> = (0..250).map(|_| knock_at(door, service)).collect();
    let request = ConnectionRequest::new(8192);
    for stream in crowd.iter_mut().step_by(3) {
        let _ = stream.write_all(&request.as_bytes()[..round % 24]);
    }
}

fn come_and_go(door: &Endpoint, round: usize) {
    drop(connect(door, round));
}

fn rewrite(door: &Endpoint, round: usize) {
    let mut bad = connect(door, round);
    let value = [0, 1, 3, 2048, u32::MAX / 2, u32::MAX][round / 4 % 6];
    for ring in [&bad.request, &bad.reply, &bad.event] {
        for at in [WRITE_INDEX, READ_INDEX, WORD_SIZE, SEMAPHORE] {
            let _ = ring.header.write_all_at(&value.to_ne_bytes(), at);
        }
        let noise = [value.to_ne_bytes(), COMMITTED.to_ne_bytes()].concat();
        let _ = ring.data.write_all_at(&noise.repeat(512), 0);
    }
    bad.notify(1);
    drop(bad.stream);
}

fn truncate(door: &Endpoint, round: usize) {
    let mut bad = connect(door, round);
    bad.put_request(votequorum::GetInfo::new(0).as_bytes());
    for (n, ring) in [&bad.request, &bad.reply, &bad.event].iter().enumerate() {
        if round >> n & 1 == 0 {
            let _ = ring.data.set_len([0, 1, 4096][round % 3]);
        } else {
            let _ = ring.header.set_len([0, 4096, 8210][round % 3]);
        }
    }
    bad.notify(1);
}

fn replace(door: &Endpoint, round: usize) {
    let mut bad = connect(door, round);
    let dir = bad.request.base.parent().unwrap().to_owned();
    for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
        let _ = fs::remove_file(entry.path());
        let _ = symlink("/dev/null", entry.path());
    }
    bad.put_request(votequorum::GetInfo::new(0).as_bytes());
    bad.notify(1);
}

fn notify(door: &Endpoint, round: usize) {
    let mut bad = connect(door, round);
    for _ in 0..20 {
        bad.notify(5000);
    }
}

fn mute(door: &Endpoint, round: usize) {
    let mut bad = connect(door, round);
    for _ in 0..50 {
        bad.put_request(votequorum::GetInfo::new(1).as_bytes());
    }
    // One byte for all of them.
    bad.notify(1);
    let _ = bad.take_reply();
}

fn deaf(door: &Endpoint, _: usize) {
    let mut tracker = over(door, Service::Cmap);
    for _ in 0..20 {
        tracker.ask(cmap::TrackAdd::new(b"", 15, 1).as_bytes());
    }
    let mut changer = over(door, Service::Cmap);
    for n in 0..40u32 {
        let value = n.to_ne_bytes().repeat(4000);
        if changer
            .ask(&cmap::Set::message(b"attack.key", 12, &value))
            .is_none()
        {
            break;
        }
    }
}

/// Many requests at a time, again and again.
fn flood(door: &Endpoint, round: usize) {
    const AT_ONCE: u32 = 20;
    let mut bad = connect(door, round);
    let request = match SERVICES[round % SERVICES.len()] {
        Service::Cmap => cmap::IterInit::new(b"").as_bytes().to_vec(),
        _ => votequorum::GetInfo::new(0).as_bytes().to_vec(),
    };
    for _ in 0..20 {
        (0..AT_ONCE).for_each(|_| bad.put_request(&request));
        bad.notify(AT_ONCE as usize);
        if bad.take_replies(AT_ONCE).is_none() {
            return;
        }
    }
}
