//! The vote about a node's shutdown, with the rules of corosync 3.1.7 (`cfg.c`).

use std::collections::BTreeMap;

use super::{ACCESS, EXIST, OK};

const BUSY: i32 = 10;
const TIMEOUT: i32 = 5;
/// `COROSYNC_CFG_SHUTDOWN_FLAG_REGARDLESS`.
const REGARDLESS: u32 = 1;
/// `COROSYNC_CFG_SHUTDOWN_FLAG_IMMEDIATE`.
const IMMEDIATE: u32 = 2;

/// What is to be done. `K` names sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step<K> {
    /// A session that tracks is asked, or told (with an error) that it need not answer any more.
    Ask { session: K, error: i32, flags: u32 },
    /// The session that wants to shut the node down hears what came of it.
    Answer { session: K, error: i32 },
    /// Undecided sessions say no after a while.
    SetReminder,
    /// The node stops.
    ShutDown,
}

#[derive(Clone, Copy, Debug, Default)]
struct Session {
    tracks: bool,
    said: Option<bool>,
    /// Whether it has ever asked for a shutdown: only then it is told of a vote's timeout.
    has_asked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Vote<K> {
    asker: K,
    flags: u32,
    expected: u32,
    yes: u32,
    no: u32,
    /// Nobody was to be asked: the node is going down.
    settled: bool,
}

/// The sessions of a node, and the vote that is under way.
#[derive(Debug)]
pub(super) struct Ballot<K> {
    sessions: BTreeMap<K, Session>,
    vote: Option<Vote<K>>,
}

impl<K> Default for Ballot<K> {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            vote: None,
        }
    }
}

impl<K: Copy + Ord> Ballot<K> {
    /// A session wants to be asked.
    pub(super) fn track(&mut self, key: K) -> Option<Step<K>> {
        let session = self.sessions.entry(key).or_default();
        if std::mem::replace(&mut session.tracks, true) {
            return None;
        }
        let vote = self.vote.as_mut()?;
        session.said = None;
        vote.expected += 1;
        let flags = vote.flags;
        Some(Step::Ask {
            session: key,
            error: OK,
            flags,
        })
    }

    /// A session does not want to be asked any more, or is gone, which counts as a yes. If it is
    /// the one that asked, nothing comes of the vote.
    pub(super) fn withdraw(&mut self, key: K) -> Vec<Step<K>> {
        if self.vote.is_some_and(|vote| vote.asker == key) {
            self.vote = None;
        }
        let Some(session) = self.sessions.get_mut(&key) else {
            return Vec::new();
        };
        if !std::mem::take(&mut session.tracks) {
            return Vec::new();
        }
        let said = session.said.replace(true);
        if let Some(vote) = &mut self.vote {
            match said {
                Some(true) => vote.yes = vote.yes.saturating_sub(1),
                Some(false) => vote.no = vote.no.saturating_sub(1),
                None => {}
            }
            vote.yes += 1;
        }
        self.count()
    }

    /// As [`withdraw`](Self::withdraw), for good.
    pub(super) fn forget(&mut self, key: K) -> Vec<Step<K>> {
        let steps = self.withdraw(key);
        self.sessions.remove(&key);
        steps
    }

    /// A session wants the node to stop.
    pub(super) fn ask(&mut self, key: K, flags: u32) -> Vec<Step<K>> {
        let answer = |error| Step::Answer {
            session: key,
            error,
        };
        if flags == IMMEDIATE {
            return vec![Step::ShutDown, answer(OK)];
        }
        if self.vote.is_some() {
            return vec![answer(EXIST)];
        }
        self.sessions.entry(key).or_default().has_asked = true;
        let mut steps = Vec::new();
        for (other, session) in &mut self.sessions {
            if session.tracks && *other != key {
                session.said = None;
                steps.push(Step::Ask {
                    session: *other,
                    error: OK,
                    flags,
                });
            }
        }
        let expected = steps.len() as u32;
        self.vote = Some(Vote {
            asker: key,
            flags,
            expected,
            yes: 0,
            no: 0,
            settled: expected == 0,
        });
        if expected == 0 {
            return vec![answer(OK), Step::ShutDown];
        }
        steps.push(Step::SetReminder);
        steps
    }

    /// A session says yes or no; also one that was not asked, and also again. The error is the
    /// answer to it.
    pub(super) fn reply(&mut self, key: K, yes: bool) -> (i32, Vec<Step<K>>) {
        let Some(vote) = &mut self.vote else {
            return (ACCESS, Vec::new());
        };
        let count = if yes { &mut vote.yes } else { &mut vote.no };
        *count = count.saturating_add(1);
        self.sessions.entry(key).or_default().said = Some(yes);
        (OK, self.count())
    }

    /// Time is over for those who have said nothing.
    pub(super) fn time_is_over(&mut self) -> Vec<Step<K>> {
        let Some(vote) = &mut self.vote else {
            return Vec::new();
        };
        vote.no = vote.expected;
        let flags = vote.flags;
        let mut steps = self.count();
        let told = |session: &Session| session.tracks && session.has_asked;
        let told = self.sessions.iter().filter(|(_, session)| told(session));
        steps.extend(told.map(|(key, _)| Step::Ask {
            session: *key,
            error: TIMEOUT,
            flags,
        }));
        steps
    }

    fn count(&mut self) -> Vec<Step<K>> {
        let counts =
            |vote: &Vote<K>| !vote.settled && vote.yes.saturating_add(vote.no) >= vote.expected;
        let Some(vote) = self.vote.filter(counts) else {
            return Vec::new();
        };
        self.vote = None;
        let session = vote.asker;
        if vote.yes >= vote.expected || vote.flags == REGARDLESS {
            vec![Step::Answer { session, error: OK }, Step::ShutDown]
        } else {
            let error = BUSY;
            vec![Step::Answer { session, error }]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKER: u32 = 0;
    const REQUEST: u32 = 0;

    fn ballot(sessions: u32) -> Ballot<u32> {
        let mut ballot = Ballot::default();
        for session in 1..=sessions {
            assert_eq!(ballot.track(session), None);
        }
        ballot
    }

    fn answer(error: i32) -> Step<u32> {
        let session = ASKER;
        Step::Answer { session, error }
    }

    fn asked(session: u32, flags: u32) -> Step<u32> {
        let error = OK;
        Step::Ask {
            session,
            error,
            flags,
        }
    }

    #[test]
    fn nobody_is_to_be_asked() {
        let mut ballot = ballot(0);
        assert_eq!(ballot.ask(ASKER, REQUEST), [answer(OK), Step::ShutDown]);
        let session = 9;
        let error = EXIST;
        assert_eq!(ballot.ask(9, REQUEST), [Step::Answer { session, error }]);
        assert_eq!(ballot.reply(9, true), (OK, Vec::new()));
    }

    #[test]
    fn all_must_agree() {
        for (votes, flags, expected) in [
            ([true, true], REQUEST, Some(OK)),
            ([true, false], REQUEST, Some(BUSY)),
            ([false, true], REQUEST, Some(BUSY)),
            ([false, true], REGARDLESS, Some(OK)),
        ] {
            let mut ballot = ballot(2);
            let steps = [asked(1, flags), asked(2, flags), Step::SetReminder];
            assert_eq!(ballot.ask(ASKER, flags), steps);
            assert_eq!(ballot.reply(1, votes[0]), (OK, Vec::new()));
            let (error, steps) = ballot.reply(2, votes[1]);
            assert_eq!(error, OK);
            assert_eq!(steps.first().copied(), expected.map(answer), "{votes:?}");
            assert_eq!(steps.contains(&Step::ShutDown), expected == Some(OK));
            assert_eq!(ballot.reply(1, true), (ACCESS, Vec::new()));
        }
    }

    #[test]
    fn who_leaves_agrees() {
        let mut ballot = ballot(2);
        ballot.ask(ASKER, REQUEST);
        ballot.reply(1, false);
        assert_eq!(ballot.forget(1), []);
        assert_eq!(ballot.withdraw(2), [answer(OK), Step::ShutDown]);
    }

    #[test]
    fn newcomers_are_asked_too() {
        let mut ballot = ballot(1);
        ballot.ask(ASKER, REQUEST);
        assert_eq!(ballot.track(2), Some(asked(2, REQUEST)));
        assert_eq!(ballot.reply(1, true), (OK, Vec::new()));
        let (_, steps) = ballot.reply(2, true);
        assert_eq!(steps, [answer(OK), Step::ShutDown]);
    }

    #[test]
    fn who_says_nothing_says_no_in_the_end() {
        let mut ballot = ballot(2);
        ballot.track(ASKER);
        ballot.ask(ASKER, REQUEST);
        let (error, flags) = (TIMEOUT, REQUEST);
        let told = Step::Ask {
            session: ASKER,
            error,
            flags,
        };
        assert_eq!(ballot.time_is_over(), [answer(BUSY), told]);
        assert_eq!(ballot.time_is_over(), []);
    }

    #[test]
    fn nothing_comes_of_a_vote_whose_asker_is_gone() {
        let mut ballot = ballot(1);
        ballot.ask(ASKER, REQUEST);
        assert_eq!(ballot.forget(ASKER), []);
        assert_eq!(ballot.reply(1, true), (ACCESS, Vec::new()));
        let steps = ballot.ask(ASKER, IMMEDIATE);
        assert_eq!(steps, [Step::ShutDown, answer(OK)]);
    }
}
