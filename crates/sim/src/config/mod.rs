//! corosync.conf: its syntax, its cmap keys, and what the simulation needs of it.
//!
//! The file becomes cmap keys exactly as corosync 3.1 makes them (`nodelist.node.N.*`,
//! `totem.interface.N.*`, `uidgid.config.*`, …, with their types), and everything else is derived
//! from those keys, at start and again when a key is set at runtime.

mod accounts;
mod derive;
mod error;
mod keys;
mod parser;
mod read_only;
mod sections;
mod typing;

pub(crate) use derive::quorum_config;
pub use derive::{NodeConfig, Timing};
pub use error::{ConfigError, ConfigErrorKind};
pub(crate) use keys::RELOADED;
pub use keys::{Keys, Value};
pub use read_only::is_read_only;
pub(crate) use typing::{is_quorum_key, key_value};

use quorate_engine::NodeId;

/// A corosync.conf that names the nodes of a cluster and uses votequorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterConfig {
    pub(crate) keys: Keys,
    nodes: Vec<NodeConfig>,
}

impl ClusterConfig {
    /// Reads a corosync.conf. `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// What corosync's parser does not accept, and what a simulation cannot do without: a node
    /// list with node ids, and votequorum as the provider.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let parsed = parser::parse(file, text)?;
        let nodes = derive::nodes(&parsed.keys).map_err(|(kind, position)| {
            let place = position.and_then(|n| parsed.nodes.get(n));
            ConfigError {
                place: place.cloned().map(Box::new),
                kind,
            }
        })?;
        if parsed.keys.str("quorum.provider") != Some("corosync_votequorum") {
            let place = parsed.places.get("quorum.provider");
            return Err(ConfigError {
                place: place.cloned().map(Box::new),
                kind: ConfigErrorKind::NoProvider,
            });
        }
        Ok(ClusterConfig {
            keys: parsed.keys,
            nodes,
        })
    }

    /// What a map of keys with their values as text stands for, as a running corosync has them.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse), without a place.
    pub fn from_texts<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigErrorKind> {
        let mut keys = Keys::default();
        for (key, text) in texts {
            keys.set(key, typing::kind_in_map(key).read(key, text)?)?;
        }
        let nodes = derive::nodes(&keys).map_err(|(kind, _)| kind)?;
        if keys.str("quorum.provider") != Some("corosync_votequorum") {
            return Err(ConfigErrorKind::NoProvider);
        }
        Ok(ClusterConfig { keys, nodes })
    }

    /// Nodes with one vote each, called `node1`, `node2`, … after their ids, and nothing else.
    #[must_use]
    pub fn with_nodes(nodes: impl IntoIterator<Item = u32>) -> Self {
        let mut keys = Keys::default();
        derive::write_nodes(&mut keys, nodes);
        let nodes = derive::nodes(&keys).unwrap_or_default();
        ClusterConfig { keys, nodes }
    }

    /// Sets `quorum.{name}` from a text, as if it stood in the file.
    ///
    /// # Errors
    ///
    /// If the text is not what the key needs.
    pub fn set_quorum(&mut self, name: &str, text: &str) -> Result<(), ConfigErrorKind> {
        let key = format!("quorum.{name}");
        self.keys.set(&key, typing::kind_of(&key).read(&key, text)?)
    }

    /// Sets a node's `quorum_votes`; does nothing for a node that is not in the list.
    pub fn set_votes(&mut self, node: NodeId, votes: u32) {
        if let Some(entry) = self.nodes.iter().find(|entry| entry.id == node) {
            let key = format!("nodelist.node.{}.quorum_votes", entry.position);
            // A name made here is one cmap allows.
            let _ = self.keys.set(&key, Value::U32(votes));
        }
    }

    /// The nodes, in the order of the list.
    #[must_use]
    pub fn nodes(&self) -> &[NodeConfig] {
        &self.nodes
    }

    /// The cmap keys the file stands for.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// `totem.cluster_name`.
    #[must_use]
    pub fn cluster_name(&self) -> Option<&str> {
        self.keys.str("totem.cluster_name")
    }

    /// How long totem takes to notice things.
    #[must_use]
    pub fn timing(&self) -> Timing {
        Timing::of(&self.keys)
    }
}
