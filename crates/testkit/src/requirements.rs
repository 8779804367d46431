//! What a test needs of the machine it runs on.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::library::Library;
use crate::namespace::NodeSpace;

/// A list of needs, and the reason why one is not met.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Requirements {
    programs: Vec<String>,
    files: Vec<PathBuf>,
    namespaces: bool,
    real_daemons: bool,
    root: bool,
    ours: bool,
}

impl Requirements {
    /// Nothing special.
    pub fn none() -> Self {
        Self::default()
    }

    /// What a private cluster needs.
    pub fn cluster() -> Self {
        let mut needs = Self::none()
            .program("corosync")
            .program("ip")
            .program("unshare");
        needs.namespaces = true;
        needs.real_daemons = true;
        needs.header("corosync/votequorum.h").program("cc")
    }

    /// A program that must be found.
    pub fn program(mut self, name: &str) -> Self {
        self.programs.push(name.into());
        self
    }

    /// A file that must exist.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// A system header that must exist.
    pub fn header(self, name: &str) -> Self {
        self.file(Path::new("/usr/include").join(name))
    }

    /// The caller must be root.
    pub fn root(mut self) -> Self {
        self.root = true;
        self
    }

    /// Our libraries must have been built.
    pub fn ours(mut self) -> Self {
        self.ours = true;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_real_daemons(mut self) -> Self {
        self.real_daemons = true;
        self
    }

    /// Whether real daemons take part, whose timing is theirs.
    pub(crate) fn real_daemons(&self) -> bool {
        self.real_daemons
    }

    /// Whether all needs are met.
    ///
    /// # Errors
    ///
    /// What is missing, as text for people.
    pub fn check(&self) -> Result<(), String> {
        let mut missing: Vec<String> = Vec::new();
        for program in &self.programs {
            if find_program(program).is_none() {
                missing.push(format!("no program `{program}`"));
            }
        }
        for file in &self.files {
            if !file.exists() {
                missing.push(format!("no file {}", file.display()));
            }
        }
        if self.namespaces && missing.is_empty() {
            missing.extend(namespaces().err());
        }
        if self.root && !nix::unistd::Uid::effective().is_root() {
            missing.push("not root".into());
        }
        if self.ours {
            missing.extend(Library::Ours.find().err());
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing.join("; "))
        }
    }
}

/// Whether this process may make namespaces; tried once, by making some.
fn namespaces() -> Result<(), String> {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    ANSWER
        .get_or_init(|| {
            if !nix::unistd::geteuid().is_root() {
                return Err("not root".into());
            }
            let space = std::sync::Arc::new(NodeSpace::new()?);
            let output = space
                .network_command("sh")
                .args([
                    "-ec",
                    "ip link add name b0 type bridge; ip link add name v0 type veth peer name v1",
                ])
                .output()
                .map_err(|why| why.to_string())?;
            if output.status.success() {
                Ok(())
            } else {
                let why = String::from_utf8_lossy(&output.stderr);
                Err(format!("no bridge or veth: {}", why.trim()))
            }
        })
        .clone()
}

/// Looks a program up in `PATH` and where the system's own programs are.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
}
