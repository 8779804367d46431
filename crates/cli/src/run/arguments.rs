//! What `quorate run` is asked to do.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use quorate_engine::{Compat, NodeId};
use quorate_sim::read_log;
use quorate_sim::replay::{Deviation, Replay, replay};
use quorate_sim::scenario::Scenario;

use crate::cluster::ClusterArguments;

/// Run programs in a simulated cluster.
///
/// The cluster exists only in this process: no daemon, no root, no network. Programs find it
/// through QUORATE_RUN_DIR, those that use corosync's own libraries through LD_PRELOAD as well;
/// both are set for them. All nodes are up and see each other before a program starts, unless a
/// scenario says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    /// What `quorate record` wrote on a node: the program sees the same there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nodes", "config", "scenario", "seed"])]
    replay: Option<PathBuf>,
    /// The node on which the program runs [default: the first, or the recorded one]
    #[arg(long, value_name = "NODE")]
    node: Option<u32>,
    /// Another program, on this node; its command ends at the next --on or --
    #[arg(long, value_name = "NODE> -- <COMMAND")]
    on: Option<u32>,
    /// How virtual time passes
    #[arg(long, value_enum, default_value_t = Pace::Real)]
    pub(super) pace: Pace,
    /// Ends the programs (SIGTERM) when the scenario is over and they are idle, and waits for them
    #[arg(long)]
    pub(super) stop_at_end: bool,
    /// Ends the programs after so many seconds of real time; that is a failed expectation
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) timeout: Option<u64>,
    /// Writes all events to a file, as lines of JSON
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
    /// Does it all twice, with --pace idle, and compares the events
    #[arg(long)]
    pub(super) check_determinism: bool,
    /// Writes what was expected and found as TAP 14
    #[arg(long, value_name = "FILE")]
    pub(super) tap: Option<PathBuf>,
    /// Writes what was expected and found as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Prints no events
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// The program and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    words: Vec<OsString>,
}

const HELP: &str = "\
Time:
  real  passes as fast as real time.
  idle  stands still while a program works, and jumps to what happens next when all are idle: a
        minute of the cluster takes milliseconds. After the last step it is as with real.
  With either, a step with pace = \"idle\" comes when nothing is under way in the cluster and all
  programs are idle.
  A program is idle when it has read all it was sent, has no request under way, and it and its
  children sleep in the kernel; or when they have slept for 100 ms though something is unread or
  unanswered. One that sleeps for a time of its own is idle too: timeouts of programs do not pass
  in virtual time.

Exit status:
  the program's own, 128 + N if signal N ended it; with an expectation about the exit code that
  held, or ended by --stop-at-end's SIGTERM, 0. Without a program 0. If that is 0, but a program
  given with --on failed: what the first of those ended with. Each that failed is named, with what
  it ended with and the virtual time, and a failed test in TAP and JUnit. One failed if it could
  not be started, or ended with a status other than 0, unless it died of --stop-at-end's SIGTERM or
  with its machine, or was ended because the main program had. And:
   64  the arguments make no sense
  123  an expectation of the scenario did not hold, an invariant was violated, two runs differed, or
       the simulation cannot show what was recorded; each is named with its file and line
  125  quorate itself failed
  126  a program cannot be run; its node is named
  127  a program was not found; its node is named
  Killed (SIGKILL), it takes its programs with it, but not those that they have started.

Replay:
  A recording tells what one node's programs saw. Of nodes that it lost, and that came back, it does
  not say whether they were cut off or restarted: the one is taken that gives what was recorded.
  All is as it was told, in that order, and at its time as far as the simulation can follow. What was
  recorded with corosync 3.1 often needs --compat corosync-3.1.

Programs with a libvotequorum of corosync 3.1 and older take what it says about a device's extra
information for an error, as with a newer corosync: give them --compat no-extra-info.

Examples:
  quorate run -- corosync-quorumtool -s
  quorate run --config corosync.conf --node 2 -- ./my_program
  quorate run --scenario split-brain.toml --pace idle --junit report.xml -- ./my_program
  quorate run --on 2 -- ./other --on 3 -- ./other -- ./my_program
  quorate run --scenario split-brain.toml --check-determinism
  quorate run --replay incident.jsonl --pace idle -- ./my_program";

/// How virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Pace {
    Real,
    Idle,
}

/// A program, and where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) node: NodeId,
    pub(super) words: Vec<OsString>,
}

/// All that is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) scenario: Scenario,
    /// What of a recording cannot be shown.
    pub(super) deviations: Vec<Deviation>,
    /// The one whose exit status counts comes first.
    pub(super) commands: Vec<Command>,
}

impl Arguments {
    /// Reads files, and holds everything against each other.
    pub(super) fn plan(&self) -> Result<Plan, String> {
        let (scenario, deviations, recorded) = match &self.replay {
            None => (self.cluster.scenario()?, Vec::new(), None),
            Some(file) => {
                let replay = self.read_recording(file)?;
                (replay.scenario, replay.deviations, Some(replay.node))
            }
        };
        let nodes = scenario.config.nodes();
        // A configuration without nodes is refused when it is read.
        let first = nodes.first().map_or(NodeId(1), |node| node.id);
        let main = self.node.map(NodeId).or(recorded).unwrap_or(first);
        let commands = commands(&self.words, main, self.on.map(NodeId))?;
        let named = self.node.map(|node| ("--node", NodeId(node)));
        let others = commands.iter().map(|command| ("--on", command.node));
        let others = others.filter(|(_, node)| *node != main);
        for (option, node) in named.into_iter().chain(others) {
            if !nodes.iter().any(|known| known.id == node) {
                let reason = format!("there is no node {node} in the cluster");
                return Err(format!("{option} {node}: {reason}"));
            }
        }
        if commands.is_empty() && !self.cluster.has_scenario() && recorded.is_none() {
            return Err("neither a program nor a scenario was given; see --help".to_owned());
        }
        Ok(Plan {
            scenario,
            deviations,
            commands,
        })
    }

    fn read_recording(&self, file: &Path) -> Result<Replay, String> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
        let lines = read_log(&name, &text).map_err(|error| error.to_string())?;
        let mut compat = Compat::default();
        self.cluster.add_compat(&mut compat)?;
        replay(&name, &lines, compat).map_err(|error| error.to_string())
    }
}

/// Takes apart what follows the first `--`. `on` is the node of the first command, if that is not
/// the main one.
fn commands(words: &[OsString], main: NodeId, on: Option<NodeId>) -> Result<Vec<Command>, String> {
    let mut others = Vec::new();
    let mut node = on;
    let mut rest = words;
    while let Some(here) = node {
        let end = rest.iter().position(|word| word == "--" || word == "--on");
        let (command, further) = rest.split_at(end.unwrap_or(rest.len()));
        if command.is_empty() {
            return Err(format!(
                "--on {here} needs a command: --on {here} -- COMMAND"
            ));
        }
        let words = command.to_vec();
        others.push(Command { node: here, words });
        (node, rest) = match further {
            [] => (None, further),
            [on, number, dashes, rest @ ..] if on == "--on" && dashes == "--" => {
                (Some(number_of(number)?), rest)
            }
            [on, ..] if on == "--on" => {
                return Err("--on needs a node and a command: --on NODE -- COMMAND".to_owned());
            }
            [_, rest @ ..] => (None, rest),
        };
    }
    if rest.is_empty() {
        return Ok(others);
    }
    let words = rest.to_vec();
    let mut all = vec![Command { node: main, words }];
    all.extend(others);
    Ok(all)
}

fn number_of(word: &OsStr) -> Result<NodeId, String> {
    let number = word.to_str().and_then(|text| text.parse().ok());
    let wrong = || format!("--on {}: not a node's id", word.to_string_lossy());
    number.map(NodeId).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, on: Option<u32>) -> Result<Vec<(u32, String)>, String> {
        let words: Vec<OsString> = text.split_whitespace().map(OsString::from).collect();
        let commands = commands(&words, NodeId(1), on.map(NodeId))?;
        let shown = commands.into_iter().map(|command| {
            let words = command.words.join(OsStr::new(" "));
            (command.node.0, words.into_string().unwrap())
        });
        Ok(shown.collect())
    }

    #[test]
    fn programs_on_several_nodes() {
        let is = |text: &str, on, expected: &[(u32, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(n, c)| (*n, (*c).to_owned()))
                .collect();
            assert_eq!(parse(text, on), Ok(expected), "{text}");
        };
        is("", None, &[]);
        is("a -- b --on 2 -- c", None, &[(1, "a -- b --on 2 -- c")]);
        is("a b", Some(2), &[(2, "a b")]);
        is("a b -- c -- d", Some(2), &[(1, "c -- d"), (2, "a b")]);
        let three = [(1, "c"), (2, "a"), (3, "b -x")];
        is("a --on 3 -- b -x -- c", Some(2), &three);
        is("a --on 3 -- b", Some(2), &[(2, "a"), (3, "b")]);
    }

    #[test]
    fn commands_must_be_there() {
        for text in [
            "",
            "-- a",
            "a --on",
            "a --on 3",
            "a --on 3 b",
            "a --on x -- b",
            "a --on 3 --",
        ] {
            assert!(parse(text, Some(2)).is_err(), "{text}");
        }
    }
}
