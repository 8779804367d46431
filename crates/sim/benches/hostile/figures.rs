//! What calls took.

use std::fmt;
use std::time::Duration;

/// One for each turn of the program: its slowest call.
#[derive(Default)]
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    pub(crate) fn extend(&mut self, more: Vec<Duration>) {
        self.0.extend(more);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.0.clone();
        all.sort_unstable();
        let Some(longest) = all.last() else {
            return Ok(());
        };
        let of_a_hundred = |part: usize| all[(all.len() * part / 100).min(all.len() - 1)];
        let ms = |time: Duration| {
            let ms = time.as_secs_f64() * 1e3;
            if ms < 1.0 {
                format!("{ms:.2}")
            } else {
                format!("{ms:.1}")
            }
        };
        let times = [of_a_hundred(50), of_a_hundred(99), *longest].map(ms);
        write!(f, "{}; {}", all.len(), times.join(", "))
    }
}
