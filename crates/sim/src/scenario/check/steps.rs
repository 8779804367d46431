//! The steps.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use quorate_engine::NodeId;
use toml::{Spanned, Value};

use super::cluster::{config_file, plain_text};
use super::faults::FaultChecker;
use super::{Source, State, States};
use crate::cluster::DeviceAction;
use crate::config::key_value;
use crate::fault::Fault;
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::raw::{RawDevice, RawKey, RawStep};
use crate::scenario::wanted::{Groups, Word, ids};
use crate::scenario::{Operation, Step, When, time};

pub(super) struct Checker<'a> {
    pub(super) source: Source<'a>,
    faults: &'a [Fault],
    states: States,
    /// The time of the latest step with `at`, and what `after` has added to it.
    earliest: Duration,
}

/// What happens before programs start, and the steps.
pub(super) fn steps(
    source: Source<'_>,
    (before, steps): (&[Spanned<RawStep>], &[Spanned<RawStep>]),
    faults: &[Fault],
    states: States,
) -> Result<(Vec<Operation>, Vec<Step>), ScenarioError> {
    let mut checker = Checker {
        source,
        faults,
        states,
        earliest: Duration::ZERO,
    };
    let before = before.iter();
    let before = before.map(|step| checker.only_operation(step.get_ref(), step.span()));
    let before = before.collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for step in steps {
        let mut step = checker.step(step)?;
        // What programs receive of what a step does they receive afterwards.
        let first = (step.when == When::Idle && step.operation.is_some()).then(|| Step {
            received: Vec::new(),
            ..step.clone()
        });
        if let Some(first) = first.filter(|_| !step.received.is_empty()) {
            all.push(first);
            step.operation = None;
            step.expect.clear();
        }
        all.push(step);
    }
    Ok((before, all))
}

/// A step that is only an operation, to be carried out now.
pub(super) fn operation(
    source: Source<'_>,
    step: &RawStep,
    faults: &[Fault],
    states: States,
) -> Result<Operation, ScenarioError> {
    let mut checker = Checker {
        source,
        faults,
        states,
        earliest: Duration::ZERO,
    };
    checker.only_operation(step, 0..source.text.len())
}

impl Checker<'_> {
    pub(super) fn error<T>(
        &self,
        span: Range<usize>,
        kind: ScenarioErrorKind,
    ) -> Result<T, ScenarioError> {
        Err(self.source.error(span, kind))
    }

    /// What has no time of its own, and expects nothing.
    fn only_operation(
        &mut self,
        step: &RawStep,
        whole: Range<usize>,
    ) -> Result<Operation, ScenarioError> {
        let timed = step.at.is_some() || step.after.is_some() || step.pace.is_some();
        if timed || step.on_call.is_some() || step.expect.is_some() {
            return self.error(whole, ScenarioErrorKind::OnlyOperation);
        }
        match self.operation(step)? {
            Some(operation) => Ok(operation),
            None => self.error(whole, ScenarioErrorKind::Empty),
        }
    }

    fn step(&mut self, raw: &Spanned<RawStep>) -> Result<Step, ScenarioError> {
        let step = raw.get_ref();
        let when = self.when(raw)?;
        let operation = self.operation(step)?;
        let (mut expect, mut received) = (Vec::new(), Vec::new());
        if let Some(raw) = &step.expect {
            for one in &raw.get_ref().0 {
                let (state, heard) = self.expectation(one, raw.span())?;
                expect.extend(state);
                received.extend(heard);
            }
        }
        if operation.is_none() && expect.is_empty() && received.is_empty() {
            return self.error(raw.span(), ScenarioErrorKind::Empty);
        }
        let line = self.source.line(&raw.span());
        Ok(Step {
            line,
            when,
            operation,
            expect,
            received,
        })
    }

    fn when(&mut self, raw: &Spanned<RawStep>) -> Result<When, ScenarioError> {
        let step = raw.get_ref();
        let time = |text: &Spanned<Word>| {
            time::parse(text.get_ref())
                .ok_or_else(|| self.source.error(text.span(), ScenarioErrorKind::Time))
        };
        if let Some(call) = &step.on_call {
            if step.at.is_some() || step.after.is_some() || step.pace.is_some() {
                return self.error(raw.span(), ScenarioErrorKind::When);
            }
            let (source, nodes) = (self.source, &self.states);
            let checker = FaultChecker { source, nodes };
            return checker.trigger(call).map(When::Call);
        }
        match (&step.at, &step.after, &step.pace) {
            (Some(at), None, None) => {
                let time = time(at)?;
                if time < self.earliest {
                    return self.error(at.span(), ScenarioErrorKind::Backwards);
                }
                self.earliest = time;
                Ok(When::At(time))
            }
            (None, Some(after), None) => {
                let wait = time(after)?;
                self.earliest = self.earliest.saturating_add(wait);
                Ok(When::After(wait))
            }
            (None, None, Some(pace)) if &**pace.get_ref() == "idle" => Ok(When::Idle),
            (None, None, Some(pace)) => self.error(pace.span(), ScenarioErrorKind::Pace),
            _ => self.error(raw.span(), ScenarioErrorKind::When),
        }
    }

    fn operation(&mut self, step: &RawStep) -> Result<Option<Operation>, ScenarioError> {
        self.only_one(step)?;
        let nodes = |to: State, from: &'static [State], value: &Option<Spanned<Value>>| {
            value
                .as_ref()
                .map(|value| (to, from, value.span(), ids(value.get_ref())))
        };
        let running: &[State] = &[State::Up, State::Paused];
        type Make = fn(Vec<NodeId>) -> Operation;
        let changes: [(Make, _); 7] = [
            (Operation::Up, nodes(State::Up, &[State::Down], &step.up)),
            (Operation::Kill, nodes(State::Down, running, &step.kill)),
            (
                Operation::Leave,
                nodes(State::Down, &[State::Up], &step.leave),
            ),
            (Operation::Restart, nodes(State::Up, running, &step.restart)),
            (
                Operation::PowerOff,
                nodes(State::Down, running, &step.power_off),
            ),
            (
                Operation::Pause,
                nodes(State::Paused, &[State::Up], &step.pause),
            ),
            (
                Operation::Resume,
                nodes(State::Up, &[State::Paused], &step.resume),
            ),
        ];
        for (make, change) in changes {
            if let Some((to, from, span, ids)) = change {
                let ids =
                    ids.ok_or_else(|| self.source.error(span.clone(), ScenarioErrorKind::Ids))?;
                self.change(&ids, from, to, &span)?;
                return Ok(Some(make(ids)));
            }
        }
        if let Some(groups) = &step.partition {
            return self.partition(groups).map(Some);
        }
        if let Some(heal) = &step.heal {
            return match heal.get_ref() {
                true => Ok(Some(Operation::Heal)),
                false => self.error(heal.span(), ScenarioErrorKind::OnlyTrue),
            };
        }
        self.administration(step)
    }

    fn only_one(&self, step: &RawStep) -> Result<(), ScenarioError> {
        fn span<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
            value.as_ref().map(Spanned::span)
        }
        let mut spans: Vec<_> = [
            span(&step.up),
            span(&step.kill),
            span(&step.leave),
            span(&step.restart),
            span(&step.power_off),
            span(&step.pause),
            span(&step.resume),
            span(&step.partition),
            span(&step.heal),
            span(&step.set_votes),
            span(&step.set_expected),
            span(&step.qdevice),
            span(&step.reload),
            span(&step.set_key),
            span(&step.ring_number),
            span(&step.fault_on),
            span(&step.fault_off),
        ]
        .into_iter()
        .flatten()
        .collect();
        spans.sort_unstable_by_key(|span| span.start);
        match spans.into_iter().nth(1) {
            Some(second) => self.error(second, ScenarioErrorKind::SecondOperation),
            None => Ok(()),
        }
    }

    fn administration(&self, step: &RawStep) -> Result<Option<Operation>, ScenarioError> {
        if let Some(raw) = &step.set_votes {
            let votes = raw.get_ref();
            let node = votes.node.0;
            if node != NodeId::QDEVICE {
                self.known(node, &raw.span())?;
            }
            let on = votes.on.unwrap_or(votes.node).0;
            self.running(on, &raw.span())?;
            let votes = votes.votes;
            return Ok(Some(Operation::SetVotes { on, node, votes }));
        }
        if let Some(raw) = &step.set_expected {
            let on = raw.get_ref().node.0;
            self.running(on, &raw.span())?;
            let votes = raw.get_ref().votes;
            return Ok(Some(Operation::SetExpected { on, votes }));
        }
        if let Some(raw) = &step.qdevice {
            self.running(raw.get_ref().node.0, &raw.span())?;
            return self.device(raw).map(Some);
        }
        if let Some(file) = &step.reload {
            let config = config_file(self.source, file)?;
            let up = self.states.iter().find(|(_, state)| **state == State::Up);
            return match (up, self.states.first_key_value()) {
                (Some((&node, _)), _) => Ok(Some(Operation::Reload(node, Box::new(config)))),
                (None, Some((&node, state))) => {
                    let state = state.text();
                    self.error(file.span(), ScenarioErrorKind::State { node, state })
                }
                (None, None) => self.error(file.span(), ScenarioErrorKind::Nodes),
            };
        }
        if let Some(raw) = &step.ring_number {
            let number = raw.get_ref();
            let node = number.node.0;
            self.known(node, &raw.span())?;
            let number = number.number;
            return Ok(Some(Operation::RingNumber { node, number }));
        }
        for (name, on) in [(&step.fault_on, true), (&step.fault_off, false)] {
            if let Some(name) = name {
                let mut faults = self.faults.iter();
                if !faults.any(|f| !f.name.is_empty() && f.name == **name.get_ref()) {
                    return self.error(name.span(), ScenarioErrorKind::UnknownFault);
                }
                let name = name.get_ref().to_string();
                return Ok(Some(Operation::Fault { name, on }));
            }
        }
        match &step.set_key {
            Some(raw) => self.set_key(raw).map(Some),
            None => Ok(None),
        }
    }

    fn device(&self, raw: &Spanned<RawDevice>) -> Result<Operation, ScenarioError> {
        let device = raw.get_ref();
        let asked = (
            device.vote,
            device.master_wins,
            device.stop,
            device.unregister,
        );
        let action = match asked {
            (Some(vote), None, None, None) => DeviceAction::Start { vote },
            (None, Some(allow), None, None) => DeviceAction::MasterWins(allow),
            (None, None, Some(true), None) => DeviceAction::Stop,
            (None, None, None, Some(true)) => DeviceAction::Unregister,
            _ => return self.error(raw.span(), ScenarioErrorKind::Device),
        };
        Ok(Operation::Device(device.node.0, action))
    }

    fn set_key(&self, raw: &Spanned<RawKey>) -> Result<Operation, ScenarioError> {
        let key = raw.get_ref();
        let node = key.node.0;
        self.running(node, &raw.span())?;
        let value = match (&key.value, key.delete) {
            (None, Some(true)) => None,
            (Some(value), None) => {
                let is_number = !value.is_str();
                let text = plain_text(value).ok_or("expected a number or a text".to_owned());
                let value = text.and_then(|text| {
                    key_value(&key.key, &text, is_number).map_err(|kind| kind.to_string())
                });
                let fail = |text| self.source.error(raw.span(), ScenarioErrorKind::Key(text));
                Some(value.map_err(fail)?)
            }
            _ => return self.error(raw.span(), ScenarioErrorKind::ValueOrDelete),
        };
        Ok(Operation::SetKey {
            node,
            key: key.key.clone(),
            value,
        })
    }

    fn partition(&self, raw: &Spanned<Groups>) -> Result<Operation, ScenarioError> {
        let Groups(groups) = raw.get_ref();
        let mut named = BTreeSet::new();
        for &node in groups.iter().flatten() {
            self.known(node, &raw.span())?;
            if !named.insert(node) {
                return self.error(raw.span(), ScenarioErrorKind::Twice(node));
            }
        }
        Ok(Operation::Partition(groups.clone()))
    }

    pub(super) fn states(&self) -> &States {
        &self.states
    }

    pub(super) fn known(&self, node: NodeId, span: &Range<usize>) -> Result<State, ScenarioError> {
        let state = self.states.get(&node).copied();
        state.ok_or_else(|| {
            self.source
                .error(span.clone(), ScenarioErrorKind::UnknownNode(node))
        })
    }

    fn running(&self, node: NodeId, span: &Range<usize>) -> Result<(), ScenarioError> {
        match self.known(node, span)? {
            State::Up => Ok(()),
            state => {
                let state = state.text();
                self.error(span.clone(), ScenarioErrorKind::State { node, state })
            }
        }
    }

    fn change(
        &mut self,
        nodes: &[NodeId],
        from: &[State],
        to: State,
        span: &Range<usize>,
    ) -> Result<(), ScenarioError> {
        let mut named = BTreeSet::new();
        for &node in nodes {
            if !named.insert(node) {
                return self.error(span.clone(), ScenarioErrorKind::Twice(node));
            }
            let state = self.known(node, span)?;
            if !from.contains(&state) {
                let state = state.text();
                return self.error(span.clone(), ScenarioErrorKind::State { node, state });
            }
            self.states.insert(node, to);
        }
        Ok(())
    }
}
