//! Where nodes are, and the links between them.

use std::net::IpAddr;

use quorate_engine::NodeId;
use quorate_proto::cfg::{
    Address, LINKS_MAX, Link, LinkStatus, NodeAddrsReply, NodeStatus, NodeStatusReply, Refused,
    RingStatusReply,
};

use super::{NAME_TOO_LONG, NOT_EXIST, NOT_SUPPORTED};
use crate::Cluster;
use crate::config::NodeConfig;
use crate::transport::Services;

const FAILED_OPERATION: i32 = 21;
/// Linux's numbers of address families.
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;

/// Bytes of a link's state in words, with its NUL.
const STATE_LEN: usize = 512;
/// What corosync finds on Ethernet, without encryption: in packets of knet by family, of udpu, and
/// in those of a node to itself.
const MTU_IPV4: u32 = 1446;
const MTU_IPV6: u32 = 1426;
const MTU_UDPU: u32 = 1410;
const MTU_LOCAL: u32 = 65535;

/// What one node knows of its links.
pub(super) struct Links<'a, S = ()> {
    pub(super) cluster: &'a Cluster<S>,
    pub(super) local: NodeId,
    /// Of its ring.
    pub(super) members: &'a [NodeId],
}

impl<S: Services> Links<'_, S> {
    /// The addresses of a node, all of the first one's family. Names are not looked up: nothing
    /// here touches the network.
    pub(super) fn addresses(&self, node: u32) -> Vec<u8> {
        let node = if node == 0 { self.local } else { NodeId(node) };
        let found = self.entry(node).map(|entry| {
            let parsed = entry.addresses.iter().filter_map(|text| text.parse().ok());
            let list: Vec<_> = parsed.map(in_bytes).collect();
            let family = list.first().map_or(AF_INET, |(family, _)| *family);
            let same = list.iter().filter(|(other, _)| *other == family);
            let same: Vec<Address> = same.map(|(_, address)| *address).collect();
            (family, same)
        });
        let found = found.as_ref().map(|(family, list)| (*family, &list[..]));
        NodeAddrsReply::message(found.ok_or(Refused(NOT_EXIST)))
    }

    /// The local node's links: with knet one letter for each node, ascending.
    pub(super) fn ring_status(&self) -> Result<Vec<u8>, i32> {
        let Some(own) = self.entry(self.local) else {
            return Ok(RingStatusReply::message(&[]));
        };
        let mut links = Vec::new();
        for (number, address) in configured(own) {
            let state = match self.is_knet() {
                true => self.letters(links.len()),
                false => "OK".to_owned(),
            };
            links.push((format!("{number} {address}"), state));
        }
        if links.iter().any(|(_, state)| state.len() >= STATE_LEN) {
            return Err(NAME_TOO_LONG);
        }
        let links = links.iter().map(|(name, state)| LinkStatus {
            name: name.as_bytes(),
            status: state.as_bytes(),
        });
        Ok(RingStatusReply::message(&links.collect::<Vec<_>>()))
    }

    /// What the local node knows of the way to another one.
    pub(super) fn node_status(&self, node: u32, version: u32) -> Vec<u8> {
        let mut status = NodeStatus::of(node);
        match self.entry(NodeId(node)) {
            Some(entry) if self.is_knet() => self.over_knet(&mut status, entry),
            Some(entry) => self.over_udpu(&mut status, entry),
            None if self.is_knet() => return NodeStatusReply::refusal(FAILED_OPERATION).into(),
            None => {}
        }
        match version {
            1 => NodeStatusReply::message(&status),
            _ => NodeStatusReply::refusal(NOT_SUPPORTED).into(),
        }
    }

    fn over_knet(&self, status: &mut NodeStatus, entry: &NodeConfig) {
        let Some(own) = self.entry(self.local) else {
            return;
        };
        let connected = self.cluster.reaches(self.local, entry.id);
        status.reachable = connected.into();
        for (number, from) in configured(own).filter(|(number, _)| *number < LINKS_MAX) {
            let Some((_, to)) = configured(entry).find(|(other, _)| *other == number) else {
                continue;
            };
            let mtu = match from.parse() {
                _ if entry.id == self.local => MTU_LOCAL,
                Ok(IpAddr::V6(_)) => MTU_IPV6,
                _ => MTU_IPV4,
            };
            status.links[number] = Link::new(connected, mtu, from.as_bytes(), to.as_bytes());
            if entry.id == self.local {
                // What a node says to itself goes over the first one.
                break;
            }
        }
    }

    fn over_udpu(&self, status: &mut NodeStatus, entry: &NodeConfig) {
        let reachable = self.members.contains(&entry.id);
        status.reachable = reachable.into();
        if let Some((_, address)) = configured(entry).next() {
            status.links[0] = Link::new(reachable, MTU_UDPU, address.as_bytes(), b"");
        }
    }

    /// `n` for the node itself, `3` for one that is reached over this link, `1` for one that is
    /// not, `d` for one that does not have as many links.
    fn letters(&self, link: usize) -> String {
        let mut nodes: Vec<_> = self.cluster.config().nodes().iter().collect();
        nodes.sort_unstable_by_key(|entry| entry.id.0);
        let letter = |entry: &NodeConfig| match configured(entry).nth(link) {
            _ if entry.id == self.local => 'n',
            None => 'd',
            Some(_) if self.cluster.reaches(self.local, entry.id) => '3',
            Some(_) => '1',
        };
        nodes.into_iter().map(letter).collect()
    }

    fn entry(&self, node: NodeId) -> Option<&NodeConfig> {
        let mut nodes = self.cluster.config().nodes().iter();
        nodes.find(|entry| entry.id == node)
    }

    fn is_knet(&self) -> bool {
        let transport = self.cluster.config().keys().str("totem.transport");
        transport.is_none_or(|name| name == "knet")
    }
}

/// The numbers and addresses of a node's links.
fn configured(entry: &NodeConfig) -> impl Iterator<Item = (usize, &str)> {
    let links = entry.addresses.iter().map(String::as_str).enumerate();
    links.filter(|(_, address)| !address.is_empty())
}

fn in_bytes(address: IpAddr) -> (u32, Address) {
    match address {
        IpAddr::V4(four) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&four.octets());
            (AF_INET, bytes)
        }
        IpAddr::V6(six) => (AF_INET6, six.octets()),
    }
}
