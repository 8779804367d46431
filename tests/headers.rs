//! The committed headers are what cbindgen makes of the sources.
//! With `QUORATE_WRITE_HEADERS=1` (`make headers`) they are written instead.

use std::fs;
use std::path::Path;

#[test]
fn committed_headers_are_fresh() {
    for (name, directory) in [
        ("corotypes.h", "include/corosync"),
        ("votequorum.h", "include/corosync"),
        ("ncssdk.h", "include"),
    ] {
        let generated = Path::new(env!("QUORATE_HEADERS")).join(name);
        let generated = fs::read_to_string(generated).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(directory)
            .join(name);
        if std::env::var_os("QUORATE_WRITE_HEADERS").is_some() {
            fs::write(&path, &generated).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "{} is stale: run 'make headers'",
            path.display()
        );
    }
}
