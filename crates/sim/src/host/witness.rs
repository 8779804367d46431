//! What programs ask and are told, for the log and for those who expect it.

use std::collections::BTreeSet;

use quorate_engine::NodeId;
use quorate_ipc::Service;
use quorate_ipc::server::{ConnId, Sent};
use quorate_proto::{cmap, quorum};

use super::{Host, Link};
use crate::fault::Function;
use crate::log::What;
use crate::received::{Received, Told, Witnessed};

/// The events that programs were sent, if anybody wants to know.
#[derive(Debug, Default)]
pub(super) struct Witness {
    events: Option<Vec<(ConnId, Received)>>,
    connected: BTreeSet<NodeId>,
}

impl Witness {
    /// The last so many events of a connection have not been taken.
    fn unread(&mut self, conn: ConnId, mut count: usize) {
        for (of, event) in self.events.iter_mut().flatten().rev() {
            if *of == conn {
                event.read = count == 0;
                count = count.saturating_sub(1);
            }
        }
    }

    pub(super) fn connected(&mut self, node: NodeId) {
        self.connected.insert(node);
    }

    /// A connection has ended; so many events were not taken, and never will be.
    pub(super) fn ended(&mut self, conn: ConnId, unread: usize) {
        self.unread(conn, unread);
    }
}

impl Host {
    /// Keeps in mind what programs are told from now on, for [`received`](Self::received).
    pub fn keep_received(&mut self) {
        self.witness.events.get_or_insert_default();
    }

    /// All that programs were told since [`keep_received`](Self::keep_received), in order, and
    /// whether they have read it.
    pub fn received(&mut self) -> Witnessed {
        for conn in self.links.keys().copied().collect::<Vec<_>>() {
            let unread = self.server.unread_events(conn);
            self.witness.unread(conn, unread);
        }
        let events = self.witness.events.iter().flatten();
        Witnessed {
            events: events.map(|(_, event)| event.clone()).collect(),
            connected: self.witness.connected.clone(),
        }
    }

    /// Takes note of what was sent. To be called before a connection is forgotten.
    pub(super) fn note_sent(&mut self) {
        for sent in self.server.take_sent() {
            let Some(link) = self.links.get(&sent.conn).copied() else {
                continue;
            };
            match sent.event {
                true => self.note_event(link, &sent),
                false => self.note_reply(link, &sent.bytes),
            }
        }
    }

    fn note_event(&mut self, link: Link, sent: &Sent) {
        self.held_up.sent(sent);
        let Some(told) = Told::decode(link.service, &sent.bytes) else {
            return;
        };
        if !is_logged(link.service) {
            let (client, notification) = (link.number, told.to_string());
            let what = What::Notified {
                client,
                notification,
            };
            self.cluster.record_on(link.node, what);
        }
        if let Some(events) = &mut self.witness.events {
            let (node, read) = (link.node, true);
            events.push((sent.conn, Received { node, told, read }));
        }
    }

    fn note_reply(&mut self, link: Link, bytes: &[u8]) {
        const ERROR: usize = 16;
        let error = bytes.get(ERROR..).and_then(|rest| rest.first_chunk());
        let error = error.map_or(0, |bytes| i32::from_ne_bytes(*bytes));
        if !is_logged(link.service) {
            let (client, reply) = (link.number, error.to_string());
            self.cluster
                .record_on(link.node, What::Reply { client, reply });
        }
    }

    /// Takes down a request that is carried out now.
    pub(super) fn note_request(&mut self, link: Link, bytes: &[u8]) {
        if !is_logged(link.service) {
            let (client, request) = (link.number, request(link.service, bytes));
            self.cluster
                .record_on(link.node, What::Request { client, request });
        }
    }
}

/// Whether the cluster itself takes down what is asked of a service, and what that says.
fn is_logged(service: Service) -> bool {
    matches!(service, Service::VoteQuorum | Service::Cpg)
}

/// A request in a few words: the function, and what is the same in every run of the arguments.
fn request(service: Service, bytes: &[u8]) -> String {
    let Some(function) = Function::of_request(service, bytes) else {
        return "something unknown".to_owned();
    };
    let argument = match service {
        Service::Cmap => cmap::Request::decode(bytes).ok().and_then(|r| key(&r)),
        Service::Quorum => match quorum::Request::decode(bytes) {
            Ok(quorum::Request::TrackStart { flags }) => Some(flags.to_string()),
            _ => None,
        },
        Service::VoteQuorum | Service::Cpg | Service::Cfg => None,
    };
    match argument {
        Some(argument) => format!("{} {argument}", function.name),
        None => function.name.to_owned(),
    }
}

fn key(request: &cmap::Request<'_>) -> Option<String> {
    use cmap::Request;
    let key = match request {
        Request::Set { name, .. }
        | Request::Delete { name }
        | Request::Get { name, .. }
        | Request::AdjustInt { name, .. }
        | Request::IterInit { prefix: name }
        | Request::TrackAdd { name, .. } => name,
        _ => return None,
    };
    Some(String::from_utf8_lossy(key).into_owned())
}
