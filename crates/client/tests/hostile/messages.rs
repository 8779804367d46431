//! Every field of every message wrong, one at a time and by chance.

use crate::sessions::{FUNCTIONS, Function, LONG, SHORT, assert_harmless, options};
use crate::toll::nothing_lost;
use quorate_client::{Error, IpcError};
use quorate_ipc::Service;
use quorate_testkit::daemon::{Fault, Kind, Moment, Place, Scripted, converse};
use quorate_testkit::{Random, Suite};
use std::sync::{Arc, Mutex};

pub(crate) const SERVICES: [Service; 4] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cpg,
];

/// Conversations with faults by chance, each with several.
const BY_CHANCE: u64 = 1000;

pub(crate) fn run(suite: &mut Suite) {
    for (kind, name) in Kind::ALL {
        let mut test = |what: &str, act: fn(Kind)| {
            suite.test_with(&format!("messages/{what}{name}"), &kind.needs(), || {
                kind.surround(|| nothing_lost(|| act(kind)));
            });
        };
        test("one_at_a_time_through_", one_at_a_time);
        test("by_chance_through_", by_chance);
    }
}

/// What the daemon is to do, and what it has done.
#[derive(Default)]
struct Plan {
    /// The message of the conversation that the fault is for.
    number: usize,
    fault: Option<Fault>,
    /// Which fault of the test this is, from 1, and which was last committed.
    id: usize,
    committed: usize,
    said: Vec<(Place, Vec<u8>)>,
}

fn daemon(kind: Kind, plan: &Arc<Mutex<Plan>>) -> Scripted {
    let plan = Arc::clone(plan);
    Scripted::start(&SERVICES, kind, move |service, mut link| {
        let (number, fault, id) = {
            let mut plan = plan.lock().unwrap();
            plan.said.clear();
            (plan.number, plan.fault, plan.id)
        };
        link.admit();
        let mut count = 0;
        converse(&mut link, service, &mut |place, message| {
            let mut plan = plan.lock().unwrap();
            plan.said.push((place, message.to_vec()));
            count += 1;
            let due = fault.filter(|_| count == number + 1);
            if due.is_some() {
                plan.committed = id;
            }
            due
        });
    })
}

fn one_at_a_time(kind: Kind) {
    let plan = Arc::new(Mutex::new(Plan::default()));
    let daemon = daemon(kind, &plan);
    let [patient, hasty] = [LONG, SHORT].map(|limit| options(&daemon, limit));
    let mut planned = 0;
    for function in &FUNCTIONS {
        plan.lock().unwrap().fault = None;
        if let Err(error) = (function.call)(&patient) {
            panic!("{}: {error}", function.name);
        }
        let said = plan.lock().unwrap().said.clone();
        for (number, (place, message)) in said.iter().enumerate() {
            let mut faults = Fault::all(message, kind);
            // The words of the headers know nothing of the message.
            if kind.has_rings() && matches!(function.name, "info" | "join") {
                faults.extend(Fault::headers());
            }
            if kind.may_cut() {
                faults.extend(Fault::cuts(kind));
            }
            for fault in faults {
                planned += 1;
                {
                    let mut plan = plan.lock().unwrap();
                    (plan.number, plan.fault, plan.id) = (number, Some(fault), planned);
                }
                let context = (function.name, number, place, fault);
                let silent = may_silence(fault);
                let result = loop {
                    let result = (function.call)(if silent { &hasty } else { &patient });
                    match plan.lock().unwrap().committed {
                        id if id == planned => break result,
                        // The daemon was too busy for one who does not wait for long.
                        _ => assert!(silent, "{context:?} has not happened"),
                    }
                };
                match result {
                    Ok(()) => {
                        assert!(
                            !must_fail(kind, function, *place, message, fault),
                            "{context:?}"
                        );
                    }
                    Err(error) => assert_harmless(&error, &context),
                }
            }
        }
    }
    println!("{planned} faults");
    assert!(planned > 1000);
}

/// After what the client may wait for an answer in vain.
fn may_silence(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Never | Fault::Astray | Fault::WrongBytes | Fault::Header(..) | Fault::Cut(0)
    )
}

/// Whether all answers to a function are as long as their fields.
fn has_fixed_answers(function: &Function) -> bool {
    !matches!(function.name, "get" | "qdevice_extra_info")
}

/// What no client may take for a good answer.
fn must_fail(kind: Kind, function: &Function, place: Place, message: &[u8], fault: Fault) -> bool {
    let original = |at: usize| u32::from_ne_bytes(message[at..at + 4].try_into().unwrap());
    let reply = place == Place::Reply;
    match fault {
        // A refusal may come with the id of any.
        Fault::Word(at @ (0 | 16), value) => reply && original(16) == 1 && value != original(at),
        // Others may be shorter or longer than what they hold; a refusal needs no more than its header.
        Fault::Cut(len) => {
            reply && (len < 24 || (original(16) == 1 && has_fixed_answers(function)))
        }
        Fault::Grown(_) => reply && has_fixed_answers(function),
        Fault::ChunkLen(len) => reply && !(24..=1 << 16).contains(&len),
        Fault::ChunkMagic(_) => true,
        Fault::Never | Fault::Astray | Fault::Closed => reply,
        // Of the answer's ring the count, which is in the last page, or the answer itself; of
        // sockets the counts.
        Fault::CutFile(Moment::Before | Moment::Laid, 2, _) => reply,
        Fault::CutFile(Moment::Laid, 3, 0) => reply,
        Fault::CutFile(Moment::Before | Moment::Laid, 0, 0) => reply && kind == Kind::Sockets,
        _ => false,
    }
}

fn by_chance(kind: Kind) {
    let log = Arc::new(Mutex::new((0, Vec::<(Place, Fault)>::new())));
    let daemon = Scripted::start(&SERVICES, kind, {
        let log = Arc::clone(&log);
        move |service, mut link| {
            let mut random = Random::new(log.lock().unwrap().0);
            link.admit();
            converse(&mut link, service, &mut |place, message| {
                if random.below(2) == 0 {
                    return None;
                }
                let fault = Fault::any(&mut random, message, kind);
                log.lock().unwrap().1.push((place, fault));
                Some(fault)
            });
        }
    });
    let options = options(&daemon, SHORT);
    let (mut failed, mut committed) = (0, 0);
    for seed in 0..BY_CHANCE {
        *log.lock().unwrap() = (seed, Vec::new());
        let mut random = Random::new(!seed);
        let function = &FUNCTIONS[random.below(FUNCTIONS.len())];
        if let Err(error) = (function.call)(&options) {
            failed += 1;
            assert_harmless(&error, &(function.name, seed, &log.lock().unwrap().1));
            assert!(
                !matches!(error, Error::Ipc(IpcError::Refused(_))),
                "seed {seed}: the connection was granted"
            );
        }
        committed += log.lock().unwrap().1.len();
    }
    println!("{committed} faults, {failed} errors");
    assert!(
        committed > 250 && failed > 100,
        "{committed} faults, {failed} errors"
    );
}
