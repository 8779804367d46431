//! The command `quorate`.

#![forbid(unsafe_code)]

mod cluster;
mod control;
mod node;
mod record;
mod run;
mod search;
mod serve;
mod snapshot;
mod status;
mod timeline;
mod watch;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Simulated corosync clusters, and a look at real ones.
#[derive(Debug, Parser)]
#[command(name = "quorate", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Record(record::Arguments),
    Serve(serve::Arguments),
    Exec(control::Exec),
    Env(control::Env),
    Ctl(control::Ctl),
    Search(search::Arguments),
    Status(status::Arguments),
    Watch(watch::Arguments),
    Timeline(timeline::Arguments),
    #[command(hide = true)]
    Launch(run::Launch),
}

/// The arguments make no sense; EX_USAGE of sysexits.h, for 2 has a meaning of its own.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no errors. If the
            // terminal is gone, nobody is left to complain to.
            let _ = error.print();
            let takes_programs = ["run", "search", "exec"].map(Some);
            let verb = std::env::args().nth(1);
            if error.kind() == ErrorKind::UnknownArgument
                && takes_programs.contains(&verb.as_deref())
            {
                eprintln!("\nA program and its arguments come behind '--'.");
            }
            return if error.use_stderr() {
                USAGE.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match arguments.command {
        Command::Run(arguments) => return run::run(&arguments),
        Command::Search(arguments) => return search::run(&arguments),
        Command::Launch(arguments) => return run::launch(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Serve(arguments) => return serve::run(&arguments),
        Command::Exec(arguments) => return control::exec(&arguments),
        Command::Env(arguments) => return control::env(&arguments),
        Command::Ctl(arguments) => return control::ctl(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("quorate: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output. That nobody reads it any more is no error.
fn say(text: &str) -> std::io::Result<()> {
    use std::io::{ErrorKind, Write as _};
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
