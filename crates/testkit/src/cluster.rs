//! A cluster of real daemons.

use std::sync::Arc;

use crate::config::Settings;
use crate::namespace::NodeSpace;
use crate::network::Switch;
use crate::node::Node;
use crate::probe::State;
use crate::requirements::Requirements;
use crate::scratch::Scratch;
use crate::wait::wait_until;

/// How the daemons talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The default of corosync 3.
    Knet,
    /// Plain UDP, as in older clusters.
    Udpu,
}

/// Describes a cluster before it is started.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    settings: Settings,
}

impl Builder {
    /// The number of nodes; their ids are 1, 2, and so on.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.settings.nodes = nodes;
        self
    }

    /// How the daemons talk to each other.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.settings.transport = transport;
        self
    }

    /// The token timeout in milliseconds: after about twice this a silent node is out.
    pub fn token(mut self, milliseconds: u32) -> Self {
        self.settings.token = milliseconds;
        self
    }

    /// The votes of the nodes, first node first.
    pub fn votes(mut self, votes: &[u32]) -> Self {
        self.settings.votes = votes.to_vec();
        self
    }

    /// More lines for the `quorum` section.
    pub fn quorum(mut self, lines: &str) -> Self {
        self.settings.quorum.push_str(lines);
        self.settings.quorum.push('\n');
        self
    }

    /// More lines for the `totem` section.
    pub fn totem(mut self, lines: &str) -> Self {
        self.settings.totem.push_str(lines);
        self.settings.totem.push('\n');
        self
    }

    /// More lines for the `system` section, `qb_ipc_type: socket` for example.
    pub fn system(mut self, lines: &str) -> Self {
        self.settings.system.push_str(lines);
        self.settings.system.push('\n');
        self
    }

    /// A whole section of its own, `uidgid { uid: nobody }` for example, with line breaks.
    pub fn section(mut self, text: &str) -> Self {
        self.settings.sections.push_str(text);
        self.settings.sections.push('\n');
        self
    }

    /// Starts the daemons and waits until all are members of one cluster.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    #[must_use]
    pub fn start(self) -> Cluster {
        let cluster = self.prepare();
        for node in &cluster.nodes {
            node.launch();
        }
        cluster.wait_all_members();
        cluster
    }

    /// Makes everything but starts no daemon.
    ///
    /// # Panics
    ///
    /// When this machine can't run a cluster.
    #[must_use]
    pub fn prepare(self) -> Cluster {
        if let Err(why) = Requirements::cluster().check() {
            panic!("no private cluster on this machine: {why}");
        }
        let scratch = Scratch::new("cluster");
        let spaces: Vec<_> = (0..self.settings.nodes)
            .map(|_| NodeSpace::new().map(Arc::new))
            .collect::<Result<_, _>>()
            .unwrap_or_else(|why| panic!("{why}"));
        let switch = Switch::new(&spaces).unwrap_or_else(|why| panic!("{why}"));
        let nodes = (1..)
            .zip(spaces)
            .map(|(id, space)| Node::new(id, scratch.path(), space, &self.settings))
            .collect();
        Cluster {
            nodes,
            switch,
            scratch,
        }
    }
}

/// A cluster of real daemons; everything it is made of goes away with it.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
    switch: Switch,
    scratch: Scratch,
}

impl Cluster {
    /// Describes a cluster: one node on knet, one vote each, unless told otherwise.
    pub fn builder() -> Builder {
        Builder {
            settings: Settings {
                nodes: 1,
                transport: Transport::Knet,
                token: 1000,
                votes: Vec::new(),
                quorum: String::new(),
                totem: String::new(),
                system: String::new(),
                sections: String::new(),
            },
        }
    }

    /// A node by its id, counted from 1.
    #[must_use]
    pub fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize - 1]
    }

    /// All nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The network between them.
    #[must_use]
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// A directory for files of the test, gone with the cluster.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Cuts the network into these groups of node ids; a node in no group is alone.
    pub fn partition(&self, groups: &[&[u32]]) {
        self.switch.partition(groups);
    }

    /// Joins all nodes again.
    pub fn heal(&self) {
        self.switch.heal();
    }

    /// Waits until these nodes, and no others, are members together, all on the same ring, with
    /// this answer to whether they are quorate.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn wait_members(&self, members: &[u32], quorate: bool) -> State {
        wait_until(
            &format!("{members:?} to be members, quorate: {quorate}"),
            || {
                let mut agreed: Option<State> = None;
                for &id in members {
                    let state = self.node(id).state()?;
                    if state.members != members || state.quorate != quorate || !state.settled() {
                        return Err(format!("node {id}: {state:?}"));
                    }
                    let agrees = |other: &&State| other.ring == state.ring;
                    if let Some(other) = agreed.as_ref().filter(|other| !agrees(other)) {
                        return Err(format!("{other:?}, but node {id}: {state:?}"));
                    }
                    agreed = Some(state);
                }
                agreed.ok_or_else(|| "no nodes named".into())
            },
        )
    }

    /// Waits until all nodes are members together and quorate.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn wait_all_members(&self) -> State {
        let everyone: Vec<u32> = self.nodes.iter().map(Node::id).collect();
        self.wait_members(&everyone, true)
    }

    /// Brings the cluster back to what it was after the start: network whole, all daemons running,
    /// all nodes members.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn recover(&self) {
        self.heal();
        for node in &self.nodes {
            node.resume();
            if !node.is_running() {
                node.launch();
            }
        }
        self.wait_all_members();
    }
}
