//! `quorate run`.

mod arguments;
mod ends;
mod events;
mod play;
mod programs;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

pub(crate) use arguments::Arguments;
use arguments::{Pace, Plan};
use ends::{End, Terms};
pub(crate) use events::Events;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use play::Play;
use programs::Programs;
pub(crate) use programs::{Launch, NOT_FOUND, NOT_RUNNABLE, launch};
use quorate_sim::Cluster;
use quorate_sim::host::Host;
use quorate_sim::scenario::{Due, Player, Report, Scenario};

pub(crate) const EXPECTATION: u8 = 123;
pub(crate) const FAILED: u8 = 125;

/// How each line begins that says what was not as expected, and when.
pub(crate) const UNEXPECTED: &str = "quorate: not as expected at ";

/// How the line begins that names the seed of such a run.
pub(crate) const SEED: &str = "quorate: seed ";

/// Something is wrong with the system, or with quorate.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

/// How a run ended.
#[derive(Debug)]
struct Ending {
    report: Report,
    /// What the program ended with, or 128 + N if signal N ended quorate.
    code: Option<i32>,
    /// How each program ended.
    ends: Vec<End>,
    terms: Terms,
    events: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let plan = match arguments.plan() {
        Ok(plan) => plan,
        Err(message) => return complain(&message, crate::USAGE),
    };
    match carry_out(arguments, &plan) {
        Ok(code) => code,
        Err(Failure(message)) => complain(&message, FAILED),
    }
}

pub(crate) fn complain(message: &str, code: u8) -> ExitCode {
    eprintln!("quorate: {message}");
    code.into()
}

fn carry_out(arguments: &Arguments, plan: &Plan) -> Result<ExitCode, Failure> {
    let signals = signals()?;
    let mut ending = once(arguments, plan, &signals)?;
    let file = &plan.scenario.file;
    let deviations = plan
        .deviations
        .iter()
        .map(|deviation| deviation.check(file));
    ending.report.checks.extend(deviations);
    let mut good = tell_failures(&ending.report);
    let fallen = ends::tell(&ending.ends, &ending.terms, &mut ending.report);
    let write = |file: &Option<PathBuf>, text: String| match file {
        Some(file) => {
            std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
        }
        None => Ok(()),
    };
    write(&arguments.tap, ending.report.to_tap())?;
    write(&arguments.junit, ending.report.to_junit())?;
    if arguments.check_determinism {
        let again = once(arguments, plan, &signals)?;
        if let Some(difference) = difference(&ending.events, &again.events) {
            eprintln!("quorate: the second run differs: {difference}");
            good = false;
        }
    }
    let expected = plan.scenario.exit_code.is_some();
    Ok(match ending.code {
        _ if !good => EXPECTATION.into(),
        Some(code) if !expected && code != 0 => (code as u8).into(),
        _ => fallen.map_or(ExitCode::SUCCESS, |code| (code as u8).into()),
    })
}

/// Says what was not as expected, if anything; whether all was.
pub(crate) fn tell_failures(report: &Report) -> bool {
    for check in report.failures() {
        eprintln!("{UNEXPECTED}{:?}: {check}", check.at);
    }
    let good = report.is_success();
    if !good {
        eprintln!("{SEED}{}", report.seed);
    }
    good
}

/// The signals that wait to be read.
pub(crate) fn held_back() -> SigSet {
    [
        Signal::SIGCHLD,
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
    ]
    .into_iter()
    .collect()
}

fn signals() -> Result<SignalFd, Failure> {
    let wanted = held_back();
    wanted.thread_block()?;
    Ok(SignalFd::with_flags(
        &wanted,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )?)
}

fn once(arguments: &Arguments, plan: &Plan, signals: &SignalFd) -> Result<Ending, Failure> {
    let scenario = &plan.scenario;
    let mut cluster = Cluster::new(scenario.config.clone(), scenario.compat, scenario.seed);
    cluster.set_faults(scenario.faults.clone());
    let log = arguments.log.as_deref();
    let mut events = Events::new(arguments.quiet, log, arguments.check_determinism)?;
    let mut host = Host::new(cluster, &quorate_control::base())?;
    arguments.cluster.prepare(&mut host)?;
    if scenario.listens() {
        host.keep_received();
    }
    let player = Player::new(scenario);
    settle(&mut host, scenario, &player)?;
    events.write(&host.act(Cluster::take_log)?)?;
    let mut running = Programs::default();
    if !plan.commands.is_empty() {
        let preload = crate::node::preload()?;
        for command in &plan.commands {
            let run_dir = host.run_dir(command.node);
            running.start(command, &run_dir, &preload)?;
        }
    }
    let pace = if arguments.check_determinism {
        Pace::Idle
    } else {
        arguments.pace
    };
    let play = Play::new(
        &mut host,
        player,
        (running, events),
        pace,
        arguments.stop_at_end,
        arguments.timeout.map(Duration::from_secs),
    );
    play.finish(signals, scenario.exit_code.is_some())
}

/// What happens before programs start: all nodes find each other, or as far as that goes before the
/// first step, and what else the scenario says.
pub(crate) fn settle(
    host: &mut Host,
    scenario: &Scenario,
    player: &Player<'_>,
) -> Result<(), Failure> {
    if scenario.start {
        host.act(Cluster::start_all)??;
        let first = match player.due() {
            Due::At(at) => Some(at),
            Due::Idle | Due::Call | Due::Finished => None,
        };
        host.act(|cluster| {
            let early = |cluster: &Cluster| {
                let next = cluster.next_event_at();
                first.is_none_or(|first| next.is_some_and(|next| next < first))
            };
            while !cluster.is_quiet() && early(cluster) && cluster.step() {}
        })?;
    }
    for operation in &scenario.before {
        host.act(Cluster::run_until_quiet)?;
        host.act(|cluster| operation.apply(cluster))??;
        host.act(Cluster::run_until_quiet)?;
    }
    Ok(())
}

/// The first event in which two runs differ.
fn difference(first: &[String], second: &[String]) -> Option<String> {
    let longest = first.len().max(second.len());
    let at = (0..longest).find(|&n| first.get(n) != second.get(n))?;
    let shown = |events: &[String]| events.get(at).map_or("nothing", String::as_str).to_owned();
    Some(format!(
        "event {}: {} and {}",
        at + 1,
        shown(first),
        shown(second)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        let events = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(difference(&events("a b"), &events("a b")), None);
        let longer = difference(&events("a b"), &events("a b c"));
        assert_eq!(longer.as_deref(), Some("event 3: nothing and c"));
    }
}
