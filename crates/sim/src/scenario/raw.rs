//! A scenario as it stands in the file.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::{Spanned, Value};

use super::wanted::{Groups, Id, Ids, Word};

/// An event that a program is expected to have received.
pub(super) type RawEvent = BTreeMap<String, Spanned<Value>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "tables")]
pub(super) struct RawScenario {
    pub(super) name: Option<String>,
    pub(super) cluster: Spanned<RawCluster>,
    #[serde(default)]
    pub(super) fault: Vec<Spanned<RawFault>>,
    #[serde(default)]
    pub(super) before: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<RawStep>>,
    pub(super) expect: Option<RawFinal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table: [cluster]")]
pub(super) struct RawCluster {
    pub(super) nodes: Option<Spanned<Value>>,
    pub(super) config: Option<Spanned<String>>,
    pub(super) votes: Option<Spanned<Value>>,
    pub(super) seed: Option<u64>,
    #[serde(default)]
    pub(super) compat: Vec<Spanned<Word>>,
    #[serde(default)]
    pub(super) quorum: BTreeMap<String, Spanned<Value>>,
    /// Whether all nodes start at time 0; they do by default.
    pub(super) start: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { service = \"cmap\", stall = true }"
)]
pub(super) struct RawFault {
    pub(super) name: Option<String>,
    pub(super) node: Option<Spanned<Value>>,
    pub(super) service: Option<Spanned<Word>>,
    pub(super) function: Option<Spanned<Word>>,
    pub(super) nth: Option<Spanned<Value>>,
    pub(super) every: Option<Spanned<u64>>,
    pub(super) probability: Option<Spanned<f64>>,
    pub(super) on: Option<Spanned<bool>>,
    pub(super) error: Option<Spanned<Word>>,
    pub(super) delay: Option<Spanned<Word>>,
    pub(super) drop: Option<Spanned<Word>>,
    pub(super) stall: Option<Spanned<bool>>,
    pub(super) burst: Option<Spanned<u32>>,
    pub(super) hold_events: Option<Spanned<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { function = \"votequorum_getinfo\", nth = 3 }"
)]
pub(super) struct RawCall {
    pub(super) function: Spanned<Word>,
    pub(super) nth: Option<Spanned<u64>>,
    pub(super) node: Option<Spanned<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { at = \"1s\", kill = 3 }"
)]
pub(super) struct RawStep {
    pub(super) at: Option<Spanned<Word>>,
    pub(super) after: Option<Spanned<Word>>,
    pub(super) pace: Option<Spanned<Word>>,
    pub(super) on_call: Option<Spanned<RawCall>>,
    pub(super) up: Option<Spanned<Value>>,
    pub(super) kill: Option<Spanned<Value>>,
    pub(super) leave: Option<Spanned<Value>>,
    pub(super) restart: Option<Spanned<Value>>,
    pub(super) power_off: Option<Spanned<Value>>,
    pub(super) pause: Option<Spanned<Value>>,
    pub(super) resume: Option<Spanned<Value>>,
    pub(super) partition: Option<Spanned<Groups>>,
    pub(super) heal: Option<Spanned<bool>>,
    pub(super) set_votes: Option<Spanned<RawVotes>>,
    pub(super) set_expected: Option<Spanned<RawExpected>>,
    pub(super) qdevice: Option<Spanned<RawDevice>>,
    pub(super) reload: Option<Spanned<String>>,
    pub(super) set_key: Option<Spanned<RawKey>>,
    pub(super) ring_number: Option<Spanned<RawRingNumber>>,
    pub(super) fault_on: Option<Spanned<Word>>,
    pub(super) fault_off: Option<Spanned<Word>>,
    pub(super) expect: Option<Spanned<RawExpectations>>,
}

/// Votes of a node; asked for on that node, unless `on` names another.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, votes = 2 }"
)]
pub(super) struct RawVotes {
    pub(super) node: Id,
    pub(super) votes: u32,
    pub(super) on: Option<Id>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, votes = 2 }"
)]
pub(super) struct RawExpected {
    pub(super) node: Id,
    pub(super) votes: u32,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, vote = true }"
)]
pub(super) struct RawDevice {
    pub(super) node: Id,
    pub(super) vote: Option<bool>,
    pub(super) master_wins: Option<bool>,
    pub(super) stop: Option<bool>,
    pub(super) unregister: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, key = \"quorum.expected_votes\", value = 3 }"
)]
pub(super) struct RawKey {
    pub(super) node: Id,
    pub(super) key: String,
    pub(super) value: Option<Value>,
    pub(super) delete: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, number = 96 }"
)]
pub(super) struct RawRingNumber {
    pub(super) node: Id,
    pub(super) number: u64,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table like { node = 1, quorate = true }"
)]
pub(super) struct RawExpectation {
    pub(super) node: Option<Spanned<Value>>,
    pub(super) quorate: Option<bool>,
    pub(super) votes: Option<u32>,
    pub(super) expected: Option<u32>,
    pub(super) quorum: Option<u32>,
    pub(super) members: Option<Ids>,
    pub(super) running: Option<Spanned<Word>>,
    pub(super) received: Option<Spanned<Vec<Spanned<RawEvent>>>>,
    pub(super) received_exactly: Option<Spanned<Vec<Spanned<RawEvent>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table: [expect]")]
pub(super) struct RawFinal {
    pub(super) exit_code: Option<i32>,
    pub(super) violations: Option<Spanned<Value>>,
    pub(super) received: Option<Spanned<Vec<Spanned<RawEvent>>>>,
    pub(super) received_exactly: Option<Spanned<Vec<Spanned<RawEvent>>>>,
}

/// One table or a list of them; a table that is not in a list has an empty span of its own. An
/// untagged enum would do, but its errors name neither key nor place.
#[derive(Debug)]
pub(super) struct RawExpectations(pub(super) Vec<Spanned<RawExpectation>>);

impl<'de> Deserialize<'de> for RawExpectations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = RawExpectations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or a list of tables")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(RawExpectations)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let one = RawExpectation::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawExpectations(vec![Spanned::new(0..0, one)]))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}
