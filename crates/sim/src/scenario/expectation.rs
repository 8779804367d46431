//! What a scenario expects of nodes, and whether it is so.

use std::fmt;

use quorate_engine::NodeId;

use crate::cluster::{Cluster, Running};
use crate::transport::Services;

/// What is expected of some nodes; only what is `Some` counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    /// The line it stands on.
    pub line: usize,
    /// The nodes; none means every node that is up.
    pub nodes: Vec<NodeId>,
    /// Whether the node is quorate.
    pub quorate: Option<bool>,
    /// The votes present, as `corosync-quorumtool` shows them.
    pub votes: Option<u32>,
    /// The node's expected votes.
    pub expected: Option<u32>,
    /// The votes needed.
    pub quorum: Option<u32>,
    /// The members of the node's ring.
    pub members: Option<Vec<NodeId>>,
    /// Whether the node's corosync runs.
    pub running: Option<Running>,
}

impl Expectation {
    /// The nodes this is about now.
    pub(super) fn nodes_in<S: Services>(&self, cluster: &Cluster<S>) -> Vec<NodeId> {
        if self.nodes.is_empty() {
            let is_up = |node: &NodeId| cluster.running(*node) == Some(Running::Up);
            cluster.nodes().filter(is_up).collect()
        } else {
            self.nodes.clone()
        }
    }

    /// What is not as expected; empty if all is.
    pub(super) fn differences<S: Services>(
        &self,
        cluster: &Cluster<S>,
        node: NodeId,
    ) -> Vec<String> {
        let mut differences = Vec::new();
        let running = cluster.running(node).unwrap_or(Running::Down);
        differ(&mut differences, "running", self.running, running);
        let expects_more = Expectation {
            line: 0,
            nodes: Vec::new(),
            running: None,
            ..self.clone()
        } != Expectation::default();
        let engine = cluster.engine(node);
        let Some((engine, info)) = engine.and_then(|e| Some((e, e.node_info(node)?))) else {
            if expects_more {
                differences.push("the node is down".to_owned());
            }
            return differences;
        };
        differ(
            &mut differences,
            "quorate",
            self.quorate,
            engine.is_quorate(),
        );
        differ(&mut differences, "votes", self.votes, info.total_votes);
        differ(
            &mut differences,
            "expected",
            self.expected,
            info.expected_votes,
        );
        differ(&mut differences, "quorum", self.quorum, info.quorum);
        let members = engine.members().to_vec();
        differ(&mut differences, "members", self.members.clone(), members);
        differences
    }
}

fn differ<T: PartialEq + fmt::Debug>(
    differences: &mut Vec<String>,
    name: &str,
    expected: Option<T>,
    found: T,
) {
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        differences.push(format!(
            "{name}: expected {}, found {}",
            text(&expected),
            text(&found)
        ));
    }
}

/// `[NodeId(1), NodeId(2)]` is for programmers.
fn text(value: &dyn fmt::Debug) -> String {
    format!("{value:?}")
        .replace("NodeId(", "")
        .replace(')', "")
        .to_lowercase()
}

/// What is expected, for the name of a check.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(quorate) = self.quorate {
            parts.push(if quorate { "quorate" } else { "not quorate" }.to_owned());
        }
        for (name, number) in [
            ("votes", self.votes),
            ("expected", self.expected),
            ("quorum", self.quorum),
        ] {
            parts.extend(number.map(|number| format!("{name} {number}")));
        }
        parts.extend(
            self.members
                .as_ref()
                .map(|members| format!("members {}", text(members))),
        );
        parts.extend(self.running.map(|running| text(&running)));
        f.write_str(&parts.join(", "))
    }
}
