//! Waiting for something to become true, with a generous limit and no guesses about timing.

use std::thread;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// What every wait in the tests gives up after. Only a broken test ever gets there.
pub const LIMIT: Duration = Duration::from_secs(60);

const STEP: Duration = Duration::from_millis(20);

/// Asks `question` until it answers `Ok`, or panics with the last `Err` after [`LIMIT`].
pub fn wait_until<T>(what: &str, question: impl FnMut() -> Result<T, String>) -> T {
    match eventually(LIMIT, question) {
        Ok(answer) => answer,
        Err(last) => panic!("gave up after {LIMIT:?} waiting for {what}; last answer: {last}"),
    }
}

/// Asks `question` until it answers `Ok` or `limit` has passed; then the last `Err` is returned.
///
/// # Errors
///
/// The last answer of `question`, when none was `Ok` in time.
pub fn eventually<T>(
    limit: Duration,
    mut question: impl FnMut() -> Result<T, String>,
) -> Result<T, String> {
    let end = Instant::now() + limit;
    loop {
        match question() {
            Ok(answer) => return Ok(answer),
            Err(last) if Instant::now() >= end => return Err(last),
            Err(_) => thread::sleep(STEP),
        }
    }
}

/// What `CLOCK_MONOTONIC` says, in nanoseconds: for comparison with what programs write down, since
/// all nodes are on one machine.
///
/// # Panics
///
/// When there is no such clock.
#[must_use]
pub fn monotonic_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("there is such a clock");
    Duration::from(now).as_nanos() as u64
}
