//! Values of a scenario that are refused in a scenario's words, not in those of serde.

use std::fmt;
use std::ops::Deref;

use quorate_engine::NodeId;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Value;

use super::error::ScenarioErrorKind;

/// One of certain words. Anything else than a text is the empty word, which is none of them: so
/// whoever looks the word up says which there are.
#[derive(Debug)]
pub(super) struct Word(String);

/// A node id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id(pub(super) NodeId);

/// A list of node ids.
#[derive(Debug)]
pub(super) struct Ids(pub(super) Vec<NodeId>);

/// Lists of node ids.
#[derive(Debug)]
pub(super) struct Groups(pub(super) Vec<Vec<NodeId>>);

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Word(value.as_str().unwrap_or_default().to_owned()))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wanted(deserializer, id, ScenarioErrorKind::Id).map(Id)
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wanted(deserializer, list, ScenarioErrorKind::Members).map(Ids)
    }
}

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lists = |value: &Value| value.as_array()?.iter().map(list).collect();
        wanted(deserializer, lists, ScenarioErrorKind::Groups).map(Groups)
    }
}

/// Any value, if it can be read so; otherwise this error.
fn wanted<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl Fn(&Value) -> Option<T>,
    error: ScenarioErrorKind,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    read(&value).ok_or_else(|| D::Error::custom(error))
}

pub(super) fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_integer()?).ok()
}

fn id(value: &Value) -> Option<NodeId> {
    number(value).map(NodeId)
}

fn list(value: &Value) -> Option<Vec<NodeId>> {
    value.as_array()?.iter().map(id).collect()
}

/// A node id or a list of them.
pub(super) fn ids(value: &Value) -> Option<Vec<NodeId>> {
    match id(value) {
        Some(id) => Some(vec![id]),
        None => list(value),
    }
}

/// What is wrong, of a value that has another type than its key: what is wanted, without the names
/// of Rust's types. Other errors are as they were.
pub(super) fn words(message: &str) -> String {
    let wrong = ["invalid type: ", "invalid value: ", "invalid length "];
    let wrong = wrong.iter().find_map(|start| message.strip_prefix(start));
    let Some((found, wanted)) = wrong.and_then(|text| text.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let number = |max: &dyn fmt::Display| format!("a number from 0 to {max}");
    let wanted = match wanted {
        "a string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" if found == "map" => "a list (of tables: [[…]] or [{ … }])".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "u32" => number(&u32::MAX),
        // More than the largest number of the format cannot stand there.
        "u64" => number(&i64::MAX),
        "i32" | "f64" => "a number".to_owned(),
        other => other.to_owned(),
    };
    format!("expected {wanted}")
}
