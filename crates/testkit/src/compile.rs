//! Compiling the programs of the tests that are not part of the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use crate::source_root;

/// A C program to be compiled: `cc -std=c11 -Wall -Wextra -Werror`.
#[derive(Clone, Debug)]
#[must_use]
pub struct CProgram {
    name: String,
    compiler: Option<String>,
    sources: Vec<PathBuf>,
    includes: Vec<PathBuf>,
    flags: Vec<String>,
    libraries: Vec<String>,
}

impl CProgram {
    /// A program of this name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            compiler: None,
            sources: Vec::new(),
            includes: Vec::new(),
            flags: Vec::new(),
            libraries: Vec::new(),
        }
    }

    /// Another compiler than `$CC` or `cc`; `c++` compiles as C++17.
    pub fn compiler(mut self, compiler: &str) -> Self {
        self.compiler = Some(compiler.into());
        self
    }

    /// A source file, relative to the top of the source tree.
    pub fn source(mut self, path: &str) -> Self {
        self.sources.push(source_root().join(path));
        self
    }

    /// A directory with headers to look in before the system's.
    pub fn include(mut self, path: &Path) -> Self {
        self.includes.push(path.to_path_buf());
        self
    }

    /// One more flag for the compiler.
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// A library to link, as in `-lvotequorum`.
    pub fn link(mut self, library: &str) -> Self {
        self.libraries.push(library.into());
        self
    }

    /// Compiles it and says where it is.
    ///
    /// # Panics
    ///
    /// When the compiler complains.
    #[must_use]
    pub fn build(self) -> PathBuf {
        let directory = output_directory();
        fs::create_dir_all(&directory).expect("a directory can be made beside the tests");
        let path = directory.join(&self.name);
        // Several test processes may build the same program at once.
        let unfinished = directory.join(format!("{}.{}", self.name, std::process::id()));
        let default = || env::var("CC").unwrap_or_else(|_| "cc".into());
        let compiler = self.compiler.unwrap_or_else(default);
        let standard = match compiler.as_str() {
            "c++" => "-std=c++17",
            _ => "-std=c11",
        };
        let mut command = Command::new(&compiler);
        // The original header does not compile as strict C: it calls clock_gettime() inline.
        command
            .arg("-D_GNU_SOURCE")
            .args([standard, "-Wall", "-Wextra", "-Werror", "-g", "-O1"]);
        for include in &self.includes {
            command.arg("-I").arg(include);
        }
        command
            .args(&self.flags)
            .args(&self.sources)
            .arg("-o")
            .arg(&unfinished);
        command.args(self.libraries.iter().map(|library| format!("-l{library}")));
        command.args(["-ldl", "-lpthread"]);
        let output = command
            .output()
            .unwrap_or_else(|why| panic!("{compiler}: {why}"));
        assert!(
            output.status.success(),
            "{} does not compile:\n{}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        fs::rename(&unfinished, &path).expect("a file can be renamed in its directory");
        path
    }
}

/// Where programs compiled for tests go: beside the running test, in the build directory.
#[must_use]
pub fn output_directory() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("tests lie in a directory called deps");
    profile.join("c-programs")
}

/// Compiles `tests/rust-corosync`, a program on the bindings from the public registry.
///
/// # Errors
///
/// Why the bindings can't be had on this machine.
///
/// # Panics
///
/// When the compiler complains.
pub fn bindings_program() -> Result<PathBuf, String> {
    rust_program("tests/rust-corosync", "quorate-test-rust-corosync")
}

/// Compiles a program that is a crate of its own, in this directory of the source tree.
///
/// # Errors
///
/// Why what it depends on can't be had on this machine.
///
/// # Panics
///
/// When the compiler complains.
pub fn rust_program(directory: &str, binary: &str) -> Result<PathBuf, String> {
    let manifest = source_root().join(directory).join("Cargo.toml");
    let target = output_directory().join(directory.rsplit('/').next().unwrap_or(directory));
    let cargo = |arguments: &[&str]| -> Output {
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg("--manifest-path")
            .arg(&manifest);
        command.env("CARGO_TARGET_DIR", &target);
        command.output().expect("cargo runs")
    };
    let fetched = cargo(&["fetch", "--locked"]);
    if !fetched.status.success() {
        let why = String::from_utf8_lossy(&fetched.stderr);
        let last = why.lines().last().unwrap_or_default().trim();
        return Err(format!("what it depends on can't be fetched: {last}"));
    }
    let built = cargo(&["build", "--locked", "--offline"]);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(target.join("debug").join(binary))
}

/// Runs `make` in the source tree.
///
/// # Panics
///
/// When it fails.
pub fn make(target: &str, variables: &[String]) {
    let mut command = Command::new("make");
    // The flags of an outer make are not meant for this one.
    command.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    command
        .arg("-C")
        .arg(source_root())
        .arg(target)
        .args(variables);
    let output = command.output().expect("make runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
