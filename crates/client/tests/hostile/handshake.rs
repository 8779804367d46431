//! Every field of the handshake wrong, files that are not what they are said to be, and an end of
//! the stream at every byte.

use crate::sessions::{LONG, SHORT, assert_harmless, options};
use crate::toll::nothing_lost;
use quorate_client::{Error, IpcError, VoteQuorum};
use quorate_ipc::Service;
use quorate_ipc::handshake::ConnectionResponse;
use quorate_testkit::daemon::{BAD_WORDS, Channel, Kind, Link, Scripted, converse, header};
use quorate_testkit::{Random, Suite};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use zerocopy::IntoBytes;

/// Where the three paths start in the answer, and how long each may be.
const PATHS: [usize; 3] = [40, 4136, 8232];
const PATH_LEN: usize = 4096;
const RESPONSE_LEN: usize = size_of::<ConnectionResponse>();

/// Errors of the system that a daemon may name, in the field's sign.
const ERRNOS: [i32; 6] = [-1, -11, -13, -24, -28, -38];

pub(crate) fn run(suite: &mut Suite) {
    for (kind, name) in Kind::ALL {
        let mut test = |what: &str, act: fn(Kind)| {
            suite.test_with(&format!("handshake/{what}{name}"), &kind.needs(), || {
                kind.surround(|| nothing_lost(|| act(kind)));
            });
        };
        test("fields_with_", fields);
        test("by_chance_with_", by_chance);
        test("files_with_", files);
        if kind.has_rings() {
            test("headers_with_", headers);
        }
    }
    suite.test("handshake/closed_at_every_byte", || {
        nothing_lost(closed_at_every_byte);
    });
    suite.test("handshake/never_answered", || nothing_lost(never_answered));
}

/// Serves each client with what `spoil` makes of the answer; the number tells which is next.
fn spoiling(
    kind: Kind,
    spoil: impl Fn(usize, &mut Link) -> Vec<u8> + Send + Sync + 'static,
) -> (Scripted, Arc<AtomicUsize>) {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let daemon = Scripted::start(&[Service::VoteQuorum], kind, move |service, mut link| {
        let bytes = spoil(count.load(Ordering::Acquire), &mut link);
        count.fetch_add(1, Ordering::AcqRel);
        if link.say(&bytes) && bytes.len() >= RESPONSE_LEN {
            converse(&mut link, service, &mut |_, _| None);
        }
    });
    (daemon, done)
}

fn connect_and_ask(daemon: &Scripted, limit: Duration) -> Result<(), Error> {
    let session = VoteQuorum::connect(&options(daemon, limit))?;
    session.info(0).map(drop)
}

fn fields(kind: Kind) {
    // The five numbers, their paddings, and the daemon's own address.
    let mut faults: Vec<(usize, u32)> = (0..40)
        .step_by(4)
        .flat_map(|at| BAD_WORDS.map(|value| (at, value)))
        .collect();
    faults.extend(ERRNOS.map(|errno| (16, errno as u32)));
    let all = faults.clone();
    let (daemon, done) = spoiling(kind, move |number, link| {
        let (at, value) = all[number];
        let mut bytes = link.response.as_bytes().to_vec();
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        bytes
    });
    for (number, (at, value)) in faults.iter().copied().enumerate() {
        let result = connect_and_ask(&daemon, LONG);
        assert_eq!(done.load(Ordering::Acquire), number + 1);
        let context = format!("{value:#x} at {at}");
        let own_kind = u32::from(kind.has_rings());
        match result {
            // What stands between the fields, and the daemon's own, means nothing.
            Ok(()) => assert!(
                matches!(at, 4 | 8 | 12 | 20 | 32 | 36)
                    || (at == 0 && value == u32::MAX)
                    || (at == 16 && value == 0)
                    || (at == 24 && value == own_kind)
                    || (at == 28 && (kind == Kind::Sockets || value == 8193)),
                "{context}"
            ),
            Err(error) => {
                assert_harmless(&error, &context);
                if let Error::Ipc(IpcError::Refused(_)) = error {
                    assert!(at == 16 && value as i32 <= 0, "{context}");
                }
            }
        }
    }
    drop(daemon);
    paths(kind);
}

/// Paths that lead nowhere, or where a daemon may not lead.
fn paths(kind: Kind) {
    let home = std::env::temp_dir();
    let bad = |text: &[u8]| [text, b"\0"].concat();
    let contents: Vec<Vec<u8>> = vec![
        vec![b'x'; PATH_LEN],
        vec![b'/'; PATH_LEN],
        bad(b""),
        bad(b"/"),
        bad(b"name"),
        bad(b"below/name"),
        bad(b"/dev/shm/../shm/name"),
        bad(b"/nowhere/name"),
        bad(home.as_os_str().as_bytes()),
        bad(b"/proc/self/mem"),
        bad(b"/dev/null"),
        bad(&[0xFF; 300]),
        bad(&vec![b'a'; PATH_LEN - 1]),
    ];
    let used = if kind.has_rings() { 3 } else { 2 };
    let faults: Vec<(usize, Vec<u8>)> = PATHS[..used]
        .iter()
        .flat_map(|at| contents.iter().map(|content| (*at, content.clone())))
        .collect();
    let all = faults.clone();
    let (daemon, done) = spoiling(kind, move |number, link| {
        let (at, content) = &all[number];
        let mut bytes = link.response.as_bytes().to_vec();
        bytes[*at..at + content.len()].copy_from_slice(content);
        bytes
    });
    for (number, (at, content)) in faults.iter().enumerate() {
        let context = format!("path at {at}: {:?}", String::from_utf8_lossy(content));
        let error = connect_and_ask(&daemon, LONG).expect_err(&context);
        assert_harmless(&error, &context);
        assert_eq!(done.load(Ordering::Acquire), number + 1);
    }
}

fn by_chance(kind: Kind) {
    const CONNECTIONS: usize = 1000;
    let (daemon, done) = spoiling(kind, |number, link| {
        let mut random = Random::new(number as u64);
        let mut bytes = link.response.as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            // Half of them where the numbers are, or few would be hit.
            let at = match random.below(2) {
                0 => random.below(40),
                _ => random.below(bytes.len()),
            };
            let byte = random.next_u64() as u8;
            bytes[at] = byte;
        }
        bytes
    });
    let mut failed = 0;
    for number in 0..CONNECTIONS {
        if let Err(error) = connect_and_ask(&daemon, LONG) {
            assert_harmless(&error, &number);
            failed += 1;
        }
        assert_eq!(done.load(Ordering::Acquire), number + 1);
    }
    assert!(failed > CONNECTIONS / 5, "{failed} of {CONNECTIONS}");
}

fn closed_at_every_byte() {
    let (daemon, done) = spoiling(Kind::Nothing, |number, link| {
        link.response.as_bytes()[..number].to_vec()
    });
    for number in 0..RESPONSE_LEN {
        let error = connect_and_ask(&daemon, LONG).expect_err("the answer was cut");
        assert!(
            matches!(error, Error::Ipc(IpcError::Disconnected)),
            "{number}: {error}"
        );
    }
    assert_eq!(done.load(Ordering::Acquire), RESPONSE_LEN);
}

fn never_answered() {
    for len in [0, 1, 24, RESPONSE_LEN - 1] {
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        let script = move |_, mut link: Link| {
            count.fetch_add(1, Ordering::AcqRel);
            let bytes = link.response.as_bytes()[..len].to_vec();
            link.say(&bytes);
            assert_eq!(link.next_request(), None);
        };
        let daemon = Scripted::start(&[Service::VoteQuorum], Kind::Rings, script);
        let error = connect_and_ask(&daemon, SHORT).expect_err("there is no answer");
        assert!(
            matches!(error, Error::Ipc(IpcError::TimedOut)),
            "{len}: {error}"
        );
        drop(daemon);
        assert_eq!(heard.load(Ordering::Acquire), 1);
    }
}

/// What a shared file may be instead of one.
#[derive(Clone, Copy, Debug)]
enum Instead {
    Missing,
    Directory,
    Symlink,
    Pipe,
    Foreign,
    Short(u64),
    Long,
}

fn files(kind: Kind) {
    use Instead::*;
    let mut insteads = vec![Missing, Directory, Symlink, Pipe, Foreign, Long];
    insteads.extend([0, 1, 23, 4095, 4096, 8192, 8207, 8243].map(Short));
    let which = if kind.has_rings() { 6 } else { 1 };
    let faults: Vec<(usize, Instead)> = (0..which)
        .flat_map(|file| insteads.iter().map(move |instead| (file, *instead)))
        .collect();
    let all = faults.clone();
    let (daemon, done) = spoiling(kind, move |number, link| {
        let (file, instead) = all[number];
        replace(&shared_files(link)[file], instead);
        link.response.as_bytes().to_vec()
    });
    for (number, (file, instead)) in faults.iter().enumerate() {
        let result = connect_and_ask(&daemon, LONG);
        let context = format!("file {file}: {instead:?}");
        match result {
            // Of a file only the beginning counts; a ring's data file of 12 KiB is whole at 8,243.
            Ok(()) => assert!(kind.has_rings() && matches!(instead, Long), "{context}"),
            Err(error) => assert_harmless(&error, &context),
        }
        assert_eq!(done.load(Ordering::Acquire), number + 1);
    }
}

fn shared_files(link: &Link) -> Vec<PathBuf> {
    match &link.channel {
        Channel::Rings(rings) => rings
            .bases
            .iter()
            .flat_map(|base| ["-header", "-data"].map(|end| format!("{}{end}", base.display())))
            .map(PathBuf::from)
            .collect(),
        Channel::Sockets(sockets) => vec![sockets.control_path.clone()],
        Channel::Nothing => Vec::new(),
    }
}

fn replace(path: &Path, instead: Instead) {
    let elsewhere = path.with_file_name("elsewhere");
    let open = || fs::File::options().write(true).open(path).unwrap();
    match instead {
        Instead::Short(len) => open()
            .set_len(len.min(path.metadata().unwrap().len() - 1))
            .unwrap(),
        Instead::Long => open().set_len(1 << 20).unwrap(),
        Instead::Foreign => std::os::unix::fs::lchown(path, Some(65534), None).unwrap(),
        Instead::Symlink => {
            fs::rename(path, &elsewhere).unwrap();
            symlink(&elsewhere, path).unwrap();
        }
        Instead::Missing | Instead::Directory | Instead::Pipe => {
            fs::remove_file(path).unwrap();
            match instead {
                Instead::Directory => fs::create_dir(path).unwrap(),
                Instead::Pipe => {
                    let made = std::process::Command::new("mkfifo").arg(path).status();
                    assert!(made.is_ok_and(|status| status.success()));
                }
                _ => {}
            }
        }
    }
}

/// Words of the rings' headers that are wrong from the beginning.
fn headers(kind: Kind) {
    let faults: Vec<(usize, usize, u32)> = (0..3)
        .flat_map(|ring| header::WORDS.map(|offset| (ring, offset)))
        .flat_map(|(ring, offset)| BAD_WORDS.map(|value| (ring, offset, value)))
        .collect();
    let all = faults.clone();
    let (daemon, done) = spoiling(kind, move |number, link| {
        let (ring, offset, value) = all[number];
        let Channel::Rings(rings) = &link.channel else {
            unreachable!("asked for rings");
        };
        let file = &rings.each()[ring].header;
        file.write_all_at(&value.to_ne_bytes(), offset as u64)
            .unwrap();
        link.response.as_bytes().to_vec()
    });
    let mut failed = 0;
    for (number, fault) in faults.iter().enumerate() {
        if let Err(error) = connect_and_ask(&daemon, LONG) {
            assert_harmless(&error, fault);
            failed += 1;
        }
        assert_eq!(done.load(Ordering::Acquire), number + 1);
    }
    assert!(failed > 30, "{failed}");
}
