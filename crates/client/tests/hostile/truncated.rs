//! A daemon that keeps descriptors of the files that it shares, and cuts them short with them.

use crate::messages::SERVICES;
use crate::sessions::{FUNCTIONS, LONG, SHORT, assert_harmless, options};
use crate::toll::nothing_lost;
use quorate_client::{Cmap, Cpg, Error, IpcError, Options, Quorum, VoteQuorum};
use quorate_ipc::Service;
use quorate_testkit::daemon::{Honest, Kind, Link, Scripted, converse};
use quorate_testkit::{Random, Suite};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Calls of functions while files are cut.
const CALLS: u64 = 1500;

pub(crate) fn run(suite: &mut Suite) {
    for (kind, name) in Kind::ALL {
        if kind.may_cut() {
            suite.test(&format!("{name}/cut_short_between_calls"), || {
                nothing_lost(|| between_calls(kind));
            });
            suite.test(&format!("{name}/cut_short_while_waiting"), || {
                nothing_lost(|| while_waiting(kind));
            });
            suite.test(&format!("{name}/cut_short_all_the_time"), || {
                nothing_lost(|| all_the_time(kind));
            });
        }
        suite.test_with(&format!("{name}/mapped_or_not"), &kind.needs(), || {
            kind.surround(|| nothing_lost(|| mapped(kind)));
        });
    }
}

/// A call that one session makes as often as it is asked.
type Call = Box<dyn Fn() -> Result<(), Error> + Send>;

/// A session, and what it can be asked.
fn session(service: Service, to: &Options) -> Call {
    const GOOD: &str = "nothing is wrong yet";
    match service {
        Service::VoteQuorum => {
            let session = VoteQuorum::connect(to).expect(GOOD);
            Box::new(move || session.info(0).map(drop))
        }
        Service::Quorum => {
            let session = Quorum::connect(to).expect(GOOD);
            Box::new(move || session.quorate().map(drop))
        }
        Service::Cmap => {
            let session = Cmap::connect(to).expect(GOOD);
            Box::new(move || session.get("key").map(drop))
        }
        Service::Cpg => {
            let session = Cpg::connect(to, 1024).expect(GOOD);
            Box::new(move || session.local_nodeid().map(drop))
        }
        Service::Cfg => unreachable!("there are no sessions with it"),
    }
}

/// Every file, cut at every page, and in the middle of one.
fn cuts(kind: Kind) -> Vec<(usize, u64)> {
    let files = if kind.has_rings() { 6 } else { 1 };
    let lens = [0, 1, 4096, 8192, 8193];
    (0..files)
        .flat_map(|file| lens.map(|len| (file, len)))
        .collect()
}

/// Whether a call through a connection whose file was cut so must fail: the daemon's state, or the
/// counts, are gone. The other files may be written again by the daemon before they are read.
fn must_fail(kind: Kind, (file, len): (usize, u64)) -> bool {
    match kind {
        Kind::Sockets => len < 24,
        _ => file == 0 && len <= 8193,
    }
}

fn assert_cut_short(result: Result<(), Error>, context: &dyn std::fmt::Debug) {
    assert!(
        matches!(result, Err(Error::Ipc(IpcError::Protocol(_)))),
        "{context:?}: {result:?}"
    );
}

/// Descriptors of the files that a client shares, of which it knows nothing.
fn kept(link: &Link) -> Vec<File> {
    let copy = |file: &File| file.try_clone().expect("a descriptor is free");
    link.files().into_iter().map(copy).collect()
}

/// The program does nothing while the file is cut, and then goes on.
fn between_calls(kind: Kind) {
    for service in SERVICES {
        for cut in cuts(kind) {
            let (give, files) = channel();
            let daemon = Scripted::start(&[service], kind, move |service, mut link| {
                give.send(kept(&link)).expect("the test waits for them");
                link.admit();
                converse(&mut link, service, &mut |_, _| None);
            });
            let call = session(service, &options(&daemon, LONG));
            call().expect("nothing is wrong yet");
            let files = files.recv().expect("the daemon has them");
            files[cut.0].set_len(cut.1).expect("a file can be cut");
            let context = (service, cut);
            if must_fail(kind, cut) {
                assert_cut_short(call(), &context);
                let again = call();
                let ended = matches!(again, Err(Error::Ipc(IpcError::Disconnected)));
                assert!(ended, "{context:?}: {again:?}");
            } else if let Err(error) = call() {
                assert_harmless(&error, &context);
            }
        }
    }
}

/// The program waits for an answer when the file is cut in which that is counted. From then on none
/// can come through a ring; through a socket one does.
fn while_waiting(kind: Kind) {
    let (file, lens): (usize, &[u64]) = match kind {
        Kind::Sockets => (0, &[0]),
        _ => (2, &[0, 4096, 8192]),
    };
    for service in SERVICES {
        for len in lens.iter().copied() {
            let due = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&due);
            let daemon = Scripted::start(&[service], kind, move |service, mut link| {
                link.admit();
                let mut honest = Honest::default();
                while let Some(request) = link.next_request() {
                    if theirs.swap(false, Ordering::AcqRel) {
                        // Long enough to be asleep; if it is not, it fails all the same.
                        std::thread::sleep(Duration::from_millis(5));
                        link.files()[file].set_len(len).expect("a file can be cut");
                    }
                    for (place, message) in honest.answer(service, &request) {
                        link.send(place, &message);
                    }
                }
            });
            let call = session(service, &options(&daemon, LONG));
            due.store(true, Ordering::Release);
            let result = call();
            assert!(!due.load(Ordering::Acquire), "it was cut");
            assert_cut_short(result, &(service, len));
        }
    }
}

/// Files lose their ends and get new ones while all functions use them.
fn all_the_time(kind: Kind) {
    let cuts = Arc::new(AtomicUsize::new(0));
    let (count, seeds) = (Arc::clone(&cuts), AtomicUsize::new(0));
    let daemon = Scripted::start(&SERVICES, kind, move |service, mut link| {
        let files = kept(&link);
        let lens: Vec<u64> = files
            .iter()
            .map(|file| file.metadata().unwrap().len())
            .collect();
        let mut random = Random::new(seeds.fetch_add(1, Ordering::Relaxed) as u64);
        let stop = AtomicBool::new(false);
        link.admit();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Acquire) {
                    let which = random.below(files.len());
                    let shorter = random.below(lens[which] as usize / 4096 + 1) as u64 * 4096;
                    for len in [shorter, lens[which]] {
                        files[which].set_len(len).expect("a file can be cut");
                        std::thread::sleep(Duration::from_micros(random.below(500) as u64));
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            converse(&mut link, service, &mut |_, _| None);
            stop.store(true, Ordering::Release);
        });
    });
    let options = options(&daemon, SHORT);
    let (mut random, mut failed) = (Random::new(5), 0);
    for call in 0..CALLS {
        let function = &FUNCTIONS[random.below(FUNCTIONS.len())];
        if let Err(error) = (function.call)(&options) {
            assert_harmless(&error, &(function.name, call));
            failed += 1;
        }
    }
    drop(daemon);
    let cuts = cuts.load(Ordering::Relaxed);
    println!("{cuts} cuts, {failed} of {CALLS} calls failed");
    assert!(cuts > 1000 && failed > 20, "{cuts} cuts, {failed} failed");
}

/// What of the shared files is memory of this process while a session is open. Of header files that
/// are reached by calls, the kernel alone uses it.
fn mapped(kind: Kind) {
    let daemon = Scripted::start(&[Service::VoteQuorum], kind, |service, mut link| {
        link.admit();
        converse(&mut link, service, &mut |_, _| None);
    });
    let call = session(Service::VoteQuorum, &options(&daemon, LONG));
    call().expect("nothing is wrong");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is there");
    let data = maps.matches("-votequorum-data").count();
    assert_eq!(
        data,
        if kind == Kind::SystemRings { 3 } else { 0 },
        "{maps}"
    );
}
