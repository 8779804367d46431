//! What is measured, by turns: one library, then the other, many times in one run.

use std::path::Path;

use quorate_testkit::{Library, Node};

use crate::driver::{self, Driver, of_kind};
use crate::figures::{Ratio, median, percentile};
use crate::report::{Bound, Row, Unit};

/// Both drivers on one node.
pub(crate) struct Pair {
    theirs: Driver,
    ours: Driver,
}

impl Pair {
    pub(crate) fn start(node: &Node, program: &Path) -> Self {
        Self {
            theirs: Driver::start(node, program, Library::Original),
            ours: Driver::start(node, program, Library::Ours),
        }
    }

    /// On the daemon's processor, if that is the first: the wake-up of another one that idles
    /// takes several times as long as a call, sometimes.
    pub(crate) fn start_pinned(node: &Node, program: &Path) -> Self {
        Self {
            theirs: Driver::start_pinned(node, program, Library::Original),
            ours: Driver::start_pinned(node, program, Library::Ours),
        }
    }

    /// From a request in one thread to the callback in another, which waits actively.
    pub(crate) fn event(&mut self) -> Row {
        let what = "event, from the request in one thread to the callback in another";
        self.rounds(20, "event 500", "event", median)
            .row(what, Unit::Microseconds)
            .target(Bound::AtMost(1.0))
    }

    /// The same command to both, in so many rounds; who is first changes from round to round. What
    /// `summary` makes of a round's numbers is compared.
    fn rounds(
        &mut self,
        rounds: usize,
        command: &str,
        kind: &str,
        summary: fn(&[f64]) -> f64,
    ) -> Both {
        let mut both = Both::default();
        for library in by_turns(rounds) {
            let samples = self.driver(library).ask(command);
            both.push(library, summary(&of_kind(&samples, kind)));
        }
        both
    }

    pub(crate) fn driver(&mut self, library: Library) -> &mut Driver {
        match library {
            Library::Original => &mut self.theirs,
            Library::Ours => &mut self.ours,
        }
    }

    /// The same command to both, once.
    fn once(&mut self, command: &str, kinds: &[&str]) -> Vec<Both> {
        let theirs = self.theirs.ask(command);
        let ours = self.ours.ask(command);
        kinds
            .iter()
            .map(|kind| Both {
                theirs: of_kind(&theirs, kind),
                ours: of_kind(&ours, kind),
            })
            .collect()
    }

    pub(crate) fn latency(&mut self) -> Vec<Row> {
        // One run of the command gives the median and the 99th percentile of a round.
        let mut medians = Both::default();
        let mut tails = Both::default();
        for library in by_turns(40) {
            let times = of_kind(&self.driver(library).ask("getinfo 2000"), "getinfo");
            medians.push(library, median(&times));
            tails.push(library, percentile(&times, 0.99));
        }
        let cycles = self.rounds(20, "cycles 20", "cycle", median);
        let mut rows = vec![
            medians
                .row("getinfo, median", Unit::Microseconds)
                .target(Bound::AtMost(1.0)),
            tails
                .row("getinfo, 99th percentile", Unit::Microseconds)
                .target(Bound::AtMost(1.0)),
            cycles
                .row("initialize + finalize", Unit::PerSecond)
                .target(Bound::AtLeast(5.0)),
        ];
        for (command, kind, what, bound) in [
            (
                "queued 1000",
                "queued",
                "dispatch of a queued event",
                Some(Bound::AtMost(0.7)),
            ),
            (
                "empty 2000",
                "empty",
                "dispatch when nothing is queued",
                None,
            ),
            (
                "trackstart 500",
                "trackstart",
                "trackstart that queues two events",
                None,
            ),
        ] {
            let row = self
                .rounds(20, command, kind, median)
                .row(what, Unit::Microseconds);
            rows.push(match bound {
                Some(bound) => row.target(bound),
                None => row,
            });
        }
        let burst = self.rounds(15, "burst 10000", "burst", median);
        rows.push(
            burst
                .row("events of a burst of 10,000, dispatched", Unit::PerSecond)
                .target(Bound::AtLeast(1.5)),
        );
        rows
    }

    pub(crate) fn memory(&mut self) -> Vec<Row> {
        let kinds = ["tmpfs", "address-space", "resident"];
        let both = self.once("memory 50", &kinds);
        let what = [
            "shared memory (tmpfs) per connection",
            "address space per connection",
            "resident memory per connection, once used",
        ];
        let mut rows: Vec<Row> = both
            .iter()
            .zip(what)
            .map(|(both, what)| both.row(what, Unit::Kibibytes))
            .collect();
        for row in &mut rows[..2] {
            row.target = Some(Bound::AtMost(1.0 / 20.0));
        }
        let calls = [
            "initialize",
            "getinfo",
            "trackstart",
            "dispatch",
            "finalize",
        ];
        let kinds = calls.map(|call| format!("stack-{call}"));
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        for (both, call) in self.once("stack", &kinds).iter().zip(calls) {
            let row = both.row(&format!("stack used by {call}"), Unit::Bytes);
            rows.push(row.target(Bound::OursAtMost(16.0 * 1024.0)));
        }
        rows
    }

    /// Eight threads. The original gives wrong answers on one handle without a lock of the
    /// program's own around every call, so it has one.
    pub(crate) fn threads(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (handles, lock, what) in [
            (
                1,
                1,
                "8 threads, one handle, a mutex around the original's calls",
            ),
            (8, 0, "8 threads, a handle each"),
        ] {
            let mut both = Both::default();
            for library in by_turns(10) {
                let lock = match library {
                    Library::Original => lock,
                    Library::Ours => 0,
                };
                let command = format!("threads 8 {handles} {lock} 1000");
                let samples = self.driver(library).ask(&command);
                assert_eq!(of_kind(&samples, "threads-wrong"), [0.0], "wrong answers");
                both.push(library, median(&of_kind(&samples, "threads-call")));
            }
            rows.push(both.row(what, Unit::PerSecond));
        }
        rows
    }
}

/// Both libraries in so many rounds; who is first changes from round to round.
pub(crate) fn by_turns(rounds: usize) -> impl Iterator<Item = Library> {
    let [theirs, ours] = Library::BOTH;
    (0..rounds).flat_map(move |round| match round % 2 {
        0 => [theirs, ours],
        _ => [ours, theirs],
    })
}

/// A process that loads the library by itself, asks once, and is done with it.
pub(crate) fn loading(node: &Node, program: &Path) -> Vec<Row> {
    let mut both = Both::default();
    for library in by_turns(60) {
        let mut command = node.command(program);
        command.arg(library.file());
        let output = command.output().expect("the driver starts");
        assert!(output.status.success(), "the driver: {}", output.status);
        let text = String::from_utf8(output.stdout).expect("text");
        let samples: Vec<_> = text.lines().filter_map(driver::parse).collect();
        both.push(library, median(&of_kind(&samples, "load-and-use")));
    }
    vec![
        both.row(
            "dlopen + initialize + getinfo + finalize",
            Unit::Microseconds,
        )
        .target(Bound::AtMost(0.5)),
    ]
}

/// What both libraries measured: as many numbers of each.
#[derive(Default)]
pub(crate) struct Both {
    pub(crate) theirs: Vec<f64>,
    pub(crate) ours: Vec<f64>,
}

impl Both {
    pub(crate) fn push(&mut self, library: Library, number: f64) {
        match library {
            Library::Original => self.theirs.push(number),
            Library::Ours => self.ours.push(number),
        }
    }

    /// Compares round by round.
    pub(crate) fn row(&self, what: &str, unit: Unit) -> Row {
        Row::new(
            what,
            unit,
            median(&self.theirs),
            median(&self.ours),
            Ratio::of(&self.ours, &self.theirs),
        )
    }
}
