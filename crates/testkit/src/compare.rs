//! Comparing what programs print.

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
