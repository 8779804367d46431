//! What can be wrong with a corosync.conf, and how it is shown.

use thiserror::Error;

use crate::excerpt::Excerpt;

/// A corosync.conf that cannot be used. `Display` is one line; [`render`](Self::render) adds an
/// excerpt with carets.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}{kind}", .place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
pub struct ConfigError {
    /// Where; `None` if it is about something that is missing.
    pub place: Option<Box<Excerpt>>,
    /// What.
    pub kind: ConfigErrorKind,
}

impl ConfigError {
    /// The error for people: with file, line, column and the line itself.
    #[must_use]
    pub fn render(&self) -> String {
        match &self.place {
            Some(place) => place.render(&self.kind),
            None => self.kind.to_string(),
        }
    }
}

impl From<ConfigErrorKind> for ConfigError {
    fn from(kind: ConfigErrorKind) -> Self {
        ConfigError { place: None, kind }
    }
}

/// The kinds of errors. Those of syntax and values are the ones corosync 3.1's own parser has.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigErrorKind {
    /// corosync reads lines into a buffer of 512 bytes.
    #[error("the line has more than 510 bytes")]
    LineTooLong,
    /// `{` with nothing before it.
    #[error("a section needs a name before '{{'")]
    SectionWithoutName,
    /// `name { more`.
    #[error("nothing may follow '{{' on its line")]
    TextAfterOpeningBrace,
    /// Something besides `}`.
    #[error("nothing else may stand on a line with '}}'")]
    TextAroundClosingBrace,
    /// `}` without a section.
    #[error("no section is open here")]
    UnexpectedClosingBrace,
    /// The file ended within this section.
    #[error("this section is never closed")]
    MissingClosingBrace,
    /// `: value`.
    #[error("a key needs a name before ':'")]
    KeyWithoutName,
    /// Neither `name {`, `name: value` nor `}`.
    #[error("expected 'name {{', 'name: value' or '}}'")]
    UnexpectedLine,
    /// cmap's names have 3 to 255 bytes.
    #[error("{key}: a key's full name must have 3 to 255 bytes")]
    KeyLength {
        /// The full name.
        key: String,
    },
    /// cmap's names are letters, digits and `.`, `_`, `-`, `/`, `:`.
    #[error("{key}: only letters, digits and any of . _ - / : are allowed in names")]
    KeyCharacter {
        /// The full name.
        key: String,
    },
    /// Not a number, or out of range.
    #[error("{key}: expected a number from {min} to {max}, found '{found}'")]
    NotANumber {
        /// The full name.
        key: String,
        /// The lowest number allowed.
        min: i64,
        /// The highest number allowed.
        max: u64,
        /// What stands there.
        found: String,
    },
    /// One of a few words was expected.
    #[error("{key}: expected {expected}, found '{found}'")]
    NotAChoice {
        /// The full name.
        key: String,
        /// The words.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A user or group that this machine does not have.
    #[error("{key}: '{found}' is not known on this machine")]
    UnknownAccount {
        /// The full name.
        key: String,
        /// What stands there.
        found: String,
    },
    /// Something in a section in which only few things are allowed.
    #[error("{section}: only {allowed} may stand here")]
    NotAllowedHere {
        /// The section.
        section: &'static str,
        /// What may stand in it.
        allowed: &'static str,
    },
    /// A section that needs a certain key.
    #[error("{section}: this section needs the key '{key}'")]
    MissingKey {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// Without a node list it is not known which nodes there are.
    #[error("nodelist: needed, with at least one node")]
    NoNodes,
    /// Only `transport: udp` and `udpu` make node ids out of addresses.
    #[error("nodelist.node.{position}.nodeid: needed")]
    NoNodeId {
        /// The node's place in the list, from 0.
        position: usize,
    },
    /// Node 0 is the quorum device.
    #[error("nodelist.node.{position}.nodeid: 0 is not a node id")]
    NodeIdZero {
        /// The node's place in the list, from 0.
        position: usize,
    },
    /// Two nodes with the same id.
    #[error("nodelist.node.{position}.nodeid: node {node} is in the list already")]
    DuplicateNode {
        /// The node's place in the list, from 0.
        position: usize,
        /// Its id.
        node: u32,
    },
    /// Without this there is no votequorum.
    #[error("quorum.provider: must be corosync_votequorum")]
    NoProvider,
}
