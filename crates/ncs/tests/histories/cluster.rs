//! The simulated corosync: rings, virtual synchrony and one CPG group.
//!
//! Nodes of one *class* have had the same history since their ring was formed: what one of them
//! delivers, all of them do, in the same order. A split of the network divides classes; only one
//! part of a divided class keeps the token and can go on ordering messages before a new ring is
//! formed. A ring change tells each node who did not come along (`left`, everybody who is not of
//! its class) and who is new to it (`joined`), as corosync does, then names the ring.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate_ncs::{Address, Reason, Record};

/// What waits in a node's daemon for its turn to be ordered.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Message {
        from: Address,
        bytes: Vec<u8>,
        request: Option<u64>,
    },
    Join {
        process: Address,
        connection: u64,
    },
    Leave {
        process: Address,
        reason: Reason,
    },
}

/// What CPG tells one process.
#[derive(Debug, Clone)]
pub(crate) enum CpgEvent {
    Deliver {
        from: Address,
        bytes: Vec<u8>,
    },
    Configuration {
        members: Vec<Address>,
        left: Vec<(Address, Reason)>,
        joined: Vec<(Address, Reason)>,
    },
    Ring {
        ring: u64,
        nodes: Vec<u32>,
    },
}

/// An event and who gets it: all of the group on this node, or one connection only.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) process: Address,
    pub(crate) connection: Option<u64>,
    pub(crate) event: CpgEvent,
}

/// A ring as one node went into it.
#[derive(Debug, Clone)]
pub(crate) struct RingStep {
    pub(crate) ring: u64,
    pub(crate) nodes: u32,
    /// Nodes that this node saw go and come back in this one change.
    pub(crate) bounced: u32,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) ring: u64,
    pub(crate) quorate: bool,
    pub(crate) nodes: Vec<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) up: bool,
    pub(crate) component: u32,
    pub(crate) class: u64,
    pub(crate) ring: u64,
    pub(crate) members: Vec<u32>,
    pub(crate) verdict: Verdict,
    pub(crate) group: BTreeSet<Address>,
    pub(crate) outbox: VecDeque<Item>,
    pub(crate) steps: Vec<RingStep>,
    pub(crate) record: Record,
}

pub(crate) struct Cluster {
    pub(crate) nodes: BTreeMap<u32, Node>,
    pub(crate) tokens: BTreeSet<u64>,
    pub(crate) next_ring: u64,
    pub(crate) next_class: u64,
    /// The ring and the place in the order at which each request was delivered.
    pub(crate) ordered: BTreeMap<u64, (u64, u64)>,
    pub(crate) places: u64,
}

impl Cluster {
    pub(crate) fn new(count: u32) -> Self {
        let mut cluster = Self {
            nodes: (1..=count)
                .map(|node| {
                    (
                        node,
                        Node {
                            up: true,
                            ..Node::default()
                        },
                    )
                })
                .collect(),
            tokens: BTreeSet::new(),
            next_ring: 4,
            next_class: 1,
            ordered: BTreeMap::new(),
            places: 0,
        };
        for node in cluster.nodes.values_mut() {
            node.class = cluster.next_class;
            cluster.next_class += 1;
        }
        cluster
    }

    pub(crate) fn node(&mut self, node: u32) -> &mut Node {
        self.nodes.get_mut(&node).expect("a node of the cluster")
    }

    fn class_of(&self, class: u64) -> Vec<u32> {
        let same = self
            .nodes
            .iter()
            .filter(|(_, node)| node.up && node.class == class);
        same.map(|(id, _)| *id).collect()
    }

    /// Whether all that went into the node's ring with it are still of one class, with a token.
    pub(crate) fn is_whole(&self, node: u32) -> bool {
        let node = &self.nodes[&node];
        let mates = node.members.iter().map(|mate| &self.nodes[mate]);
        self.tokens.contains(&node.class) && mates.into_iter().all(|mate| mate.class == node.class)
    }

    pub(crate) fn can_order(&self, node: u32) -> bool {
        let node = &self.nodes[&node];
        node.up && !node.outbox.is_empty() && self.tokens.contains(&node.class)
    }

    /// Gives the next item of this node's daemon its place in the order.
    pub(crate) fn order(&mut self, node: u32) -> Vec<Outgoing> {
        let mut out = Vec::new();
        let Some(item) = self.node(node).outbox.pop_front() else {
            return out;
        };
        self.places += 1;
        let receivers = self.class_of(self.nodes[&node].class);
        if let Item::Message {
            request: Some(request),
            ..
        } = &item
        {
            let ring = self.nodes[&node].ring;
            self.ordered.insert(*request, (ring, self.places));
        }
        for receiver in receivers {
            let node = self.node(receiver);
            match &item {
                Item::Message { from, bytes, .. } => {
                    let event = CpgEvent::Deliver {
                        from: *from,
                        bytes: bytes.clone(),
                    };
                    tell(node, receiver, &event, &mut out);
                }
                Item::Join {
                    process,
                    connection,
                } => {
                    node.group.insert(*process);
                    let joined = vec![(*process, Reason::Join)];
                    let event = configuration(node, Vec::new(), joined);
                    tell(node, receiver, &event, &mut out);
                    if process.node == receiver {
                        let connection = Some(*connection);
                        let ring = CpgEvent::Ring {
                            ring: node.ring,
                            nodes: node.members.clone(),
                        };
                        out.retain(|other| other.process != *process);
                        for event in [event, ring] {
                            out.push(Outgoing {
                                process: *process,
                                connection,
                                event,
                            });
                        }
                    }
                }
                Item::Leave { process, reason } => {
                    if node.group.remove(process) {
                        let event = configuration(node, vec![(*process, *reason)], Vec::new());
                        tell(node, receiver, &event, &mut out);
                    }
                }
            }
        }
        out
    }
}

pub(crate) fn configuration(
    node: &Node,
    left: Vec<(Address, Reason)>,
    joined: Vec<(Address, Reason)>,
) -> CpgEvent {
    CpgEvent::Configuration {
        members: node.group.iter().copied().collect(),
        left,
        joined,
    }
}

pub(crate) fn tell(node: &Node, id: u32, event: &CpgEvent, out: &mut Vec<Outgoing>) {
    for process in node.group.iter().filter(|process| process.node == id) {
        out.push(Outgoing {
            process: *process,
            connection: None,
            event: event.clone(),
        });
    }
}
