//! All callers together: whose time is over, and who has to go when there are too many.

use super::caller::Caller;
use crate::error::Error;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Those who have connected and not yet said what they want. What is asked at every turn of the
/// server, and with every newcomer, takes no look at each of them.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    callers: BTreeMap<u64, Caller>,
    /// The callers of each process.
    processes: BTreeMap<i32, BTreeSet<u64>>,
    /// Since when each is waited for, but for those whose socket is frozen.
    waits: BTreeSet<(Instant, u64)>,
}

impl Crowd {
    pub(super) fn insert(&mut self, id: u64, caller: Caller) {
        self.processes.entry(caller.process).or_default().insert(id);
        self.waits.extend(caller.since.map(|since| (since, id)));
        self.callers.insert(id, caller);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Caller> {
        let caller = self.callers.remove(&id)?;
        if let Some(mine) = self.processes.get_mut(&caller.process) {
            mine.remove(&id);
            if mine.is_empty() {
                self.processes.remove(&caller.process);
            }
        }
        if let Some(since) = caller.since {
            self.waits.remove(&(since, id));
        }
        Some(caller)
    }

    pub(super) fn get(&self, id: u64) -> Option<&Caller> {
        self.callers.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Caller> {
        self.callers.get_mut(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.callers.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }

    /// The oldest caller of the process that has most of them; of equal ones the process that has
    /// waited longest.
    pub(super) fn oldest_of_most(&self) -> Option<u64> {
        let oldest = self.processes.values().filter_map(|ids| {
            let oldest = ids.first()?;
            Some((ids.len(), Reverse(*oldest)))
        });
        oldest.max().map(|(_, Reverse(oldest))| oldest)
    }

    /// How long it is until somebody's time is over.
    pub(super) fn patience(&self, limit: Duration) -> Option<Duration> {
        let (since, _) = self.waits.first()?;
        Some(limit.saturating_sub(since.elapsed()))
    }

    /// Drops callers whose time is over, but no more than these at once.
    pub(super) fn expire(&mut self, limit: Duration, most: usize) {
        for _ in 0..most {
            match self.waits.first().copied() {
                Some((since, id)) if since.elapsed() >= limit => drop(self.remove(id)),
                _ => break,
            }
        }
    }

    /// Drops those who have come through a socket that is closed.
    pub(super) fn send_away(&mut self, listener: u64) {
        for id in self.of(listener) {
            self.remove(id);
        }
    }

    /// Time stands still for those who have come through a socket that is frozen.
    pub(super) fn freeze(
        &mut self,
        listener: u64,
        forget: impl Fn(&Caller) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for id in self.of(listener) {
            if let Some(mut caller) = self.remove(id) {
                forget(&caller)?;
                caller.since = None;
                self.insert(id, caller);
            }
        }
        Ok(())
    }

    /// Time goes on for them, from the start: it was not they who were slow.
    pub(super) fn thaw(
        &mut self,
        listener: u64,
        watch: impl Fn(u64, &Caller) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for id in self.of(listener) {
            if let Some(mut caller) = self.remove(id) {
                watch(id, &caller)?;
                caller.since = Some(Instant::now());
                self.insert(id, caller);
            }
        }
        Ok(())
    }

    fn of(&self, listener: u64) -> Vec<u64> {
        let all = self.callers.iter();
        all.filter(|(_, caller)| caller.listener == listener)
            .map(|(id, _)| *id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    /// The other end of a caller's socket ends with it.
    fn caller(process: i32, since: Option<Instant>) -> Caller {
        let (stream, _) = UnixStream::pair().unwrap();
        let mut caller = Caller::new(stream, 1).unwrap();
        caller.process = process;
        caller.since = since;
        caller
    }

    #[test]
    fn the_process_with_most_callers_loses_its_oldest() {
        let mut crowd = Crowd::default();
        for (id, process) in [(1, 10), (2, 20), (3, 20), (4, 10), (5, 30), (6, 20)] {
            crowd.insert(id, caller(process, Some(Instant::now())));
        }
        let mut order = Vec::new();
        while let Some(id) = crowd.oldest_of_most() {
            order.push(id);
            crowd.remove(id);
        }
        assert_eq!(order, [2, 1, 3, 4, 5, 6]);
        assert!(crowd.is_empty() && crowd.processes.is_empty() && crowd.waits.is_empty());
    }

    #[test]
    fn time_over_for_all_at_once_is_spread_over_turns() {
        let limit = Duration::from_secs(5);
        let long_ago = Instant::now().checked_sub(limit * 2).unwrap();
        let mut crowd = Crowd::default();
        (0..10).for_each(|id| crowd.insert(id, caller(1, Some(long_ago))));
        crowd.insert(10, caller(1, Some(Instant::now() + limit)));
        crowd.insert(11, caller(1, None));
        let mut left = Vec::new();
        for _ in 0..4 {
            crowd.expire(limit, 4);
            left.push(crowd.len());
        }
        assert_eq!(left, [8, 4, 2, 2]);
        assert!(crowd.patience(limit).unwrap() >= limit);
    }

    #[test]
    fn time_stands_still_behind_a_frozen_socket() {
        let limit = Duration::from_secs(5);
        let long_ago = Instant::now().checked_sub(limit * 2).unwrap();
        let mut crowd = Crowd::default();
        crowd.insert(7, caller(1, Some(long_ago)));
        assert_eq!(crowd.patience(limit), Some(Duration::ZERO));
        crowd.freeze(1, |_| Ok(())).unwrap();
        assert_eq!(crowd.patience(limit), None);
        crowd.expire(limit, 1);
        assert_eq!(crowd.len(), 1);
        crowd.thaw(1, |_, _| Ok(())).unwrap();
        assert!(crowd.patience(limit).unwrap() > Duration::ZERO);
        crowd.send_away(1);
        assert!(crowd.is_empty());
    }
}
