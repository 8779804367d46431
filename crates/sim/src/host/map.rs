//! The values that cmap shows: typed bytes under names, and who wants to know of changes.

use std::collections::BTreeMap;
use std::ops::Bound;

use quorate_engine::KeyValue;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cmap::{Event, Value as Lent};

use crate::config::Value;

/// cmap's numbers of types.
pub(super) mod kind {
    pub(crate) const I8: u8 = 1;
    pub(crate) const U8: u8 = 2;
    pub(crate) const I16: u8 = 3;
    pub(crate) const U16: u8 = 4;
    pub(crate) const I32: u8 = 5;
    pub(crate) const U32: u8 = 6;
    pub(crate) const I64: u8 = 7;
    pub(crate) const U64: u8 = 8;
    pub(crate) const F32: u8 = 9;
    pub(crate) const F64: u8 = 10;
    pub(crate) const TEXT: u8 = 11;
    pub(crate) const BINARY: u8 = 12;
}

const DELETED: u32 = 1;
const MODIFIED: u32 = 2;
const ADDED: u32 = 4;
pub(super) const PREFIX: u32 = 8;

/// A value as it travels; a text with its NUL.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Stored {
    pub(super) kind: u8,
    pub(super) bytes: Vec<u8>,
}

impl Stored {
    fn lent(&self) -> Lent<'_> {
        Lent {
            value_type: self.kind,
            bytes: &self.bytes,
        }
    }

    pub(super) fn text(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        Self {
            kind: kind::TEXT,
            bytes,
        }
    }

    pub(super) fn u8(value: u8) -> Self {
        Self {
            kind: kind::U8,
            bytes: vec![value],
        }
    }

    pub(super) fn u16(value: u16) -> Self {
        Self {
            kind: kind::U16,
            bytes: value.to_ne_bytes().to_vec(),
        }
    }

    pub(super) fn i32(value: i32) -> Self {
        Self {
            kind: kind::I32,
            bytes: value.to_ne_bytes().to_vec(),
        }
    }

    pub(super) fn u32(value: u32) -> Self {
        Self {
            kind: kind::U32,
            bytes: value.to_ne_bytes().to_vec(),
        }
    }

    pub(super) fn u64(value: u64) -> Self {
        Self {
            kind: kind::U64,
            bytes: value.to_ne_bytes().to_vec(),
        }
    }

    /// The value for the simulation, which knows fewer types than cmap.
    pub(super) fn to_config(&self) -> Option<Value> {
        let bytes = &self.bytes[..];
        Some(match self.kind {
            kind::U8 => Value::U8(u8::from_ne_bytes(bytes.try_into().ok()?)),
            kind::U16 => Value::U16(u16::from_ne_bytes(bytes.try_into().ok()?)),
            kind::I32 => Value::I32(i32::from_ne_bytes(bytes.try_into().ok()?)),
            kind::U32 => Value::U32(u32::from_ne_bytes(bytes.try_into().ok()?)),
            kind::U64 => Value::U64(u64::from_ne_bytes(bytes.try_into().ok()?)),
            kind::TEXT => Value::Str(String::from_utf8(bytes.strip_suffix(&[0])?.to_vec()).ok()?),
            _ => return None,
        })
    }
}

impl From<&Value> for Stored {
    fn from(value: &Value) -> Self {
        match value {
            Value::U8(value) => Self::u8(*value),
            Value::U16(value) => Self::u16(*value),
            Value::I32(value) => Self::i32(*value),
            Value::U32(value) => Self::u32(*value),
            Value::U64(value) => Self::u64(*value),
            Value::Str(text) => Self::text(text),
        }
    }
}

impl From<KeyValue> for Stored {
    fn from(value: KeyValue) -> Self {
        match value {
            KeyValue::U8(value) => Self::u8(value),
            KeyValue::U32(value) => Self::u32(value),
        }
    }
}

/// Somebody who wants to know of changes.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    pub(super) conn: ConnId,
    pub(super) name: Vec<u8>,
    pub(super) wanted: u32,
    pub(super) cookie: u64,
}

impl Tracker {
    fn wants(&self, name: &[u8], change: u32) -> bool {
        let named = match self.wanted & PREFIX {
            0 => name == self.name,
            _ => name.starts_with(&self.name),
        };
        named && self.wanted & change != 0
    }
}

/// A node's map.
#[derive(Debug, Default)]
pub(super) struct Map {
    values: BTreeMap<Vec<u8>, Stored>,
    /// Of names and values.
    bytes: usize,
    pub(super) trackers: BTreeMap<u64, Tracker>,
}

impl Map {
    #[cfg(test)]
    pub(super) fn of(keys: &[(&str, Stored)]) -> Self {
        let keys = keys
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.clone()));
        Self {
            values: keys.collect(),
            ..Self::default()
        }
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Stored> {
        self.values.get(name)
    }

    /// How much memory the names and values take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first key that starts with a prefix, or the next one after the last.
    pub(super) fn after(&self, prefix: &[u8], last: Option<&[u8]>) -> Option<(&[u8], &Stored)> {
        let from = last.map_or(Bound::Included(prefix), Bound::Excluded);
        let mut keys = self.values.range::<[u8], _>((from, Bound::Unbounded));
        let (name, value) = keys.next()?;
        name.starts_with(prefix).then_some((name, value))
    }

    /// Sets a key and tells who wants to know; an equal value is no change.
    pub(super) fn set(&mut self, server: &mut Server, name: &[u8], value: Stored) {
        if self.values.get(name) == Some(&value) {
            return;
        }
        let old = self.values.insert(name.to_vec(), value.clone());
        self.bytes += value.bytes.len();
        self.bytes -= old.as_ref().map_or(0, |old| old.bytes.len());
        self.bytes += if old.is_none() { name.len() } else { 0 };
        let change = if old.is_some() { MODIFIED } else { ADDED };
        self.tell(server, name, change, &value, &old.unwrap_or_default());
    }

    /// Removes a key and tells who wants to know.
    pub(super) fn remove(&mut self, server: &mut Server, name: &[u8]) {
        if let Some(old) = self.values.remove(name) {
            self.bytes -= name.len() + old.bytes.len();
            self.tell(server, name, DELETED, &Stored::default(), &old);
        }
    }

    fn tell(&self, server: &mut Server, name: &[u8], change: u32, new: &Stored, old: &Stored) {
        for tracker in self.trackers.values() {
            if tracker.wants(name, change) {
                let event = Event {
                    cookie: tracker.cookie,
                    name,
                    change,
                    new: new.lent(),
                    old: old.lent(),
                };
                server.event(tracker.conn, event.encode());
            }
        }
    }
}
