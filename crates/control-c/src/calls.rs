//! What happens to a cluster.

use std::collections::BTreeMap;
use std::ffi::CStr;

use libc::{c_char, c_int};
use quorate_control::{Request, step};

use crate::clusters;
use crate::failure::{Failure, status};
use crate::types::{quorate_error_t, quorate_t};

/// Has the cluster carry out a step.
fn change(function: &str, cluster: *mut quorate_t, step: &str) -> quorate_error_t {
    status(function, || {
        clusters::find(cluster)?.client()?.change(step)?;
        Ok(())
    })
}

/// A string that a C caller gave.
pub(crate) fn text<'a>(name: &str, string: *const c_char) -> Result<&'a str, Failure> {
    if string.is_null() {
        return Err(Failure::invalid(format!("{name} is NULL")));
    }
    // SAFETY: the callers of all functions that take strings vouch for them.
    let bytes = unsafe { CStr::from_ptr(string) };
    bytes
        .to_str()
        .map_err(|_| Failure::invalid(format!("{name} is not UTF-8")))
}

/// Starts corosync on a node. It forms a ring of its own at once, and joins those it reaches when
/// time passes.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is up
#[unsafe(no_mangle)]
pub extern "C" fn quorate_up(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_up", cluster, &step::nodes("up", &[node]))
}

/// Kills corosync on a node. Connections to it hang up; the other nodes notice when their token
/// times out.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is down
#[unsafe(no_mangle)]
pub extern "C" fn quorate_kill(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_kill", cluster, &step::nodes("kill", &[node]))
}

/// Stops corosync on a node cleanly: it says that it leaves, takes part for two milliseconds more,
/// and is down.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is down or paused
#[unsafe(no_mangle)]
pub extern "C" fn quorate_leave(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_leave", cluster, &step::nodes("leave", &[node]))
}

/// Kills corosync on a node and starts it again before any other node has missed it.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is down
#[unsafe(no_mangle)]
pub extern "C" fn quorate_restart(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_restart", cluster, &step::nodes("restart", &[node]))
}

/// Freezes corosync on a node, as SIGSTOP does: requests wait, connections stay. The other nodes go
/// on without it after the token timeout.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is not up
#[unsafe(no_mangle)]
pub extern "C" fn quorate_pause(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_pause", cluster, &step::nodes("pause", &[node]))
}

/// Lets a frozen node go on.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is not paused
#[unsafe(no_mangle)]
pub extern "C" fn quorate_resume(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change("quorate_resume", cluster, &step::nodes("resume", &[node]))
}

/// Cuts groups of nodes off from each other. Nodes that are not named stay together in one more.
///
/// @param groups lists of node ids, as in "1,2 3"
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: not such lists, no such node, or one named twice
///
/// # Safety
///
/// `groups` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_partition(
    cluster: *mut quorate_t,
    groups: *const c_char,
) -> quorate_error_t {
    status("quorate_partition", || {
        let cluster = clusters::find(cluster)?;
        let groups = step::groups(text("groups", groups)?.split_whitespace());
        let groups = groups.map_err(|word| {
            Failure::invalid(format!("{word}: expected node ids with commas, as in 1,2"))
        })?;
        cluster.client()?.change(&step::partition(&groups))?;
        Ok(())
    })
}

/// Ends all cuts.
///
/// @return QUORATE_OK
#[unsafe(no_mangle)]
pub extern "C" fn quorate_heal(cluster: *mut quorate_t) -> quorate_error_t {
    change("quorate_heal", cluster, "heal = true")
}

/// Changes the votes of a node, as 'corosync-quorumtool -n NODE -v VOTES' on that node. The others
/// hear of it when time passes.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is not up, or
/// votequorum refuses
#[unsafe(no_mangle)]
pub extern "C" fn quorate_set_votes(
    cluster: *mut quorate_t,
    node: u32,
    votes: u32,
) -> quorate_error_t {
    let step = step::set_votes(node, votes, None);
    change("quorate_set_votes", cluster, &step)
}

/// Changes the expected votes, as 'corosync-quorumtool -e VOTES' on a node.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is not up, or
/// votequorum refuses
#[unsafe(no_mangle)]
pub extern "C" fn quorate_set_expected(
    cluster: *mut quorate_t,
    node: u32,
    votes: u32,
) -> quorate_error_t {
    let step = step::set_expected(node, votes);
    change("quorate_set_expected", cluster, &step)
}

/// Has the simulated quorum device of a node vote for it, or not; starts the device if need be.
///
/// @param vote 0: it does not vote; otherwise it does
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: it is not up
#[unsafe(no_mangle)]
pub extern "C" fn quorate_qdevice_vote(
    cluster: *mut quorate_t,
    node: u32,
    vote: c_int,
) -> quorate_error_t {
    let action = format!("vote = {}", vote != 0);
    change(
        "quorate_qdevice_vote",
        cluster,
        &step::qdevice(node, &action),
    )
}

/// Ends the process of a node's simulated quorum device, without a word to corosync.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: no device runs there
#[unsafe(no_mangle)]
pub extern "C" fn quorate_qdevice_stop(cluster: *mut quorate_t, node: u32) -> quorate_error_t {
    change(
        "quorate_qdevice_stop",
        cluster,
        &step::qdevice(node, "stop = true"),
    )
}

/// Has a node's simulated quorum device unregister and end. Programs that track with a libvotequorum
/// before 8.1 get CS_ERR_LIBRARY then, as from a newer corosync, unless the cluster was started with
/// --compat no-extra-info.
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node; QUORATE_ERR_STATE: no device runs there
#[unsafe(no_mangle)]
pub extern "C" fn quorate_qdevice_unregister(
    cluster: *mut quorate_t,
    node: u32,
) -> quorate_error_t {
    let step = step::qdevice(node, "unregister = true");
    change("quorate_qdevice_unregister", cluster, &step)
}

/// Gives all nodes a new corosync.conf, and has those of the first running node's ring read it.
///
/// @param file its path
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: it cannot be read, or is wrong; QUORATE_ERR_STATE: no
/// node is up
///
/// # Safety
///
/// `file` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_reload(
    cluster: *mut quorate_t,
    file: *const c_char,
) -> quorate_error_t {
    status("quorate_reload", || {
        let cluster = clusters::find(cluster)?;
        let file = text("file", file)?;
        let content = std::fs::read_to_string(file);
        let content = content.map_err(|error| Failure::invalid(format!("{file}: {error}")))?;
        cluster.client()?.ask(&Request::Change {
            step: step::reload(file),
            files: BTreeMap::from([(file.to_owned(), content)]),
        })?;
        Ok(())
    })
}

/// Sets a cmap key of a node, as 'corosync-cmapctl -s' does.
///
/// @param value what looks like a number is one; NULL removes the key
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: no such node, or not a key's name;
/// QUORATE_ERR_STATE: the node is not up, or the key is read-only
///
/// # Safety
///
/// `key` and `value` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_set_key(
    cluster: *mut quorate_t,
    node: u32,
    key: *const c_char,
    value: *const c_char,
) -> quorate_error_t {
    status("quorate_set_key", || {
        let cluster = clusters::find(cluster)?;
        let key = text("key", key)?;
        let value = match value.is_null() {
            true => None,
            false => Some(text("value", value)?),
        };
        cluster.client()?.change(&step::set_key(node, key, value))?;
        Ok(())
    })
}

/// Does what a step of a scenario says, as in "fault_on = \"busy\"": see quorate-scenario(5).
///
/// @param step without at, after, pace and expect
///
/// @return QUORATE_OK; QUORATE_ERR_INVALID: not such a step; QUORATE_ERR_STATE
///
/// # Safety
///
/// `step` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_do(
    cluster: *mut quorate_t,
    step: *const c_char,
) -> quorate_error_t {
    status("quorate_do", || {
        let cluster = clusters::find(cluster)?;
        cluster.client()?.change(text("step", step)?)?;
        Ok(())
    })
}
