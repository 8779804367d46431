//! Events become calls of the program's functions.

use super::session::Session;
use super::types::{votequorum_handle_t, votequorum_node, votequorum_ring_id};
use crate::arguments::DispatchFlags;
use crate::boundary::guarded;
use crate::corotypes::{cs_dispatch_flags, cs_error, cs_error_t};
use crate::error::Failure;
use quorate_client::{Event, EventBuffer, Node, Wait, process};
use std::time::Duration;

/// Most events of one CS_DISPATCH_ALL: a daemon that sends them faster than they
/// are taken would keep the caller for ever. The descriptor stays readable.
const ALL: usize = 1 << 14;

/// Runs the callbacks of events that have arrived.
///
/// No lock is held while a callback runs: it may call any function of the
/// library, on any handle, this one included. Waiting is a cancellation point
/// of pthreads. C++ exceptions may pass through.
///
/// @param dispatch_types CS_DISPATCH_ONE: wait for an event and deliver it; CS_DISPATCH_ALL: deliver
/// all that are there, 16,384 at most; CS_DISPATCH_BLOCKING: deliver until the handle is finalized or an error
/// occurs; CS_DISPATCH_ONE_NONBLOCKING: deliver one if it is there
///
/// @return CS_OK; CS_ERR_TRY_AGAIN: none was there (CS_DISPATCH_ONE_NONBLOCKING only);
/// CS_ERR_BAD_HANDLE, also when the handle is finalized meanwhile, by another thread or in a
/// callback; CS_ERR_LIBRARY: corosync is gone; CS_ERR_INVALID_PARAM: no such `dispatch_types`
#[unsafe(no_mangle)]
pub extern "C-unwind" fn votequorum_dispatch(
    handle: votequorum_handle_t,
    dispatch_types: DispatchFlags,
) -> cs_error_t {
    let delivered =
        cs_dispatch_flags::try_from(dispatch_types).and_then(|mode| deliver(handle, mode));
    match delivered {
        Ok(()) => cs_error::CS_OK,
        Err(error) => error,
    }
}

/// The callbacks and the wait stand outside of [`guarded`]: a C++ exception or
/// glibc's cancellation passes through here, and must find no `catch_unwind`.
fn deliver(handle: votequorum_handle_t, mode: cs_dispatch_flags) -> Result<(), cs_error> {
    use cs_dispatch_flags::*;
    let born = process::generation();
    let one = matches!(mode, CS_DISPATCH_ONE | CS_DISPATCH_ONE_NONBLOCKING);
    let limit = match mode {
        CS_DISPATCH_ONE | CS_DISPATCH_BLOCKING => None,
        CS_DISPATCH_ALL | CS_DISPATCH_ONE_NONBLOCKING => Some(Duration::ZERO),
    };
    let mut buffer = EventBuffer::new();
    let (mut delivered, mut found) = (0, true);
    let (session, mut next) = guarded(|| {
        let session = Session::of(handle)?;
        let next = session.votequorum.next_event(&mut buffer, !one)?;
        Ok((session, next))
    })?;
    loop {
        if let Some(event) = next {
            call_back(handle, &session, event);
            // The callback may have finalized the handle, or have forked: then
            // this is the child, and the connection is not its own.
            if session.finalized() || process::generation() != born {
                return Err(cs_error::CS_ERR_BAD_HANDLE);
            }
            (delivered, found) = (delivered + 1, true);
            if one || (matches!(mode, CS_DISPATCH_ALL) && delivered == ALL) {
                return Ok(());
            }
        } else {
            let signal = session.votequorum.poll(limit).map_err(cs_error::from)?;
            let wait = guarded(|| Ok(session.votequorum.examine(signal)?))?;
            // A daemon may send what is passed over, and nothing else, without end.
            match (wait == Wait::Nothing || !found, mode) {
                (false, _) | (true, CS_DISPATCH_ONE | CS_DISPATCH_BLOCKING) => {}
                (true, CS_DISPATCH_ALL) => return Ok(()),
                (true, CS_DISPATCH_ONE_NONBLOCKING) => return Err(Failure::NoEvent.into()),
            }
            found = false;
        }
        next = guarded(|| Ok(session.votequorum.next_event(&mut buffer, !one)?))?;
    }
}

fn call_back(handle: votequorum_handle_t, session: &Session, event: Event<'_>) {
    let callbacks = &session.callbacks;
    match event {
        Event::Quorum {
            context,
            quorate,
            nodes,
        } => {
            if let Some(notify) = callbacks.votequorum_quorum_notify_fn {
                // SAFETY: the program gave this function for this purpose; the
                // list is valid while it runs, and Node has the C type's layout.
                unsafe {
                    notify(
                        handle,
                        context,
                        quorate,
                        nodes.len() as u32,
                        nodes.as_mut_ptr().cast(),
                    )
                };
            }
        }
        Event::NodeList {
            context,
            ring,
            members,
        } => {
            if let Some(notify) = callbacks.votequorum_nodelist_notify_fn {
                let ring = votequorum_ring_id {
                    nodeid: ring.nodeid,
                    seq: ring.seq,
                };
                // SAFETY: as above.
                unsafe {
                    notify(
                        handle,
                        context,
                        ring,
                        members.len() as u32,
                        members.as_mut_ptr(),
                    )
                };
            }
        }
        Event::ExpectedVotes {
            context,
            expected_votes,
        } => {
            if let Some(notify) = callbacks.votequorum_expectedvotes_notify_fn {
                // SAFETY: as above.
                unsafe { notify(handle, context, expected_votes) };
            }
        }
        Event::ExtraInfo {
            context,
            nodeid,
            info,
        } => {
            if let Some(notify) = callbacks.votequorum_qdevice_extra_info_fn {
                let len = info.len() as u32;
                // SAFETY: as above.
                unsafe { notify(handle, context, nodeid, len, info.as_mut_ptr().cast()) };
            }
        }
    }
}

impl TryFrom<DispatchFlags> for cs_dispatch_flags {
    type Error = cs_error;

    fn try_from(number: DispatchFlags) -> Result<Self, cs_error> {
        [
            Self::CS_DISPATCH_ONE,
            Self::CS_DISPATCH_ALL,
            Self::CS_DISPATCH_BLOCKING,
            Self::CS_DISPATCH_ONE_NONBLOCKING,
        ]
        .into_iter()
        .find(|flag| *flag as u32 == number)
        .ok_or(cs_error::CS_ERR_INVALID_PARAM)
    }
}

const _: () = assert!(size_of::<Node>() == size_of::<votequorum_node>());
