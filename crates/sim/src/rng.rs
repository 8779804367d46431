//! The one source of chance: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014). Small, known, and the same on every machine and in every version.

use std::time::Duration;

/// A generator of pseudorandom numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Rng(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `limit`; 0 if that leaves none.
    pub(crate) fn under(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// Whether a chance of one in so many comes about.
    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.under(chances) == 0
    }

    /// A whole number of microseconds from 0 to below `limit`; 0 if that leaves none.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.under(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation for seed 1234567.
    #[test]
    fn the_reference_sequence() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn stays_below_its_limit() {
        let mut rng = Rng::new(1);
        let limit = Duration::from_micros(3);
        assert!((0..100).all(|_| rng.below(limit) < limit));
        assert_eq!(rng.below(Duration::ZERO), Duration::ZERO);
    }
}
