//! Where a served cluster is found.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rustix::fs::{Access, access};
use thiserror::Error;

/// The control socket's file in the cluster's directory.
pub const SOCKET: &str = "control";

/// What all directories of simulated clusters begin with.
const PREFIX: &str = "quorate-";

/// The name of a served cluster: of the clusters that one user serves on one machine, none has the
/// name of another. `default` where none is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name(String);

/// Not a name.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("a name has 1 to 64 characters: letters, digits and any of . _ -")]
pub struct NameError;

impl Name {
    /// The name of the directory, without the prefix that all have.
    #[must_use]
    pub fn in_directory(&self) -> String {
        let user = rustix::process::geteuid().as_raw();
        format!("served-{user}-{}", self.0)
    }

    /// The directory, whether it is there or not.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        base().join(format!("{PREFIX}{}", self.in_directory()))
    }
}

/// The names of all directories of this user's served clusters, sorted. A cluster that was killed
/// may still have one.
#[must_use]
pub fn served() -> Vec<Name> {
    let default = format!("{PREFIX}{}", Name::default().in_directory());
    let mine = default.trim_end_matches("default");
    let entries = std::fs::read_dir(base()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names
        .filter_map(|name| name.strip_prefix(mine)?.parse::<Name>().ok())
        .collect();
    names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    names
}

impl Default for Name {
    fn default() -> Self {
        Name("default".to_owned())
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Name(text.to_owned())).ok_or(NameError)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the directories of simulated clusters are: in memory if possible.
#[must_use]
pub fn base() -> PathBuf {
    let private = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = [Some(PathBuf::from("/dev/shm")), private];
    let writable =
        |path: &PathBuf| path.is_dir() && access(path, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    candidates
        .into_iter()
        .flatten()
        .find(writable)
        .unwrap_or_else(std::env::temp_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_file_names() {
        assert!(base().is_dir());
        for good in ["a", "my-test_1.2", &"x".repeat(64)] {
            assert_eq!(good.parse::<Name>().unwrap().to_string(), good);
        }
        for bad in ["", "a/b", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Name>(), Err(NameError), "{bad}");
        }
    }
}
