//! The event log: one record per thing that happened, as a line for people or as JSON.

mod read;
mod view;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use quorate_engine::{NodeId, RingId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use read::{Line, LogError, read_log};
pub use view::{NodeView, OWN_FLAGS, View};

/// One thing that happened, in a simulated cluster or, as its clients saw it, on a real node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// When, in virtual time since the cluster was made; in a recording since it began.
    #[serde(
        rename = "time_us",
        serialize_with = "micros",
        deserialize_with = "from_micros"
    )]
    pub at: Duration,
    /// On which node; `None` if it concerns the whole cluster.
    #[serde(
        default,
        serialize_with = "node",
        deserialize_with = "from_node",
        skip_serializing_if = "Option::is_none"
    )]
    pub node: Option<NodeId>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The node's corosync started.
    Started,
    /// The node's corosync did not start.
    Refused {
        /// Why not.
        reason: String,
    },
    /// The node's corosync was killed.
    Killed,
    /// The node's corosync stops cleanly.
    Leaving,
    /// It has stopped.
    Stopped,
    /// The node froze.
    Paused,
    /// The node goes on.
    Resumed,
    /// Who can reach whom from now on.
    Partitioned {
        /// Nodes of one group reach each other.
        groups: Vec<Vec<u32>>,
    },
    /// All nodes can reach each other again.
    Healed,
    /// A ring formed.
    Ring {
        /// Its id, as corosync prints it.
        ring: String,
        /// Its members.
        members: Vec<u32>,
    },
    /// The node's synchronisation waits for its quorum device.
    WaitsForDevice,
    /// What the node tells the quorum service: at the end of every synchronisation, and when it
    /// becomes or stops being quorate.
    Quorum {
        /// Whether the partition is quorate, in this node's eyes.
        quorate: bool,
        /// The number of members.
        members: usize,
        /// Votes present.
        votes: u32,
        /// Votes expected.
        expected: u32,
        /// Votes needed.
        quorum: u32,
    },
    /// The node multicasts something.
    Sends {
        /// What, in short.
        message: String,
    },
    /// A client asked something.
    Request {
        /// The connection.
        client: u64,
        /// What, in short.
        request: String,
    },
    /// A client was answered.
    Reply {
        /// The connection.
        client: u64,
        /// The answer, in short.
        reply: String,
    },
    /// A client was notified.
    Notified {
        /// The connection.
        client: u64,
        /// Of what, in short.
        notification: String,
    },
    /// A client was let in.
    ClientConnected {
        /// The connection.
        client: u64,
        /// The service.
        service: Cow<'static, str>,
    },
    /// A client's connection ended.
    ClientGone {
        /// The connection.
        client: u64,
    },
    /// Something goes wrong on purpose.
    Fault {
        /// The connection that meets it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<u64>,
        /// What, in short.
        text: String,
    },
    /// A timer ran out.
    Timer {
        /// Which one.
        timer: Cow<'static, str>,
    },
    /// What happens to the simulated quorum device.
    Device {
        /// What.
        action: String,
    },
    /// A key was set.
    Key {
        /// Its name.
        key: String,
        /// Its value; `None` if it was removed.
        value: Option<String>,
    },
    /// The node reads its configuration again.
    Reload,
    /// A line of votequorum's own log.
    Log {
        /// Its level.
        level: Cow<'static, str>,
        /// What it says.
        text: String,
    },
    /// An invariant does not hold.
    Violation {
        /// Which one, and how.
        text: String,
    },
    /// The first line of a recording.
    Recording {
        /// Of the format; this is 1.
        version: u32,
        /// The date and time that `time_us` counts from (RFC 3339, UTC).
        began: String,
    },
    /// The recorder reached the node's corosync.
    Connected,
    /// The recorder cannot reach the node's corosync, or not any more.
    Disconnected {
        /// Why not.
        reason: String,
    },
    /// The node's configuration when the recorder reached it: the cmap keys that a corosync.conf
    /// makes, with their values as text.
    Configured {
        /// `totem.*`, `quorum.*` and `nodelist.*`.
        keys: BTreeMap<String, String>,
    },
    /// Another service than votequorum told the recorder something.
    Told {
        /// Its name.
        service: String,
        /// What, in short.
        notification: String,
    },
    /// All that votequorum says of the node's cluster at one moment.
    View(View),
}

impl What {
    /// What programs and votequorum say to each other: for the log, not for people who watch.
    #[must_use]
    pub fn is_chatter(&self) -> bool {
        match self {
            What::Sends { .. }
            | What::Request { .. }
            | What::Reply { .. }
            | What::Notified { .. }
            | What::ClientConnected { .. }
            | What::ClientGone { .. }
            | What::Timer { .. } => true,
            What::Log { level, .. } => ["info", "notice"].contains(&level.as_ref()),
            _ => false,
        }
    }
}

fn micros<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(at.as_micros()).unwrap_or(u64::MAX))
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn node<S: Serializer>(node: &Option<NodeId>, serializer: S) -> Result<S::Ok, S::Error> {
    node.map(|node| node.0).serialize(serializer)
}

fn from_micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_micros)
}

fn from_node<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NodeId>, D::Error> {
    u32::deserialize(deserializer).map(|node| Some(NodeId(node)))
}

impl Record {
    /// The record as one line of JSON, without the newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them cannot fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// `    12.345678  node 2  quorate, 3 of 3 votes, quorum 2`
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.at.as_secs(), self.at.subsec_micros());
        write!(f, "{seconds:6}.{micros:06}  ")?;
        match self.node {
            Some(node) => write!(f, "node {node:<5}")?,
            None => write!(f, "cluster   ")?,
        }
        write!(f, " {}", self.what)
    }
}

/// `1 2 3`
pub(crate) struct Spaced<'a>(pub(crate) &'a [u32]);

impl fmt::Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, id) in self.0.iter().enumerate() {
            write!(f, "{}{id}", if n > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Started => write!(f, "started"),
            What::Refused { reason } => write!(f, "did not start: {reason}"),
            What::Killed => write!(f, "killed"),
            What::Leaving => write!(f, "leaving"),
            What::Stopped => write!(f, "stopped"),
            What::Paused => write!(f, "paused"),
            What::Resumed => write!(f, "resumed"),
            What::Partitioned { groups } => {
                write!(f, "partitioned:")?;
                groups
                    .iter()
                    .try_for_each(|group| write!(f, " {{{}}}", Spaced(group)))
            }
            What::Healed => write!(f, "healed"),
            What::Ring { ring, members } => write!(f, "ring {ring} of {}", Spaced(members)),
            What::WaitsForDevice => write!(f, "waits for its quorum device"),
            What::Quorum {
                quorate,
                members,
                votes,
                expected,
                quorum,
            } => {
                let word = if *quorate { "quorate" } else { "not quorate" };
                write!(
                    f,
                    "{word}: {members} members, {votes} of {expected} votes, quorum {quorum}"
                )
            }
            What::Sends { message } => write!(f, "sends {message}"),
            What::Request { client, request } => write!(f, "client {client} asks {request}"),
            What::Reply { client, reply } => write!(f, "client {client} is answered {reply}"),
            What::Notified {
                client,
                notification,
            } => write!(f, "client {client} is told {notification}"),
            What::ClientConnected { client, service } => {
                write!(f, "client {client} uses {service}")
            }
            What::ClientGone { client } => write!(f, "client {client} is gone"),
            What::Fault {
                client: Some(client),
                text,
            } => write!(f, "fault: client {client}: {text}"),
            What::Fault { client: None, text } => write!(f, "fault: {text}"),
            What::Timer { timer } => write!(f, "timer {timer} ran out"),
            What::Device { action } => write!(f, "quorum device: {action}"),
            What::Key {
                key,
                value: Some(value),
            } => write!(f, "{key} = {value}"),
            What::Key { key, value: None } => write!(f, "{key} removed"),
            What::Reload => write!(f, "reads its configuration again"),
            What::Log { level, text } => write!(f, "[{level}] {text}"),
            What::Violation { text } => write!(f, "VIOLATION {text}"),
            What::Recording { began, .. } => write!(f, "recording since {began}"),
            What::Connected => write!(f, "corosync is there"),
            What::Disconnected { reason } => write!(f, "corosync is not there: {reason}"),
            What::Configured { keys } => write!(f, "configured with {} keys", keys.len()),
            What::Told {
                service,
                notification,
            } => write!(f, "{service} tells {notification}"),
            What::View(view) => view.fmt(f),
        }
    }
}

/// `1.10`: the representative, and the sequence number in hexadecimal.
pub(crate) fn ring_text(ring: RingId) -> String {
    ring.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_or_an_object() {
        let mut record = Record {
            at: Duration::from_micros(12_345_678),
            node: Some(NodeId(2)),
            what: What::Quorum {
                quorate: false,
                members: 1,
                votes: 1,
                expected: 3,
                quorum: 2,
            },
        };
        assert_eq!(
            record.to_string(),
            "    12.345678  node 2     not quorate: 1 members, 1 of 3 votes, quorum 2"
        );
        assert_eq!(
            record.to_json(),
            r#"{"time_us":12345678,"node":2,"event":"quorum","quorate":false,"members":1,"votes":1,"expected":3,"quorum":2}"#
        );
        record.node = None;
        record.what = What::Partitioned {
            groups: vec![vec![1], vec![2, 3]],
        };
        assert_eq!(
            record.to_string(),
            "    12.345678  cluster    partitioned: {1} {2 3}"
        );
        assert_eq!(
            record.to_json(),
            r#"{"time_us":12345678,"event":"partitioned","groups":[[1],[2,3]]}"#
        );
    }
}
