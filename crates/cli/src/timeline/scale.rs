//! Time on an axis.

use std::time::Duration;

/// Round distances between two marks of an axis: from a microsecond to a hundred days.
fn distances() -> impl Iterator<Item = u64> {
    const SECOND: u64 = 1_000_000;
    let small = (0..6).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power)));
    let seconds = [
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200, 86_400,
        172_800, 432_000, 864_000, 8_640_000,
    ];
    small.chain(seconds.map(|s| s * SECOND))
}

/// Round times between two, no more than `most` of them.
pub(super) fn ticks(begin: Duration, end: Duration, most: usize) -> Vec<Duration> {
    let [begin, end] = [begin, end].map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let fitting = |&distance: &u64| (end - begin) / distance < most.max(1) as u64;
    let Some(distance) = distances().find(fitting) else {
        return vec![Duration::from_micros(begin), Duration::from_micros(end)];
    };
    let first = begin.div_ceil(distance);
    let ticks = (first..)
        .map(|n| n * distance)
        .take_while(|&tick| tick <= end);
    ticks.map(Duration::from_micros).collect()
}

/// `1.5 s`, `2:05`, `1:00:00`: as many digits as it needs.
pub(super) fn label(time: Duration) -> String {
    let (seconds, micros) = (time.as_secs(), time.subsec_micros());
    let fraction = format!("{micros:06}");
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    match seconds {
        0..120 => format!("{seconds}{fraction} s"),
        120..3600 => format!("{}:{:02}{fraction}", seconds / 60, seconds % 60),
        _ => {
            let minutes = seconds / 60;
            format!(
                "{}:{:02}:{:02}{fraction}",
                minutes / 60,
                minutes % 60,
                seconds % 60
            )
        }
    }
}

/// A span of time, to three digits behind the point if it is more than a second.
pub(super) fn rounded(time: Duration) -> String {
    let unit = if time < Duration::from_secs(1) {
        1
    } else {
        1000
    };
    let units = u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / unit;
    label(Duration::from_micros(units * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let show = |begin, end, most| {
            let ticks = ticks(
                Duration::from_micros(begin),
                Duration::from_micros(end),
                most,
            );
            ticks.into_iter().map(label).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(show(0, 0, 8), "0 s");
        assert_eq!(show(0, 2_500_000, 6), "0 s, 0.5 s, 1 s, 1.5 s, 2 s, 2.5 s");
        assert_eq!(
            show(145_000, 148_000, 4),
            "0.145 s, 0.146 s, 0.147 s, 0.148 s"
        );
        assert_eq!(show(0, 300_000_000, 6), "0 s, 60 s, 2:00, 3:00, 4:00, 5:00");
        assert_eq!(
            show(0, 90_000_000_000, 6),
            "0 s, 6:00:00, 12:00:00, 18:00:00, 24:00:00"
        );
        for end in [1, 7, 999, 123_456, 10u64.pow(9), u64::MAX / 2] {
            for most in 1..12 {
                let count = ticks(Duration::ZERO, Duration::from_micros(end), most).len();
                assert!((1..=most.max(2)).contains(&count), "{end} {most} {count}");
            }
        }
    }
}
