//! A daemon's ends of the connection type without rings.

use std::fs::File;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};

use super::rings::create;

/// Room for a name in an address, as libqb fills it.
const NAME_LEN: usize = 107;

/// Two sockets, one message each datagram, and the file with the counts.
#[derive(Debug)]
pub struct Sockets {
    /// Three pairs: messages under way, and the wish for less traffic.
    pub control: File,
    /// Requests come here, and replies leave.
    pub calls: UnixDatagram,
    events: UnixDatagram,
    /// Path of the control file.
    pub control_path: PathBuf,
    /// What the names of the sockets begin with.
    pub base: PathBuf,
}

impl Sockets {
    /// Makes them, with names that begin like the directory's.
    pub(super) fn create(directory: &Path, service: &str) -> Self {
        let control_path = directory.join(format!("qb-control-{service}"));
        let control = create(&control_path);
        control.set_len(24).expect("a file can grow");
        let base = directory.join(format!("qb-{service}"));
        let bound =
            |suffix| UnixDatagram::bind_addr(&name(&base, suffix)).expect("the name is free");
        let (calls, events) = (bound("-request"), bound("-event-tx"));
        Self {
            control,
            calls,
            events,
            control_path,
            base,
        }
    }

    /// Sends a reply; nobody may be there for it.
    pub(super) fn reply(&self, bytes: &[u8]) {
        let _ = self
            .calls
            .send_to_addr(bytes, &name(&self.base, "-response"));
    }

    /// Sends an event; nobody may be there for it.
    pub(super) fn event(&self, bytes: &[u8]) {
        let _ = self.events.send_to_addr(bytes, &name(&self.base, "-event"));
    }
}

fn name(base: &Path, suffix: &str) -> SocketAddr {
    abstract_name(&[base.as_os_str().as_bytes(), suffix.as_bytes()].concat())
}

/// An address as libqb makes it of a name.
pub(super) fn abstract_name(name: &[u8]) -> SocketAddr {
    let mut name = name.to_vec();
    name.resize(NAME_LEN, 0);
    SocketAddr::from_abstract_name(name).expect("the name fits an address")
}
