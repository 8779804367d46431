//! Which libvotequorum a program runs with, and the proof that it did.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::source_root;

/// The file programs load.
pub const SONAME: &str = "libvotequorum.so.8";

/// The two implementations that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// The C library from the distribution's packages, or below `QUORATE_COROSYNC`.
    Original,
    /// Ours, from `build/lib` or where `QUORATE_LIB_DIR` says.
    Ours,
}

/// How a program is made to use a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// By `LD_LIBRARY_PATH`.
    Path,
    /// By `LD_PRELOAD`.
    Preload,
}

/// The prefix of a corosync that takes the place of the distribution's, daemon and libraries.
pub(crate) fn other_corosync() -> Option<PathBuf> {
    env::var_os("QUORATE_COROSYNC").map(PathBuf::from)
}

impl Library {
    /// Both, the original first.
    pub const BOTH: [Self; 2] = [Self::Original, Self::Ours];

    /// The directory that holds the library.
    ///
    /// # Errors
    ///
    /// What is missing, as text for people.
    pub fn find(self) -> Result<PathBuf, String> {
        let directory = match self {
            Self::Original if other_corosync().is_some() => {
                other_corosync().unwrap_or_default().join("lib")
            }
            Self::Original => {
                let lib = Path::new("/usr/lib");
                let multiarch = format!("{}-linux-gnu", env::consts::ARCH);
                [
                    lib.join(multiarch),
                    PathBuf::from("/usr/lib64"),
                    lib.to_path_buf(),
                ]
                .into_iter()
                .find(|directory| directory.join(SONAME).exists())
                .ok_or_else(|| format!("the original {SONAME} is not installed"))?
            }
            Self::Ours => env::var_os("QUORATE_LIB_DIR")
                .map_or_else(|| source_root().join("build/lib"), PathBuf::from),
        };
        let file = directory.join(SONAME);
        if file.exists() {
            Ok(directory)
        } else {
            Err(format!("{} is not built", file.display()))
        }
    }

    /// The library file itself, all links followed.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn file(self) -> PathBuf {
        let directory = self.find().unwrap_or_else(|why| panic!("{why}"));
        let file = directory.join(SONAME);
        file.canonicalize()
            .unwrap_or_else(|why| panic!("{}: {why}", file.display()))
    }

    /// Makes a program use this library.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn apply(self, command: &mut Command, load: Load) {
        let directory = self.find().unwrap_or_else(|why| panic!("{why}"));
        command
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("LD_PRELOAD");
        match load {
            Load::Path => command.env("LD_LIBRARY_PATH", directory),
            Load::Preload => command.env("LD_PRELOAD", self.file()),
        };
    }

    /// Checks the first line a program of `tests/c` writes to standard error, which names the file
    /// its `votequorum_initialize` comes from, and returns the other lines.
    ///
    /// # Panics
    ///
    /// When it is another library's.
    #[must_use]
    pub fn check_first_line(self, stderr: &str) -> String {
        let (first, rest) = stderr.split_once('\n').unwrap_or((stderr, ""));
        let path = first.strip_prefix("library: ").unwrap_or_else(|| {
            panic!("the program did not say which library it uses; it wrote: {stderr}")
        });
        let loaded = Path::new(path)
            .canonicalize()
            .unwrap_or_else(|why| panic!("{path}: {why}"));
        assert_eq!(loaded, self.file(), "the program was to run with {self:?}");
        rest.into()
    }
}

/// Proves which library a program that is not ours has loaded: the dynamic loader writes down what
/// it initialises, for every process started with this in its environment.
#[derive(Debug)]
pub struct LoaderTrace {
    prefix: PathBuf,
}

impl LoaderTrace {
    /// Writes to files in `directory`, which must be fresh.
    ///
    /// # Panics
    ///
    /// When the directory can't be made.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        fs::create_dir(directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
        Self {
            prefix: directory.join("loader"),
        }
    }

    /// Makes the loader write.
    pub fn apply(&self, command: &mut Command) {
        command
            .env("LD_DEBUG", "libs")
            .env("LD_DEBUG_OUTPUT", &self.prefix);
    }

    /// The environment [`Self::apply`] sets, for programs that are started by others.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, OsString); 2] {
        [
            ("LD_DEBUG", "libs".into()),
            ("LD_DEBUG_OUTPUT", self.prefix.clone().into()),
        ]
    }

    /// The files of this soname that were initialised by any of the processes.
    ///
    /// # Panics
    ///
    /// When what the loader wrote can't be read.
    #[must_use]
    pub fn loaded(&self, soname: &str) -> Vec<PathBuf> {
        let directory = self.prefix.parent().expect("a file in a directory");
        let mut files = Vec::new();
        for entry in fs::read_dir(directory).expect("the loader's directory can be read") {
            let path = entry.expect("the loader's directory can be read").path();
            let text = fs::read(&path).expect("what the loader wrote can be read");
            for line in String::from_utf8_lossy(&text).lines() {
                let Some((_, file)) = line.split_once("calling init: ") else {
                    continue;
                };
                let file = Path::new(file);
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with(soname) {
                    files.push(file.canonicalize().unwrap_or_else(|_| file.into()));
                }
            }
        }
        files.sort();
        files.dedup();
        files
    }

    /// Checks that this library, and no other of its name, was used.
    ///
    /// # Panics
    ///
    /// When it was another one.
    pub fn check(&self, library: Library) {
        assert_eq!(
            self.loaded(SONAME),
            [library.file()],
            "was to run with {library:?}"
        );
    }
}
