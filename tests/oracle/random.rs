//! Many new histories at once.

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::configurations::CONFIGURATIONS;
use crate::play::{Step, differences};
use crate::{play_live, simulate};

/// Clusters at a time: they wait for timeouts most of the time.
const WORKERS: usize = 4;

pub(crate) struct Wanted {
    histories: u64,
    seed: u64,
}

/// What the environment asks for, if it does.
pub(crate) fn wanted() -> Option<Wanted> {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        let number = text.parse();
        Some(number.unwrap_or_else(|_| panic!("{name}={text} is no number")))
    };
    let histories = number("QUORATE_ORACLE_HISTORIES")?;
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    };
    Some(Wanted {
        histories,
        seed: number("QUORATE_ORACLE_SEED").unwrap_or_else(now),
    })
}

#[derive(Default)]
struct Tally {
    steps: usize,
    rings: usize,
    /// Rings with more than one order, and those of them with the punctual one.
    ordered: usize,
    punctual: usize,
    wrong: Vec<String>,
}

pub(crate) fn play(wanted: &Wanted) {
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= wanted.histories {
                        return;
                    }
                    one(number, wanted.seed + number, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("no thread failed");
    println!(
        "seeds {} to {}: {} steps, {} rings, {} of {} spoken in the punctual order",
        wanted.seed,
        wanted.seed + wanted.histories - 1,
        tally.steps,
        tally.rings,
        tally.punctual,
        tally.ordered
    );
    let wrong = &tally.wrong;
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn one(number: u64, seed: u64, tally: &Mutex<Tally>) {
    let turn = usize::try_from(number).expect("few histories") % CONFIGURATIONS.len();
    let configuration = &CONFIGURATIONS[turn];
    let played = panic::catch_unwind(AssertUnwindSafe(|| {
        let real = play_live(configuration, seed);
        let report = differences(&real, &simulate(configuration, &real));
        (real, report)
    }));
    let mut tally = tally.lock().expect("no thread failed");
    let name = configuration.name;
    match played {
        Ok((real, report)) => {
            tally.count(&real);
            let result = if report.is_empty() { "same" } else { "differs" };
            println!("{name}, seed {seed}: {result}");
            if !report.is_empty() {
                let text = serde_json::to_string(&real).expect("it can be written as JSON");
                tally
                    .wrong
                    .push(format!("{name}, seed {seed}:\n{report}{text}"));
            }
        }
        Err(_) => {
            println!("{name}, seed {seed}: could not be played");
            tally
                .wrong
                .push(format!("{name}, seed {seed}: could not be played"));
        }
    }
}

impl Tally {
    fn count(&mut self, real: &[Step]) {
        self.steps += real.len();
        for ring in real.iter().flat_map(|step| &step.rings) {
            self.rings += 1;
            if let Some(punctual) = ring.is_punctual() {
                self.ordered += 1;
                self.punctual += usize::from(punctual);
            }
        }
    }
}
