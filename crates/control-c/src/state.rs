//! How everything is in a cluster, and where programs find it.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use libc::{c_char, c_int};
use quorate_control::{NodeStatus, Status};

use crate::clusters;
use crate::failure::{Failure, attempt, status};
use crate::types::{
    quorate_error_t, quorate_node, quorate_node_t, quorate_ring_id, quorate_running, quorate_t,
};

fn all(cluster: *const quorate_t) -> Result<Status, Failure> {
    Ok(clusters::find(cluster)?.client()?.status(u64::MAX)?)
}

fn one(cluster: *const quorate_t, node: u32) -> Result<NodeStatus, Failure> {
    let nodes = all(cluster)?.nodes;
    let found = nodes.into_iter().find(|entry| entry.id == node);
    found.ok_or_else(|| no_such(node))
}

fn no_such(node: u32) -> Failure {
    Failure::invalid(format!("node {node} is not in the cluster"))
}

/// Whether a node's partition is quorate, in that node's eyes.
///
/// @return 1, or 0, also if the node is down; -1: no such node, or not a cluster
#[unsafe(no_mangle)]
pub extern "C" fn quorate_is_quorate(cluster: *const quorate_t, node: u32) -> c_int {
    let quorate = attempt("quorate_is_quorate", || Ok(one(cluster, node)?.quorate));
    quorate.map_or(-1, c_int::from)
}

/// What a node knows of itself and its partition.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node, or `state` is NULL
///
/// # Safety
///
/// `state` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_get_node(
    cluster: *const quorate_t,
    node: u32,
    state: *mut quorate_node_t,
) -> quorate_error_t {
    status("quorate_get_node", || {
        if state.is_null() {
            return Err(Failure::invalid("state is NULL"));
        }
        let known = one(cluster, node)?;
        let found = quorate_node {
            node_id: known.id,
            running: match known.running.as_str() {
                "up" => quorate_running::QUORATE_UP,
                "leaving" => quorate_running::QUORATE_LEAVING,
                "paused" => quorate_running::QUORATE_PAUSED,
                _ => quorate_running::QUORATE_DOWN,
            },
            is_quorate: known.quorate.into(),
            members: u32::try_from(known.members.len()).unwrap_or(u32::MAX),
            ring_id: quorate_ring_id {
                nodeid: known.ring.node,
                seq: known.ring.seq,
            },
            node_votes: known.votes,
            node_expected_votes: known.expected_votes,
            highest_expected: known.highest_expected,
            total_votes: known.total_votes,
            quorum: known.quorum,
            flags: known.flags,
        };
        // SAFETY: the caller vouches for it, and it is not NULL.
        unsafe { state.write(found) };
        Ok(())
    })
}

/// The members of a node's ring, ascending.
///
/// @param members room for so many ids as `room` says; what does not fit is left out
/// @param count where the number of members is written
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node, or a pointer is NULL
///
/// # Safety
///
/// `members` is NULL or has room for `room` ids, `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_get_members(
    cluster: *const quorate_t,
    node: u32,
    members: *mut u32,
    room: usize,
    count: *mut usize,
) -> quorate_error_t {
    status("quorate_get_members", || {
        if count.is_null() || (members.is_null() && room > 0) {
            return Err(Failure::invalid("members or count is NULL"));
        }
        let found = one(cluster, node)?.members;
        for (at, member) in found.iter().take(room).enumerate() {
            // SAFETY: the caller vouches for the room, and `at` is within it.
            unsafe { members.add(at).write(*member) };
        }
        // SAFETY: the caller vouches for it, and it is not NULL.
        unsafe { count.write(found.len()) };
        Ok(())
    })
}

/// Virtual time since the cluster was made.
///
/// @param us where its microseconds are written
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: `us` is NULL
///
/// # Safety
///
/// `us` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_get_time_us(
    cluster: *const quorate_t,
    us: *mut u64,
) -> quorate_error_t {
    status("quorate_get_time_us", || {
        if us.is_null() {
            return Err(Failure::invalid("us is NULL"));
        }
        let now = all(cluster)?.time_us;
        // SAFETY: the caller vouches for it, and it is not NULL.
        unsafe { us.write(now) };
        Ok(())
    })
}

fn directory(cluster: *const quorate_t, node: u32) -> Result<PathBuf, Failure> {
    let client = clusters::find(cluster)?.client()?;
    client.run_dir(node).ok_or_else(|| no_such(node))
}

/// The directory of a node's sockets: what a program on that node needs as QUORATE_RUN_DIR.
///
/// @param buffer room for so many bytes as `size` says, the terminating 0 included
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node, `buffer` is NULL or too small
///
/// # Safety
///
/// `buffer` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_run_dir(
    cluster: *const quorate_t,
    node: u32,
    buffer: *mut c_char,
    size: usize,
) -> quorate_error_t {
    status("quorate_run_dir", || {
        if buffer.is_null() {
            return Err(Failure::invalid("buffer is NULL"));
        }
        let path = directory(cluster, node)?;
        let bytes = path.as_os_str().as_bytes();
        if bytes.len() >= size {
            let needed = bytes.len() + 1;
            return Err(Failure::invalid(format!(
                "size is {size}, and {needed} are needed"
            )));
        }
        // SAFETY: the caller vouches for the room, and the bytes and one more fit.
        unsafe {
            buffer.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len());
            buffer.add(bytes.len()).write(0);
        }
        Ok(())
    })
}

/// Makes a node the one that this process, and programs it starts from now on, find: sets
/// QUORATE_RUN_DIR in the environment. As with setenv(), no other thread may use the environment
/// meanwhile. Connections that exist stay where they are.
///
/// Must come before the process first initializes votequorum, for without the variable
/// libvotequorum takes it that it is to use the real corosync. Afterwards it may be called again,
/// for other nodes and clusters.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node
#[unsafe(no_mangle)]
pub extern "C" fn quorate_use_node(cluster: *const quorate_t, node: u32) -> quorate_error_t {
    status("quorate_use_node", || {
        let path = directory(cluster, node)?.into_os_string();
        let path = CString::new(path.as_bytes()).map_err(|_| no_such(node))?;
        // SAFETY: both are strings; that no other thread uses the environment is the caller's part.
        let done = unsafe { libc::setenv(c"QUORATE_RUN_DIR".as_ptr(), path.as_ptr(), 1) };
        if done != 0 {
            return Err(Failure::system(std::io::Error::last_os_error().to_string()));
        }
        Ok(())
    })
}
