//! The table in docs/performance.md.

use std::fmt::Write as _;

use crate::figures::{Ratio, digits};

/// What numbers mean. Times and sizes are kept as the driver measured them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Measured in nanoseconds.
    Microseconds,
    /// Measured in nanoseconds each, told as a rate.
    PerSecond,
    Kibibytes,
    Bytes,
    Number,
}

impl Unit {
    fn show(self, number: f64) -> String {
        match self {
            Self::Microseconds => format!("{} µs", digits(number / 1e3)),
            Self::PerSecond => format!("{}/s", digits(1e9 / number)),
            Self::Kibibytes => format!("{} KiB", digits(number)),
            Self::Bytes => format!("{number:.0} B"),
            Self::Number => digits(number),
        }
    }
}

/// What a ratio, ours to theirs, is meant to be.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// Not the ratio: our own number.
    OursAtMost(f64),
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    unit: Unit,
    theirs: f64,
    ours: f64,
    pub(crate) ratio: Ratio,
    pub(crate) target: Option<Bound>,
}

impl Row {
    pub(crate) fn new(what: &str, unit: Unit, theirs: f64, ours: f64, ratio: Ratio) -> Self {
        let ratio = if unit == Unit::PerSecond {
            ratio.inverse()
        } else {
            ratio
        };
        Self {
            what: what.into(),
            unit,
            theirs,
            ours,
            ratio,
            target: None,
        }
    }

    pub(crate) fn target(mut self, bound: Bound) -> Self {
        self.target = Some(bound);
        self
    }

    /// Whether less is better.
    pub(crate) fn less_is_better(&self) -> bool {
        self.unit != Unit::PerSecond
    }

    /// The target as text, and whether it is met.
    fn verdict(&self) -> Option<(String, bool)> {
        Some(match self.target? {
            Bound::AtMost(bound) => (format!("≤ {}", digits(bound)), self.ratio.middle <= bound),
            Bound::AtLeast(bound) => (format!("≥ {}", digits(bound)), self.ratio.middle >= bound),
            Bound::OursAtMost(bound) => (
                format!("ours ≤ {}", self.unit.show(bound)),
                self.ours <= bound,
            ),
        })
    }
}

/// A Markdown table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | original | ours | ours / original | target | met |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let (target, met) = match row.verdict() {
            Some((target, true)) => (target, "yes"),
            Some((target, false)) => (target, "**no**"),
            None => (String::new(), ""),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {target} | {met} |",
            row.what,
            row.unit.show(row.theirs),
            row.unit.show(row.ours),
            row.ratio,
        );
    }
    text
}
