//! Where a service is to be found.

use crate::error::Error;
use crate::sys::{self, Address, SocketKind};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Names the directory of a simulated cluster's sockets.
const RUN_DIR: &str = "QUORATE_RUN_DIR";

/// libqb's switch from abstract sockets to ones in the file system.
const FORCE_FILESYSTEM: &str = "/etc/libqb/force-filesystem-sockets";

/// Where libqb puts those. Upstream's default comes first; Debian's libqb was
/// configured with the system's directory for temporary files.
const FILESYSTEM_DIRS: &[&str] = &["/var/run", "/tmp"];

/// A library service of the corosync daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The configuration map.
    Cmap,
    /// Configuration and shutdown.
    Cfg,
    /// Closed process groups.
    Cpg,
    /// Plain quorum.
    Quorum,
    /// Quorum by votes.
    VoteQuorum,
}

impl Service {
    /// The name of the service's socket.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cmap => "cmap",
            Self::Cfg => "cfg",
            Self::Cpg => "cpg",
            Self::Quorum => "quorum",
            Self::VoteQuorum => "votequorum",
        }
    }
}

/// How far a daemon is trusted with memory that it shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Daemon {
    /// Root's, where the system's corosync is: it could kill this process anyhow, and keeps no
    /// descriptor of the files it shares.
    System,
    /// Any other, such as a simulated cluster's: it may cut short what it shares.
    Other,
}

/// A way to reach the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The abstract sockets of the corosync of this network namespace.
    Corosync,
    /// The same daemon by sockets in the file system, in the first of these
    /// directories that has one.
    Filesystem(&'static [&'static str]),
    /// A simulated cluster's node: the sockets in this directory.
    RunDir(PathBuf),
}

impl Endpoint {
    /// What the environment asks for: `QUORATE_RUN_DIR` if it is set and this
    /// is no set-user-ID program, otherwise the real corosync.
    pub fn from_environment() -> Self {
        Self::asked_for(std::env::var_os(RUN_DIR))
    }

    /// The same for a value of `QUORATE_RUN_DIR` that the caller has read.
    pub fn asked_for(run_dir: Option<OsString>) -> Self {
        let run_dir = run_dir.filter(|dir| !dir.is_empty());
        let filesystem = Path::new(FORCE_FILESYSTEM).exists();
        Self::choose(run_dir, sys::runs_with_raised_rights(), filesystem)
    }

    fn choose(run_dir: Option<OsString>, raised_rights: bool, filesystem: bool) -> Self {
        match run_dir {
            Some(dir) if !raised_rights => Self::RunDir(dir.into()),
            _ if filesystem => Self::Filesystem(FILESYSTEM_DIRS),
            _ => Self::Corosync,
        }
    }

    /// A stream socket connected to the service, and who serves it.
    pub(crate) fn connect(&self, service: Service) -> Result<(OwnedFd, Daemon), Error> {
        let (socket, uid) = self.trusted(service)?;
        Ok((socket, self.daemon(uid)))
    }

    fn daemon(&self, uid: u32) -> Daemon {
        match self {
            Self::Corosync | Self::Filesystem(_) if uid == 0 => Daemon::System,
            _ => Daemon::Other,
        }
    }

    /// The socket, and the id of the user who serves it.
    fn trusted(&self, service: Service) -> Result<(OwnedFd, u32), Error> {
        match self {
            Self::Corosync => {
                let socket = sys::unix_socket(SocketKind::Stream)?;
                sys::connect(
                    socket.as_fd(),
                    &Address::abstract_name(service.name().as_bytes())?,
                )?;
                // While corosync is down, anybody may have taken its name.
                trusted_peer(socket)
            }
            Self::Filesystem(dirs) => {
                let mut last = Err(Error::Disconnected);
                for dir in *dirs {
                    last = connect_in(Path::new(dir), service).and_then(trusted_peer);
                    if last.is_ok() {
                        break;
                    }
                }
                last
            }
            Self::RunDir(dir) => {
                let connected = trusted_dir(dir)
                    .and_then(|()| connect_in(dir, service))
                    .and_then(trusted_peer);
                connected.map_err(|error| match error.errno() {
                    // A daemon that is not there, as with an abstract socket.
                    Some(libc::ENOENT) => {
                        let refused = io::Error::from_raw_os_error(libc::ECONNREFUSED);
                        Error::system("connect", refused)
                    }
                    _ => error,
                })
            }
        }
    }
}

fn connect_in(dir: &Path, service: Service) -> Result<OwnedFd, Error> {
    let socket = sys::unix_socket(SocketKind::Stream)?;
    let path = joined(&[dir.as_os_str().as_bytes(), b"/", service.name().as_bytes()])?;
    match Address::path(&path) {
        Ok(address) => sys::connect(socket.as_fd(), &address)?,
        // Too long for an address: go through a descriptor of the directory.
        Err(_) => {
            let handle = fs::File::open(dir).map_err(|e| Error::system("open", e))?;
            let mut short = io::Cursor::new([0; 64]);
            let (number, name) = (handle.as_raw_fd(), service.name());
            write!(short, "/proc/self/fd/{number}/{name}").map_err(|e| Error::system("open", e))?;
            let used = short.position() as usize;
            sys::connect(socket.as_fd(), &Address::path(&short.get_ref()[..used])?)?;
        }
    }
    Ok(socket)
}

/// The parts, one after the other, or an error if there is no memory.
pub(crate) fn joined(parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let mut whole = Vec::new();
    let len = parts.iter().map(|part| part.len()).sum();
    whole.try_reserve_exact(len).map_err(|_| Error::NoMemory)?;
    parts.iter().for_each(|part| whole.extend_from_slice(part));
    Ok(whole)
}

/// Nobody but the user (or root) may be able to put a socket in the directory.
fn trusted_dir(dir: &Path) -> Result<(), Error> {
    let meta = fs::metadata(dir).map_err(|e| Error::system("stat", e))?;
    if !meta.is_dir() {
        return Err(Error::Untrusted("QUORATE_RUN_DIR is not a directory"));
    }
    if !trusted_owner(meta.uid()) {
        return Err(Error::Untrusted("QUORATE_RUN_DIR belongs to another user"));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(Error::Untrusted("QUORATE_RUN_DIR can be written by others"));
    }
    Ok(())
}

/// In a directory that others can write to, any of them may be listening.
fn trusted_peer(socket: OwnedFd) -> Result<(OwnedFd, u32), Error> {
    let uid = sys::peer(socket.as_fd())?.uid;
    if trusted_owner(uid) {
        Ok((socket, uid))
    } else {
        Err(Error::Untrusted("the socket is served by another user"))
    }
}

pub(crate) fn trusted_owner(uid: u32) -> bool {
    uid == 0 || uid == sys::effective_uid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_dir_is_ignored_with_raised_rights() {
        let dir = || Some(OsString::from("/run/x"));
        assert_eq!(
            Endpoint::choose(dir(), false, false),
            Endpoint::RunDir("/run/x".into())
        );
        assert_eq!(Endpoint::choose(dir(), true, false), Endpoint::Corosync);
        assert_eq!(Endpoint::choose(None, false, false), Endpoint::Corosync);
        assert!(matches!(
            Endpoint::choose(dir(), true, true),
            Endpoint::Filesystem(_)
        ));
    }

    #[test]
    fn only_roots_daemon_at_the_systems_place_is_the_systems() {
        let places = [
            Endpoint::Corosync,
            Endpoint::Filesystem(FILESYSTEM_DIRS),
            Endpoint::RunDir("/run/x".into()),
        ];
        let by = |uid| places.each_ref().map(|place| place.daemon(uid));
        assert_eq!(by(0), [Daemon::System, Daemon::System, Daemon::Other]);
        assert_eq!(by(1000), [Daemon::Other; 3]);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let error = Endpoint::RunDir("/tmp".into())
            .connect(Service::VoteQuorum)
            .unwrap_err();
        assert!(matches!(error, Error::Untrusted(_)), "{error}");
    }
}
