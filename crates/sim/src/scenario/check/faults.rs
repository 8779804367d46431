//! The tables `[[fault]]`, and steps that happen on a call.

use std::ops::Range;

use quorate_engine::NodeId;
use toml::{Spanned, Value};

use super::{Source, States};
use crate::fault::{Action, Fault, Function, Which, error_number, refusal, service_named};
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::raw::{RawCall, RawFault};
use crate::scenario::wanted::{Word, ids};
use crate::scenario::{Trigger, time};

/// More often than this, the same events would not fit any queue.
const BURST_MAX: u32 = 10_000;

#[derive(Clone, Copy)]
pub(super) struct FaultChecker<'a> {
    pub(super) source: Source<'a>,
    pub(super) nodes: &'a States,
}

impl FaultChecker<'_> {
    fn error<T>(&self, span: Range<usize>, kind: ScenarioErrorKind) -> Result<T, ScenarioError> {
        Err(self.source.error(span, kind))
    }

    pub(super) fn fault(&self, raw: &Spanned<RawFault>) -> Result<Fault, ScenarioError> {
        let fault = raw.get_ref();
        let function = fault.function.as_ref();
        let function = function.map(|name| self.function(name)).transpose()?;
        let service = match &fault.service {
            None => None,
            Some(name) => match service_named(name.get_ref()) {
                Some(service) if function.is_none_or(|f| f.service == service) => Some(service),
                _ => return self.error(name.span(), ScenarioErrorKind::Service),
            },
        };
        let on = fault.on.as_ref().is_none_or(|on| *on.get_ref());
        if let (false, None, Some(place)) = (on, &fault.name, &fault.on) {
            return self.error(place.span(), ScenarioErrorKind::NamelessFault);
        }
        let action = self.action(raw)?;
        self.fits(raw, function, action)?;
        Ok(Fault {
            name: fault.name.clone().unwrap_or_default(),
            nodes: self.nodes(fault.node.as_ref())?,
            service,
            function,
            which: self.which(raw)?,
            on,
            action,
        })
    }

    fn function(&self, name: &Spanned<Word>) -> Result<Function, ScenarioError> {
        let known = Function::named(name.get_ref());
        let unknown = || self.source.error(name.span(), ScenarioErrorKind::Function);
        known.ok_or_else(unknown)
    }

    fn nodes(&self, value: Option<&Spanned<Value>>) -> Result<Vec<NodeId>, ScenarioError> {
        let Some(value) = value else {
            return Ok(Vec::new());
        };
        let Some(ids) = ids(value.get_ref()).filter(|ids| !ids.is_empty()) else {
            return self.error(value.span(), ScenarioErrorKind::Ids);
        };
        match ids.iter().find(|id| !self.nodes.contains_key(id)) {
            Some(id) => self.error(value.span(), ScenarioErrorKind::UnknownNode(*id)),
            None => Ok(ids),
        }
    }

    fn which(&self, raw: &Spanned<RawFault>) -> Result<Which, ScenarioError> {
        let fault = raw.get_ref();
        match (&fault.nth, &fault.every, &fault.probability) {
            (None, None, None) => Ok(Which::Range(1, u64::MAX)),
            (Some(nth), None, None) => match range(nth.get_ref()) {
                Some((first, last)) => Ok(Which::Range(first, last)),
                None => self.error(nth.span(), ScenarioErrorKind::Nth),
            },
            (None, Some(every), None) if *every.get_ref() > 0 => Ok(Which::Every(*every.get_ref())),
            (None, Some(every), None) => self.error(every.span(), ScenarioErrorKind::Every),
            (None, None, Some(chance)) if (0.0..=1.0).contains(chance.get_ref()) => {
                Ok(Which::Chance((*chance.get_ref() * 1e6).round() as u32))
            }
            (None, None, Some(chance)) => self.error(chance.span(), ScenarioErrorKind::Probability),
            _ => self.error(raw.span(), ScenarioErrorKind::Which),
        }
    }

    fn action(&self, raw: &Spanned<RawFault>) -> Result<Action, ScenarioError> {
        let fault = raw.get_ref();
        let mut actions = Vec::new();
        if let Some(name) = &fault.error {
            let Some(number) = error_number(name.get_ref()) else {
                return self.error(name.span(), ScenarioErrorKind::ErrorName);
            };
            actions.push(Action::Error(number));
        }
        if let Some(text) = &fault.delay {
            let Some(time) = time::parse(text.get_ref()) else {
                return self.error(text.span(), ScenarioErrorKind::Time);
            };
            actions.push(Action::Delay(time));
        }
        if let Some(what) = &fault.drop {
            actions.push(match &**what.get_ref() {
                "request" => Action::DropRequest,
                "reply" => Action::DropReply,
                _ => return self.error(what.span(), ScenarioErrorKind::Drop),
            });
        }
        for (value, action) in [
            (&fault.stall, Action::Stall),
            (&fault.hold_events, Action::HoldEvents),
        ] {
            match value {
                Some(on) if !on.get_ref() => {
                    return self.error(on.span(), ScenarioErrorKind::OnlyTrue);
                }
                Some(_) => actions.push(action),
                None => {}
            }
        }
        if let Some(times) = &fault.burst {
            if !(1..=BURST_MAX).contains(times.get_ref()) {
                return self.error(times.span(), ScenarioErrorKind::Burst);
            }
            actions.push(Action::Burst(*times.get_ref()));
        }
        match actions[..] {
            [action] => Ok(action),
            _ => self.error(raw.span(), ScenarioErrorKind::FaultAction),
        }
    }

    /// Whether such a thing can become of such a call.
    fn fits(
        &self,
        raw: &Spanned<RawFault>,
        function: Option<Function>,
        action: Action,
    ) -> Result<(), ScenarioError> {
        let fault = raw.get_ref();
        let counted = fault.nth.is_some() || fault.every.is_some() || fault.probability.is_some();
        if action == Action::HoldEvents && (counted || function.is_some()) {
            return self.error(raw.span(), ScenarioErrorKind::HoldsCalls);
        }
        let Some((function, name)) = function.zip(fault.function.as_ref()) else {
            return Ok(());
        };
        let wrong = match action {
            Action::Error(number) if function.connects() && refusal(number).is_none() => {
                Some(ScenarioErrorKind::Refusal)
            }
            Action::Error(_) => (!function.is_answered()).then_some(ScenarioErrorKind::Unanswered),
            _ if function.connects() => Some(ScenarioErrorKind::Connecting),
            Action::DropReply | Action::Stall if !function.is_answered() => {
                Some(ScenarioErrorKind::Unanswered)
            }
            _ => None,
        };
        wrong.map_or(Ok(()), |kind| self.error(name.span(), kind))
    }

    /// A step's `on_call`.
    pub(super) fn trigger(&self, raw: &Spanned<RawCall>) -> Result<Trigger, ScenarioError> {
        let call = raw.get_ref();
        let function = self.function(&call.function)?;
        let nth = match &call.nth {
            Some(nth) if *nth.get_ref() == 0 => {
                return self.error(nth.span(), ScenarioErrorKind::NthCall);
            }
            nth => nth.as_ref().map_or(1, |nth| *nth.get_ref()),
        };
        let nodes = self.nodes(call.node.as_ref())?;
        Ok(Trigger {
            nodes,
            function,
            nth,
        })
    }
}

/// `3`, `"2-5"` or `"3-"`.
fn range(value: &Value) -> Option<(u64, u64)> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match value {
        Value::Integer(nth) => {
            let nth = u64::try_from(*nth).ok()?;
            (nth, nth)
        }
        Value::String(text) => match text.split_once('-')? {
            (first, "") => (number(first)?, u64::MAX),
            (first, last) => (number(first)?, number(last)?),
        },
        _ => return None,
    };
    (1..=last).contains(&first).then_some((first, last))
}
