//! Programs on the nodes of a served cluster.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use quorate_control::Client;

use super::{Which, complain};
use crate::node;
use crate::run::{NOT_FOUND, NOT_RUNNABLE};

/// Run a program on a node of a served cluster.
///
/// Sets QUORATE_RUN_DIR and LD_PRELOAD and becomes the program.
#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    which: Which,
    /// The node [default: the lowest]
    #[arg(long, value_name = "NODE")]
    node: Option<u32>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    words: Vec<OsString>,
}

/// Print what makes the programs of a shell run on a node of a served cluster.
///
/// For POSIX shells: eval "$(quorate env 2)"
#[derive(Debug, clap::Args)]
pub(crate) struct Env {
    #[command(flatten)]
    which: Which,
    /// The node [default: the lowest]
    #[arg(value_name = "NODE")]
    node: Option<u32>,
    /// The same
    #[arg(long = "node", value_name = "NODE", conflicts_with = "node")]
    option: Option<u32>,
}

type Variables = [(&'static str, OsString); 2];

/// The variables, or an exit code after the complaint.
fn variables(which: &Which, node: Option<u32>) -> Result<Variables, ExitCode> {
    let mut client = which.connect().map_err(|error| complain("", &error))?;
    let wrong = |message: &str, code: u8| crate::run::complain(message, code);
    let node = match node {
        Some(node) => node,
        None => lowest(&mut client)?,
    };
    let run_dir = client.run_dir(node);
    let run_dir = run_dir.ok_or_else(|| {
        wrong(
            &format!("node {node}: there is no such node in the cluster"),
            crate::USAGE,
        )
    })?;
    let preload = node::preload().map_err(|why| wrong(&why, 1))?;
    Ok(node::environment(&run_dir, &preload))
}

fn lowest(client: &mut Client) -> Result<u32, ExitCode> {
    let status = client
        .status(u64::MAX)
        .map_err(|error| complain("", &error))?;
    Ok(status.nodes.first().map_or(1, |node| node.id))
}

pub(crate) fn exec(arguments: &Exec) -> ExitCode {
    let variables = match variables(&arguments.which, arguments.node) {
        Ok(variables) => variables,
        Err(code) => return code,
    };
    let program = &arguments.words[0];
    let mut command = Command::new(program);
    let error = command.args(&arguments.words[1..]).envs(variables).exec();
    eprintln!("quorate: {}: {error}", program.to_string_lossy());
    match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND.into(),
        _ => NOT_RUNNABLE.into(),
    }
}

pub(crate) fn env(arguments: &Env) -> ExitCode {
    let node = arguments.node.or(arguments.option);
    match variables(&arguments.which, node) {
        Ok(variables) => {
            let line =
                |(name, value): &(&str, OsString)| format!("export {name}={}\n", quoted(value));
            let lines: String = variables.iter().map(line).collect();
            match crate::say(&lines) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => crate::run::complain(&format!("standard output: {error}"), 1),
            }
        }
        Err(code) => code,
    }
}

/// For a shell.
fn quoted(value: &OsStr) -> String {
    let value = value.to_string_lossy().replace('\'', "'\\''");
    format!("'{value}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_quoted() {
        for text in ["/dev/shm/x", "a b", "it's", "$HOME `id` \"x\" \\"] {
            let script = format!("printf %s {}", quoted(OsStr::new(text)));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
