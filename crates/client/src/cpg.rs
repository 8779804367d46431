//! A session with closed process groups.

use crate::session::{PASSED_OVER, Session, waiting_methods};
use crate::{Error, Options};
use quorate_ipc::Service;
use quorate_proto::cpg::{
    Event, GROUP_NAME_MAX, Join, Leave, LocalReply, Mcast, bare, reply_id, request_id,
};
use zerocopy::IntoBytes;

/// Corosync's only order of delivery that is promised to all members alike.
const AGREED: u32 = 2;

/// Asks for the ring's membership at once when joining.
const INITIAL_TOTEM_CONFCHG: u32 = 1;

/// Bytes that the daemon needs around a message when it delivers it.
const DELIVERY_OVERHEAD: usize = 200;

/// Room for one event of a [`Cpg`] session.
#[derive(Debug)]
pub struct CpgBuffer(Vec<u64>);

/// A session with the cpg service: at most one group in its lifetime, for the
/// daemon lets no connection join a second one.
#[derive(Debug)]
pub struct Cpg {
    session: Session,
    pid: u32,
    max_message: usize,
}

impl Cpg {
    /// Connects. `max_message` is the longest message in bytes that any member
    /// sends; longer ones arrive in fragments, which are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: `max_message` is more than 4 GiB; else those of
    /// [`quorate_ipc::Connection::connect`].
    pub fn connect(options: &Options, max_message: usize) -> Result<Self, Error> {
        let size = u32::try_from(max_message + DELIVERY_OVERHEAD)
            .map_err(|_| Error::Argument("messages can't have more than 4 GiB"))?;
        // A change of a group of all nodes is the longest event otherwise.
        let session = Session::connect(Service::Cpg, options, size.max(32 * 1024))?;
        Ok(Self {
            session,
            pid: std::process::id(),
            max_message,
        })
    }

    /// Room for the events of this session.
    pub fn buffer(&self) -> CpgBuffer {
        let bytes = (self.max_message + DELIVERY_OVERHEAD).max(32 * 1024);
        CpgBuffer(vec![0; bytes.div_ceil(8)])
    }

    /// The local node's id.
    ///
    /// # Errors
    ///
    /// What every request may meet: see [`Error`].
    pub fn local_nodeid(&self) -> Result<u32, Error> {
        let request = bare(request_id::LOCAL_GET);
        let reply: LocalReply = self.session.call(request.as_bytes(), reply_id::LOCAL_GET)?;
        Ok(reply.nodeid.get())
    }

    /// Goes by another number than the process id from now on, until a group is joined: in containers on
    /// one node, several programs may have the same.
    pub fn rename(&mut self, pid: u32) {
        self.pid = pid;
    }

    /// Asks to join a group and to be told of the ring's members; the
    /// membership event that names this process says that it has happened.
    ///
    /// # Errors
    ///
    /// [`quorate_proto::ReplyError::Rejected`] with 6: try again; 14: joined before.
    pub fn join(&self, group: &[u8]) -> Result<(), Error> {
        let request = Join::new(checked(group)?, self.pid, INITIAL_TOTEM_CONFCHG);
        self.session.status(request.as_bytes(), reply_id::JOIN)
    }

    /// Asks to leave the group.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`]: the name has more than 128 bytes. Refused with 6: try again;
    /// with 12: not joined; else what every request may meet: see [`Error`].
    pub fn leave(&self, group: &[u8]) -> Result<(), Error> {
        let request = Leave::new(checked(group)?, self.pid);
        self.session.status(request.as_bytes(), reply_id::LEAVE)
    }

    /// Sends a message to the group; it arrives here as well, in its place in
    /// the order.
    ///
    /// # Errors
    ///
    /// [`quorate_ipc::Error::FlowControl`]: nothing was sent, try again.
    pub fn multicast(&self, message: &[u8]) -> Result<(), Error> {
        if message.len() > self.max_message {
            return Err(Error::Argument(
                "the message is longer than the session was made for",
            ));
        }
        self.session.send(&Mcast::message(AGREED, message))
    }

    /// Hands out the next event, if one is there; those of unknown kinds and
    /// fragments are passed over. With `more` the caller promises to ask again
    /// soon.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`]; [`Error::Reply`]: the event is not what it should be, and the
    /// session has ended.
    pub fn next_event<'a>(
        &self,
        buffer: &'a mut CpgBuffer,
        more: bool,
    ) -> Result<Option<Event<'a>>, Error> {
        for _ in 0..PASSED_OVER {
            let bytes = buffer.0.as_mut_bytes();
            let Some(len) = self.session.take_event(&mut *bytes, more)? else {
                return Ok(None);
            };
            match bytes.get(..len).map_or(Ok(None), Event::decode) {
                Ok(None | Some(Event::PartialDeliver { .. })) => {}
                Ok(Some(_)) => return Ok(Event::decode(&buffer.0.as_bytes()[..len])?),
                Err(error) => return Err(self.session.refused_or_malformed(error)),
            }
        }
        Ok(None)
    }

    waiting_methods!();
}

fn checked(group: &[u8]) -> Result<&[u8], Error> {
    if group.len() > GROUP_NAME_MAX {
        return Err(Error::Argument("the group's name has more than 128 bytes"));
    }
    Ok(group)
}
