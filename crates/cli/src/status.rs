//! `quorate status`.

use crate::snapshot::{Node, Snapshot};
use quorate_client::{Error, Options};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Show what the local node knows of its cluster, all of it at one moment.
///
/// Asks the real corosync, or the simulated node whose directory QUORATE_RUN_DIR names.
/// The exit status is 0 if the node is quorate, 2 if it is not, 1 if it could not be asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quorate status
  quorate status --json | jq .total_votes")]
pub(crate) struct Arguments {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

const NOT_QUORATE: u8 = 2;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let options = Options::from_environment().map_err(|error| error.to_string())?;
    let snapshot = Snapshot::take(&options).map_err(|error| not_asked(&error))?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&snapshot).map_err(|error| error.to_string())?;
        println!("{json}");
    } else {
        print!("{}", describe(&snapshot));
    }
    Ok(if snapshot.quorate {
        ExitCode::SUCCESS
    } else {
        NOT_QUORATE.into()
    })
}

/// Why the node's corosync could not be asked.
pub(crate) fn not_asked(error: &Error) -> String {
    let reason = error.to_string();
    let refused = reason.starts_with("connect: ");
    let hint = if refused { "; does corosync run?" } else { "" };
    format!("corosync: {reason}{hint}")
}

fn describe(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let cluster = snapshot.cluster.as_deref().unwrap_or("(no name)");
    let verdict = if snapshot.quorate {
        "quorate"
    } else {
        "NOT QUORATE"
    };
    // Writing to a string does not fail.
    let _ = writeln!(text, "cluster {cluster}, node {}: {verdict}", snapshot.node);
    let _ = writeln!(
        text,
        "votes   {} of {} expected, {} needed",
        snapshot.total_votes, snapshot.highest_expected, snapshot.quorum
    );
    let _ = writeln!(text, "ring    {}", snapshot.ring);
    let flags = snapshot.flags.join(" ");
    let _ = writeln!(
        text,
        "flags   {}",
        if flags.is_empty() { "-" } else { &flags }
    );
    if let Some(qdevice) = &snapshot.qdevice {
        let _ = writeln!(text, "qdevice {} ({} votes)", qdevice.name, qdevice.votes);
    }
    let _ = writeln!(
        text,
        "\n{:>10}  {:<8} {:>5}  name",
        "node", "state", "votes"
    );
    for node in &snapshot.nodes {
        let _ = writeln!(text, "{}", line(node, snapshot.node));
    }
    text
}

fn line(node: &Node, local: u32) -> String {
    let name = node.name.as_deref().unwrap_or("-");
    let here = if node.id == local { " (local)" } else { "" };
    let qdevice = match node.qdevice.join(" ") {
        flags if flags.is_empty() => flags,
        flags => format!(" [{flags}]"),
    };
    format!(
        "{:>10}  {:<8} {:>5}  {name}{here}{qdevice}",
        node.id, node.state, node.votes
    )
}
