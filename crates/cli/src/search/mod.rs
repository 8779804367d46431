//! `quorate search`.

mod arguments;
mod trial;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) use arguments::Arguments;
use quorate_sim::search::{Generator, History, shrink};
use trial::{Failed, Trial};

use crate::run::{EXPECTATION, FAILED, complain};

/// Between two lines about progress.
const REPORT: Duration = Duration::from_secs(5);

/// How often a failure is tried again once it is found.
const AGAIN: usize = 3;

/// A run that failed.
struct Found {
    run: u64,
    history: History,
    failed: Failed,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let generator = match arguments.generator() {
        Ok(generator) => generator,
        Err(message) => return complain(&message, crate::USAGE),
    };
    match search(arguments, &generator) {
        Ok(code) => code,
        Err(message) => complain(&message, FAILED),
    }
}

fn search(arguments: &Arguments, generator: &Generator) -> Result<ExitCode, String> {
    let trial = Trial::new(arguments);
    let nothing = generator.nothing();
    if let Some(failed) = trial.run(&nothing.to_toml())? {
        eprint!("{}", failed.output);
        eprintln!("quorate: it fails when nothing happens: {}", failed.first());
        return print(arguments, &nothing, &failed);
    }
    let seed = arguments.seed();
    eprintln!("quorate: {} runs from seed {seed}", arguments.runs);
    let Some(found) = look(arguments, generator, &trial, seed)? else {
        eprintln!("quorate: none of {} runs failed", arguments.runs);
        return Ok(ExitCode::SUCCESS);
    };
    eprintln!(
        "quorate: run {} (seed {}) failed: {}",
        found.run,
        seed.wrapping_add(found.run),
        found.failed.first()
    );
    let (history, failed) = shortest(&trial, found)?;
    let mut times = 0;
    for _ in 0..AGAIN {
        times += usize::from(trial.run(&history.to_toml())?.is_some());
    }
    if !failed.output.is_empty() {
        eprintln!("quorate: what was printed in the last of these:");
    }
    eprint!("{}", failed.output);
    if times < AGAIN {
        eprintln!("quorate: it fails by chance: {times} of {AGAIN} times when tried again");
    }
    print(arguments, &history, &failed)
}

/// Tries one history after the other. Of several failures that of the first run counts, so that
/// it does not depend on chance which it is.
fn look(
    arguments: &Arguments,
    generator: &Generator,
    trial: &Trial,
    seed: u64,
) -> Result<Option<Found>, String> {
    let next = AtomicU64::new(0);
    let end = AtomicU64::new(arguments.runs);
    let found: Mutex<Result<Option<Found>, String>> = Mutex::new(Ok(None));
    let reported = Mutex::new(Instant::now());
    let work = || loop {
        let run = next.fetch_add(1, Ordering::Relaxed);
        if run >= end.load(Ordering::Relaxed) {
            return;
        }
        report(&reported, run, arguments.runs);
        let history = generator.history(seed.wrapping_add(run));
        let outcome = trial.run(&history.to_toml());
        if matches!(outcome, Ok(None)) {
            continue;
        }
        // No run after this one is of interest any more.
        end.fetch_min(run, Ordering::Relaxed);
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !matches!(&*found, Ok(Some(other)) if other.run < run);
        *found = match (outcome, is_first) {
            (Err(error), _) => Err(error),
            (Ok(Some(failed)), true) if found.is_ok() => Ok(Some(Found {
                run,
                history,
                failed,
            })),
            _ => continue,
        };
    };
    std::thread::scope(|scope| {
        for _ in 1..arguments.jobs() {
            scope.spawn(work);
        }
        work();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn report(reported: &Mutex<Instant>, run: u64, runs: u64) {
    let mut reported = reported.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.elapsed() >= REPORT {
        *reported = Instant::now();
        eprintln!("quorate: {run} of {runs} runs, none failed");
    }
}

/// The shortest history that fails as the one that was found.
fn shortest(trial: &Trial, found: Found) -> Result<(History, Failed), String> {
    let why = found.failed.first().to_owned();
    let (mut last, mut tried, mut broken) = (found.failed, 0, None);
    let history = shrink(&found.history, &mut |history| {
        if broken.is_some() {
            return false;
        }
        tried += 1;
        match trial.run(&history.to_toml()) {
            Ok(Some(failed)) if failed.why.contains(&why) => {
                last = failed;
                true
            }
            Ok(_) => false,
            Err(error) => {
                broken = Some(error);
                false
            }
        }
    });
    eprintln!(
        "quorate: {} steps, shrunk to {} in {tried} runs",
        found.history.len(),
        history.len()
    );
    broken.map_or(Ok((history, last)), Err)
}

fn print(arguments: &Arguments, history: &History, failed: &Failed) -> Result<ExitCode, String> {
    let node = arguments
        .node
        .map_or(String::new(), |node| format!(" --node {node}"));
    let timeout = arguments.timeout;
    let words = arguments.words.iter().map(|word| word.to_string_lossy());
    let text = format!(
        "# {}.\n#\n#   quorate run --scenario FILE --pace idle --stop-at-end --timeout {timeout}{node} -- {}\n\n{}",
        failed.first(),
        words.collect::<Vec<_>>().join(" ").replace('\n', " "),
        history.to_toml()
    );
    match &arguments.output {
        Some(file) => {
            std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => print!("{text}"),
    }
    Ok(EXPECTATION.into())
}
