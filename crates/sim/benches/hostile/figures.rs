//! What calls took.

use std::fmt;
use std::time::Duration;

/// A turn of the program.
pub(crate) struct Turn {
    /// What the slowest of its calls took.
    pub(crate) slowest: Duration,
    /// How long program and daemon waited for a processor in all of them.
    pub(crate) waited: Duration,
}

/// Of many turns.
#[derive(Default)]
pub(crate) struct Figures(Vec<Turn>);

impl Figures {
    pub(crate) fn extend(&mut self, more: Vec<Turn>) {
        self.0.extend(more);
    }

    /// What is left when nobody had to wait for a processor.
    pub(crate) fn without_waits(&self) -> String {
        Self::text(|turn| turn.slowest.saturating_sub(turn.waited), &self.0)
    }

    fn text(time: impl Fn(&Turn) -> Duration, turns: &[Turn]) -> String {
        let mut all: Vec<Duration> = turns.iter().map(time).collect();
        all.sort_unstable();
        let Some(longest) = all.last() else {
            return String::new();
        };
        let of_a_hundred = |part: usize| all[(all.len() * part / 100).min(all.len() - 1)];
        [of_a_hundred(50), of_a_hundred(99), *longest]
            .map(|time| format!("{:.2}", time.as_secs_f64() * 1e3))
            .join(", ")
    }
}

/// How many, and the slowest calls of half of them, of all but one of a hundred, of all.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [] => Ok(()),
            turns => {
                let text = Self::text(|turn| turn.slowest, turns);
                write!(f, "{}; {text}", turns.len())
            }
        }
    }
}
