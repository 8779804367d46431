//! The C libraries with a daemon that refuses, or says more than there is.

use std::path::PathBuf;
use std::process::{Command, Output};

use quorate_proto::cpg::{Address, Event};
use quorate_proto::votequorum::ExtraInfoReply;
use quorate_testkit::daemon::{Honest, Kind, Place, Scripted};
use quorate_testkit::{CProgram, Library, Load, Requirements, Suite};

use super::hostile::{SERVICES, program};

pub(super) fn run(suite: &mut Suite) {
    let needs = Requirements::none().program("cc").ours();
    suite.test_with("extra_length", &needs, extra_length);
    let original = needs.header("corosync/quorum.h").header("corosync/cpg.h");
    suite.test_with("original_refused", &original, original_refused);
    suite.test_with("original_members", &original, original_members);
}

/// What leads corosync's own libraries to another daemon than the real one.
fn preload() -> PathBuf {
    let ours = Library::Ours.file();
    ours.with_file_name("libquorate_preload.so")
}

/// Runs corosync's own libraries with this daemon: `tests/behaviour/odd.c`.
fn original(daemon: &Scripted, case: &str) -> Output {
    let program = CProgram::new("odd")
        .source("tests/behaviour/odd.c")
        .link("quorum")
        .link("cpg")
        .build();
    let mut command = Command::new(program);
    command.arg(case).env("LD_PRELOAD", preload());
    daemon.lead(&mut command);
    command.output().expect("the program starts")
}

/// `CS_ERR_ACCESS` to the request that `quorum_initialize` makes itself: the session that is there
/// all the same ends only if the program finalizes a handle that it was not given.
fn original_refused() {
    let daemon = Scripted::start(&SERVICES, Kind::Rings, |_, mut link| {
        link.admit();
        while link.next_request().is_some() {
            link.send(Place::Reply, &quorate_proto::status(0, 11));
        }
    });
    let output = original(&daemon, "refused");
    let expected = "initialize 11\nlost: descriptors 1, rings 9, memory none\n\
        finalize 1\nlost: descriptors 0, rings 0, memory none\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

/// A group with as many members as a corosync cluster can have nodes: what is more than 128 of them
/// is written over the other lists and the message itself.
fn original_members() {
    for (count, is_right) in [(128, true), (384, false)] {
        let daemon = Scripted::start(&SERVICES, Kind::Rings, move |service, mut link| {
            link.admit();
            let mut honest = Honest::default();
            while let Some(request) = link.next_request() {
                for (place, message) in honest.answer(service, &request) {
                    match place {
                        Place::Event => link.send(place, &change(count)),
                        Place::Reply => link.send(place, &message),
                    }
                }
            }
        });
        let output = original(&daemon, "members");
        let printed = String::from_utf8_lossy(&output.stdout);
        println!(
            "    {}: {}",
            output.status,
            printed.trim_end().replace('\n', "; ")
        );
        let all = format!("{count} of {count}");
        let right = format!("members: {all} right, left: {all}, joined: {all}\ndispatch 1\n");
        assert!(printed.starts_with("initialize 1\njoin 1\n"), "{printed}");
        assert_eq!(printed.ends_with(&right), is_right, "{printed}");
    }
}

fn change(count: u32) -> Vec<u8> {
    let members: Vec<_> = (1..=count).map(|node| Address::new(node, 7, 0)).collect();
    let change = Event::Confchg {
        group: b"group",
        members: &members,
        left: &members,
        joined: &members,
    };
    change.encode()
}

/// Extra information that is longer than the message, without an error and with one. The original's
/// function is only in upstream's library, which `QUORATE_COROSYNC` may name.
fn extra_length() {
    let original = std::env::var_os("QUORATE_COROSYNC").map(|_| Library::Original);
    for error in [1, 12] {
        let daemon = Scripted::start(&SERVICES, Kind::Rings, move |_, mut link| {
            link.admit();
            let mut message = ExtraInfoReply::message(b"extra");
            message[16..20].copy_from_slice(&i32::to_ne_bytes(error));
            message[24..28].copy_from_slice(&8192_u32.to_ne_bytes());
            while link.next_request().is_some() {
                link.send(Place::Reply, &message);
            }
        });
        for library in original.into_iter().chain([Library::Ours]) {
            let mut command = Command::new(program("extra_length", "votequorum"));
            library.apply(&mut command, Load::Path);
            if library == Library::Original {
                command.env("LD_PRELOAD", preload());
            }
            daemon.lead(&mut command);
            let output = command.output().expect("the program starts");
            let printed = String::from_utf8_lossy(&output.stdout);
            let complaints = String::from_utf8_lossy(&output.stderr);
            println!(
                "    {library:?}, {error}: {}; {}{complaints}",
                output.status,
                printed.replace('\n', "; ")
            );
            let (code, written) = match (library, error) {
                (Library::Ours, 1) => (2, "nothing"),
                (Library::Ours, code) => (code, "nothing"),
                (Library::Original, code) => (code, "more than there is"),
            };
            let expected = format!("initialize 1\nget {code}, {written} written\n");
            assert_eq!(printed, expected, "{library:?}, error {error}");
        }
    }
}
