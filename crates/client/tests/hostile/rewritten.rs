//! Somebody writes into the rings while they are in use: into the indexes, the lengths, the marks,
//! the semaphores, the payload.

use crate::sessions::{LONG, SHORT, assert_harmless, options};
use crate::toll::nothing_lost;
use quorate_client::{EventBuffer, Options, VoteQuorum};
use quorate_ipc::Service;
use quorate_testkit::daemon::{BAD_WORDS, Channel, Kind, Scripted, converse, header};
use quorate_testkit::{Random, Suite};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const SESSIONS: u32 = 400;
const STEPS: u32 = 50;

/// Marks of chunks, which a reader trusts.
const MARKS: [u32; 3] = [0xA110_CED0, 0xA1A1_A1A1, 0xD0D0_D0D0];

pub(crate) fn run(suite: &mut Suite) {
    for (kind, name) in Kind::ALL {
        if kind.has_rings() {
            let mut test = |what: &str, act: fn(Kind)| {
                suite.test_with(&format!("{name}/{what}"), &kind.needs(), || {
                    kind.surround(|| nothing_lost(|| act(kind)));
                });
            };
            test("rewritten_while_in_use", rewritten);
            test("cut_short_by_name", cut_short);
        }
    }
}

/// Writes somewhere into a ring, preferably where it hurts.
fn scribble(files: &[[File; 2]; 3], random: &mut Random) {
    let [header, data] = &files[random.below(3)];
    let value = match random.below(3) {
        0 => random.pick(&MARKS),
        _ => random.pick(&BAD_WORDS),
    };
    let bytes = value.to_ne_bytes();
    let written = match random.below(2) {
        0 => header.write_all_at(&bytes, random.pick(&header::WORDS) as u64),
        _ => data.write_all_at(&bytes, random.below(256) as u64 * 4),
    };
    written.expect("the files stay as long as they are");
}

fn rewritten(kind: Kind) {
    let words = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&words);
    let seeds = AtomicUsize::new(0);
    let daemon = Scripted::start(&[Service::VoteQuorum], kind, move |service, mut link| {
        let Channel::Rings(rings) = &link.channel else {
            unreachable!("asked for rings");
        };
        let copy = |file: &File| file.try_clone().expect("a descriptor is free");
        let files = rings
            .each()
            .map(|ring| [copy(&ring.header), copy(&ring.data)]);
        let seed = seeds.fetch_add(1, Ordering::Relaxed) as u64;
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random::new(seed);
                while !stop.load(Ordering::Acquire) {
                    scribble(&files, &mut random);
                    count.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_micros(random.below(200) as u64));
                }
            });
            link.admit();
            converse(&mut link, service, &mut |_, _| None);
            stop.store(true, Ordering::Release);
        });
    });
    let options = options(&daemon, SHORT);
    let mut random = Random::new(11);
    let spoiled: u32 = (0..SESSIONS)
        .map(|_| u32::from(use_up(&options, &mut random) < STEPS))
        .sum();
    drop(daemon);
    let words = words.load(Ordering::Relaxed);
    println!("{words} words rewritten, {spoiled} of {SESSIONS} sessions spoiled");
    assert!(spoiled > SESSIONS / 4, "{spoiled} of {SESSIONS}");
}

/// Uses a session until it fails; how it fails is all that is left to chance.
fn use_up(options: &Options, random: &mut Random) -> u32 {
    let session = match VoteQuorum::connect(options) {
        Ok(session) => session,
        Err(error) => {
            assert_harmless(&error, &"connect");
            return 0;
        }
    };
    let mut buffer = EventBuffer::new();
    for step in 0..STEPS {
        let result = match random.below(5) {
            0 => session.wait(Some(Duration::from_millis(1))).map(drop),
            1 => session.next_event(&mut buffer, true).map(drop),
            2 => session.info(0).map(drop),
            3 => session.track_start(1, 2),
            _ => session.track_stop(),
        };
        if let Err(error) = result {
            assert_harmless(&error, &step);
            return step;
        }
    }
    STEPS
}

/// Once a client is connected its files have no names, so that nobody can cut them by one.
fn cut_short(kind: Kind) {
    let daemon = Scripted::start(&[Service::VoteQuorum], kind, |service, mut link| {
        let directory = link.directory.clone();
        let names = || std::fs::read_dir(&directory).expect("it is there").count();
        assert_eq!(names(), 6, "before the client has seen them");
        link.admit();
        converse(&mut link, service, &mut |_, _| {
            assert_eq!(names(), 0, "while the client uses them");
            None
        });
    });
    let session = VoteQuorum::connect(&options(&daemon, LONG)).expect("nothing is wrong");
    session.track_start(1, 2).expect("nothing is wrong");
}
