//! Somebody writes into the rings while they are in use: into the indexes, the
//! lengths, the magic numbers, the semaphores, the payload.

use quorate_client::{Endpoint, Error, EventBuffer, IpcError, Options, VoteQuorum};
use quorate_ipc::Service;
use quorate_ipc::header::ResponseHeader;
use quorate_ipc::server::{Limits, Occurrence, Server};
use quorate_proto::votequorum::Event;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zerocopy::IntoBytes;

/// Words that mean something to a ring, and some that mean nothing.
const WORDS: [u32; 12] = [
    0,
    1,
    2,
    3,
    79,
    0x80,
    0xA110_CED0,
    0xA1A1_A1A1,
    0xD0D0_D0D0,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
];

/// Where the indexes, the size, the references, the semaphore and the flow
/// control stand in a ring's header.
const HEADER: [u64; 8] = [0, 4, 8, 8204, 8208, 8212, 8216, 8240];

/// A small generator; what matters is that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

struct Rig {
    dir: PathBuf,
}

impl Rig {
    fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("quorate-scribbler-{}", std::process::id()));
        for dir in [&dir, &dir.join("run"), &dir.join("rings")] {
            DirBuilder::new().mode(0o700).create(dir).unwrap();
        }
        Self { dir }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.to_string_lossy().contains("qb-") {
            found.push(path);
        }
    }
}

/// Writes somewhere into a ring, preferably where it hurts.
fn scribble(rings: &Path, random: &mut Random) {
    let mut files = Vec::new();
    files_below(rings, &mut files);
    if files.is_empty() {
        return;
    }
    let path = files[random.below(files.len() as u64) as usize].clone();
    let Ok(file) = File::options().write(true).open(&path) else {
        return;
    };
    let offset = match path.to_string_lossy().ends_with("-header") {
        true => random.pick(&HEADER),
        false => random.below(256) * 4,
    };
    let _ = file.write_all_at(&random.pick(&WORDS).to_ne_bytes(), offset);
}

fn serve(server: &mut Server) {
    let happened = server
        .poll(Some(Duration::from_millis(5)), |_| Ok(()))
        .unwrap();
    for occurrence in happened {
        if let Occurrence::Request { conn, .. } = occurrence {
            for expected_votes in 0..3 {
                server.event(
                    conn,
                    Event::ExpectedVotes {
                        context: 1,
                        expected_votes,
                    }
                    .encode(),
                );
            }
            server.reply(conn, ResponseHeader::new(0, 24, 1).as_bytes());
        }
    }
}

/// Uses a session until it fails; how it fails is all that is left to chance.
fn use_up(options: &Options, random: &mut Random) -> u32 {
    let session = match VoteQuorum::connect(options) {
        Ok(session) => session,
        Err(error) => {
            assert_harmless(&error);
            return 0;
        }
    };
    let mut buffer = EventBuffer::new();
    for round in 0..50 {
        let step = match random.below(4) {
            0 => session.wait(Some(Duration::from_millis(1))).map(drop),
            1 => session.next_event(&mut buffer, true).map(drop),
            _ => session.track_stop(),
        };
        if let Err(error) = step {
            assert_harmless(&error);
            return round;
        }
    }
    50
}

fn assert_harmless(error: &Error) {
    let expected = matches!(
        error,
        Error::Ipc(
            IpcError::Protocol(_)
                | IpcError::Disconnected
                | IpcError::TimedOut
                | IpcError::FlowControl
                | IpcError::System { .. }
        ) | Error::Reply(_)
    );
    assert!(expected, "{error:?}");
}

#[test]
fn rings_rewritten_while_in_use_end_in_errors_only() {
    const SESSIONS: u32 = 400;
    let rig = Rig::new();
    let mut server = Server::new(&rig.dir.join("rings"), Limits::default()).unwrap();
    server
        .bind_dir(&rig.dir.join("run"), Service::VoteQuorum)
        .unwrap();
    let timeout = Some(Duration::from_millis(20));
    let options = Options {
        endpoint: Endpoint::RunDir(rig.dir.join("run")),
        timeout,
    };
    let stop = AtomicBool::new(false);
    let (mut spoiled, mut whole) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                serve(&mut server);
            }
        });
        scope.spawn(|| {
            let mut random = Random(7);
            while !stop.load(Ordering::Acquire) {
                scribble(&rig.dir.join("rings"), &mut random);
                std::thread::sleep(Duration::from_micros(random.below(200)));
            }
        });
        let mut random = Random(11);
        for _ in 0..SESSIONS {
            match use_up(&options, &mut random) {
                50 => whole += 1,
                _ => spoiled += 1,
            }
        }
        stop.store(true, Ordering::Release);
    });
    // A test in which nothing was spoiled has tested nothing.
    assert!(spoiled > SESSIONS / 20, "{spoiled} spoiled, {whole} whole");
}
