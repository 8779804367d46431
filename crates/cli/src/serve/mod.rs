//! `quorate serve`.

mod background;

use std::fmt::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::getppid;
use quorate_control::{Live, Name, Pace};
use quorate_sim::Cluster;
use quorate_sim::host::Host;
use quorate_sim::scenario::{Player, Scenario};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::cluster::ClusterArguments;
use crate::run::{Events, Failure, complain, settle, tell_failures};

/// Serve a simulated cluster to programs in other terminals.
///
/// It lives until `quorate ctl stop`, Ctrl-C or SIGTERM, and leaves nothing behind. All nodes are
/// up and see each other at first, unless a scenario says otherwise. Nobody but the user who runs
/// it, and root, can reach it, unless --allow-users lets others in.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The cluster's name: several can be served if they have different ones
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    #[command(flatten)]
    cluster: ClusterArguments,
    /// How virtual time passes
    #[arg(long, value_enum, default_value_t = Passing::Real)]
    pace: Passing,
    /// Virtual seconds in a real one, with --pace real
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Writes all events to a file, as lines of JSON
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Prints no events
    #[arg(long, short)]
    quiet: bool,
    /// Returns when the cluster is ready; it goes on in the background, and is quiet
    #[arg(long)]
    detach: bool,
    /// Ends when this process does, which must be the one that starts it
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    owner: Option<i32>,
    /// What goes on in the background
    #[arg(long, hide = true, conflicts_with = "detach")]
    detached: bool,
}

const HELP: &str = "\
Time:
  real    passes as fast as real time, or --speed times as fast.
  manual  stands still, except when 'quorate ctl' is told to step, advance or wait.

Exit status:
    0  it was asked to end
   64  the arguments make no sense
  123  an expectation of the scenario did not hold, or an invariant was violated
  125  quorate itself failed, or the name is taken

Examples:
  quorate serve                                     in one terminal, and in another one:
  quorate exec --node 2 -- corosync-quorumtool -s
  eval \"$(quorate env 2)\"                           all programs of this shell run on node 2
  quorate ctl partition 1,2 3
  quorate watch

  quorate serve --detach --name test --pace manual --owner $$
                                                    in a script: ends with the script";

/// How virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Passing {
    Real,
    Manual,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.001..=1000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("must be from 0.001 to 1000".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    if arguments.detach {
        return background::start(arguments.owner);
    }
    let scenario = match arguments.cluster.scenario() {
        Ok(scenario) => scenario,
        Err(message) => return complain(&message, crate::USAGE),
    };
    match serve(arguments, &scenario) {
        Ok(code) => code,
        Err(Failure(message)) => complain(&message, crate::run::FAILED),
    }
}

fn serve(arguments: &Arguments, scenario: &Scenario) -> Result<ExitCode, Failure> {
    if arguments.detached {
        nix::unistd::setsid()?;
    }
    let signals = signals()?;
    let owner = arguments
        .owner
        .map(|owner| watch(owner, arguments.detached));
    let owner = owner.transpose()?;
    let mut cluster = Cluster::new(scenario.config.clone(), scenario.compat, scenario.seed);
    cluster.set_faults(scenario.faults.clone());
    let quiet = arguments.quiet || arguments.detached;
    let mut events = Events::new(quiet, arguments.log.as_deref(), false)?;
    let name = &arguments.name;
    let mut host = Host::named(cluster, &quorate_control::base(), &name.in_directory())
        .map_err(|error| taken(name, &error))?;
    arguments.cluster.prepare(&mut host)?;
    if scenario.listens() {
        host.keep_received();
    }
    let player = Player::new(scenario);
    settle(&mut host, scenario, &player)?;
    let pace = match arguments.pace {
        Passing::Real => Pace::Real(arguments.speed),
        Passing::Manual => Pace::Manual,
    };
    let write = Box::new(move |records: &[_]| events.write(records));
    let mut live = Live::new(host, name.clone(), player, pace, write)?;
    // The cluster is served whether or not it can be told.
    let _ = crate::say(&introduction(name, scenario));
    if arguments.detached {
        background::let_go()?;
    }
    live.watch(signals.as_fd())?;
    if let Some(owner) = &owner {
        live.watch(owner.as_fd())?;
    }
    let mut told = true;
    loop {
        live.turn()?;
        if live.is_stopping() {
            break;
        }
        if told && (signals.read_signal()?.is_some() || has_ended(owner.as_ref())?) {
            break;
        }
        told = live.wait()?;
    }
    let good = tell_failures(&live.report());
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        crate::run::EXPECTATION.into()
    })
}

fn taken(name: &Name, error: &quorate_sim::host::HostError) -> String {
    if name.directory().exists() {
        format!("--name {name}: a cluster of this name is served already")
    } else {
        error.to_string()
    }
}

fn introduction(name: &Name, scenario: &Scenario) -> String {
    let nodes = scenario.config.nodes();
    let mut text = format!("Serving the cluster '{name}' of {} nodes:", nodes.len());
    for node in nodes.iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(text, " {}", node.id);
    }
    let more = if nodes.len() > 16 { " …" } else { "" };
    let option = if *name == Name::default() {
        String::new()
    } else {
        format!(" --name {name}")
    };
    let last = nodes.last().map_or(1, |node| node.id.0);
    let _ = writeln!(
        text,
        "{more}\n  \
         quorate exec{option} --node {last} -- PROGRAM   runs a program on node {last}\n  \
         eval \"$(quorate env{option} {last})\"          makes it the node of this shell's programs\n  \
         quorate ctl{option} partition 1,2 3      changes things; quorate ctl --help has the rest\n  \
         quorate watch{option}                    shows them"
    );
    text
}

fn signals() -> Result<SignalFd, Failure> {
    let wanted: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]
        .into_iter()
        .collect();
    wanted.thread_block()?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    Ok(SignalFd::with_flags(&wanted, flags)?)
}

/// A descriptor that becomes readable when a process ends.
fn watch(owner: i32, detached: bool) -> Result<OwnedFd, Failure> {
    let failed = |why: String| Failure(format!("--owner {owner}: {why}"));
    let pid = Pid::from_raw(owner).ok_or_else(|| failed("not a process id".to_owned()))?;
    let watched = pidfd_open(pid, PidfdFlags::empty()).map_err(|why| failed(why.to_string()))?;
    // If it has ended, the number may be another one's; who is in the background is looked
    // after by the one that went before it.
    if !detached && getppid().as_raw() != owner {
        return Err(failed(
            "has not started this process, or has ended".to_owned(),
        ));
    }
    Ok(watched)
}

fn has_ended(owner: Option<&OwnedFd>) -> Result<bool, Failure> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let Some(owner) = owner else {
        return Ok(false);
    };
    let mut fds = [PollFd::new(owner.as_fd(), PollFlags::POLLIN)];
    Ok(poll(&mut fds, PollTimeout::ZERO)? > 0)
}
