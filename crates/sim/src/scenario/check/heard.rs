//! What programs are expected to have received.

use std::ops::Range;

use quorate_engine::NodeId;
use quorate_ipc::Service;
use toml::{Spanned, Value};

use super::{Source, States};
use crate::fault::service_named;
use crate::received::{Argument, arguments_of, events_of};
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::heard::{ExpectedEvent, Heard};
use crate::scenario::raw::RawEvent;
use crate::scenario::wanted::number;

/// `received` or `received_exactly`, as it stands in the file.
pub(super) type RawHeard = Option<Spanned<Vec<Spanned<RawEvent>>>>;

/// Reads the lists of events of one table.
pub(super) fn heard(
    source: Source<'_>,
    known: &States,
    nodes: &[NodeId],
    lists: [(&RawHeard, bool); 2],
) -> Result<Vec<Heard>, ScenarioError> {
    let mut all = Vec::new();
    for (list, exactly) in lists {
        let Some(list) = list else { continue };
        let events = list.get_ref().iter();
        let events = events
            .map(|event| expected(known, event).map_err(|(span, kind)| source.error(span, kind)));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let span: Range<usize> = list.span();
        if events.is_empty() && !exactly {
            return Err(source.error(span, ScenarioErrorKind::NoExpectation));
        }
        all.push(Heard {
            line: source.line(&span),
            nodes: nodes.to_vec(),
            exactly,
            events,
        });
    }
    Ok(all)
}

/// What is wrong, and where it stands.
type Misplaced = (Range<usize>, ScenarioErrorKind);

fn expected(known: &States, event: &Spanned<RawEvent>) -> Result<ExpectedEvent, Misplaced> {
    let table = event.get_ref();
    let of = table.get("service").map(|name| {
        let service = service(name.get_ref());
        service.map_err(|kind| (name.span(), kind))
    });
    let of = of.transpose()?;
    let (event, names) = named(of, table.get("event"), event.span())?;
    let mut expected = ExpectedEvent {
        node: None,
        service: of,
        event,
        arguments: Vec::new(),
    };
    for (name, value) in table {
        let fail = |kind| (value.span(), kind);
        let value = value.get_ref();
        match name.as_str() {
            "service" | "event" => {}
            "node" => {
                let node = NodeId(number(value).ok_or_else(|| fail(ScenarioErrorKind::Id))?);
                if !known.contains_key(&node) {
                    return Err(fail(ScenarioErrorKind::UnknownNode(node)));
                }
                expected.node = Some(node);
            }
            _ => {
                let known = names.contains(&name.as_str());
                let value = argument(value).filter(|_| known);
                let wrong = || ScenarioErrorKind::Argument(name.clone(), names.join(", "));
                let value = value.ok_or_else(|| fail(wrong()))?;
                expected.arguments.push((name.clone(), value));
            }
        }
    }
    Ok(expected)
}

/// The event that is named, and the names of its arguments.
fn named(
    of: Option<Service>,
    value: Option<&Spanned<Value>>,
    table: Range<usize>,
) -> Result<(String, Vec<&'static str>), Misplaced> {
    let events = events_of(of).join(", ");
    let span = value.map_or(table, Spanned::span);
    let Some(event) = value.and_then(|value| value.get_ref().as_str()) else {
        return Err((span, ScenarioErrorKind::NoEvent(events)));
    };
    let event = event.to_owned();
    match arguments_of(of, &event) {
        Some(names) => Ok((event, names)),
        None => {
            let of = of.map_or("any service", Service::name);
            Err((span, ScenarioErrorKind::Event { event, of, events }))
        }
    }
}

fn service(name: &Value) -> Result<Service, ScenarioErrorKind> {
    let known = name.as_str().and_then(service_named);
    known.ok_or(ScenarioErrorKind::Service)
}

fn argument(value: &Value) -> Option<Argument> {
    Some(match value {
        Value::Boolean(flag) => Argument::Flag(*flag),
        Value::Integer(number) => Argument::Number(u64::try_from(*number).ok()?),
        Value::String(text) => Argument::Text(text.clone()),
        Value::Array(ids) => Argument::Nodes(ids.iter().map(number).collect::<Option<_>>()?),
        _ => return None,
    })
}
