//! Where the rings' files are.

use crate::endpoint::{Service, trusted_owner};
use crate::error::Error;
use crate::server::limits::largest_request;
use crate::server::ring::{Consumer, FILES, Producer, with_suffix};
use crate::server::sys::{self, Credentials};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

/// What the directories of all servers begin with.
const PREFIX: &str = "quorate-";

/// A directory of this server's own, with one directory per connection.
///
/// Nobody but the server's user can enter it, so that names in it mean what the
/// server made them mean. It is locked while the server lives: the next server
/// removes what one that was killed has left.
///
/// Root's may be opened: then others can go through it, but list and change
/// nothing, and the files of a connection are its client's alone.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    open: bool,
    /// Holds the lock.
    _lock: File,
}

impl Home {
    fn new(path: PathBuf, lock: File) -> Self {
        Self {
            path,
            open: false,
            _lock: lock,
        }
    }

    /// Makes a new directory in `base`, and clears away abandoned ones there.
    pub(super) fn create(base: &Path) -> Result<Self, Error> {
        sweep(base);
        for n in 0..u32::MAX {
            let path = base.join(format!("{PREFIX}{}-{n}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(Error::system("mkdir", error)),
            }
            // Another server may take the directory for an abandoned one until
            // it is locked; then this one starts over.
            if let Some(lock) = lock_if_abandoned(&path) {
                return Ok(Self::new(path, lock));
            }
        }
        Err(Error::Untrusted("the directory for rings is crowded"))
    }

    /// Makes the directory of this name in `base`, in the place of an abandoned one if need be,
    /// and clears away abandoned ones there.
    pub(super) fn named(base: &Path, name: &str) -> Result<Self, Error> {
        let path = base.join(format!("{PREFIX}{name}"));
        loop {
            sweep(base);
            DirBuilder::new()
                .mode(0o700)
                .create(&path)
                .map_err(|error| Error::system("mkdir", error))?;
            if let Some(lock) = lock_if_abandoned(&path) {
                return Ok(Self::new(path, lock));
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets others go through.
    pub(super) fn open(&mut self) -> Result<(), Error> {
        passable(&self.path)?;
        self.open = true;
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Makes the files of a connection.
    pub(super) fn rings(
        &self,
        id: u64,
        service: Service,
        client: &Credentials,
        max: u32,
    ) -> Result<Rings, Error> {
        let path = self.path.join(id.to_string());
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|e| Error::system("mkdir", e))?;
        let name = service.name();
        let bases = ["request", "response", "event"];
        let bases = bases.map(|kind| path.join(format!("qb-{kind}-{name}")));
        let directory = Directory { path, bases };
        let max = max as usize;
        let rings = Rings {
            requests: Consumer::create(&directory.bases[0], max, largest_request(service))?,
            replies: Producer::create(&directory.bases[1], max)?,
            events: Producer::create(&directory.bases[2], max)?,
            directory,
        };
        if self.open {
            rings.directory.hand_over(client)?;
        }
        Ok(rings)
    }
}

/// Others may go through a directory, and neither list nor change what is in it.
pub(super) fn passable(path: &Path) -> Result<(), Error> {
    // Not when it is made: the process's mask would count.
    let mode = fs::Permissions::from_mode(0o711);
    fs::set_permissions(path, mode).map_err(|e| Error::system("chmod", e))
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A connection's directory and the files in it, removed with it.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    /// Paths of the rings, without what is appended for their two files each.
    bases: [PathBuf; 3],
}

impl Directory {
    /// The files become the client's; their directory does not, so that their
    /// names go on meaning what they mean.
    fn hand_over(&self, client: &Credentials) -> Result<(), Error> {
        for base in &self.bases {
            for suffix in FILES {
                lchown(
                    with_suffix(base, suffix),
                    Some(client.uid),
                    Some(client.gid),
                )
                .map_err(|e| Error::system("chown", e))?;
            }
        }
        passable(&self.path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        for base in &self.bases {
            for suffix in FILES {
                let _ = fs::remove_file(with_suffix(base, suffix));
            }
        }
        // If the client has put files of its own there, who knows how many, they
        // are left to the end of the server.
        let _ = fs::remove_dir(&self.path);
    }
}

/// The rings of a connection.
#[derive(Debug)]
pub(super) struct Rings {
    pub(super) requests: Consumer,
    pub(super) replies: Producer,
    pub(super) events: Producer,
    directory: Directory,
}

impl Rings {
    /// Paths of the three, as they are told to the client.
    pub(super) fn bases(&self) -> &[PathBuf; 3] {
        &self.directory.bases
    }
}

fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        if !entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
        {
            continue;
        }
        // Held until the directory is gone, so that nobody locks it meanwhile.
        if let Some(_lock) = lock_if_abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Locks a directory of this user's that nobody else has locked.
fn lock_if_abandoned(path: &Path) -> Option<File> {
    let before = fs::symlink_metadata(path).ok()?;
    if !before.is_dir() || !trusted_owner(before.uid()) {
        return None;
    }
    let dir = File::open(path).ok()?;
    if !sys::try_lock(&dir) {
        return None;
    }
    let (locked, after) = (dir.metadata().ok()?, fs::symlink_metadata(path).ok()?);
    let same = (locked.dev(), locked.ino()) == (after.dev(), after.ino());
    same.then_some(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_directories_are_cleared_away() {
        let base = crate::server::testing::private_dir("sweep");
        let living = Home::create(&base).unwrap();
        let abandoned = base.join("quorate-1-0");
        let foreign = base.join("other-1-0");
        for dir in [&abandoned, &foreign] {
            fs::create_dir_all(dir.join("7")).unwrap();
            fs::write(dir.join("7/qb-event-cmap-data"), b"x").unwrap();
        }
        let link = base.join("quorate-link");
        std::os::unix::fs::symlink(&foreign, &link).unwrap();
        let next = Home::create(&base).unwrap();
        assert!(!abandoned.exists());
        assert!(foreign.join("7/qb-event-cmap-data").exists());
        assert!(living.path.exists() && next.path.exists());
        assert_ne!(living.path, next.path);
        let path = living.path.clone();
        drop(living);
        assert!(!path.exists());
        drop(next);
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn a_name_is_taken_over_from_the_dead_and_not_from_the_living() {
        let base = crate::server::testing::private_dir("named");
        fs::create_dir(base.join("quorate-one")).unwrap();
        fs::write(base.join("quorate-one/socket"), b"x").unwrap();
        let living = Home::named(&base, "one").unwrap();
        assert_eq!(living.path, base.join("quorate-one"));
        assert!(!living.path.join("socket").exists());
        let error = Home::named(&base, "one").unwrap_err();
        assert_eq!(error.errno(), Some(libc::EEXIST));
        let other = Home::named(&base, "two").unwrap();
        assert!(living.path.exists());
        drop((living, other));
        fs::remove_dir_all(base).unwrap();
    }
}
