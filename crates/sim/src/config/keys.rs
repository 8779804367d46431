//! A configuration as corosync keeps it: cmap keys with typed values.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::error::ConfigErrorKind;

/// Where keys go that a reload does not find in the file any more, in the order in which they go
/// (`cfg.c` of corosync 3.1, as is the next list).
pub(crate) const RELOADED: [&str; 6] = [
    "logging.",
    "totem.",
    "nodelist.",
    "quorum.",
    "uidgid.config.",
    "nozzle.",
];

/// What a reload leaves as it is.
const FIXED: [&str; 14] = [
    "totem.version",
    "totem.threads",
    "totem.ip_version",
    "totem.rrp_mode",
    "totem.netmtu",
    "totem.transport",
    "totem.cluster_name",
    "quorum.provider",
    "system.move_to_root_cgroup",
    "system.allow_knet_handle_fallback",
    "system.sched_rr",
    "system.priority",
    "system.qb_ipc_type",
    "system.state_dir",
];

/// The value of a cmap key. Reading a key as another type than it has finds nothing, as in
/// corosync.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Value {
    /// `ICMAP_VALUETYPE_UINT8`.
    U8(u8),
    /// `ICMAP_VALUETYPE_UINT16`.
    U16(u16),
    /// `ICMAP_VALUETYPE_INT32`.
    I32(i32),
    /// `ICMAP_VALUETYPE_UINT32`.
    U32(u32),
    /// `ICMAP_VALUETYPE_UINT64`.
    U64(u64),
    /// `ICMAP_VALUETYPE_STRING`.
    Str(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::U8(n) => n.fmt(f),
            Value::U16(n) => n.fmt(f),
            Value::I32(n) => n.fmt(f),
            Value::U32(n) => n.fmt(f),
            Value::U64(n) => n.fmt(f),
            Value::Str(text) => text.fmt(f),
        }
    }
}

/// cmap keys and their values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys(BTreeMap<String, Value>);

impl Keys {
    /// Sets a key.
    ///
    /// # Errors
    ///
    /// If cmap does not allow the name.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), ConfigErrorKind> {
        if !(3..=255).contains(&key.len()) {
            return Err(ConfigErrorKind::KeyLength {
                key: key.to_owned(),
            });
        }
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-/:".contains(&c);
        if !key.bytes().all(allowed) {
            return Err(ConfigErrorKind::KeyCharacter {
                key: key.to_owned(),
            });
        }
        self.0.insert(key.to_owned(), value);
        Ok(())
    }

    /// Removes a key, and says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of a key if it is of type `u8`.
    #[must_use]
    pub fn u8(&self, key: &str) -> Option<u8> {
        match self.get(key)? {
            Value::U8(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a key if it is of type `u32`.
    #[must_use]
    pub fn u32(&self, key: &str) -> Option<u32> {
        match self.get(key)? {
            Value::U32(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a key if it is a string.
    #[must_use]
    pub fn str(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// These keys after corosync has read the file with those again, and the keys of the file that
    /// have another value and cannot be changed while corosync runs.
    #[must_use]
    pub fn reloaded(&self, file: &Keys) -> (Self, Vec<String>) {
        let kept = self.0.iter().filter(|(key, _)| {
            file.get(key).is_some() || !RELOADED.iter().any(|prefix| key.starts_with(prefix))
        });
        let mut keys = Keys(
            kept.map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        );
        let mut refused = Vec::new();
        for (key, value) in file.iter() {
            if keys.get(key) == Some(value) {
                continue;
            }
            if FIXED.contains(&key) {
                refused.push(key.to_owned());
            } else {
                keys.0.insert(key.to_owned(), value.clone());
            }
        }
        (keys, refused)
    }

    /// All keys, ascending by bytes as cmap iterates them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The positions `N` of all keys `nodelist.node.N.…`, ascending.
    pub(super) fn node_positions(&self) -> Vec<usize> {
        let mut positions: Vec<_> = self
            .0
            .range("nodelist.node.".to_owned()..)
            .map_while(|(key, _)| key.strip_prefix("nodelist.node."))
            .filter_map(|rest| rest.split('.').next()?.parse().ok())
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
