//! What an administrator does: votes, expected votes, reload, keys.

use std::sync::Arc;

use quorate_engine::{Input, NodeId, Reply, Request, Status};

use super::clients::OutputKind;
use super::{Cluster, OperationError, Running};
use crate::config::{ClusterConfig, Value, is_read_only, quorum_config};
use crate::log::What;
use crate::transport::{Payload, Services};

impl<S: Services> Cluster<S> {
    /// `corosync-quorumtool -n NODE -v VOTES` on node `at`; node 0 is the quorum device.
    ///
    /// # Errors
    ///
    /// If `at` is unknown, down or paused. What votequorum thinks of it is in the status.
    pub fn set_votes(
        &mut self,
        at: NodeId,
        node: NodeId,
        votes: u32,
    ) -> Result<Status, OperationError> {
        self.status(at, Request::SetVotes { node, votes })
    }

    /// `corosync-quorumtool -e VOTES` on node `at`.
    ///
    /// # Errors
    ///
    /// If `at` is unknown, down or paused. What votequorum thinks of it is in the status.
    pub fn set_expected(&mut self, at: NodeId, votes: u32) -> Result<Status, OperationError> {
        let request = Request::SetExpected {
            expected_votes: votes,
        };
        self.status(at, request)
    }

    fn status(&mut self, at: NodeId, request: Request) -> Result<Status, OperationError> {
        match self.ask(at, request)? {
            Some(Reply::Status(status)) => Ok(status),
            // votequorum answers these requests at once and with nothing else.
            _ => Err(OperationError::Down(at)),
        }
    }

    /// All nodes get a new corosync.conf on disk, and node `at` tells its ring to read it
    /// (`corosync-cfgtool -R`). Nodes elsewhere read it when they start. Nodes that are only in
    /// one of the two node lists stay known, or unknown, to the simulation. The number comes back
    /// with [`OutputKind::Reloaded`].
    ///
    /// # Errors
    ///
    /// If `at` is unknown, down or paused.
    pub fn reload(&mut self, at: NodeId, config: ClusterConfig) -> Result<u64, OperationError> {
        let peer = self.active_peer(at)?;
        self.timing = config.timing();
        self.file_keys = Arc::new(config.keys().clone());
        self.file_quorum = quorum_config(&self.file_keys);
        self.watch.disturbed();
        self.file = config;
        for peer in &mut self.peers {
            if peer.running == Running::Down {
                peer.keys = Arc::clone(&self.file_keys);
            }
        }
        let number = self.number();
        self.send(peer, Payload::Reload { number });
        self.check_invariants();
        Ok(number)
    }

    /// As [`reload`](Self::reload), with a corosync.conf on disk that is wrong: nodes say so and
    /// go on with what they have.
    ///
    /// # Errors
    ///
    /// If `at` is unknown, down or paused.
    pub fn reload_wrong(&mut self, at: NodeId, error: String) -> Result<u64, OperationError> {
        let peer = self.active_peer(at)?;
        let number = self.number();
        self.send(peer, Payload::ReloadWrong { number, error });
        Ok(number)
    }

    pub(super) fn reload_peer(&mut self, peer: usize, from: NodeId, number: u64) {
        self.say(
            peer,
            "notice",
            format!("Config reload requested by node {from}"),
        );
        self.record(Some(peer), What::Reload);
        let (keys, refused) = self.peers[peer].keys.reloaded(&self.file_keys);
        for key in refused {
            let text =
                format!("Modified entry '{key}' in corosync.conf cannot be changed at run-time");
            self.say(peer, "notice", text);
        }
        let config = Box::new(quorum_config(&keys));
        self.peers[peer].keys = Arc::new(keys);
        let keys = Some(Arc::clone(&self.peers[peer].keys));
        self.state_output(peer, OutputKind::Reloaded { number, keys });
        self.feed(peer, Input::Reload(config));
    }

    pub(super) fn refuse_reload(
        &mut self,
        peer: usize,
        from: NodeId,
        (number, error): (u64, &str),
    ) {
        self.say(
            peer,
            "notice",
            format!("Config reload requested by node {from}"),
        );
        self.say(
            peer,
            "error",
            format!("Unable to reload config file: {error}"),
        );
        self.state_output(peer, OutputKind::Reloaded { number, keys: None });
    }

    /// Sets a cmap key on a node as `corosync-cmapctl -s` does, or removes it (`None`). Keys that
    /// votequorum reads take effect at once, on this node and what it tells the others;
    /// `quorum.cancel_wait_for_all` falls back to 0 by itself.
    ///
    /// # Errors
    ///
    /// If the node is unknown, down or paused, or cmap refuses.
    pub fn set_key(
        &mut self,
        node: NodeId,
        key: &str,
        value: Option<Value>,
    ) -> Result<(), OperationError> {
        let peer = self.active_peer(node)?;
        if is_read_only(key) {
            return Err(OperationError::ReadOnlyKey(key.to_owned()));
        }
        let cancels = key == "quorum.cancel_wait_for_all";
        let keys = Arc::make_mut(&mut self.peers[peer].keys);
        let set_to_one = cancels && value.as_ref().is_some_and(|value| *value == Value::U8(1));
        match value.clone() {
            Some(_) if set_to_one => {
                let _ = keys.set(key, Value::U8(0));
            }
            Some(value) => {
                let named = keys.set(key, value);
                named.map_err(|kind| OperationError::KeyName(kind.to_string()))?;
            }
            None => {
                keys.remove(key);
            }
        }
        self.watch.disturbed();
        let text = value.as_ref().map(Value::to_string);
        let what = What::Key {
            key: key.to_owned(),
            value: text,
        };
        self.record(Some(peer), what);
        let key_output = |value| OutputKind::ConfigKey {
            key: key.to_owned(),
            value,
        };
        self.state_output(peer, key_output(value));
        if set_to_one {
            self.state_output(peer, key_output(Some(Value::U8(0))));
            self.feed(peer, Input::CancelWaitForAll);
        } else if !cancels && (key.starts_with("quorum.") || key.starts_with("nodelist.")) {
            let config = quorum_config(&self.peers[peer].keys);
            self.feed(peer, Input::Reload(Box::new(config)));
        }
        self.check_invariants();
        Ok(())
    }
}
