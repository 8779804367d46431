//! The engine: its state, its start, and where its inputs go.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::arithmetic::Arithmetic;
use crate::compat::Compat;
use crate::config::{ConfigError, ConfigWarning, QuorumConfig};
use crate::decide::Recalculation;
use crate::downscale::Downscale;
use crate::effects::{Effect, KeyValue, LogLevel, LogLine, Timer};
use crate::ids::{NodeId, RingId};
use crate::input::Input;
use crate::messages::Message;
use crate::node::Node;
use crate::qdevice::Qdevice;
use crate::reload::Reading;
use crate::sync::{LastManStanding, Membership, SyncPhase};
use crate::table::NodeTable;
use crate::tie_breaker::{Remembered, TieBreaker};
use crate::tracking::Tracker;
use crate::wait_for_all::WaitForAll;

/// The longest extra info a qdevice can store, in bytes.
pub const EXTRA_INFO_MAX: usize = 4096;

/// The longest name of a qdevice, in bytes and without the NUL that ends it in C.
pub const QDEVICE_NAME_MAX: usize = 254;

/// votequorum on one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engine {
    pub(crate) compat: Compat,
    pub(crate) sums: Arithmetic,
    pub(crate) config: QuorumConfig,
    pub(crate) nodes: NodeTable,
    pub(crate) quorum: u32,
    pub(crate) quorate: bool,
    pub(crate) two_node: bool,
    pub(crate) wait_for_all: WaitForAll,
    pub(crate) last_man_standing: LastManStanding,
    pub(crate) tie_breaker: TieBreaker,
    /// What the tie breaker was at start; a reload begins with it again.
    pub(crate) configured_tie_breaker: TieBreaker,
    pub(crate) remembered: Remembered,
    pub(crate) downscale: Downscale,
    pub(crate) qdevice: Qdevice,
    pub(crate) membership: Membership,
    pub(crate) sync: SyncPhase,
    pub(crate) trackers: Vec<Tracker>,
    multicast_possible: bool,
    keys: BTreeMap<&'static str, KeyValue>,
    pub(crate) effects: Vec<Effect>,
}

/// The configuration is so wrong that corosync does not start with it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{error}")]
pub struct StartRefused {
    /// What is wrong.
    #[source]
    pub error: ConfigError,
    /// What had been logged before.
    pub log: Vec<LogLine>,
}

impl Engine {
    /// Starts votequorum on a node that has not joined a ring yet.
    ///
    /// `restored_barrier` is the value of the last [`Effect::PersistBarrier`] of an earlier run on
    /// this node, 0 if there was none.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself.
    pub fn start(
        node: NodeId,
        config: QuorumConfig,
        compat: Compat,
        restored_barrier: u32,
    ) -> Result<(Engine, Vec<Effect>), StartRefused> {
        let mut engine = Engine {
            compat,
            sums: Arithmetic::new(compat),
            config: QuorumConfig::default(),
            nodes: NodeTable::new(node),
            quorum: 0,
            quorate: false,
            two_node: false,
            wait_for_all: WaitForAll::default(),
            last_man_standing: LastManStanding::default(),
            tie_breaker: TieBreaker::Off,
            configured_tie_breaker: TieBreaker::Off,
            remembered: Remembered::default(),
            downscale: Downscale::default(),
            qdevice: Qdevice::default(),
            membership: Membership::default(),
            sync: SyncPhase::default(),
            trackers: Vec::new(),
            multicast_possible: true,
            keys: BTreeMap::new(),
            effects: Vec::new(),
        };
        engine.set_key("this_node_id", KeyValue::U32(node.0));
        let read = if node == NodeId::QDEVICE {
            Err(ConfigError::NodeIdZero)
        } else {
            engine.read_config(&config, Reading::Start { restored_barrier })
        };
        if let Err(error) = read {
            let lines = engine
                .effects
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::Log(line) => Some(line),
                    _ => None,
                });
            return Err(StartRefused {
                error,
                log: lines.collect(),
            });
        }
        engine.config = config;
        engine.recalculate(Recalculation::NeverSink);
        engine.multicast_own_info();
        let effects = std::mem::take(&mut engine.effects);
        Ok((engine, effects))
    }

    /// Takes one event in and says what follows from it.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::SyncInit { ring, members } => self.sync_init(ring, members),
            Input::SyncProcess => self.sync_process(),
            Input::SyncActivate => self.sync_activate(),
            // What the interrupted synchronisation did stays; the next one puts it right.
            Input::SyncAbort => {}
            Input::Deliver { from, message } => self.deliver(from, &message),
            Input::Request { client, request } => self.request(client, request),
            Input::Disconnect { client } => self.disconnect(client),
            Input::TimerExpired(Timer::LastManStanding) => self.last_man_standing_expired(),
            Input::TimerExpired(Timer::Qdevice) => self.qdevice_expired(),
            Input::Reload(config) => self.reload(*config),
            Input::CancelWaitForAll => self.cancel_wait_for_all(),
            Input::Leave => self.leave(),
            Input::MulticastPossible(possible) => self.multicast_possible = possible,
        }
        std::mem::take(&mut self.effects)
    }

    /// Takes messages in, one after the other, as with [`Input::Deliver`], until one has
    /// consequences. Most have none: in a large ring nearly all repeat what is known.
    pub fn hear<'a>(
        &mut self,
        messages: impl IntoIterator<Item = (NodeId, &'a Message)>,
    ) -> Vec<Effect> {
        for (from, message) in messages {
            self.deliver(from, message);
            if !self.effects.is_empty() {
                break;
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// The local node.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        self.nodes.us.id
    }

    /// Whether this node's partition is quorate, in its own eyes.
    #[must_use]
    pub fn is_quorate(&self) -> bool {
        self.quorate
    }

    /// The ring of the latest membership change.
    #[must_use]
    pub fn ring(&self) -> RingId {
        self.membership.ring
    }

    /// The members of that ring.
    #[must_use]
    pub fn members(&self) -> &[NodeId] {
        &self.membership.members
    }

    /// Whether a synchronisation has begun and not ended.
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        self.sync.in_progress
    }

    /// The record of the local node.
    #[must_use]
    pub fn local_node(&self) -> &Node {
        &self.nodes.us
    }

    /// The records of all nodes ever met: the others ascending, the local one last.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The cmap keys under `runtime.votequorum.` and their values.
    #[must_use]
    pub fn runtime_keys(&self) -> &BTreeMap<&'static str, KeyValue> {
        &self.keys
    }

    /// The configuration read last.
    #[must_use]
    pub fn config(&self) -> &QuorumConfig {
        &self.config
    }

    pub(crate) fn multicast(&mut self, message: Message) -> bool {
        if self.multicast_possible {
            self.effects.push(Effect::Multicast(message));
        }
        self.multicast_possible
    }

    /// cmap tells nobody of a key that is set to the value it has.
    pub(crate) fn set_key(&mut self, name: &'static str, value: KeyValue) {
        if self.keys.insert(name, value) != Some(value) {
            self.effects.push(Effect::SetRuntimeKey { name, value });
        }
    }

    pub(crate) fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        self.effects.push(Effect::Log(LogLine {
            level,
            text: text.into(),
        }));
    }

    pub(crate) fn warn(&mut self, warning: ConfigWarning) {
        self.log(warning.level(), warning.to_string());
    }
}
