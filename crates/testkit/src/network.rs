//! The network between the nodes of a cluster: a switch that can be cut into parts.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::namespace::NodeSpace;

/// A namespace with one bridge for every part a cluster of this size can fall into.
///
/// Cutting moves a node's port to another bridge. No packet filter is involved, so every kernel
/// with bridges and veth pairs can do it, and the nodes' own interfaces stay up: to the daemons
/// the others fall silent, which is what a partition is.
#[derive(Debug)]
pub struct Switch {
    space: Arc<NodeSpace>,
    ports: usize,
}

/// The third byte of the addresses of the network the cluster runs on.
const MAIN: u8 = 0;
/// The third byte of the addresses of the network that is never cut.
const SIDE: u8 = 1;
/// The last byte of the switch's own address in the network that is never cut.
const SIDE_HOST: usize = 254;

/// A node's address in the network that partitions cut.
#[must_use]
pub fn main_address(node: usize) -> String {
    format!("10.77.{MAIN}.{node}")
}

/// The address, in the network that is never cut, of what runs on the switch itself.
#[must_use]
pub fn side_host_address() -> String {
    format!("10.77.{SIDE}.{SIDE_HOST}")
}

impl Switch {
    pub(crate) fn new(nodes: &[Arc<NodeSpace>]) -> Result<Self, String> {
        let space = Arc::new(NodeSpace::new()?);
        let mut script = String::new();
        for part in 0..nodes.len() {
            let _ = writeln!(script, "ip link add name br{part} type bridge");
            let _ = writeln!(script, "ip link set br{part} up");
        }
        let _ = writeln!(script, "ip link add name side type bridge");
        let _ = writeln!(script, "ip address add {}/24 dev side", side_host_address());
        let _ = writeln!(script, "ip link set side up");
        for (index, node) in nodes.iter().enumerate() {
            let number = index + 1;
            for (port, peer, bridge) in [("main", "eth0", "br0"), ("side", "eth1", "side")] {
                let _ = writeln!(
                    script,
                    "ip link add name {port}{number} type veth peer name {peer} netns {pid}\n\
                     ip link set {port}{number} master {bridge} up",
                    pid = node.pid(),
                );
            }
        }
        space.configure_network(&script);
        for (index, node) in nodes.iter().enumerate() {
            let number = index + 1;
            node.configure_network(&format!(
                "ip address add {}/24 dev eth0\n\
                 ip address add 10.77.{SIDE}.{number}/24 dev eth1\n\
                 ip link set eth0 up\nip link set eth1 up\n",
                main_address(number),
            ));
        }
        Ok(Self {
            space,
            ports: nodes.len(),
        })
    }

    /// The namespaces of the switch: programs that must be reachable whatever happens to the
    /// cluster's network run here.
    #[must_use]
    pub fn space(&self) -> &Arc<NodeSpace> {
        &self.space
    }

    /// Cuts the network: nodes of different groups no longer hear each other. A node that is in
    /// no group is alone.
    ///
    /// # Panics
    ///
    /// When a node is named twice or does not exist.
    pub fn partition(&self, groups: &[&[u32]]) {
        let mut part_of = vec![None; self.ports];
        for (part, group) in groups.iter().enumerate() {
            for &node in *group {
                let slot = &mut part_of[node as usize - 1];
                assert!(slot.replace(part).is_none(), "node {node} is in two groups");
            }
        }
        let mut alone = groups.len();
        let mut script = String::new();
        for (index, part) in part_of.into_iter().enumerate() {
            let part = part.unwrap_or_else(|| {
                alone += 1;
                alone - 1
            });
            let _ = writeln!(script, "ip link set main{} master br{part}", index + 1);
        }
        self.space.configure_network(&script);
    }

    /// Joins all nodes again.
    pub fn heal(&self) {
        let everyone: Vec<u32> = (1..).take(self.ports).collect();
        self.partition(&[&everyone]);
    }
}
