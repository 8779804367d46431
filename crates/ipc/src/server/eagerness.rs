//! Waiting without sleep for clients that are quick.

use super::sys::{Event, Poller};
use crate::error::Error;
use std::time::{Duration, Instant};

/// For so long a quick client is waited for without sleep.
const AWAKE: Duration = Duration::from_micros(50);
/// A wait is quick that is over in this time: then to fall asleep and to be woken, on both sides,
/// are most of it.
const QUICK: Duration = Duration::from_micros(100);
/// So many quick waits in a row, and it is tried whether it goes without sleep.
const IN_A_ROW: u32 = 4;

/// Whether the next wait is worth staying awake for. While nobody asks anything, it is not: one
/// wait in vain, and it takes some quick ones to try again.
#[derive(Debug, Default)]
pub(super) struct Eagerness {
    quick: u32,
}

impl Eagerness {
    pub(super) fn wait(
        &mut self,
        poller: &Poller,
        limit: Option<Duration>,
    ) -> Result<Vec<Event>, Error> {
        if limit == Some(Duration::ZERO) {
            return poller.wait(limit);
        }
        let start = Instant::now();
        if self.quick >= IN_A_ROW {
            let enough = limit.map_or(AWAKE, |limit| limit.min(AWAKE));
            while start.elapsed() < enough {
                let events = poller.wait(Some(Duration::ZERO))?;
                if !events.is_empty() {
                    return Ok(events);
                }
            }
            self.quick = 0;
            return poller.wait(limit.map(|limit| limit.saturating_sub(start.elapsed())));
        }
        let events = poller.wait(limit)?;
        self.quick = match start.elapsed() < QUICK && !events.is_empty() {
            true => self.quick + 1,
            false => 0,
        };
        Ok(events)
    }
}
