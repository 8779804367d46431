//! Waiting without sleep for a peer that is quick: a server for requests, a client for its reply.

use std::time::{Duration, Instant};

/// For so long a quick peer is waited for without sleep.
const AWAKE: Duration = Duration::from_micros(50);
/// A wait is quick that is over in this time: then to fall asleep and to be woken, on both sides,
/// are most of it.
const QUICK: Duration = Duration::from_micros(100);
/// So many quick waits in a row, and it is tried whether it goes without sleep.
const IN_A_ROW: u32 = 4;
/// With each wait in vain it takes more of them, by this factor and up to so many. Each one that was
/// worth it halves them.
const DOUBT: u32 = 4;
const MOST_IN_A_ROW: u32 = 4096;

/// Whether the next wait is worth staying awake for. While nobody asks anything, it is not; nor where
/// both sides share a processor, and the one that is awake keeps the other from it.
#[derive(Debug)]
pub(crate) struct Eagerness {
    quick: u32,
    needed: u32,
}

impl Default for Eagerness {
    fn default() -> Self {
        Self {
            quick: 0,
            needed: IN_A_ROW,
        }
    }
}

impl Eagerness {
    /// What `look` finds, which does not wait, or else `sleep`, which waits for as long as it is told.
    ///
    /// # Errors
    ///
    /// Those of either.
    pub(crate) fn wait<T, E>(
        &mut self,
        limit: Option<Duration>,
        mut look: impl FnMut() -> Result<Option<T>, E>,
        sleep: impl FnOnce(Option<Duration>) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let start = Instant::now();
        if self.is_eager() {
            let enough = limit.map_or(AWAKE, |limit| limit.min(AWAKE));
            loop {
                if let Some(found) = look()? {
                    self.was_worth_it();
                    return Ok(Some(found));
                }
                if start.elapsed() >= enough {
                    break;
                }
            }
            self.was_in_vain();
            return sleep(limit.map(|limit| limit.saturating_sub(start.elapsed())));
        }
        let found = sleep(limit)?;
        self.has_slept(start.elapsed(), found.is_some());
        Ok(found)
    }

    fn is_eager(&self) -> bool {
        self.quick >= self.needed
    }

    fn was_worth_it(&mut self) {
        self.needed = (self.needed / 2).max(IN_A_ROW);
    }

    fn was_in_vain(&mut self) {
        self.quick = 0;
        self.needed = (self.needed * DOUBT).min(MOST_IN_A_ROW);
    }

    fn has_slept(&mut self, time: Duration, found: bool) {
        let quick = found && time < QUICK;
        self.quick = if quick { self.quick + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn sleep_quickly(eagerness: &mut Eagerness, times: u32) {
        (0..times).for_each(|_| eagerness.has_slept(Duration::ZERO, true));
    }

    #[test]
    fn only_quick_peers_are_waited_for_without_sleep() {
        let mut eagerness = Eagerness::default();
        for (time, found) in [(QUICK, true), (Duration::ZERO, false)] {
            sleep_quickly(&mut eagerness, IN_A_ROW - 1);
            assert!(!eagerness.is_eager());
            eagerness.has_slept(time, found);
            assert!(!eagerness.is_eager());
        }
        sleep_quickly(&mut eagerness, IN_A_ROW);
        assert!(eagerness.is_eager());
    }

    #[test]
    fn what_is_found_without_sleep_needs_none() {
        let mut eagerness = Eagerness::default();
        sleep_quickly(&mut eagerness, IN_A_ROW);
        let look = || Ok::<_, Infallible>(Some(7));
        let found = eagerness.wait(None, look, |_| panic!("it sleeps"));
        assert_eq!(found, Ok(Some(7)));
        assert!(eagerness.is_eager());
    }

    #[test]
    fn one_wait_in_vain_is_enough() {
        let mut eagerness = Eagerness::default();
        sleep_quickly(&mut eagerness, IN_A_ROW);
        let mut looks = 0;
        let look = || {
            looks += 1;
            Ok::<_, Infallible>(None::<()>)
        };
        let limit = Some(Duration::from_micros(20));
        let found = eagerness.wait(limit, look, |left| {
            assert_eq!(left, Some(Duration::ZERO));
            Ok(None)
        });
        assert_eq!(found, Ok(None));
        assert!(looks > 0 && !eagerness.is_eager());
    }

    #[test]
    fn after_waits_in_vain_it_is_tried_more_rarely() {
        let mut eagerness = Eagerness::default();
        let mut needed = Vec::new();
        for _ in 0..7 {
            eagerness.was_in_vain();
            let next = eagerness.needed;
            needed.push(next);
            sleep_quickly(&mut eagerness, next - 1);
            assert!(!eagerness.is_eager());
            sleep_quickly(&mut eagerness, 1);
            assert!(eagerness.is_eager());
        }
        assert_eq!(needed, [16, 64, 256, 1024, 4096, 4096, 4096]);
        for _ in 0..10 {
            eagerness.was_worth_it();
        }
        assert!(eagerness.is_eager());
        assert_eq!(eagerness.needed, IN_A_ROW);
    }
}
