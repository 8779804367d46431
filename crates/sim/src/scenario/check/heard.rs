//! What programs are expected to have received.

use std::ops::Range;

use quorate_engine::NodeId;
use quorate_ipc::Service;
use toml::{Spanned, Table, Value};

use super::cluster::number;
use super::{Source, States};
use crate::fault::service_named;
use crate::received::{Argument, arguments_of};
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::heard::{ExpectedEvent, Heard};

/// `received` or `received_exactly`, as it stands in the file.
pub(super) type RawHeard = Option<Spanned<Vec<Spanned<Table>>>>;

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
        let events = events.map(|event| {
            let error = |kind| source.error(event.span(), kind);
            expected(known, event.get_ref()).map_err(error)
        });
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

fn expected(known: &States, table: &Table) -> Result<ExpectedEvent, ScenarioErrorKind> {
    let mut expected = ExpectedEvent {
        node: None,
        service: None,
        event: String::new(),
        arguments: Vec::new(),
    };
    let service = table.get("service").map(service);
    expected.service = service.transpose()?;
    let event = table.get("event").and_then(Value::as_str);
    let names = event.and_then(|event| arguments_of(expected.service, event));
    let (Some(event), Some(names)) = (event, names) else {
        return Err(ScenarioErrorKind::Event);
    };
    expected.event = event.to_owned();
    for (name, value) in table {
        match name.as_str() {
            "service" | "event" => {}
            "node" => {
                let node = NodeId(number(value).ok_or(ScenarioErrorKind::Ids)?);
                if !known.contains_key(&node) {
                    return Err(ScenarioErrorKind::UnknownNode(node));
                }
                expected.node = Some(node);
            }
            _ => {
                let known = names.contains(&name.as_str());
                let value = argument(value).filter(|_| known);
                let names = names.join(", ");
                let value =
                    value.ok_or_else(|| ScenarioErrorKind::Argument(name.clone(), names))?;
                expected.arguments.push((name.clone(), value));
            }
        }
    }
    Ok(expected)
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
