//! A session with votequorum.

use crate::session::{PASSED_OVER, Session, waiting_methods};
use crate::{Error, Options};
use quorate_ipc::Service;
use quorate_ipc::client::Space;
use quorate_proto::ReplyError;
use quorate_proto::votequorum::{
    EXTRA_INFO_MAX, Event, ExtraInfoReply, GetExtraInfo, GetInfo, InfoReply, MasterWins, NAME_LEN,
    NODES_MAX, Node, Poll, QuorumEvent, Register, RingId, SetExpected, SetExtraInfo, SetVotes,
    TrackStart, TrackStop, Unregister, Update, reply_id,
};
use zerocopy::{FromZeros, IntoBytes};

/// What is asked of the daemon for each ring: nine pages with libqb's own 13
/// bytes. The largest message, an event with 4,096 bytes of extra information,
/// would need three, but the rings are of one size, and a burst of events that
/// does not fit waits for the daemon to look again. Corosync allocates and
/// clears this much three times per connection.
const MAX_MSG_SIZE: u32 = 9 * 4096 - 13;

/// Bytes of the largest event that this version knows.
const EVENT_LEN: usize = {
    let quorum = size_of::<QuorumEvent>() + (NODES_MAX + 2) * size_of::<Node>();
    let extra_info = 48 + EXTRA_INFO_MAX;
    if quorum > extra_info {
        quorum
    } else {
        extra_info
    }
};

/// What is known of a node.
pub type Info = InfoReply;

/// Room for one event.
#[derive(Debug)]
pub struct EventBuffer(Space<EVENT_LEN>);

impl EventBuffer {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self(Space::new())
    }
}

impl Default for EventBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The bytes attached to a node's quorum device.
#[derive(Debug)]
pub struct ExtraInfo {
    reply: ExtraInfoReply,
    len: usize,
}

impl ExtraInfo {
    /// Room for the bytes; there are none yet.
    pub fn new() -> Self {
        let reply = ExtraInfoReply::new_zeroed();
        Self { reply, len: 0 }
    }

    /// The bytes; none if nothing is attached.
    pub fn bytes(&self) -> &[u8] {
        self.reply.info(self.len).unwrap_or_default()
    }
}

impl Default for ExtraInfo {
    fn default() -> Self {
        Self::new()
    }
}

/// A session with the votequorum service.
#[derive(Debug)]
pub struct VoteQuorum {
    session: Session,
}

impl VoteQuorum {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of [`quorate_ipc::Connection::connect`].
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let session = Session::connect(Service::VoteQuorum, options, MAX_MSG_SIZE)?;
        Ok(Self { session })
    }

    /// What is known of a node; 0 is the local one.
    ///
    /// # Errors
    ///
    /// Refused with 12: no such node was ever seen; else what every request may meet: see
    /// [`Error`].
    pub fn info(&self, nodeid: u32) -> Result<Info, Error> {
        self.with_info(nodeid, Info::clone)
    }

    /// Shows what is known of a node; 0 is the local one. Moves nothing, unlike [`Self::info`].
    ///
    /// # Errors
    ///
    /// As [`Self::info`].
    pub fn with_info<T>(&self, nodeid: u32, look: impl FnOnce(&Info) -> T) -> Result<T, Error> {
        let mut room = Space::<{ size_of::<Info>() }>::new();
        let request = GetInfo::new(nodeid);
        let info = self
            .session
            .call_in(request.as_bytes(), reply_id::GET_INFO, &mut room)?;
        Ok(look(info))
    }

    /// Changes the cluster's expected votes.
    ///
    /// # Errors
    ///
    /// Refused with 7: less than the votes present, or they would not be enough for
    /// quorum; with 18: no room for the message to the other nodes; else what every
    /// request may meet: see [`Error`].
    pub fn set_expected_votes(&self, votes: u32) -> Result<(), Error> {
        self.status(SetExpected::new(votes).as_bytes())
    }

    /// Changes the votes of a node; 0 is the quorum device.
    ///
    /// # Errors
    ///
    /// Refused with 17: no such node; with 7: the votes present would not be enough for
    /// quorum, also where they are not enough now; with 18: no room for the message to
    /// the other nodes; else what every request may meet: see [`Error`].
    pub fn set_votes(&self, nodeid: u32, votes: u32) -> Result<(), Error> {
        self.status(SetVotes::new(nodeid, votes).as_bytes())
    }

    /// Asks for events, which will carry `context`. `flags`: 1, the state as it is,
    /// once; 2, that and every change; 4, every change.
    ///
    /// # Errors
    ///
    /// Refused with 14: asked for before. The first events are sent all the same, with
    /// the new context; later ones have the old one; else what every request may meet:
    /// see [`Error`].
    pub fn track_start(&self, context: u64, flags: u32) -> Result<(), Error> {
        self.status(TrackStart::new(context, flags).as_bytes())
    }

    /// Ends the events.
    ///
    /// # Errors
    ///
    /// Refused with 12: changes were not asked for; else what every request may meet: see
    /// [`Error`].
    pub fn track_stop(&self) -> Result<(), Error> {
        self.status(TrackStop::new().as_bytes())
    }

    /// Registers the local quorum device.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the name has not 1 to 254 bytes. Refused with 14: another
    /// name is registered; with 11: the configuration, read again, does
    /// not allow one; with 6: a registration is under way; else what every request may
    /// meet: see [`Error`].
    pub fn qdevice_register(&self, name: &[u8]) -> Result<(), Error> {
        self.status(Register::new(checked(name)?).as_bytes())
    }

    /// Takes the registration back.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the name has not 1 to 254 bytes. Refused with 12: none is
    /// registered; with 7: not by this name; else what every request may meet: see
    /// [`Error`].
    pub fn qdevice_unregister(&self, name: &[u8]) -> Result<(), Error> {
        self.status(Unregister::new(checked(name)?).as_bytes())
    }

    /// Renames the quorum device.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: a name has not 1 to 254 bytes. Refused with 12: none is
    /// registered; with 7: not by the old name; else what every request may meet: see
    /// [`Error`].
    pub fn qdevice_update(&self, old_name: &[u8], new_name: &[u8]) -> Result<(), Error> {
        self.status(Update::new(checked(old_name)?, checked(new_name)?).as_bytes())
    }

    /// A sign of life of the quorum device, with its vote, about a ring.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the name has not 1 to 254 bytes. Refused with 22: not the
    /// current ring; with 12: none is registered; with 11: the configuration does not
    /// allow a device; with 7: not registered by this name; else what every request may
    /// meet: see [`Error`].
    pub fn qdevice_poll(&self, name: &[u8], cast_vote: u32, ring: RingId) -> Result<(), Error> {
        self.status(Poll::new(checked(name)?, cast_vote, ring).as_bytes())
    }

    /// Whether a partition without quorum may win by the device's vote.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the name has not 1 to 254 bytes. Refused with 12: none is
    /// registered; with 11: the configuration does not allow a device; with 7: not
    /// registered by this name; else what every request may meet: see [`Error`].
    pub fn qdevice_master_wins(&self, name: &[u8], allow: u32) -> Result<(), Error> {
        self.status(MasterWins::new(checked(name)?, allow).as_bytes())
    }

    /// Attaches bytes to the local quorum device; none clears them.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: more than 4,096 bytes. Refused with 12: no device is
    /// registered here; with 11: as by [`Self::qdevice_register`]; with 7: the daemon is too old; else
    /// what every request may meet: see [`Error`].
    pub fn set_qdevice_extra_info(&self, info: &[u8]) -> Result<(), Error> {
        let message = SetExtraInfo::new(info).ok_or(Error::Argument(
            "extra information has more than 4096 bytes",
        ))?;
        self.status(message.message())
    }

    /// The bytes attached to a node's quorum device, put into `info`: they are
    /// many for a small stack. Node 0 is the quorum device, which has none.
    ///
    /// # Errors
    ///
    /// Refused with 12: no such node; with 11: as by [`Self::qdevice_register`]; with 7: the
    /// daemon is too old; else what every request may meet: see [`Error`].
    pub fn qdevice_extra_info(&self, nodeid: u32, info: &mut ExtraInfo) -> Result<(), Error> {
        let request = GetExtraInfo::new(nodeid);
        let id = reply_id::GET_EXTRA_INFO;
        let least = ExtraInfoReply::EMPTY_LEN;
        info.len = 0;
        let reply = &mut info.reply;
        let len = self
            .session
            .call_at_least(request.as_bytes(), id, reply, least)?;
        if reply.info(len).is_none() {
            let short = ReplyError::Malformed("extra information is shorter than it claims");
            return Err(self.session.refused_or_malformed(short));
        }
        info.len = len;
        Ok(())
    }

    /// Hands out the next event, if one is there. Events of kinds that this
    /// version does not know are passed over. With `more` the caller promises
    /// to ask again soon.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`]; [`Error::Reply`]: the event is not what it should be, and the
    /// session has ended. Events that came before the daemon's end are handed out first.
    pub fn next_event<'a>(
        &self,
        buffer: &'a mut EventBuffer,
        more: bool,
    ) -> Result<Option<Event<'a>>, Error> {
        for _ in 0..PASSED_OVER {
            let Some(len) = self.session.take_event(&mut buffer.0, more)? else {
                return Ok(None);
            };
            let known = if len <= EVENT_LEN {
                Event::decode(buffer.0.filled()).map(|event| event.is_some())
            } else if Event::knows(buffer.0.filled()) {
                Err(ReplyError::Malformed("an event is longer than documented"))
            } else {
                Ok(false)
            };
            match known {
                Ok(true) => return Ok(Event::decode(buffer.0.filled())?),
                Ok(false) => {}
                Err(error) => return Err(self.session.refused_or_malformed(error)),
            }
        }
        Ok(None)
    }

    waiting_methods!();

    fn status(&self, request: &[u8]) -> Result<(), Error> {
        self.session.status(request, reply_id::STATUS)
    }
}

fn checked(name: &[u8]) -> Result<&[u8], Error> {
    match name.len() {
        0 => Err(Error::Argument("the quorum device's name is empty")),
        NAME_LEN.. => Err(Error::Argument(
            "the quorum device's name has more than 254 bytes",
        )),
        _ => Ok(name),
    }
}
