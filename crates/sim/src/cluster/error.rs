//! Why operations fail.

use quorate_engine::{ConfigError, NodeId};
use thiserror::Error;

/// Why an operation cannot be carried out. It has changed nothing then.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OperationError {
    /// The configuration has no such node.
    #[error("node {0} is not in the node list")]
    UnknownNode(NodeId),
    /// The node is down.
    #[error("node {0} is down")]
    Down(NodeId),
    /// The node is up already.
    #[error("node {0} is up already")]
    AlreadyUp(NodeId),
    /// The node is paused.
    #[error("node {0} is paused")]
    Paused(NodeId),
    /// The node is not paused.
    #[error("node {0} is not paused")]
    NotPaused(NodeId),
    /// A node is in two groups of a partition.
    #[error("node {0} is in two groups")]
    InTwoGroups(NodeId),
    /// No such connection.
    #[error("connection {0} is closed")]
    UnknownClient(u64),
    /// corosync does not start with this configuration.
    #[error("node {node} does not start: {error}")]
    Refused {
        /// The node.
        node: NodeId,
        /// What is wrong.
        error: ConfigError,
    },
    /// cmap does not let clients change this key.
    #[error("{0}: this key is read-only")]
    ReadOnlyKey(String),
    /// cmap does not allow this name.
    #[error("{0}")]
    KeyName(String),
    /// The quorum device of the node does not run.
    #[error("no quorum device runs on node {0}")]
    NoDevice(NodeId),
}
