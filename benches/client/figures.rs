//! Medians, percentiles, ratios and their spread.

use std::fmt;

/// The number below which this share of all numbers is.
pub(crate) fn percentile(numbers: &[f64], share: f64) -> f64 {
    assert!(!numbers.is_empty(), "nothing was measured");
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// The middle one.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    percentile(numbers, 0.5)
}

/// A ratio, ours to theirs: the median of the rounds, and the middle half of them.
#[derive(Clone, Copy)]
pub(crate) struct Ratio {
    pub(crate) middle: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Ratio {
    /// Of what was measured in the same rounds.
    pub(crate) fn of(ours: &[f64], theirs: &[f64]) -> Self {
        assert_eq!(ours.len(), theirs.len(), "as many rounds of each");
        let all: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
        Self {
            middle: median(&all),
            low: percentile(&all, 0.25),
            high: percentile(&all, 0.75),
        }
    }

    /// Of rates instead of times.
    pub(crate) fn inverse(self) -> Self {
        Self {
            middle: 1.0 / self.middle,
            low: 1.0 / self.high,
            high: 1.0 / self.low,
        }
    }
}

/// A number with three digits that matter.
pub(crate) fn digits(number: f64) -> String {
    let places = match number.abs() {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 3,
    };
    format!("{number:.places$}")
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(self.middle))?;
        if self.low < self.high {
            write!(f, " ({} to {})", digits(self.low), digits(self.high))?;
        }
        Ok(())
    }
}
