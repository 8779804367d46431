//! Starting `quorate`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use quorate_testkit::{Process, Scratch};

pub(crate) const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// Nobody's user id: simulated clusters need no rights.
const NOBODY: &str = "65534";

/// What the real private clusters have, as far as programs can see it.
const CONFIG: &str = "totem {\nversion: 2\ncluster_name: quorate\ntransport: knet\ntoken: 1000\n\
    token_coefficient: 0\ncrypto_cipher: none\ncrypto_hash: none\n}\n";

/// Writes the configuration of a private cluster of so many nodes.
pub(crate) fn config(scratch: &Scratch, nodes: usize) -> PathBuf {
    config_with(scratch, nodes, "")
}

/// The same, with more lines in the section `quorum`.
pub(crate) fn config_with(scratch: &Scratch, nodes: usize, quorum: &str) -> PathBuf {
    let node =
        |n: usize| format!("node {{\nname: node{n}\nnodeid: {n}\nring0_addr: 10.77.0.{n}\n}}\n");
    let list: String = (1..=nodes).map(node).collect();
    let file = scratch.path().join("corosync.conf");
    let quorum = format!("quorum {{\nprovider: corosync_votequorum\n{quorum}\n}}\n");
    fs::write(&file, format!("{CONFIG}{quorum}nodelist {{\n{list}}}\n"))
        .expect("it can be written");
    file
}

/// Runs a program in the simulated cluster of this configuration, unprivileged, with the
/// original's quirks.
pub(crate) fn simulated<S: AsRef<OsStr>>(config: &Path, program: &[S]) -> Output {
    let arguments = ["--quiet", "--compat", "corosync-3.1", "--config"].map(OsStr::new);
    let end = [config.as_os_str(), OsStr::new("--")];
    let program = program.iter().map(AsRef::as_ref);
    unprivileged(
        &arguments
            .into_iter()
            .chain(end)
            .chain(program)
            .collect::<Vec<_>>(),
    )
}

/// `quorate run` with these arguments. If this is root, as nobody.
pub(crate) fn unprivileged<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    finish(spawn(as_nobody(QUORATE).arg("run").args(arguments)))
}

/// A program as nobody runs it, if this is root.
pub(crate) fn as_nobody(program: impl AsRef<OsStr>) -> Command {
    let own = fs::metadata("/proc/self").expect("it is there");
    match own.uid() == 0 {
        true => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
                .arg(program.as_ref());
            command
        }
        false => Command::new(program.as_ref()),
    }
}

/// `quorate run` with these arguments.
pub(crate) fn quorate<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    finish(start(arguments))
}

/// `quorate` with this command and these arguments.
pub(crate) fn quorate_command<S: AsRef<OsStr>>(command: &str, arguments: &[S]) -> Output {
    finish(spawn(Command::new(QUORATE).arg(command).args(arguments)))
}

/// Starts `quorate run` with these arguments.
pub(crate) fn start<S: AsRef<OsStr>>(arguments: &[S]) -> Child {
    spawn(Command::new(QUORATE).arg("run").args(arguments))
}

pub(crate) fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("quorate starts")
}

pub(crate) fn finish(child: Child) -> Output {
    Process::new(child).output()
}

/// What a successful run printed.
pub(crate) fn printed(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{text}\n{errors}",
        output.status
    );
    text
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
