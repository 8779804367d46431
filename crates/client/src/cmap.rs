//! A session with the configuration map.

use crate::session::{PASSED_OVER, Session, waiting_methods};
use crate::{Error, Options};
use quorate_ipc::Service;
use quorate_proto::ReplyError;
use quorate_proto::cmap::{
    ChangeEvent, Delete, Event, Get, GetReply, HandleReply, IterFinalize, IterInit, IterNext,
    KEY_MAX, NextReply, Set, TrackAdd, VALUE_MAX, reply_id,
};
use zerocopy::IntoBytes;

/// `CS_ERR_NOT_EXIST`.
const NOT_EXIST: i32 = 12;
/// `CS_ERR_NO_SECTIONS`: the end of a list.
const NO_SECTIONS: i32 = 27;

/// The largest message: a value with its header, in a request or a reply.
const MAX_MSG_SIZE: u32 = VALUE_MAX as u32 + 512;

/// More keys than any cluster has: a list that is longer has no end.
const KEYS_MAX: usize = 1 << 16;

/// A value of the map. Types other than these are [`Value::Other`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the types")]
pub enum Value {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    /// Without its terminating NUL.
    Text(Vec<u8>),
    /// The number of the type and the bytes.
    Other(u8, Vec<u8>),
}

mod value_type {
    pub(super) const U8: u8 = 2;
    pub(super) const U16: u8 = 4;
    pub(super) const U32: u8 = 6;
    pub(super) const U64: u8 = 8;
    pub(super) const TEXT: u8 = 11;
}

impl Value {
    fn decode(kind: u8, mut bytes: Vec<u8>) -> Self {
        let integer = match (kind, &*bytes) {
            (value_type::U8, &[value]) => Some(Self::U8(value)),
            (value_type::U16, value) => {
                value.try_into().ok().map(u16::from_ne_bytes).map(Self::U16)
            }
            (value_type::U32, value) => {
                value.try_into().ok().map(u32::from_ne_bytes).map(Self::U32)
            }
            (value_type::U64, value) => {
                value.try_into().ok().map(u64::from_ne_bytes).map(Self::U64)
            }
            _ => None,
        };
        match integer {
            Some(integer) => integer,
            None if kind == value_type::TEXT => {
                if bytes.last() == Some(&0) {
                    bytes.pop();
                }
                Self::Text(bytes)
            }
            None => Self::Other(kind, bytes),
        }
    }

    fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            Self::U8(value) => (value_type::U8, value.to_ne_bytes().to_vec()),
            Self::U16(value) => (value_type::U16, value.to_ne_bytes().to_vec()),
            Self::U32(value) => (value_type::U32, value.to_ne_bytes().to_vec()),
            Self::U64(value) => (value_type::U64, value.to_ne_bytes().to_vec()),
            Self::Text(text) => (value_type::TEXT, text.clone()),
            Self::Other(kind, bytes) => (*kind, bytes.clone()),
        }
    }
}

/// A key has another value now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// Its value; `None` if it was deleted.
    pub value: Option<Value>,
}

/// Room for one event of a [`Cmap`] session.
#[derive(Debug)]
pub struct CmapBuffer(Vec<u8>);

impl CmapBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![0; size_of::<ChangeEvent>() + 2 * VALUE_MAX])
    }
}

impl Default for CmapBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// Deleted, modified or added (1, 2, 4), and the name is a prefix (8).
const TRACK_PREFIX: u32 = 1 | 2 | 4 | 8;

/// A session with the cmap service.
#[derive(Debug)]
pub struct Cmap {
    session: Session,
}

impl Cmap {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of [`quorate_ipc::Connection::connect`].
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let session = Session::connect(Service::Cmap, options, MAX_MSG_SIZE)?;
        Ok(Self { session })
    }

    /// The value of a key; none if the key is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the key has more than 255 bytes; else what every request may
    /// meet: see [`Error`].
    pub fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        let room = VALUE_MAX as u64;
        let request = Get::new(checked(key)?, room);
        let mut reply = vec![0; size_of::<GetReply>() + VALUE_MAX];
        let len = self
            .session
            .call_unchecked(request.as_bytes(), &mut reply)?;
        match GetReply::decode(&reply[..len], room) {
            Ok(found) => {
                let (kind, len) = (found.value_type, found.value.len());
                // The value stays in the memory that the reply had, less what it does not need.
                reply.drain(..size_of::<GetReply>());
                reply.truncate(len);
                reply.shrink_to_fit();
                Ok(Some(Value::decode(kind, reply)))
            }
            Err(ReplyError::Rejected(NOT_EXIST)) => Ok(None),
            Err(error) => Err(self.session.refused_or_malformed(error)),
        }
    }

    /// Sets a key, on this node only.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the key has more than 255 bytes, or the value more than 16
    /// KiB. Refused with 11: the key is read-only; with 7: the name or the value is not
    /// acceptable; else what every request may meet: see [`Error`].
    pub fn set(&self, key: &str, value: &Value) -> Result<(), Error> {
        let (kind, bytes) = value.encode();
        if bytes.len() > VALUE_MAX {
            return Err(Error::Argument("the value has more than 16 KiB"));
        }
        let request = Set::message(checked(key)?, kind, &bytes);
        self.session.status(&request, reply_id::SET)
    }

    /// Deletes a key, on this node only.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the key has more than 255 bytes. Refused with 12: there is no
    /// such key; with 11: it is read-only; else what every request may meet: see
    /// [`Error`].
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        self.session
            .status(Delete::new(checked(key)?).as_bytes(), reply_id::DELETE)
    }

    /// The keys that start with a prefix, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the prefix has more than 255 bytes. [`Error::Reply`]: the
    /// list has no end; else what every request may meet: see [`Error`].
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let request = IterInit::new(checked(prefix)?);
        let list: HandleReply = self.session.call(request.as_bytes(), reply_id::ITER_INIT)?;
        let mut keys = Vec::new();
        let ended = loop {
            if keys.len() > KEYS_MAX {
                let endless = ReplyError::Malformed("a list of keys has no end");
                return Err(self.session.refused_or_malformed(endless));
            }
            let next = IterNext::new(list.handle);
            match self
                .session
                .call::<NextReply>(next.as_bytes(), reply_id::ITER_NEXT)
            {
                Ok(entry) => {
                    let name = entry.name.get().unwrap_or_default();
                    keys.push(String::from_utf8_lossy(name).into_owned());
                }
                Err(Error::Reply(ReplyError::Rejected(NO_SECTIONS))) => break Ok(keys),
                Err(error) => break Err(error),
            }
        };
        let end = IterFinalize::new(list.handle);
        self.session
            .status(end.as_bytes(), reply_id::ITER_FINALIZE)?;
        ended
    }

    /// Asks for an event whenever a key that starts with a prefix is set or deleted on this node.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the prefix has more than 255 bytes; else what every request
    /// may meet: see [`Error`].
    pub fn track(&self, prefix: &str) -> Result<(), Error> {
        let request = TrackAdd::new(checked(prefix)?, TRACK_PREFIX, 0);
        let id = reply_id::TRACK_ADD;
        self.session.call::<HandleReply>(request.as_bytes(), id)?;
        Ok(())
    }

    /// Hands out the next event, if one is there; those of unknown kinds are
    /// passed over. With `more` the caller promises to ask again soon.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`]; [`Error::Reply`]: the event is not what it should be, and the
    /// session has ended.
    pub fn next_change(
        &self,
        buffer: &mut CmapBuffer,
        more: bool,
    ) -> Result<Option<KeyChange>, Error> {
        for _ in 0..PASSED_OVER {
            let Some(len) = self.session.take_event(buffer.0.as_mut_slice(), more)? else {
                break;
            };
            match buffer.0.get(..len).map_or(Ok(None), Event::decode) {
                Ok(None) => {}
                Ok(Some(event)) => return Ok(Some(KeyChange::of(&event))),
                Err(error) => return Err(self.session.refused_or_malformed(error)),
            }
        }
        Ok(None)
    }

    waiting_methods!();
}

impl KeyChange {
    fn of(event: &Event<'_>) -> Self {
        let value = event.new;
        Self {
            key: String::from_utf8_lossy(event.name).into_owned(),
            value: (value.value_type != 0)
                .then(|| Value::decode(value.value_type, value.bytes.to_vec())),
        }
    }
}

fn checked(key: &str) -> Result<&[u8], Error> {
    if key.len() > KEY_MAX {
        return Err(Error::Argument("the key has more than 255 bytes"));
    }
    Ok(key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_wire() {
        for value in [
            Value::U8(7),
            Value::U16(700),
            Value::U32(70_000),
            Value::U64(u64::MAX),
            Value::Text(b"text".to_vec()),
            Value::Other(12, vec![1, 2, 3]),
        ] {
            let (kind, bytes) = value.encode();
            assert_eq!(Value::decode(kind, bytes), value);
        }
    }

    #[test]
    fn an_integer_of_the_wrong_length_is_not_one() {
        assert_eq!(
            Value::decode(value_type::U32, vec![1, 2]),
            Value::Other(6, vec![1, 2])
        );
        assert_eq!(
            Value::decode(value_type::TEXT, b"ends\0".to_vec()),
            Value::Text(b"ends".to_vec())
        );
    }
}
