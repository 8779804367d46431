//! Connections with one life of the daemon.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use quorate_client::{
    Cmap, CmapBuffer, Error, Event, EventBuffer, Options, Quorum, QuorumBuffer, QuorumEvent,
    VoteQuorum, Wait, wait,
};
use quorate_engine::{NodeId, RingId};
use quorate_sim::{View, What, told};

use super::keys;
use crate::snapshot;

/// `CS_TRACK_CHANGES`: the state as it is, and every change.
const TRACK_CHANGES: u32 = 2;

/// Numbers the connection that is told of changes, as in a log of a simulation.
const CLIENT: u64 = 1;

pub(crate) struct Links {
    told: VoteQuorum,
    /// Asks; what it is told in passing belongs to its questions.
    asks: VoteQuorum,
    quorum: Quorum,
    cmap: Cmap,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    votes: EventBuffer,
    quorum: QuorumBuffer,
    cmap: CmapBuffer,
}

impl Links {
    /// Connects, and says which node this is.
    pub(crate) fn connect(options: &Options) -> Result<(Self, NodeId), Error> {
        let links = Self {
            asks: VoteQuorum::connect(options)?,
            told: VoteQuorum::connect(options)?,
            quorum: Quorum::connect(options)?,
            cmap: Cmap::connect(options)?,
            buffers: Buffers::default(),
        };
        let node = NodeId(links.asks.info(0)?.nodeid);
        Ok((links, node))
    }

    /// The configuration; from now on changes of it and everything else is told.
    pub(crate) fn begin(&self) -> Result<What, Error> {
        for section in keys::SECTIONS {
            self.cmap.track(section)?;
        }
        self.cmap.track("config.")?;
        let keys = keys::all(&self.cmap)?;
        self.told.track_start(0, TRACK_CHANGES)?;
        self.quorum.track_start(TRACK_CHANGES)?;
        Ok(What::Configured { keys })
    }

    pub(crate) fn view(&self) -> Result<View, Error> {
        snapshot::view(&self.asks)
    }

    /// The next thing that was told, if any.
    pub(crate) fn next(&mut self) -> Result<Option<What>, Error> {
        loop {
            if let Some(change) = self.cmap.next_change(&mut self.buffers.cmap, true)? {
                let key = change.key;
                if keys::is_recorded(&key) || key.starts_with("config.") {
                    let value = change.value.as_ref().and_then(keys::text);
                    return Ok(Some(What::Key { key, value }));
                }
                continue;
            }
            if let Some(event) = self.told.next_event(&mut self.buffers.votes, true)? {
                let notification = describe(event);
                return Ok(Some(What::Notified {
                    client: CLIENT,
                    notification,
                }));
            }
            if let Some(event) = self.quorum.next_event(&mut self.buffers.quorum, true)? {
                let (service, notification) = ("quorum".to_owned(), describe_plain(&event));
                return Ok(Some(What::Told {
                    service,
                    notification,
                }));
            }
            let now = Some(Duration::ZERO);
            let states = [
                self.cmap.wait(now)?,
                self.told.wait(now)?,
                self.quorum.wait(now)?,
            ];
            if !states.contains(&Wait::Ready) {
                return Ok(None);
            }
        }
    }

    /// Waits for anything to be told, for a signal, or for a time.
    pub(crate) fn wait(&self, signals: BorrowedFd<'_>, limit: Duration) -> Result<(), Error> {
        let [a, b] = self.told.descriptors();
        let [c, d] = self.quorum.descriptors();
        let [e, f] = self.cmap.descriptors();
        wait::readable([a, b, c, d, e, f, signals], Some(limit))?;
        Ok(())
    }
}

fn ring(ring: quorate_client::RingId) -> RingId {
    let (node, seq) = (NodeId(ring.nodeid), ring.seq);
    RingId { node, seq }
}

fn describe(event: Event<'_>) -> String {
    match event {
        Event::Quorum { quorate, nodes, .. } => {
            let nodes = nodes.iter().map(|node| (node.nodeid, node.state));
            told::quorum(quorate != 0, nodes)
        }
        Event::ExpectedVotes { expected_votes, .. } => told::expected_votes(expected_votes),
        Event::NodeList {
            ring: id, members, ..
        } => told::node_list(ring(id), members),
        Event::ExtraInfo { nodeid, info, .. } => told::extra_info(nodeid, info.len()),
    }
}

fn describe_plain(event: &QuorumEvent<'_>) -> String {
    match event {
        QuorumEvent::NodeList {
            ring: id,
            members,
            joined,
            left,
        } => {
            let list = told::node_list(ring(*id), members);
            format!("{list}; joined{}; left{}", list_of(joined), list_of(left))
        }
        QuorumEvent::Quorum {
            quorate,
            ring: id,
            members,
        } => {
            format!(
                "quorum {} ring {}:{}",
                u8::from(*quorate),
                ring(*id),
                list_of(members)
            )
        }
        QuorumEvent::Notification {
            quorate,
            ring_seq,
            members,
        } => {
            format!(
                "quorum {} ring {ring_seq:x}:{}",
                u8::from(*quorate),
                list_of(members)
            )
        }
    }
}

fn list_of(nodes: &[u32]) -> String {
    nodes.iter().map(|node| format!(" {node}")).collect()
}
