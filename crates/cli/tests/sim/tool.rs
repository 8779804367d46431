//! Starting `quorate`.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Output, Stdio};

use quorate_testkit::Process;

pub(crate) const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// Nobody's user id: simulated clusters need no rights.
const NOBODY: &str = "65534";

/// `quorate run` with these arguments. If this is root, as nobody.
pub(crate) fn unprivileged<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    let own = std::fs::metadata("/proc/self").expect("it is there");
    let mut command = match own.uid() == 0 {
        true => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
                .arg(QUORATE);
            command
        }
        false => Command::new(QUORATE),
    };
    command.arg("run").args(arguments);
    finish(spawn(&mut command))
}

/// `quorate run` with these arguments.
pub(crate) fn quorate<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    finish(start(arguments))
}

/// Starts `quorate run` with these arguments.
pub(crate) fn start<S: AsRef<OsStr>>(arguments: &[S]) -> Child {
    spawn(Command::new(QUORATE).arg("run").args(arguments))
}

fn spawn(command: &mut Command) -> Child {
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
