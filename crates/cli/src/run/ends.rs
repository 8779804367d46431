//! How programs ended, and what is said of it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use quorate_engine::NodeId;
use quorate_sim::scenario::{Check, Report};

/// How a program ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) node: NodeId,
    pub(super) program: String,
    /// With what, and the virtual time; `None` if it ran until the main program had ended.
    pub(super) ended: Option<(ExitStatus, Duration)>,
    /// It died with its machine.
    pub(super) killed: bool,
}

/// What the end of programs is held against.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The signals that programs were sent to end.
    pub(super) asked: Vec<Signal>,
    /// What the main program ended with, unless the scenario says what it should be.
    pub(super) main: Option<i32>,
    /// How many steps happened without the main program though it was to stay until the last.
    pub(super) steps_missed: usize,
    /// The virtual time when all was over.
    pub(super) at: Duration,
}

/// Says which programs did not end well, or too soon, here and in the report; what the first of
/// those beside the main one ended with that failed.
pub(super) fn tell(ends: &[End], terms: &Terms, report: &mut Report) -> Option<i32> {
    let (main, others) = ends.split_first()?;
    let missed = match terms.steps_missed {
        0 => String::new(),
        1 => ", before the scenario was over: 1 step happened without it".to_owned(),
        n => format!(", before the scenario was over: {n} steps happened without it"),
    };
    let good = terms.main.is_none_or(|code| code == 0);
    if !good || !missed.is_empty() {
        let line = main.line() + &missed;
        eprintln!("quorate: {line}");
        if !missed.is_empty() {
            report.notes.push(line);
        }
    }
    if terms.main.is_some() {
        report.checks.push(main.check(good, terms.at));
    }
    let mut first = None;
    for end in others {
        let fallen = end.fallen(&terms.asked);
        if fallen.is_some() {
            eprintln!("quorate: {}", end.line());
        }
        report.checks.push(end.check(fallen.is_none(), terms.at));
        first = first.or(fallen);
    }
    first
}

impl End {
    /// What one beside the main program ended with, if it failed.
    fn fallen(&self, asked: &[Signal]) -> Option<i32> {
        let code = self.ended.map(|(status, _)| code(status))?;
        let excused =
            self.killed || code == 0 || asked.iter().any(|&signal| code == 128 + signal as i32);
        (!excused).then_some(code)
    }

    fn line(&self) -> String {
        let at = self.ended.map_or(Duration::ZERO, |(_, at)| at);
        format!(
            "node {}: {}: {} at {at:?}",
            self.node,
            self.program,
            self.with()
        )
    }

    fn check(&self, good: bool, over: Duration) -> Check {
        Check {
            name: format!("node {}: {}: ends well", self.node, self.program),
            place: None,
            at: self.ended.map_or(over, |(_, at)| at),
            failure: (!good).then(|| format!("it {}", self.with())),
        }
    }

    /// `ended with 139 (SIGSEGV)`
    fn with(&self) -> String {
        let Some((status, _)) = self.ended else {
            return "went on".to_owned();
        };
        let signal = status
            .signal()
            .and_then(|number| Signal::try_from(number).ok());
        let name = signal.map_or_else(String::new, |signal| format!(" ({signal})"));
        format!("ended with {}{name}", code(status))
    }
}

/// The number that a shell would show.
pub(super) fn code(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).unwrap_or(1)
}
