//! cmap: the configuration map of one node.

use std::collections::BTreeMap;

use quorate_ipc::server::{ConnId, Server};
use quorate_proto::cmap::{
    Entry, GetReply, HandleReply, KEY_MAX, NextReply, Request, VALUE_MAX, reply_id,
};
use quorate_proto::{BadRequest, OK, status};
use zerocopy::IntoBytes;

use super::map::{Map, PREFIX, Stored, Tracker, kind};
use crate::config::{Value, is_read_only};

const INVALID_PARAM: i32 = 7;
const NO_MEMORY: i32 = 8;
const BAD_HANDLE: i32 = 9;
const BUSY: i32 = 10;
const ACCESS: i32 = 11;
const NOT_EXIST: i32 = 12;
const NAME_TOO_LONG: i32 = 13;
const NO_SECTIONS: i32 = 27;

/// The two maps: corosync's configuration, and its statistics, of which the
/// simulation keeps none.
const MAPS: u32 = 2;

/// Lists and trackers of one connection. Corosync has no limit: every change is told to every
/// tracker, and one client can keep the daemon from all others.
const HANDLES: usize = 1024;
/// Bytes of names and values that clients can bring a map to; corosync takes what it gets.
const MAP_BYTES: usize = 64 << 20;

#[derive(Debug, Default)]
pub(super) struct Cmap {
    pub(super) map: Map,
    clients: BTreeMap<ConnId, Client>,
    next_handle: u32,
}

#[derive(Debug, Default)]
struct Client {
    statistics: bool,
    lists: BTreeMap<u64, List>,
    trackers: usize,
}

/// As in corosync, what is listed is the map as it is when it is asked for the next name.
#[derive(Debug)]
struct List {
    prefix: Vec<u8>,
    last: Option<Vec<u8>>,
}

/// A key that a client wants changed, and that means something to the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) key: String,
    pub(super) value: Option<Value>,
    /// What to answer with once it is carried out: trackers come first.
    pub(super) reply: i32,
}

impl Cmap {
    pub(super) fn connect(&mut self, conn: ConnId) {
        self.clients.insert(conn, Client::default());
    }

    pub(super) fn disconnect(&mut self, conn: ConnId) {
        self.clients.remove(&conn);
        self.map.trackers.retain(|_, tracker| tracker.conn != conn);
    }

    /// Answers a request, unless it changes the cluster's configuration: that is
    /// for the caller to carry out and to answer. The change comes back as news of
    /// the node.
    pub(super) fn answer(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        bytes: &[u8],
    ) -> Result<Option<Change>, BadRequest> {
        match Request::decode(bytes)? {
            Request::Set {
                name,
                value_type,
                value,
            } => {
                let value = stored(value_type, value);
                let result = writable(name).and(value);
                return Ok(self.change(server, conn, name, result.map(Some), reply_id::SET));
            }
            Request::Delete { name } => {
                let known = self.map.get(name).map(|_| None).ok_or(NOT_EXIST);
                let result = writable(name).and(known);
                return Ok(self.change(server, conn, name, result, reply_id::DELETE));
            }
            Request::Get { name, room } => {
                let shown = !self.statistics(conn);
                let reply = match self.map.get(name).filter(|_| shown) {
                    Some(found) => GetReply::message(found.kind, &found.bytes, room),
                    None => GetReply::refusal(NOT_EXIST),
                };
                server.reply(conn, reply);
            }
            Request::AdjustInt { name, step } => {
                let found = self.map.get(name).ok_or(NOT_EXIST);
                let value = found.and_then(|found| adjusted(found, step));
                let result = writable(name).and(value);
                return Ok(self.change(server, conn, name, result.map(Some), reply_id::ADJUST_INT));
            }
            Request::IterInit { prefix } => {
                let reply = match self.new_handle(conn) {
                    Ok(handle) => {
                        let list = List {
                            prefix: prefix.to_vec(),
                            last: None,
                        };
                        self.client(conn).lists.insert(handle, list);
                        HandleReply::new(reply_id::ITER_INIT, OK, handle)
                    }
                    Err(error) => HandleReply::new(reply_id::ITER_INIT, error, 0),
                };
                server.reply(conn, reply.as_bytes());
            }
            Request::IterNext { handle } => {
                server.reply(conn, self.next(conn, handle).as_bytes());
            }
            Request::IterFinalize { handle } => {
                let gone = self.client(conn).lists.remove(&handle);
                let result = gone.map(drop).ok_or(BAD_HANDLE);
                server.reply(conn, status(reply_id::ITER_FINALIZE, code(result)));
            }
            Request::TrackAdd {
                name,
                track_type,
                cookie,
            } => {
                let reply = match self.new_handle(conn) {
                    Ok(handle) => {
                        let tracker = Tracker {
                            conn,
                            name: name.to_vec(),
                            // Without a name everything is meant.
                            wanted: track_type | if name.is_empty() { PREFIX } else { 0 },
                            cookie,
                        };
                        self.map.trackers.insert(handle, tracker);
                        self.client(conn).trackers += 1;
                        HandleReply::new(reply_id::TRACK_ADD, OK, handle)
                    }
                    Err(error) => HandleReply::new(reply_id::TRACK_ADD, error, 0),
                };
                server.reply(conn, reply.as_bytes());
            }
            Request::TrackDelete { handle } => {
                let mine = self
                    .map
                    .trackers
                    .get(&handle)
                    .filter(|tracker| tracker.conn == conn);
                let (error, cookie) = match mine {
                    Some(tracker) => (OK, tracker.cookie),
                    None => (BAD_HANDLE, 0),
                };
                if error == OK {
                    self.map.trackers.remove(&handle);
                    self.client(conn).trackers -= 1;
                }
                let reply = HandleReply::new(reply_id::TRACK_DELETE, error, cookie);
                server.reply(conn, reply.as_bytes());
            }
            Request::SetCurrentMap { map } => {
                let client = self.client(conn);
                let result = if map >= MAPS {
                    Err(NOT_EXIST)
                } else if client.trackers > 0 || !client.lists.is_empty() {
                    Err(BUSY)
                } else {
                    client.statistics = map == 1;
                    Ok(())
                };
                server.reply(conn, status(reply_id::SET_CURRENT_MAP, code(result)));
            }
        }
        Ok(None)
    }

    fn client(&mut self, conn: ConnId) -> &mut Client {
        self.clients.entry(conn).or_default()
    }

    fn statistics(&mut self, conn: ConnId) -> bool {
        self.client(conn).statistics
    }

    /// For one more list or tracker of a connection.
    fn new_handle(&mut self, conn: ConnId) -> Result<u64, i32> {
        let client = self.client(conn);
        if client.lists.len() + client.trackers >= HANDLES {
            return Err(NO_MEMORY);
        }
        self.next_handle += 1;
        // Like libqb's: a check above, an index below.
        Ok(u64::from(self.next_handle) << 32 | u64::from(self.next_handle % 64))
    }

    fn next(&mut self, conn: ConnId, handle: u64) -> NextReply {
        let shown = !self.statistics(conn);
        let client = self.clients.get_mut(&conn);
        let Some(list) = client.and_then(|client| client.lists.get_mut(&handle)) else {
            return NextReply::new(Err(BAD_HANDLE));
        };
        let found = self.map.after(&list.prefix, list.last.as_deref());
        let Some((name, value)) = found.filter(|_| shown) else {
            return NextReply::new(Err(NO_SECTIONS));
        };
        list.last = Some(name.to_vec());
        NextReply::new(Ok(Entry {
            name,
            value_len: value.bytes.len() as u64,
            value_type: value.kind,
        }))
    }

    /// Sets or removes a key (`Ok(None)`), or says why not.
    fn change(
        &mut self,
        server: &mut Server,
        conn: ConnId,
        name: &[u8],
        value: Result<Option<Stored>, i32>,
        reply: i32,
    ) -> Option<Change> {
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                server.reply(conn, status(reply, error));
                return None;
            }
        };
        let size = value.as_ref().map_or(0, |value| value.bytes.len());
        if self.map.bytes() + name.len() + size > MAP_BYTES && size > 0 {
            server.reply(conn, status(reply, NO_MEMORY));
            return None;
        }
        if let Some(key) = meaning(name) {
            let meant = value.as_ref().map(Stored::to_config);
            // A value of a type that no key of the configuration has means nothing.
            if meant != Some(None) {
                let value = meant.flatten();
                return Some(Change { key, value, reply });
            }
        }
        match value {
            Some(value) => self.map.set(server, name, value),
            None => self.map.remove(server, name),
        }
        server.reply(conn, status(reply, OK));
        None
    }
}

/// The name of a key that votequorum or the simulation looks at.
fn meaning(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let meant = ["quorum.", "nodelist.", "totem.", "uidgid."]
        .iter()
        .any(|p| name.starts_with(p));
    meant.then(|| name.to_owned())
}

fn code(result: Result<(), i32>) -> i32 {
    result.err().unwrap_or(OK)
}

fn writable(name: &[u8]) -> Result<(), i32> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/:".contains(byte);
    if !(3..=KEY_MAX).contains(&name.len()) || !name.iter().all(allowed) {
        return Err(NAME_TOO_LONG);
    }
    let own = name.starts_with(b"runtime.votequorum.") || name.starts_with(b"runtime.members.");
    if own || std::str::from_utf8(name).is_ok_and(is_read_only) {
        return Err(ACCESS);
    }
    Ok(())
}

fn width(kind: u8) -> Option<usize> {
    match kind {
        kind::I8 | kind::U8 => Some(1),
        kind::I16 | kind::U16 => Some(2),
        kind::I32 | kind::U32 | kind::F32 => Some(4),
        kind::I64 | kind::U64 | kind::F64 => Some(8),
        _ => None,
    }
}

fn stored(kind: u8, bytes: &[u8]) -> Result<Stored, i32> {
    // Observed on corosync 3.1.7. An event with two longer ones could be more than a tracker's
    // connection carries.
    if bytes.len() > VALUE_MAX {
        return Err(INVALID_PARAM);
    }
    let mut bytes = bytes.to_vec();
    match kind {
        kind::TEXT => {
            // A text ends at its first NUL, sent or not.
            let end = bytes
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(bytes.len());
            bytes.truncate(end);
            bytes.push(0);
        }
        kind::BINARY => {}
        _ if width(kind) != Some(bytes.len()) => return Err(INVALID_PARAM),
        _ => {}
    }
    Ok(Stored { kind, bytes })
}

fn adjusted(found: &Stored, step: i32) -> Result<Stored, i32> {
    let integer = !matches!(found.kind, kind::F32 | kind::F64);
    let width = width(found.kind).filter(|_| integer).ok_or(INVALID_PARAM)?;
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(&found.bytes);
    let sum = u64::from_ne_bytes(wide).wrapping_add(i64::from(step) as u64);
    Ok(Stored {
        kind: found.kind,
        bytes: sum.to_ne_bytes()[..width].to_vec(),
    })
}
