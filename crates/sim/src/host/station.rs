//! The corosync of one node, as programs see it.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_engine::{KeyValue, NodeId, RingId};
use quorate_ipc::server::{ListenerId, Server};
use quorate_ipc::{Error, Service};
use quorate_proto::OK;

use super::cfg::Cfg;
use super::cmap::Cmap;
use super::keys;
use super::map::Stored;
use super::quorum::Quorum;
use crate::config::{ClusterConfig, Keys, RELOADED, Value};

const SERVICES: [Service; 5] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cfg,
    Service::Cpg,
];

/// What a node's corosync has for programs while it runs.
#[derive(Debug, Default)]
pub(super) struct Station {
    pub(super) cmap: Cmap,
    pub(super) quorum: Quorum,
    pub(super) cfg: Cfg,
    listeners: Vec<ListenerId>,
    /// Whether the first synchronisation is over: until then clients are told to try again.
    pub(super) ready: bool,
    pub(super) members: Vec<NodeId>,
    /// How often each node was seen coming.
    joined: BTreeMap<NodeId, u32>,
}

impl Station {
    /// corosync starts: its sockets appear, and the map has what was configured.
    pub(super) fn start(
        server: &mut Server,
        dir: &Path,
        config: &ClusterConfig,
        configured: &Keys,
        local: NodeId,
    ) -> Result<Self, Error> {
        let mut station = Self::default();
        for service in SERVICES {
            station.listeners.push(server.bind_dir(dir, service)?);
        }
        let configured = configured.iter();
        let configured = configured.map(|(key, value)| (key.to_owned(), value.into()));
        for (key, value) in configured.chain(keys::at_start(config, local)) {
            station.cmap.map.set(server, key.as_bytes(), value);
        }
        Ok(station)
    }

    /// corosync is gone, and its sockets with it.
    pub(super) fn stop(self, server: &mut Server) {
        for listener in self.listeners {
            server.unbind(listener);
        }
    }

    pub(super) fn has(&self, listener: ListenerId) -> bool {
        self.listeners.contains(&listener)
    }

    /// Nothing is heard of programs, or all that they have said meanwhile.
    pub(super) fn freeze(&self, server: &mut Server, frozen: bool) -> Result<(), Error> {
        let mut listeners = self.listeners.iter();
        listeners.try_for_each(|listener| server.set_frozen(*listener, frozen))
    }

    /// votequorum has decided.
    pub(super) fn decided(
        &mut self,
        server: &mut Server,
        config: &ClusterConfig,
        (ring, members, quorate): (RingId, &[NodeId], bool),
    ) {
        if members.is_empty() {
            // votequorum starts, and knows nothing yet.
            return;
        }
        self.ready = true;
        for node in members.iter().filter(|node| !self.members.contains(node)) {
            let times = self.joined.entry(*node).or_default();
            *times += 1;
            for (key, value) in keys::joined(config, *node, *times) {
                self.cmap.map.set(server, key.as_bytes(), value);
            }
        }
        for node in self.members.iter().filter(|node| !members.contains(node)) {
            let (key, value) = keys::left(*node);
            self.cmap.map.set(server, key.as_bytes(), value);
        }
        self.members = members.to_vec();
        self.quorum.decided(server, ring, members, quorate);
    }

    pub(super) fn runtime_key(&mut self, server: &mut Server, name: &str, value: KeyValue) {
        let key = format!("runtime.votequorum.{name}");
        self.cmap.map.set(server, key.as_bytes(), value.into());
    }

    /// corosync has read its configuration again, or could not (no keys).
    pub(super) fn reloaded(
        &mut self,
        server: &mut Server,
        config: &ClusterConfig,
        local: NodeId,
        keys: Option<&Keys>,
    ) {
        const WHOLE: &str = "config.reload_in_progress";
        const TOTEM: &str = "config.totemconfig_reload_in_progress";
        let map = &mut self.cmap.map;
        map.set(server, TOTEM.as_bytes(), Stored::u8(1));
        // Left as it is if the file is wrong, as by corosync 3.1.7.
        let Some(keys) = keys else { return };
        map.set(server, WHOLE.as_bytes(), Stored::u8(1));
        let new = keys::reloaded(keys, config);
        for prefix in RELOADED {
            let mut last: Option<Vec<u8>> = None;
            while let Some((name, _)) = map.after(prefix.as_bytes(), last.as_deref()) {
                let name = name.to_vec();
                let stays = |key: &str| new.contains_key(key);
                if !std::str::from_utf8(&name).is_ok_and(stays) {
                    map.remove(server, &name);
                }
                last = Some(name);
            }
        }
        let rest = [
            ("config.reload_status", Stored::i32(OK)),
            (TOTEM, Stored::u8(0)),
            (WHOLE, Stored::u8(0)),
        ];
        let rest = rest.map(|(key, value)| (key.to_owned(), value));
        let position = keys::position(config, local);
        for (key, value) in new.into_iter().chain(position).chain(rest) {
            map.set(server, key.as_bytes(), value);
        }
    }

    pub(super) fn config_key(&mut self, server: &mut Server, key: &str, value: Option<&Value>) {
        match value {
            Some(value) => self.cmap.map.set(server, key.as_bytes(), value.into()),
            None => self.cmap.map.remove(server, key.as_bytes()),
        }
    }
}
