//! Playing a scenario, step by step, so that programs can take part.

use std::time::Duration;

use super::report::{Check, Report};
use super::{Heard, Scenario, Step, Trigger, When};
use crate::cluster::Cluster;
use crate::fault::Call;
use crate::received::Witnessed;
use crate::transport::Services;

/// When the next step of a scenario is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// At this virtual time.
    At(Duration),
    /// When nothing is under way any more and all programs are idle.
    Idle,
    /// When a program has called what the step waits for: see [`Player::called`].
    Call,
    /// There are no more steps.
    Finished,
}

/// Plays a scenario. Whoever drives programs waits until a step is [due](Self::due), letting time
/// pass and programs run as it likes, and then [plays](Self::play) it.
#[derive(Clone, Debug)]
pub struct Player<'a> {
    scenario: &'a Scenario,
    next: usize,
    previous: Duration,
    /// Calls that the next step has counted.
    calls: u64,
    /// What programs should have received, and nobody has looked yet.
    unheard: &'a [Heard],
    /// So many of the events that programs received have been looked at.
    heard: usize,
    heard_at_end: bool,
    checks: Vec<Check>,
}

impl<'a> Player<'a> {
    /// Before the first step.
    #[must_use]
    pub fn new(scenario: &'a Scenario) -> Self {
        Player {
            scenario,
            next: 0,
            previous: Duration::ZERO,
            calls: 0,
            unheard: &[],
            heard: 0,
            heard_at_end: false,
            checks: Vec::new(),
        }
    }

    /// When the next step is due.
    #[must_use]
    pub fn due(&self) -> Due {
        match self.scenario.steps.get(self.next).map(|step| &step.when) {
            None => Due::Finished,
            Some(When::At(at)) => Due::At(*at),
            Some(When::After(wait)) => Due::At(self.previous + *wait),
            Some(When::Idle) => Due::Idle,
            Some(When::Call(_)) => Due::Call,
        }
    }

    /// How many steps are still to come. One that was taken apart counts as one.
    #[must_use]
    pub fn steps_left(&self) -> usize {
        let left = &self.scenario.steps[self.next..];
        let second = |two: &&[Step]| {
            let (first, second) = (&two[0], &two[1]);
            first.line == second.line && first.operation.is_some() && second.operation.is_none()
        };
        left.len() - left.windows(2).filter(second).count()
    }

    /// What was not as expected so far, for people.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed = self.checks.iter().filter(|check| check.failure.is_some());
        failed.map(ToString::to_string).collect()
    }

    /// A program calls something. `true` if the next step is to be [played](Self::play) now.
    pub fn called(&mut self, call: &Call) -> bool {
        let when = self.scenario.steps.get(self.next).map(|step| &step.when);
        let Some(When::Call(Trigger {
            nodes,
            function,
            nth,
        })) = when
        else {
            return false;
        };
        let counts = *function == call.function;
        if counts && (nodes.is_empty() || nodes.contains(&call.node)) {
            self.calls += 1;
        }
        self.calls == *nth
    }

    /// No program will call what the next step waits for: it is left out, and reported.
    pub fn give_up<S: Services>(&mut self, cluster: &Cluster<S>) {
        let Some(step) = self.scenario.steps.get(self.next) else {
            return;
        };
        if let When::Call(Trigger { function, nth, .. }) = &step.when {
            let failure = Some(format!("it was called {} times", self.calls));
            let name = format!("{} is called, {nth} times", function.name);
            self.check(cluster, step.line, &name, failure);
        }
        self.advance(cluster);
    }

    fn advance<S: Services>(&mut self, cluster: &Cluster<S>) {
        self.next += 1;
        self.calls = 0;
        self.previous = cluster.now();
    }

    /// Lets time pass until the next step is due, if it is not yet, and plays it. For one that
    /// waits for a call that moment is now.
    pub fn play<S: Services>(&mut self, cluster: &mut Cluster<S>) {
        let Some(step) = self.scenario.steps.get(self.next) else {
            return;
        };
        match self.due() {
            Due::At(at) => {
                if cluster.now() > at {
                    let text = format!("this was due at {at:?} and it is {:?}", cluster.now());
                    self.check(cluster, step.line, "the step is on time", Some(text));
                }
                cluster.run_until(at);
            }
            Due::Idle => cluster.run_until_quiet(),
            Due::Call | Due::Finished => {}
        }
        self.advance(cluster);
        self.carry_out(cluster, step);
        self.unheard = &step.received;
    }

    /// Whether [`hear`](Self::hear) is to be called before anything else happens.
    #[must_use]
    pub fn listens(&self) -> bool {
        !self.unheard.is_empty()
    }

    /// Holds what programs have received from the beginning on against what the step expects that
    /// was just played.
    pub fn hear(&mut self, at: Duration, received: &Witnessed) {
        let unheard = std::mem::take(&mut self.unheard);
        if unheard.is_empty() {
            return;
        }
        let heard = std::mem::replace(&mut self.heard, received.events.len());
        self.compare(unheard, at, received, heard);
    }

    /// The same with what is expected in the end.
    pub fn hear_at_end(&mut self, at: Duration, received: &Witnessed) {
        self.heard_at_end = true;
        self.compare(&self.scenario.received, at, received, 0);
    }

    /// `heard`: so many of the events do not count.
    fn compare(&mut self, expected: &[Heard], at: Duration, received: &Witnessed, heard: usize) {
        let new = received.events.get(heard..).unwrap_or_default();
        self.checks.extend(expected.iter().map(|expected| Check {
            name: expected.to_string(),
            place: Some(self.scenario.place(expected.line)),
            at,
            failure: expected.difference(new, &received.connected),
        }));
    }

    fn carry_out<S: Services>(&mut self, cluster: &mut Cluster<S>, step: &Step) {
        if let Some(operation) = &step.operation {
            if let Err(error) = operation.apply(cluster) {
                let failure = Some(error.to_string());
                self.check(cluster, step.line, "the step is carried out", failure);
            }
            if step.when == When::Idle && !step.expect.is_empty() {
                cluster.run_until_quiet();
            }
        }
        for expectation in &step.expect {
            for node in expectation.nodes_in(cluster) {
                let differences = expectation.differences(cluster, node);
                let failure = (!differences.is_empty()).then(|| differences.join("; "));
                let name = format!("node {node}: {expectation}");
                self.check(cluster, expectation.line, &name, failure);
            }
        }
    }

    fn check<S>(&mut self, cluster: &Cluster<S>, line: usize, name: &str, failure: Option<String>)
    where
        S: Services,
    {
        self.checks.push(Check {
            name: name.to_owned(),
            place: Some(self.scenario.place(line)),
            at: cluster.now(),
            failure,
        });
    }

    /// The report, with the exit code of the program if there was one.
    #[must_use]
    pub fn finish<S: Services>(mut self, cluster: &Cluster<S>, exit_code: Option<i32>) -> Report {
        // Whoever plays without programs, or does not listen to them, has received nothing.
        let nothing = Witnessed::default();
        self.hear(cluster.now(), &nothing);
        if !self.heard_at_end {
            self.hear_at_end(cluster.now(), &nothing);
        }
        let mut judge = |name: &str, failure| {
            self.checks.push(Check {
                name: name.to_owned(),
                place: None,
                at: cluster.now(),
                failure,
            });
        };
        if let (Some(expected), Some(code)) = (self.scenario.exit_code, exit_code) {
            let failure = (expected != code).then(|| format!("it ended with {code}"));
            judge(&format!("the program ends with {expected}"), failure);
        }
        if let Some(expected) = self.scenario.violations {
            let violations = cluster.violations();
            let found = violations.len();
            let failure = (expected != found).then(|| {
                let texts: Vec<_> = violations.iter().map(ToString::to_string).collect();
                format!("found {found}: {}", texts.join("; "))
            });
            let name = format!("{expected} violations of the invariants");
            judge(&name, failure);
        }
        Report {
            name: self.scenario.name.clone(),
            seed: cluster.seed(),
            checks: self.checks,
            notes: Vec::new(),
        }
    }
}
