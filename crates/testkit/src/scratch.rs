//! Temporary directories that go away, also those of test processes that were killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "qrt-";

/// A temporary directory, removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a directory of its own for one cluster or test; the first call in a process also
    /// removes what earlier test processes left behind because they were killed.
    ///
    /// # Panics
    ///
    /// When it can't be made.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        static SWEEP: Once = Once::new();
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        SWEEP.call_once(sweep);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}-{purpose}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::env::var_os("QUORATE_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes the directories of test processes that no longer exist.
pub fn sweep() {
    for path in leftovers() {
        let _ = fs::remove_dir_all(path);
    }
}

/// The directories of test processes that no longer exist.
#[must_use]
pub fn leftovers() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let pid: u32 = name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()?;
            (!Path::new(&format!("/proc/{pid}")).exists()).then(|| entry.path())
        })
        .collect()
}
