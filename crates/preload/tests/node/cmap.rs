//! cmap: a map without rules.

use super::Outcome;
use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cmap::{
    Entry, Event, GetReply, HandleReply, NextReply, Request, Value, reply_id,
};
use quorate_proto::status;
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

type Stored = (u8, Vec<u8>);

struct Tracker {
    conn: ConnId,
    name: Vec<u8>,
    prefix: bool,
    kinds: u32,
    cookie: u64,
}

pub(super) struct State {
    map: BTreeMap<Vec<u8>, Stored>,
    lists: BTreeMap<u64, Vec<Vec<u8>>>,
    trackers: BTreeMap<u64, Tracker>,
    handles: u64,
}

impl Default for State {
    fn default() -> Self {
        let keys: [(&str, u8, &[u8]); 5] = [
            ("quorum.provider", 11, b"corosync_votequorum\0"),
            ("runtime.votequorum.this_node_id", 6, &[1, 0, 0, 0]),
            ("nodelist.node.0.nodeid", 6, &[1, 0, 0, 0]),
            ("nodelist.node.0.name", 11, b"one\0"),
            ("totem.token", 6, &[3, 0, 0, 0]),
        ];
        let entry = |(name, kind, value): (&str, u8, &[u8])| {
            (name.as_bytes().to_vec(), (kind, value.to_vec()))
        };
        Self {
            map: keys.map(entry).into(),
            lists: BTreeMap::new(),
            trackers: BTreeMap::new(),
            handles: 0,
        }
    }
}

impl State {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.trackers.retain(|_, tracker| tracker.conn != conn);
    }

    pub(super) fn answer(&mut self, server: &mut Server, conn: ConnId, bytes: &[u8]) -> Outcome {
        match Request::decode(bytes)? {
            Request::Set {
                name,
                value_type,
                value,
            } => {
                let mut value = value.to_vec();
                if value_type == 11 && value.last() != Some(&0) {
                    value.push(0);
                }
                self.change(server, name, Some((value_type, value)));
                server.reply(conn, status(reply_id::SET, 1));
            }
            Request::Delete { name } => {
                let error = self.change(server, name, None);
                server.reply(conn, status(reply_id::DELETE, error));
            }
            Request::Get { name, room } => {
                let reply = match self.map.get(name) {
                    Some((kind, value)) => GetReply::message(*kind, value, room),
                    None => GetReply::refusal(12),
                };
                server.reply(conn, reply);
            }
            Request::AdjustInt { name, step } => {
                let found = self.map.get(name).map(|(_, value)| value.clone());
                let number = found.and_then(|value| value.try_into().ok());
                let error = match number.map(u32::from_ne_bytes) {
                    Some(number) => {
                        let value = number.wrapping_add_signed(step).to_ne_bytes();
                        self.change(server, name, Some((6, value.to_vec())))
                    }
                    None => 12,
                };
                server.reply(conn, status(reply_id::ADJUST_INT, error));
            }
            Request::IterInit { prefix } => {
                let keys = self.map.keys().filter(|key| key.starts_with(prefix));
                let list = keys.rev().cloned().collect();
                let handle = self.handle();
                self.lists.insert(handle, list);
                let reply = HandleReply::new(reply_id::ITER_INIT, 1, handle);
                server.reply(conn, reply.as_bytes());
            }
            Request::IterNext { handle } => {
                let name = self.lists.get_mut(&handle).and_then(Vec::pop);
                let entry = name.as_ref().map(|name| {
                    let (value_type, value) = &self.map[name];
                    Entry {
                        name,
                        value_len: value.len() as u64,
                        value_type: *value_type,
                    }
                });
                server.reply(conn, NextReply::new(entry.ok_or(27)).as_bytes());
            }
            Request::IterFinalize { handle } => {
                let error = self.lists.remove(&handle).map_or(9, |_| 1);
                server.reply(conn, status(reply_id::ITER_FINALIZE, error));
            }
            Request::TrackAdd {
                name,
                track_type,
                cookie,
            } => {
                let handle = self.handle();
                let tracker = Tracker {
                    conn,
                    name: name.to_vec(),
                    prefix: track_type & 8 != 0,
                    kinds: track_type & 7,
                    cookie,
                };
                self.trackers.insert(handle, tracker);
                let reply = HandleReply::new(reply_id::TRACK_ADD, 1, handle);
                server.reply(conn, reply.as_bytes());
            }
            Request::TrackDelete { handle } => {
                let (error, cookie) = match self.trackers.remove(&handle) {
                    Some(tracker) => (1, tracker.cookie),
                    None => (9, 0),
                };
                let reply = HandleReply::new(reply_id::TRACK_DELETE, error, cookie);
                server.reply(conn, reply.as_bytes());
            }
            Request::SetCurrentMap { map } => {
                let error = if map > 1 { 12 } else { 1 };
                server.reply(conn, status(reply_id::SET_CURRENT_MAP, error));
            }
        }
        Ok(())
    }

    fn handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles << 32 | 7
    }

    fn change(&mut self, server: &mut Server, name: &[u8], new: Option<Stored>) -> i32 {
        let old = match &new {
            Some(stored) => self.map.insert(name.to_vec(), stored.clone()),
            None => self.map.remove(name),
        };
        let change = match (&old, &new) {
            (None, None) => return 12,
            (Some(_), None) => 1,
            (Some(_), Some(_)) => 2,
            (None, Some(_)) => 4,
        };
        let value = |stored: &Option<Stored>| stored.clone().unwrap_or_default();
        let (old, new) = (value(&old), value(&new));
        for tracker in self.trackers.values() {
            let meant = if tracker.prefix {
                name.starts_with(&tracker.name)
            } else {
                name == tracker.name
            };
            if meant && tracker.kinds & change != 0 {
                let event = Event {
                    cookie: tracker.cookie,
                    name,
                    change,
                    new: lent(&new),
                    old: lent(&old),
                };
                server.event(tracker.conn, event.encode());
            }
        }
        1
    }
}

fn lent((value_type, bytes): &Stored) -> Value<'_> {
    Value {
        value_type: *value_type,
        bytes,
    }
}
