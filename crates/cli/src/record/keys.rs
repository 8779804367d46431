//! Keys of the configuration, as text.

use std::collections::BTreeMap;

use quorate_client::{Cmap, Error, Value};

/// What a corosync.conf makes.
pub(super) const SECTIONS: [&str; 3] = ["totem.", "quorum.", "nodelist."];

/// ICMAP_VALUETYPE_INT32.
const I32: u8 = 5;

/// Whether a key may be written down. What corosync derives itself does not belong into a
/// configuration, and the key that encrypts a cluster's traffic not into a log.
pub(super) fn is_recorded(key: &str) -> bool {
    let derived = ["totem.key", "nodelist.local_node_pos"].contains(&key);
    !derived && SECTIONS.iter().any(|section| key.starts_with(section))
}

/// A value as it would stand in corosync.conf; `None` for those of types that never do.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::U8(number) => Some(number.to_string()),
        Value::U16(number) => Some(number.to_string()),
        Value::U32(number) => Some(number.to_string()),
        Value::U64(number) => Some(number.to_string()),
        Value::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Other(I32, bytes) => {
            let bytes = bytes.as_slice().try_into().ok()?;
            Some(i32::from_ne_bytes(bytes).to_string())
        }
        Value::Other(..) => None,
    }
}

/// All of them.
pub(super) fn all(cmap: &Cmap) -> Result<BTreeMap<String, String>, Error> {
    let mut keys = BTreeMap::new();
    for section in SECTIONS {
        for key in cmap
            .keys(section)?
            .into_iter()
            .filter(|key| is_recorded(key))
        {
            if let Some(text) = cmap.get(&key)?.as_ref().and_then(text) {
                keys.insert(key, text);
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down() {
        for (key, expected) in [
            ("totem.token", true),
            ("nodelist.node.0.nodeid", true),
            ("quorum.expected_votes", true),
            ("totem.key", false),
            ("nodelist.local_node_pos", false),
            ("runtime.votequorum.ev_barrier", false),
        ] {
            assert_eq!(is_recorded(key), expected, "{key}");
        }
        let negative = Value::Other(I32, (-7i32).to_ne_bytes().to_vec());
        assert_eq!(text(&negative).as_deref(), Some("-7"));
        assert_eq!(text(&Value::Other(12, vec![1])), None);
    }
}
