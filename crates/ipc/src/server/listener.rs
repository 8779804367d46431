//! Sockets that wait for clients.

use crate::endpoint::Service;
use crate::error::Error;
use crate::sys as common;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The socket of one service of one node.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) service: Service,
    socket: UnixListener,
    path: PathBuf,
    identity: (u64, u64),
    /// Given up to accept, and turn away, a caller when descriptors run out.
    spare: Option<File>,
}

impl Listener {
    /// An open one is for all users, and its directory may be passed through.
    pub(super) fn bind(dir: &Path, service: Service, open: bool) -> Result<Self, Error> {
        let handle = private_dir(dir, if open { 0o066 } else { 0o077 })?;
        let path = dir.join(service.name());
        remove_stale(&path)?;
        let socket = match UnixListener::bind(&path) {
            // Too long for an address: go through the descriptor.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => UnixListener::bind(
                format!("/proc/self/fd/{}/{}", handle.as_raw_fd(), service.name()),
            ),
            bound => bound,
        }
        .map_err(|e| Error::system("bind", e))?;
        let meta = fs::symlink_metadata(&path).map_err(|e| Error::system("stat", e))?;
        if open {
            let all = fs::Permissions::from_mode(0o666);
            fs::set_permissions(&path, all).map_err(|e| Error::system("chmod", e))?;
        }
        let listener = Self {
            service,
            socket,
            path,
            identity: (meta.dev(), meta.ino()),
            spare: spare(),
        };
        listener
            .socket
            .set_nonblocking(true)
            .map_err(|e| Error::system("fcntl", e))?;
        // Accepted sockets inherit it: also what a client sends before it is
        // accepted carries its credentials.
        common::set_option(listener.socket.as_fd(), common::PASS_CREDENTIALS, 1)?;
        Ok(listener)
    }

    /// The next caller that waits. Its socket may block: nothing is done with it but what is told
    /// not to.
    pub(super) fn accept(&mut self) -> Option<UnixStream> {
        loop {
            match self.socket.accept() {
                Ok((stream, _)) => return Some(stream),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR | libc::ECONNABORTED) => {}
                    Some(libc::EMFILE | libc::ENFILE) => {
                        self.turn_one_away();
                        return None;
                    }
                    _ => return None,
                },
            }
        }
    }

    /// Without this the socket would report the caller for ever.
    fn turn_one_away(&mut self) {
        if self.spare.take().is_some() {
            let _ = self.socket.accept();
        }
        self.spare = spare();
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity);
        if ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

/// Only this user may be able to reach, or replace, what is in the directory.
fn private_dir(dir: &Path, closed: u32) -> Result<File, Error> {
    let handle = File::open(dir).map_err(|e| Error::system("open", e))?;
    let meta = handle.metadata().map_err(|e| Error::system("fstat", e))?;
    if !meta.is_dir() {
        return Err(Error::Untrusted("the run directory is not a directory"));
    }
    if meta.uid() != common::effective_uid() {
        return Err(Error::Untrusted(
            "the run directory belongs to another user",
        ));
    }
    if meta.mode() & closed != 0 {
        return Err(Error::Untrusted("the run directory is open to other users"));
    }
    Ok(handle)
}

/// Removes the socket of a server that is gone, but not of one that listens.
fn remove_stale(path: &Path) -> Result<(), Error> {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !meta.file_type().is_socket() {
        return Err(Error::Untrusted("a file is in the place of a socket"));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|e| Error::system("unlink", e))
        }
        _ => {
            let in_use = io::Error::from_raw_os_error(libc::EADDRINUSE);
            Err(Error::system("bind", in_use))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::private_dir as fresh_dir;

    #[test]
    fn a_run_directory_that_others_can_enter_is_refused() {
        let dir = fresh_dir("open");
        for mode in [0o755, 0o711, 0o770, 0o702] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            let error = Listener::bind(&dir, Service::Cmap, false).unwrap_err();
            assert!(matches!(error, Error::Untrusted(_)), "{mode:o}: {error}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_open_directory_may_be_passed_through_and_no_more() {
        let dir = fresh_dir("passed");
        for (mode, good) in [(0o711, true), (0o700, true), (0o755, false), (0o713, false)] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            let bound = Listener::bind(&dir, Service::Cmap, true);
            assert_eq!(bound.is_ok(), good, "{mode:o}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_socket_is_taken_over_from_the_dead_and_not_from_the_living() {
        let dir = fresh_dir("stale");
        let path = dir.join("cmap");
        drop(UnixListener::bind(&path).unwrap());
        let listener = Listener::bind(&dir, Service::Cmap, false).unwrap();
        let error = Listener::bind(&dir, Service::Cmap, false).unwrap_err();
        assert_eq!(error.errno(), Some(libc::EADDRINUSE));
        drop(listener);
        assert!(!path.exists());
        fs::write(&path, b"precious").unwrap();
        let error = Listener::bind(&dir, Service::Cmap, false).unwrap_err();
        assert!(matches!(error, Error::Untrusted(_)), "{error}");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_path_too_long_for_an_address_works() {
        let base = fresh_dir("long");
        let dir = base.join("x".repeat(120));
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        let listener = Listener::bind(&dir, Service::Cmap, false).unwrap();
        assert!(dir.join("cmap").exists());
        drop(listener);
        assert!(!dir.join("cmap").exists());
        fs::remove_dir_all(base).unwrap();
    }
}
