//! Many connections, in one process and in many.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use quorate_testkit::Node;

use crate::driver::{Driver, Sample, of_kind};
use crate::figures::{digits, median, percentile};
use crate::measure::{Both, Pair, by_turns};

/// What is measured: times in nanoseconds, memory in KiB per connection.
const COLUMNS: [(&str, Show); 7] = [
    ("`initialize`", Show::Time),
    ("`getinfo`, all together", Show::Rate),
    ("median", Show::Time),
    ("p99", Show::Time),
    ("`finalize`", Show::Time),
    ("tmpfs each", Show::Memory),
    ("memory each", Show::Memory),
];

#[derive(Clone, Copy)]
enum Show {
    Time,
    Rate,
    Memory,
}

/// One row: so many connections.
pub(crate) struct Many {
    what: String,
    count: usize,
    columns: [Both; COLUMNS.len()],
}

impl Many {
    pub(crate) fn all(mut pair: Pair, node: &Node, program: &Path) -> Vec<Self> {
        let counts = [1, 10, 100, 1000];
        let mut all = Vec::from(counts.map(|count| Self::in_one_process(&mut pair, count)));
        drop(pair);
        all.push(Self::in_processes(node, program, 100));
        all
    }

    /// Each is used in turn.
    fn in_one_process(pair: &mut Pair, count: usize) -> Self {
        let mut columns: [Both; COLUMNS.len()] = Default::default();
        let rounds = if count < 1000 { 6 } else { 2 };
        for library in by_turns(rounds) {
            let samples = pair.driver(library).ask(&format!("scale {count} 4000"));
            let one = |kind| of_kind(&samples, kind)[0];
            let calls = of_kind(&samples, "scale-getinfo");
            let numbers = [
                one("scale-open"),
                one("scale-rate"),
                median(&calls),
                percentile(&calls, 0.99),
                one("scale-close"),
                one("scale-tmpfs"),
                one("scale-memory"),
            ];
            for (column, number) in columns.iter_mut().zip(numbers) {
                column.push(library, number);
            }
        }
        let what = format!("{count} in one process");
        Self {
            what,
            count,
            columns,
        }
    }

    /// A process for each; all of them call at once.
    fn in_processes(node: &Node, program: &Path, count: usize) -> Self {
        let mut columns: [Both; COLUMNS.len()] = Default::default();
        for library in by_turns(4) {
            let mut drivers: Vec<Driver> = (0..count)
                .map(|_| Driver::start(node, program, library))
                .collect();
            let start = Instant::now();
            for driver in &mut drivers {
                driver.tell("scale 1 500");
            }
            let heard: Vec<Vec<Sample>> = drivers.iter_mut().map(Driver::hear).collect();
            let together = start.elapsed().as_nanos() as f64 / (count * 500) as f64;
            let all = |kind| -> Vec<f64> {
                let of_one = |samples: &Vec<Sample>| of_kind(samples, kind);
                heard.iter().flat_map(of_one).collect()
            };
            let calls = all("scale-getinfo");
            let numbers = [
                median(&all("scale-open")),
                together,
                median(&calls),
                percentile(&calls, 0.99),
                median(&all("scale-close")),
            ];
            for (column, number) in columns.iter_mut().zip(numbers) {
                column.push(library, number);
            }
        }
        let what = format!("{count} processes with one each");
        Self {
            what,
            count,
            columns,
        }
    }
}

/// Theirs, ours, and the ratio of the medians.
fn cell(both: &Both, show: Show) -> String {
    if both.ours.is_empty() {
        return String::new();
    }
    let (theirs, ours) = (median(&both.theirs), median(&both.ours));
    let (scale, unit) = match show {
        Show::Time => (1e-3, " µs"),
        Show::Rate => {
            let rates = [theirs, ours].map(|each| digits(1e9 / each));
            return format!("{}, {}/s ({})", rates[0], rates[1], digits(theirs / ours));
        }
        Show::Memory => (1.0, " KiB"),
    };
    let numbers = [theirs, ours].map(|number| digits(number * scale));
    format!(
        "{}, {}{unit} ({})",
        numbers[0],
        numbers[1],
        digits(ours / theirs)
    )
}

/// The power of the number of connections with which this grows between two rows.
fn growth(from: &Many, to: &Many, column: usize) -> String {
    let connections = (to.count as f64 / from.count as f64).ln();
    let power = |of: fn(&Both) -> &Vec<f64>| {
        let number = |many: &Many| median(of(&many.columns[column]));
        digits((number(to) / number(from)).ln() / connections)
    };
    format!(
        "{}, {}",
        power(|both| &both.theirs),
        power(|both| &both.ours)
    )
}

/// A Markdown table, and how its columns grow from ten to a thousand connections.
pub(crate) fn table(rows: &[Many]) -> String {
    let heads = COLUMNS.map(|(head, _)| head).join(" | ");
    let mut text = format!(
        "| connections | {heads} |\n|---{}|\n",
        "|---".repeat(COLUMNS.len())
    );
    let mut line = |what: &str, cells: Vec<String>| {
        let _ = writeln!(text, "| {what} | {} |", cells.join(" | "));
    };
    for many in rows {
        let cells = many.columns.iter().zip(COLUMNS);
        line(
            &many.what,
            cells.map(|(both, (_, show))| cell(both, show)).collect(),
        );
    }
    let row = |count| rows.iter().find(|many| many.count == count);
    if let (Some(from), Some(to)) = (row(10), row(1000)) {
        let powers = (0..COLUMNS.len()).map(|column| growth(from, to, column));
        line("from 10 to 1,000: grows to the power of", powers.collect());
    }
    text
}
