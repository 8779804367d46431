//! `quorate record`.

mod keys;
mod links;
mod log;
mod recorder;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signalfd::{SfdFlags, SignalFd};
use quorate_client::Options;

pub(crate) use links::Links;
use log::Log;
use recorder::Recorder;

/// Write down what the local node's corosync tells its clients.
///
/// Goes on until SIGINT, SIGTERM or SIGHUP, also while corosync is stopped or restarted: then it
/// connects again. Each line is in the file at once. Asks the real corosync, or the simulated node
/// whose directory QUORATE_RUN_DIR names; needs no rights but to be admitted by it (root, or a
/// user of its uidgid section).
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The file; it must not exist yet
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// How often votes are asked for that nobody tells of, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(10..=3_600_000))]
    interval: u64,
}

const HELP: &str = "\
Recorded are the notifications of votequorum and of the quorum service, the keys totem.*, quorum.*
and nodelist.* of cmap (except the secret totem.key) and their changes, and whenever it has changed,
all that votequorum_getinfo says of every node. Times are microseconds since the start, which is in
the first line.

A node's clients see rings, votes and states, not networks: whether a node that is not seen any more
has died or is cut off, no recording tells.

Examples:
  quorate record --log incident.jsonl
  quorate timeline incident.jsonl
  quorate run --replay incident.jsonl --pace idle -- ./my_program";

/// How long corosync may take to answer, unless QUORATE_TIMEOUT_MS says otherwise: a daemon that
/// is stopped must not keep the recorder from ending.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut options = Options::from_environment().map_err(|error| error.to_string())?;
    options.timeout.get_or_insert(TIMEOUT);
    let wanted = crate::run::held_back();
    let signals = wanted.thread_block().and_then(|()| {
        SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
    });
    let signals = signals.map_err(|error| format!("signals: {error}"))?;
    let log = Log::create(&arguments.log)?;
    let interval = Duration::from_millis(arguments.interval);
    Recorder::new(options, log, interval, signals).run()?;
    Ok(ExitCode::SUCCESS)
}
