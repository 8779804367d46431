//! Beginning and end of a cluster.

use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::c_char;
use quorate_control::Name;

use crate::failure::{self, Failure, attempt, status};
use crate::types::{quorate_error, quorate_error_t, quorate_t};
use crate::{clusters, command};

/// Why the calling thread's last function failed, as text for people: it names function, argument
/// and node. Empty if none has failed. Valid until the thread's next call of a function that fails.
#[unsafe(no_mangle)]
pub extern "C" fn quorate_error_text() -> *const c_char {
    failure::last()
}

/// Starts a cluster of nodes 1, 2, … with one vote each. When this returns all of them are up, in
/// one ring, and quorate.
///
/// @param nodes from 1 to 2000
///
/// @return the cluster, or NULL; then quorate_error_text() says why
#[unsafe(no_mangle)]
pub extern "C" fn quorate_start(nodes: u32) -> *mut quorate_t {
    let started = attempt("quorate_start", || {
        if !(1..=2000).contains(&nodes) {
            return Err(Failure::invalid(format!(
                "{nodes}: from 1 to 2000 nodes are possible"
            )));
        }
        start(vec!["--nodes".into(), nodes.to_string().into()])
    });
    started.unwrap_or(ptr::null_mut())
}

/// Starts a cluster with any options of the command 'quorate serve': --config, --scenario, --seed,
/// --compat, --log, --pace, --speed.
///
/// @param arguments the options, each a string as on a command line; the last one is NULL
///
/// @return the cluster, or NULL; then quorate_error_text() says why
///
/// # Safety
///
/// `arguments` is NULL, or a list of strings with NULL at its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quorate_start_with(arguments: *const *const c_char) -> *mut quorate_t {
    let started = attempt("quorate_start_with", || {
        if arguments.is_null() {
            return Err(Failure::invalid("arguments is NULL"));
        }
        let mut words: Vec<OsString> = Vec::new();
        for at in 0.. {
            // SAFETY: the caller vouches for the list and its end.
            let word = unsafe { *arguments.add(at) };
            if word.is_null() {
                break;
            }
            // SAFETY: the caller vouches for the string.
            let word = unsafe { CStr::from_ptr(word) };
            words.push(OsStr::from_bytes(word.to_bytes()).to_owned());
        }
        start(words)
    });
    started.unwrap_or(ptr::null_mut())
}

fn start(mut words: Vec<OsString>) -> Result<*mut quorate_t, Failure> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    for word in &words {
        let word = word.to_string_lossy();
        let option = word.split('=').next().unwrap_or_default();
        if [
            "--name",
            "--detach",
            "--detached",
            "--owner",
            "--help",
            "-h",
        ]
        .contains(&option)
        {
            return Err(Failure::invalid(format!("{word}: not possible here")));
        }
    }
    let is_pace = |word: &OsString| word.as_bytes().starts_with(b"--pace");
    if !words.iter().any(is_pace) {
        words.extend(["--pace".into(), "manual".into()]);
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("c-{}-{number}", std::process::id());
    let name: Name = name.parse().map_err(|_| Failure::system(name))?;
    words.extend(["--name".into(), name.to_string().into()]);
    command::serve(&words)?;
    Ok(clusters::add(&name.directory()))
}

/// Ends a cluster. When this returns nothing of it is left, and connections to its nodes have hung
/// up. The pointer is of no use any more, except after QUORATE_ERR_TIMEOUT and QUORATE_ERR_INVALID.
///
/// @return QUORATE_OK; QUORATE_ERR_HANDLE; QUORATE_ERR_SYSTEM: it is gone already;
/// QUORATE_ERR_TIMEOUT: it has not answered; QUORATE_ERR_INVALID: QUORATE_TIMEOUT_MS is no number
#[unsafe(no_mangle)]
pub extern "C" fn quorate_stop(cluster: *mut quorate_t) -> quorate_error_t {
    status("quorate_stop", || {
        let cluster = clusters::find(cluster)?;
        cluster.retire()?;
        let stopped = cluster.client().and_then(|client| Ok(client.stop()?));
        if let Err(Failure {
            number: quorate_error::QUORATE_ERR_TIMEOUT | quorate_error::QUORATE_ERR_INVALID,
            ..
        }) = &stopped
        {
            cluster.keep();
        }
        stopped
    })
}
