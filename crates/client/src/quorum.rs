//! A session with the plain quorum service.

use crate::session::{PASSED_OVER, Session, waiting_methods};
use crate::{Error, Options};
use quorate_ipc::Service;
use quorate_proto::quorum::{
    Event, GetQuorate, ModelGetType, QuorateReply, TrackStart, TypeReply, reply_id,
};
use quorate_proto::votequorum::NODES_MAX;
use zerocopy::IntoBytes;

/// The model whose notifications name their ring.
const MODEL_V1: u32 = 1;

/// The largest event: lists of members, and of those that joined and left.
const EVENT_LEN: usize = 64 + 3 * 4 * NODES_MAX;

/// What is asked of the daemon for each ring: the largest event and a margin.
const MAX_MSG_SIZE: u32 = 8192;

/// Room for one event of a [`Quorum`] session.
#[derive(Debug)]
#[repr(align(8))]
pub struct QuorumBuffer([u8; EVENT_LEN]);

impl QuorumBuffer {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self([0; EVENT_LEN])
    }
}

impl Default for QuorumBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// A session with the quorum service, in its model 1: every notification names
/// the ring that it is about.
#[derive(Debug)]
pub struct Quorum {
    session: Session,
}

impl Quorum {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of [`quorate_ipc::Connection::connect`]; the daemon refuses model 1.
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let session = Session::connect(Service::Quorum, options, MAX_MSG_SIZE)?;
        let model = ModelGetType::new(MODEL_V1);
        session.call::<TypeReply>(model.as_bytes(), reply_id::MODEL_GET_TYPE)?;
        Ok(Self { session })
    }

    /// Whether the local node's partition is quorate.
    ///
    /// # Errors
    ///
    /// What every request may meet: see [`Error`].
    pub fn quorate(&self) -> Result<bool, Error> {
        let request = GetQuorate::message();
        let reply: QuorateReply = self
            .session
            .call(request.as_bytes(), reply_id::GET_QUORATE)?;
        Ok(reply.quorate.get() != 0)
    }

    /// Asks for events. `flags`: 1, the state as it is, once; 2, that and every
    /// change; 4, every change.
    ///
    /// # Errors
    ///
    /// Refused with 14: asked for before; else what every request may meet: see
    /// [`Error`].
    pub fn track_start(&self, flags: u32) -> Result<(), Error> {
        self.session
            .status(TrackStart::new(flags).as_bytes(), reply_id::TRACK_START)
    }

    /// Hands out the next event, if one is there; those of unknown kinds are
    /// passed over. With `more` the caller promises to ask again soon.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`]; [`Error::Reply`]: the event is not what it should be, and the
    /// session has ended.
    pub fn next_event<'a>(
        &self,
        buffer: &'a mut QuorumBuffer,
        more: bool,
    ) -> Result<Option<Event<'a>>, Error> {
        for _ in 0..PASSED_OVER {
            let Some(len) = self.session.take_event(&mut buffer.0, more)? else {
                return Ok(None);
            };
            match buffer.0.get(..len).map_or(Ok(None), Event::decode) {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(Event::decode(&buffer.0[..len])?),
                Err(error) => return Err(self.session.refused_or_malformed(error)),
            }
        }
        Ok(None)
    }

    waiting_methods!();
}
