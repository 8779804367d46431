//! Virtual time.

use quorate_control::{Reply, Request};

use crate::clusters;
use crate::failure::{Failure, status};
use crate::types::{quorate_error_t, quorate_t};

/// Goes to the next thing that is due in virtual time, and lets it happen.
///
/// @return QUORATE_OK; QUORATE_ERR_STATE: nothing is due
#[unsafe(no_mangle)]
pub extern "C" fn quorate_step(cluster: *mut quorate_t) -> quorate_error_t {
    status("quorate_step", || {
        match clusters::find(cluster)?.client()?.ask(&Request::Step)? {
            Reply::Done {
                happened: false, ..
            } => Err(Failure::state("nothing is due")),
            _ => Ok(()),
        }
    })
}

/// Lets so many milliseconds of virtual time pass, and everything happen that is due meanwhile.
///
/// @param ms at most a day
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: more than a day
#[unsafe(no_mangle)]
pub extern "C" fn quorate_advance_ms(cluster: *mut quorate_t, ms: u64) -> quorate_error_t {
    status("quorate_advance_ms", || {
        let cluster = clusters::find(cluster)?;
        let us = ms.saturating_mul(1000);
        cluster.client()?.ask(&Request::Advance { us })?;
        Ok(())
    })
}

/// Lets virtual time pass until all rings stand and nothing is under way any more: what was killed
/// or cut off is missed by then, what came back has joined. Other programs that are connected get
/// to do what they do about each event before the next one happens, and are idle when this returns;
/// this process and those it descends from need not be.
///
/// Events for this process can be dispatched when this has returned, all of them.
///
/// @param limit_ms milliseconds of real time after which it gives up
///
/// @return QUORATE_OK; QUORATE_ERR_TIMEOUT: another program is busy all the time
#[unsafe(no_mangle)]
pub extern "C" fn quorate_wait_idle(cluster: *mut quorate_t, limit_ms: u64) -> quorate_error_t {
    status("quorate_wait_idle", || {
        let cluster = clusters::find(cluster)?;
        cluster.client()?.ask(&Request::Wait { limit_ms })?;
        Ok(())
    })
}

/// Waits until programs have so many connections to services of a node, and then as
/// quorate_wait_idle() does. This process and those it descends from are not counted.
///
/// For a program that has just been started: as long as it has not connected, no other function
/// waits for it. With one connection from each program of the node they are all known, and are
/// waited for from then on until they are idle.
///
/// @param connections how many at least; votequorum, quorum, cmap, cfg and cpg are one each
/// @param limit_ms milliseconds of real time after which it gives up
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_TIMEOUT: there are not so many
/// connections, or a program is busy all the time
#[unsafe(no_mangle)]
pub extern "C" fn quorate_wait_connected(
    cluster: *mut quorate_t,
    node: u32,
    connections: u32,
    limit_ms: u64,
) -> quorate_error_t {
    status("quorate_wait_connected", || {
        let cluster = clusters::find(cluster)?;
        cluster.client()?.ask(&Request::WaitConnected {
            node,
            connections,
            limit_ms,
        })?;
        Ok(())
    })
}
