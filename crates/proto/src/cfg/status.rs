//! The state of the links to a node, version 1.

use super::reply_id;
use crate::wire;
use quorate_ipc::header::ResponseHeader;
use std::mem::offset_of;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// Links between two nodes.
pub const LINKS_MAX: usize = 8;

const ADDRESS_LEN: usize = 256;

/// One link to a node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Link {
    /// 1 if configured.
    pub enabled: u8,
    /// 1 if it works.
    pub connected: u8,
    /// 1 if the other end's address is learnt from its packets.
    pub dynamic: u8,
    pad: u8,
    /// Bytes that one packet carries.
    pub mtu: u32,
    source: [u8; ADDRESS_LEN],
    destination: [u8; ADDRESS_LEN],
}

impl Link {
    /// A link that is configured, between two addresses in words of at most 255
    /// bytes.
    pub fn new(connected: bool, mtu: u32, source: &[u8], destination: &[u8]) -> Self {
        Self {
            enabled: 1,
            connected: connected.into(),
            dynamic: 0,
            pad: 0,
            mtu,
            source: wire::c_field(source),
            destination: wire::c_field(destination),
        }
    }

    /// This end's address in words.
    pub fn source(&self) -> &[u8] {
        wire::c_string(&self.source).unwrap_or(&self.source)
    }

    /// The other end's address in words.
    pub fn destination(&self) -> &[u8] {
        wire::c_string(&self.destination).unwrap_or(&self.destination)
    }
}

/// What is known of the way to a node.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeStatus {
    /// 1.
    pub version: u32,
    /// Node id.
    pub nodeid: u32,
    /// 1 if any link works.
    pub reachable: u8,
    /// 1 if reached through another node.
    pub remote: u8,
    /// 1 if the node is not part of the mesh.
    pub external: u8,
    /// Lowest version of the packets that both can read.
    pub onwire_min: u8,
    /// Highest one.
    pub onwire_max: u8,
    /// The one in use.
    pub onwire_version: u8,
    pad: [u8; 2],
    /// The links.
    pub links: [Link; LINKS_MAX],
}

impl NodeStatus {
    /// A node that is not reached, without links.
    pub fn of(nodeid: u32) -> Self {
        Self {
            version: 1,
            nodeid,
            ..Self::new_zeroed()
        }
    }
}

/// The reply; a refusal is bare but for eight zero bytes, see [`Self::refusal`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct NodeStatusReply {
    /// [`reply_id::NODE_STATUS_GET`].
    pub header: ResponseHeader,
    /// The status.
    pub status: NodeStatus,
}

impl NodeStatusReply {
    /// The message about a node.
    pub fn message(status: &NodeStatus) -> Vec<u8> {
        let header = wire::success::<Self>(reply_id::NODE_STATUS_GET);
        [header.as_bytes(), status.as_bytes()].concat()
    }

    /// The message that refuses with a `cs_error_t`.
    pub fn refusal(error: i32) -> [u8; 32] {
        let mut bytes = [0; 32];
        let header = ResponseHeader::new(reply_id::NODE_STATUS_GET, bytes.len(), error);
        bytes[..24].copy_from_slice(header.as_bytes());
        bytes
    }
}

const _: () = {
    assert!(size_of::<Link>() == 520 && offset_of!(Link, mtu) == 4);
    assert!(offset_of!(Link, source) == 8 && offset_of!(Link, destination) == 264);
    assert!(size_of::<NodeStatus>() == 4176 && offset_of!(NodeStatus, reachable) == 8);
    assert!(offset_of!(NodeStatus, onwire_version) == 13 && offset_of!(NodeStatus, links) == 16);
    assert!(size_of::<NodeStatusReply>() == 4200 && offset_of!(NodeStatusReply, status) == 24);
};
