//! Comparing what programs print.

use std::panic::{self, UnwindSafe};

/// Compares two texts line by line; the one that is expected comes first.
///
/// # Panics
///
/// At the first line that differs.
pub fn assert_same(what: &str, one: &str, other: &str) {
    if one == other {
        return;
    }
    let mut left = one.lines();
    let mut right = other.lines();
    let mut number = 0;
    loop {
        number += 1;
        let (a, b) = (left.next(), right.next());
        assert!(
            a == b,
            "{what}: line {number} differs\n one:   {a:?}\n other: {b:?}\n\
             ===== all of the one:\n{one}\n===== all of the other:\n{other}"
        );
    }
}

/// Whether a check fails, as it is meant to: nothing of it is printed. For suites, which run one test
/// at a time.
pub fn fails<T>(check: impl FnOnce() -> T + UnwindSafe) -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(check);
    panic::set_hook(hook);
    result.is_err()
}
