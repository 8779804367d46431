//! Files that the daemon makes for a connection and names in the handshake.

use crate::endpoint::{joined, trusted_owner};
use crate::error::Error;
use std::ffi::{CStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, PathBuf};

/// A file shared with the daemon, with its name.
#[derive(Debug)]
pub(super) struct SharedFile {
    file: File,
    path: PathBuf,
    identity: (u64, u64),
}

impl SharedFile {
    /// Opens the file that the daemon named, if it is one that it may name.
    pub(super) fn open(field: &[u8], suffix: &str) -> Result<Self, Error> {
        let path = shared_path(field, suffix)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(|e| Error::system("open", e))?;
        let meta = file.metadata().map_err(|e| Error::system("fstat", e))?;
        if !meta.is_file() || !trusted_owner(meta.uid()) {
            return Err(Error::Untrusted("a connection's file is not this user's"));
        }
        Ok(Self {
            file,
            path,
            identity: (meta.dev(), meta.ino()),
        })
    }

    /// Takes the file's name away if it still stands for it. The daemon has no
    /// more use for it than to do the same in the end; without one, nobody else
    /// can cut the file short under the two who use it, and nothing is left
    /// behind, whoever dies. Where that is not allowed, the name stays.
    pub(super) fn unlink(&self) {
        if fs::symlink_metadata(&self.path)
            .is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity)
        {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// The file, and the directory that the daemon made for the connection.
    pub(super) fn into_parts(mut self) -> (File, PathBuf) {
        self.path.pop();
        (self.file, self.path)
    }
}

fn shared_path(field: &[u8], suffix: &str) -> Result<PathBuf, Error> {
    let base = CStr::from_bytes_until_nul(field)
        .map_err(|_| Error::Protocol("a path in the handshake is not terminated"))?
        .to_bytes();
    if base.is_empty() {
        return Err(Error::Protocol("a path in the handshake is empty"));
    }
    // libqb before 1.0 sent names without a directory.
    let directory: &[u8] = if base.contains(&b'/') {
        b""
    } else {
        b"/dev/shm/qb-"
    };
    let path = joined(&[directory, base, suffix.as_bytes()])?;
    let path = PathBuf::from(OsString::from_vec(path));
    let plain = |c: Component<'_>| matches!(c, Component::RootDir | Component::Normal(_));
    if !path.is_absolute() || !path.components().all(plain) {
        return Err(Error::Untrusted(
            "a path in the handshake is not a plain absolute one",
        ));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn paths_that_a_daemon_may_not_name() {
        assert!(matches!(
            shared_path(b"/dev/shm/../etc/x\0", "-data"),
            Err(Error::Untrusted(_))
        ));
        assert!(matches!(
            shared_path(b"shm/x\0", "-data"),
            Err(Error::Untrusted(_))
        ));
        assert!(matches!(
            shared_path(b"\0", "-data"),
            Err(Error::Protocol(_))
        ));
        assert!(matches!(
            shared_path(b"/dev/shm/x", "-data"),
            Err(Error::Protocol(_))
        ));
        assert_eq!(
            shared_path(b"/a/b\0junk", "-data").unwrap(),
            Path::new("/a/b-data")
        );
        assert_eq!(
            shared_path(b"x\0", "-data").unwrap(),
            Path::new("/dev/shm/qb-x-data")
        );
    }
}
