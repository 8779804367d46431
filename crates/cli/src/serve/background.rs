//! `quorate serve --detach`: the cluster in a process that is nobody's child.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, dup2_stderr, dup2_stdout, getppid};

use crate::run::{FAILED, Failure, complain};

/// Starts it, and returns when it is ready or has failed. Nothing of the starter's is kept open by
/// it, and who waits for all of its children does not wait for it.
pub(super) fn start(owner: Option<i32>) -> ExitCode {
    match spawn(owner) {
        Ok(code) => code,
        Err(Failure(message)) => complain(&message, FAILED),
    }
}

fn spawn(owner: Option<i32>) -> Result<ExitCode, Failure> {
    let words = std::env::args_os()
        .skip(1)
        .map(|word| match word == "--detach" {
            true => "--detached".into(),
            false => word,
        });
    let mut child = Command::new("/proc/self/exe")
        .args(words)
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // It lets go of both when it is ready.
    let (mut said, mut complaints) = (Vec::new(), Vec::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut said)?;
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_end(&mut complaints)?;
    }
    io::stderr().write_all(&complaints)?;
    if said.is_empty() {
        let status = child.wait()?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(code.unwrap_or(FAILED).into());
    }
    // The owner was alive when it was found, for it still is.
    if owner.is_some_and(|owner| getppid().as_raw() != owner) {
        end(&mut child)?;
        return Err(Failure(
            "--owner: has not started this process, or has ended".to_owned(),
        ));
    }
    // If nobody wants to know, the cluster is served all the same.
    let _ = io::stdout().write_all(&said);
    Ok(ExitCode::SUCCESS)
}

fn end(child: &mut Child) -> Result<(), Failure> {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM)?;
    child.wait()?;
    Ok(())
}

/// Closes what leads to the starter.
pub(super) fn let_go() -> Result<(), Failure> {
    let nowhere = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    nix::unistd::dup2_stdin(&nowhere)?;
    dup2_stdout(&nowhere)?;
    dup2_stderr(&nowhere)?;
    Ok(())
}
