//! The `quorum {}` section, the node list, and what is wrong with them.

use thiserror::Error;

use crate::arithmetic::Arithmetic;
use crate::effects::LogLevel;
use crate::ids::NodeId;

/// What votequorum reads of corosync.conf. Field names are the keys' names; see votequorum(5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuorumConfig {
    /// `quorum.expected_votes`: overrides the sum of the node list's votes. 0 counts as absent.
    pub expected_votes: Option<u32>,
    /// `quorum.votes`: the local node's votes, 1 by default; only without a node list.
    pub votes: Option<u32>,
    /// `nodelist`: counts only if the local node is in it.
    pub nodelist: Vec<NodelistEntry>,
    /// `quorum.two_node`.
    pub two_node: bool,
    /// `quorum.wait_for_all`; absent, it follows `two_node`.
    pub wait_for_all: Option<bool>,
    /// `quorum.last_man_standing`.
    pub last_man_standing: bool,
    /// `quorum.last_man_standing_window`, in milliseconds.
    pub last_man_standing_window: u32,
    /// `quorum.auto_tie_breaker`.
    pub auto_tie_breaker: bool,
    /// `quorum.auto_tie_breaker_node`: `lowest` (the default), `highest`, or node ids separated
    /// by blanks.
    pub auto_tie_breaker_node: Option<String>,
    /// `quorum.allow_downscale`; implies `expected_votes_tracking`.
    pub allow_downscale: bool,
    /// `quorum.expected_votes_tracking`.
    pub expected_votes_tracking: bool,
    /// `quorum.device`; counts only with a model.
    pub device: Option<DeviceConfig>,
}

impl Default for QuorumConfig {
    fn default() -> Self {
        QuorumConfig {
            expected_votes: None,
            votes: None,
            nodelist: Vec::new(),
            two_node: false,
            wait_for_all: None,
            last_man_standing: false,
            last_man_standing_window: 10_000,
            auto_tie_breaker: false,
            auto_tie_breaker_node: None,
            allow_downscale: false,
            expected_votes_tracking: false,
            device: None,
        }
    }
}

/// One `nodelist.node.N`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodelistEntry {
    /// `nodeid`.
    pub node: NodeId,
    /// `quorum_votes`, 1 by default.
    pub quorum_votes: Option<u32>,
}

/// `quorum.device`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceConfig {
    /// `model`, normally `net`; an empty one means that no device is configured.
    pub model: String,
    /// `votes`; by default one less than there are nodes, if every node has one vote.
    pub votes: Option<u32>,
    /// `timeout`: how long a poll is good for, in milliseconds.
    pub timeout: u32,
    /// `sync_timeout`: how long a membership change waits for a poll, in milliseconds.
    pub sync_timeout: u32,
}

impl Default for DeviceConfig {
    fn default() -> Self {
        DeviceConfig {
            model: "net".to_owned(),
            votes: None,
            timeout: 10_000,
            sync_timeout: 30_000,
        }
    }
}

/// The votes a node list adds up to, seen from one of its nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NodelistVotes {
    pub(crate) own: u32,
    pub(crate) count: u32,
    pub(crate) sum: u32,
}

impl QuorumConfig {
    /// A configuration with a node list of these nodes, one vote each, and nothing else.
    pub fn with_nodes(nodes: impl IntoIterator<Item = u32>) -> Self {
        let nodelist = nodes
            .into_iter()
            .map(|id| NodelistEntry {
                node: NodeId(id),
                quorum_votes: None,
            })
            .collect();
        QuorumConfig {
            nodelist,
            ..QuorumConfig::default()
        }
    }

    /// `None` if the local node is not in the list: votequorum then behaves as if there was none.
    pub(crate) fn nodelist_votes(&self, local: NodeId, sums: Arithmetic) -> Option<NodelistVotes> {
        let votes_of = |entry: &NodelistEntry| entry.quorum_votes.unwrap_or(1);
        let own = self
            .nodelist
            .iter()
            .find(|entry| entry.node == local)
            .map(votes_of)?;
        let sum = self
            .nodelist
            .iter()
            .map(votes_of)
            .fold(0, |a, b| sums.add(a, b));
        let count = u32::try_from(self.nodelist.len()).unwrap_or(u32::MAX);
        Some(NodelistVotes { own, count, sum })
    }

    pub(crate) fn configured_device(&self) -> Option<&DeviceConfig> {
        self.device
            .as_ref()
            .filter(|device| !device.model.is_empty())
    }

    pub(crate) fn explicit_expected_votes(&self) -> Option<u32> {
        self.expected_votes.filter(|&votes| votes > 0)
    }
}

/// A configuration that contradicts itself. At start it keeps corosync from starting; at a reload
/// most of them disable the quorum device instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// Nothing says how many votes to expect.
    #[error("{}: needed, as there is no node list with the local node in it", self.key())]
    NoExpectedVotes,
    /// Node 0 is the quorum device.
    #[error("{}: 0 is not a node id", self.key())]
    NodeIdZero,
    /// `two_node` with a device.
    #[error("{}: does not go together with quorum.device", self.key())]
    TwoNodeWithDevice,
    /// `auto_tie_breaker` and `last_man_standing` with an odd sum of votes and no `wait_for_all`.
    #[error(
        "{}: with an odd number of votes this needs quorum.wait_for_all, and does not go together \
         with quorum.last_man_standing",
        self.key()
    )]
    OddTieBreakerWithLastManStanding,
    /// `last_man_standing` with a device.
    #[error("{}: does not go together with quorum.device", self.key())]
    LastManStandingWithDevice,
    /// `auto_tie_breaker` with a device.
    #[error("{}: does not go together with quorum.device", self.key())]
    TieBreakerWithDevice,
    /// `allow_downscale` with a device.
    #[error("{}: does not go together with quorum.device", self.key())]
    DownscaleWithDevice,
    /// `expected_votes` is set, and the device's votes are not.
    #[error("{}: needed, as quorum.expected_votes is set", self.key())]
    DeviceVotesMissing,
    /// Nodes have other votes than 1, and the device's votes are not set.
    #[error("{}: needed, as not every node has one vote", self.key())]
    DeviceVotesUnclear,
    /// The device has all votes, or all but one.
    #[error("{}: too high for quorum.expected_votes, which must exceed it by 2 or more", self.key())]
    DeviceVotesTooHigh,
}

impl ConfigError {
    /// The key of corosync.conf that is to be corrected.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            ConfigError::NoExpectedVotes => "quorum.expected_votes",
            ConfigError::NodeIdZero => "nodelist.node.nodeid",
            ConfigError::TwoNodeWithDevice => "quorum.two_node",
            ConfigError::OddTieBreakerWithLastManStanding | ConfigError::TieBreakerWithDevice => {
                "quorum.auto_tie_breaker"
            }
            ConfigError::LastManStandingWithDevice => "quorum.last_man_standing",
            ConfigError::DownscaleWithDevice => "quorum.allow_downscale",
            ConfigError::DeviceVotesMissing
            | ConfigError::DeviceVotesUnclear
            | ConfigError::DeviceVotesTooHigh => "quorum.device.votes",
        }
    }
}

/// A configuration that works, but not as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ConfigWarning {
    /// `auto_tie_breaker_node` without `auto_tie_breaker`.
    #[error("{}: has no meaning while quorum.auto_tie_breaker is off", self.key())]
    TieBreakerNodeUnused,
    /// `auto_tie_breaker_node` is none of the three things it may be.
    #[error(
        "{}: neither 'lowest', 'highest' nor a list of node ids; the tie breaker is off",
        self.key()
    )]
    TieBreakerNodeInvalid,
    /// `two_node` with `auto_tie_breaker`.
    #[error("{}: does not go together with quorum.auto_tie_breaker and is off", self.key())]
    TwoNodeOff,
    /// `auto_tie_breaker` with an odd sum of votes and no `wait_for_all`.
    #[error(
        "{}: with an odd number of votes this needs quorum.wait_for_all; the tie breaker is off",
        self.key()
    )]
    TieBreakerOff,
    /// `last_man_standing` while a node has more than one vote; found out when that node joins.
    #[error("{}: needs every node to have one vote; it is off", self.key())]
    LastManStandingOff,
}

impl ConfigWarning {
    /// The key of corosync.conf that is to be corrected.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            ConfigWarning::TieBreakerNodeUnused | ConfigWarning::TieBreakerNodeInvalid => {
                "quorum.auto_tie_breaker_node"
            }
            ConfigWarning::TwoNodeOff => "quorum.two_node",
            ConfigWarning::TieBreakerOff => "quorum.auto_tie_breaker",
            ConfigWarning::LastManStandingOff => "quorum.last_man_standing",
        }
    }

    /// How much it matters: critical if an option that was asked for is not in force.
    #[must_use]
    pub const fn level(&self) -> LogLevel {
        match self {
            ConfigWarning::TwoNodeOff | ConfigWarning::TieBreakerOff => LogLevel::Critical,
            ConfigWarning::TieBreakerNodeUnused
            | ConfigWarning::TieBreakerNodeInvalid
            | ConfigWarning::LastManStandingOff => LogLevel::Warning,
        }
    }
}
