//! The committed `quorate.h` is what cbindgen makes of the sources.
//! With `QUORATE_WRITE_HEADERS=1` (`make headers`) it is written instead.

use std::fs;
use std::path::Path;

#[test]
fn the_committed_header_is_fresh() {
    let generated = fs::read_to_string(env!("QUORATE_HEADER")).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/quorate.h");
    if std::env::var_os("QUORATE_WRITE_HEADERS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/quorate.h is stale: run 'make headers'"
    );
}
