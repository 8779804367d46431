//! The C functions with a daemon that breaks the rules by chance.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use quorate_ipc::Service;
use quorate_testkit::daemon::{Fault, Kind, Link, Scripted, converse};
use quorate_testkit::{CProgram, Library, Load, Random, Suite, source_root};

pub(super) const SERVICES: [Service; 4] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cpg,
];

/// What a program prints that has lost nothing, but has met with refusals.
const NOTHING_LOST: &str = "some failed, lost: descriptors 0, rings 0, memory none\n";

pub(super) fn run(suite: &mut Suite) {
    let needs = |kind: Kind| kind.needs().program("cc").ours();
    for (kind, name) in Kind::ALL {
        let mut test = |what: &str, of: &str, library: &str, rounds: &str| {
            suite.test_with(&format!("{what}{name}"), &needs(kind), || {
                kind.surround(|| by_chance(kind, program(of, library), rounds));
            });
        };
        test("hostile_daemon_with_", "hostile", "votequorum", "1500");
        test("hostile_services_with_", "hostile_ncs", "ncssdk", "300");
    }
    let needs = needs(Kind::Rings);
    suite.test_with("ring_cut_short_on_purpose", &needs, || {
        cut_short(Kind::Rings, 150, program("hostile", "votequorum"), "500");
    });
    suite.test_with("ring_cut_short_on_purpose_under_ncssdk", &needs, || {
        cut_short(Kind::Rings, 1500, program("hostile_ncs", "ncssdk"), "200");
    });
    suite.test_with("control_file_cut_short_on_purpose", &needs, || {
        cut_short(Kind::Sockets, 150, program("hostile", "votequorum"), "500");
    });
    suite.test_with("flood_of_events", &needs, || {
        let many = "dispatch 1 after 16384 events, more to come 1";
        flood(None, many, 16_384);
    });
    suite.test_with("flood_of_unknown_events", &needs, || {
        flood(Some(99), "dispatch 1 after 1 events, then 6", 1000);
    });
}

pub(super) fn program(name: &str, library: &str) -> PathBuf {
    let directory = Library::Ours.find().expect("checked before");
    CProgram::new(name)
        .source(&format!("tests/behaviour/{name}.c"))
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", directory.display()))
        .flag("-rdynamic")
        .link(library)
        .build()
}

/// Runs the program to its end with this daemon; it may wait for an answer for 20 ms.
fn output(daemon: &Scripted, program: PathBuf, argument: &str) -> String {
    let mut command = Command::new(program);
    Library::Ours.apply(&mut command, Load::Path);
    daemon.lead(&mut command);
    command.arg(argument).env("QUORATE_TIMEOUT_MS", "20");
    let output = command.output().expect("the program starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaints}", output.status);
    println!("    {}", complaints.trim_end().replace('\n', "; "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A fault in every fourth message and every eighth handshake.
fn by_chance(kind: Kind, program: PathBuf, rounds: &str) {
    let (committed, links) = (Arc::new(AtomicU64::new(0)), AtomicU64::new(0));
    let count = Arc::clone(&committed);
    let daemon = Scripted::start(&SERVICES, kind, move |service, mut link| {
        let mut random = Random::new(links.fetch_add(1, Ordering::Relaxed));
        if random.below(8) == 0 {
            count.fetch_add(1, Ordering::Relaxed);
            if !spoilt_handshake(&mut link, &mut random) {
                return;
            }
        } else if !link.admit() {
            return;
        }
        converse(&mut link, service, &mut |_, message| {
            if random.below(4) != 0 {
                return None;
            }
            count.fetch_add(1, Ordering::Relaxed);
            Some(Fault::any(&mut random, message, kind))
        });
    });
    // On a busy machine most rounds may be over before the daemon has said anything.
    for attempt in 1.. {
        let printed = output(&daemon, program.clone(), rounds);
        assert_eq!(printed, NOTHING_LOST);
        let committed = committed.load(Ordering::Relaxed);
        println!("    {committed} faults");
        if committed > 100 {
            break;
        }
        assert!(attempt < 10, "{committed}");
    }
}

/// The daemon has kept descriptors of all files, and cuts one after the other short with these, each
/// within so many microseconds.
fn cut_short(kind: Kind, within_us: usize, program: PathBuf, rounds: &str) {
    let (cuts, links) = (Arc::new(AtomicU64::new(0)), AtomicU64::new(0));
    let count = Arc::clone(&cuts);
    let daemon = Scripted::start(&SERVICES, kind, move |service, mut link| {
        let copy = |file: &File| file.try_clone().expect("a descriptor is free");
        let files: Vec<File> = link.files().into_iter().map(copy).collect();
        let mut random = Random::new(links.fetch_add(1, Ordering::Relaxed));
        let over = AtomicBool::new(false);
        link.admit();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    let file = random.below(files.len());
                    std::thread::sleep(Duration::from_micros(random.below(within_us) as u64));
                    let len = random.pick(&[0, 4096, 8192]);
                    files[file].set_len(len).expect("a file can be cut");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            converse(&mut link, service, &mut |_, _| None);
            over.store(true, Ordering::Release);
        });
    });
    let printed = output(&daemon, program, rounds);
    drop(daemon);
    let cuts = cuts.load(Ordering::Relaxed);
    println!("    {cuts} cuts");
    assert_eq!(printed, NOTHING_LOST);
    assert!(cuts > 100, "{cuts}");
}

/// One byte of the answer is wrong, or the answer is not whole; false if that was all.
fn spoilt_handshake(link: &mut Link, random: &mut Random) -> bool {
    let mut bytes = zerocopy::IntoBytes::as_bytes(&*link.response).to_vec();
    let whole = bytes.len();
    match random.below(3) {
        0 => bytes.truncate(random.below(whole)),
        1 => bytes[random.below(40)] = random.next_u64() as u8,
        _ => bytes[random.below(whole)] = random.next_u64() as u8,
    }
    link.say(&bytes) && bytes.len() == whole
}

/// The daemon sends events for as long as anybody takes them, of their own kind or another: what does
/// not wait for events returns all the same.
fn flood(id: Option<i32>, expected: &str, least: u64) {
    let (sent, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let daemon = Scripted::start(&SERVICES, Kind::Rings, {
        let (sent, stop) = (Arc::clone(&sent), Arc::clone(&stop));
        move |service, mut link| {
            link.admit();
            let mut event = None;
            // The first request is answered; its events then come again and again.
            if let Some(request) = link.next_request() {
                for (place, message) in
                    quorate_testkit::daemon::Honest::default().answer(service, &request)
                {
                    link.send(place, &message);
                    let (_, event) = event.get_or_insert((place, message));
                    if let Some(id) = id {
                        event[..4].copy_from_slice(&id.to_ne_bytes());
                    }
                }
            }
            let (place, message) = event.expect("an answer has messages");
            while !stop.load(Ordering::Acquire) {
                if !link.has_room(place, message.len()) {
                    std::thread::yield_now();
                } else if link.stream_is_open() {
                    link.send(place, &message);
                    sent.fetch_add(1, Ordering::Relaxed);
                } else {
                    return;
                }
            }
        }
    });
    let printed = output(
        &daemon,
        program("flood", "votequorum"),
        id.map_or("", |_| "unknown"),
    );
    stop.store(true, Ordering::Release);
    drop(daemon);
    let sent = sent.load(Ordering::Relaxed);
    assert_eq!(printed, format!("trackstart 1, {expected}, finalize 1\n"));
    assert!(sent >= least, "{sent}");
}
