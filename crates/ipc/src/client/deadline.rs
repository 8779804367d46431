//! A limit that several waits share.

use crate::error::Error;
use std::time::{Duration, Instant};

/// The moment by which the daemon must have answered, if there is one.
#[derive(Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        // Too far away for the clock to express is as good as none.
        Self(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// Time left; `None` without a limit.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// `slice` or what is left of the time, or an error when nothing is.
    pub(super) fn slice(&self, slice: Duration) -> Result<Duration, Error> {
        match self.remaining() {
            None => Ok(slice),
            Some(Duration::ZERO) => Err(Error::TimedOut),
            Some(left) => Ok(left.min(slice)),
        }
    }
}
