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
        if self.is_eager() {
            let enough = limit.map_or(AWAKE, |limit| limit.min(AWAKE));
            while start.elapsed() < enough {
                let events = poller.wait(Some(Duration::ZERO))?;
                if !events.is_empty() {
                    return Ok(events);
                }
            }
            self.was_in_vain();
            return poller.wait(limit.map(|limit| limit.saturating_sub(start.elapsed())));
        }
        let events = poller.wait(limit)?;
        self.has_slept(start.elapsed(), !events.is_empty());
        Ok(events)
    }

    fn is_eager(&self) -> bool {
        self.quick >= IN_A_ROW
    }

    fn was_in_vain(&mut self) {
        self.quick = 0;
    }

    fn has_slept(&mut self, time: Duration, found: bool) {
        let quick = found && time < QUICK;
        self.quick = if quick { self.quick + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn only_quick_clients_are_waited_for_without_sleep() {
        let mut eagerness = Eagerness::default();
        for (time, found) in [(QUICK, true), (Duration::ZERO, false)] {
            for _ in 1..IN_A_ROW {
                eagerness.has_slept(Duration::ZERO, true);
                assert!(!eagerness.is_eager());
            }
            eagerness.has_slept(time, found);
            assert!(!eagerness.is_eager());
        }
        (0..IN_A_ROW).for_each(|_| eagerness.has_slept(Duration::ZERO, true));
        assert!(eagerness.is_eager());
    }

    #[test]
    fn one_wait_in_vain_is_enough() {
        let poller = Poller::new().unwrap();
        let (mut client, server) = UnixStream::pair().unwrap();
        poller.add(server.as_fd(), 1).unwrap();
        let mut eagerness = Eagerness { quick: IN_A_ROW };
        client.write_all(b"x").unwrap();
        assert_eq!(eagerness.wait(&poller, None).unwrap().len(), 1);
        assert!(eagerness.is_eager());
        (&server).read_exact(&mut [0]).unwrap();
        let limit = Some(Duration::from_millis(1));
        assert!(eagerness.wait(&poller, limit).unwrap().is_empty());
        assert!(!eagerness.is_eager());
    }
}
