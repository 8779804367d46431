//! How nodes part, meet, stop and start.

use std::collections::{BTreeMap, BTreeSet};

use quorate_ncs::{Address, Reason, node_bit};

use crate::cluster::{Cluster, CpgEvent, Node, Outgoing, RingStep, Verdict, configuration, tell};

impl Cluster {
    /// Divides the network: the nodes of `mask` on one side, the others on the other, within
    /// every part that there is. `keeper` decides which parts keep their tokens.
    pub(crate) fn split(&mut self, mask: u32, keeper: u64) {
        for (id, node) in &mut self.nodes {
            node.component = node.component * 2 + u32::from(node_bit(*id) & mask != 0);
        }
        let mut parts: BTreeMap<u64, BTreeMap<u32, Vec<u32>>> = BTreeMap::new();
        for (id, node) in self.nodes.iter().filter(|(_, node)| node.up) {
            let class = parts.entry(node.class).or_default();
            class.entry(node.component).or_default().push(*id);
        }
        for (class, parts) in parts.into_iter().filter(|(_, parts)| parts.len() > 1) {
            let token = self
                .tokens
                .remove(&class)
                .then_some(keeper as usize % parts.len());
            for (nth, part) in parts.into_values().enumerate() {
                for id in part {
                    self.node(id).class = self.next_class;
                }
                if token == Some(nth) {
                    self.tokens.insert(self.next_class);
                }
                self.next_class += 1;
            }
        }
        // Numbers of parts stay small however often it is divided.
        let numbers: BTreeSet<u32> = self.nodes.values().map(|node| node.component).collect();
        let numbers: Vec<u32> = numbers.into_iter().collect();
        for node in self.nodes.values_mut() {
            let place = numbers
                .binary_search(&node.component)
                .expect("collected just now");
            node.component = place as u32;
        }
    }

    pub(crate) fn heal(&mut self) {
        for node in self.nodes.values_mut() {
            node.component = 0;
        }
    }

    /// Forms and activates a ring of all that can reach `node`. Nodes of `missed` are not told
    /// whether it is quorate. Returns the events, and who is told which verdict.
    pub(crate) fn reform(&mut self, node: u32, missed: u32) -> (Vec<Outgoing>, Vec<u32>) {
        let component = self.nodes[&node].component;
        let all = self.nodes.iter();
        let here = all.filter(|(_, node)| node.up && node.component == component);
        let ring_nodes: Vec<u32> = here.map(|(id, _)| *id).collect();
        let (ring, class) = (self.next_ring, self.next_class);
        self.next_ring += 4;
        self.next_class += 1;
        self.tokens.insert(class);
        let quorate = ring_nodes.len() * 2 > self.nodes.len();
        let locals: BTreeMap<u32, Vec<Address>> = ring_nodes
            .iter()
            .map(|id| {
                let group = self.nodes[id].group.iter();
                (
                    *id,
                    group
                        .filter(|process| process.node == *id)
                        .copied()
                        .collect(),
                )
            })
            .collect();
        let classes: BTreeMap<u32, u64> = ring_nodes
            .iter()
            .map(|id| (*id, self.nodes[id].class))
            .collect();
        let (mut out, mut told) = (Vec::new(), Vec::new());
        for id in &ring_nodes {
            let came_along = |other: &u32| classes.get(other) == Some(&classes[id]);
            let node = self.node(*id);
            let gone: Vec<u32> = node
                .members
                .iter()
                .filter(|other| !came_along(other))
                .copied()
                .collect();
            let left: Vec<_> = node
                .group
                .iter()
                .filter(|process| gone.contains(&process.node))
                .map(|process| (*process, Reason::NodeDown))
                .collect();
            let seen_go = left
                .iter()
                .fold(0, |mask, (process, _)| mask | node_bit(process.node));
            for (process, _) in &left {
                node.group.remove(process);
            }
            if !left.is_empty() {
                let event = configuration(node, left, Vec::new());
                tell(node, *id, &event, &mut out);
            }
            let strangers = locals.iter().filter(|(other, _)| !came_along(other));
            let joined: Vec<_> = strangers
                .flat_map(|(_, processes)| processes)
                .map(|process| (*process, Reason::NodeUp))
                .collect();
            node.group
                .extend(joined.iter().map(|(process, _)| *process));
            if !joined.is_empty() {
                let event = configuration(node, Vec::new(), joined);
                tell(node, *id, &event, &mut out);
            }
            let event = CpgEvent::Ring {
                ring,
                nodes: ring_nodes.clone(),
            };
            tell(node, *id, &event, &mut out);
            let nodes = ring_nodes.iter().fold(0, |mask, id| mask | node_bit(*id));
            node.steps.push(RingStep {
                ring,
                nodes,
                bounced: seen_go & nodes,
            });
            node.ring = ring;
            node.class = class;
            node.members.clone_from(&ring_nodes);
            if node_bit(*id) & missed == 0 {
                node.verdict = Verdict {
                    ring,
                    quorate,
                    nodes: ring_nodes.clone(),
                };
                told.push(*id);
            }
        }
        (out, told)
    }

    /// The daemon is gone, and with it all that it had not sent and all that it remembered.
    pub(crate) fn stop(&mut self, node: u32) {
        let component = self.nodes[&node].component;
        *self.node(node) = Node {
            component,
            ..Node::default()
        };
    }

    pub(crate) fn boot(&mut self, node: u32) {
        let class = self.next_class;
        self.next_class += 1;
        let node = self.node(node);
        (node.up, node.class) = (true, class);
    }
}
