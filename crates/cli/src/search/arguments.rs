//! What `quorate search` is asked to do.

use std::ffi::OsString;
use std::path::PathBuf;

use quorate_sim::search::{Base, Generator, Kind};

use crate::cluster::ClusterArguments;

/// Search for a history of the cluster that makes a program fail.
///
/// Runs the program in random histories of a simulated cluster, until it fails: until it ends with
/// a status other than 0, or other than the scenario expects, or hangs, or an expectation of the
/// scenario does not hold, or two parts of the cluster are quorate at once. Then it leaves out and
/// simplifies what happens, as long as the program still fails in the same way, and prints the
/// rest as a scenario for 'quorate run'.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    /// The node on which the program runs [default: the first]
    #[arg(long, value_name = "NODE")]
    pub(super) node: Option<u32>,
    /// How many histories are tried
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(super) runs: u64,
    /// How many steps a history has at most
    #[arg(long, value_name = "N", default_value_t = 12,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    steps: u16,
    /// What can happen: up, kill, leave, restart, pause, partition, set_votes, set_expected
    /// [default: all but the last two]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    operations: Vec<String>,
    /// Daemons are busy at times: tell who connects to try again, answer late, tell events late
    #[arg(long)]
    faults: bool,
    /// How many runs there are at a time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// How many seconds of real time a run may take before it counts as hanging
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) timeout: u64,
    /// Writes the scenario to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(super) words: Vec<OsString>,
}

const HELP: &str = "\
A history has from 1 to --steps steps, each when all is quiet or up to 9 s after the one before. It
is one that corosync's nodes can go through. With --scenario the random steps come after its own,
and what it expects counts in every run. Time passes as with 'run --pace idle': see there. When a
history is over and the program is idle, it gets SIGTERM; if that ends it, or it ends with 0, all is
well. Its standard input is empty.

Run N of seed S is run 0 of seed S + N: '--seed S+N --runs 1' does it again. Without --seed one is
chosen, and named. With set_votes and set_expected two quorate parts of a cluster are no failure:
administrators can bring them about.

Exit status:
    0  no run failed
   64  the arguments make no sense
  123  a run failed; the scenario was printed
  125  quorate itself failed

Examples:
  quorate search --config corosync.conf --runs 1000 -- ./my_program
  quorate search --nodes 5 --operations kill,up,partition --seed 42 -- ./my_program
  quorate search --scenario start.toml --faults --output found.toml -- ./my_program
  quorate run --scenario found.toml --pace idle --stop-at-end -- ./my_program";

impl Arguments {
    /// What makes the histories.
    pub(super) fn generator(&self) -> Result<Generator, String> {
        let (file, text) = self.cluster.scenario_text()?;
        let read = |name: &str| std::fs::read_to_string(name).map_err(|error| error.to_string());
        let base = Base::parse(&file, &text, &read).map_err(|error| error.render())?;
        let nodes = base.scenario().config.nodes();
        if let Some(node) = self
            .node
            .filter(|id| !nodes.iter().any(|node| node.id.0 == *id))
        {
            return Err(format!("there is no node {node} in the cluster"));
        }
        Ok(Generator::new(base, &self.kinds()?, self.steps.into()))
    }

    fn kinds(&self) -> Result<Vec<Kind>, String> {
        let unknown =
            |name: &String| format!("--operations {name}: there is no such kind; see --help");
        let named = self.operations.iter();
        let named = named.map(|name| Kind::named(name).ok_or_else(|| unknown(name)));
        let mut kinds = named.collect::<Result<Vec<_>, _>>()?;
        if kinds.is_empty() {
            let by_default =
                |kind: &Kind| !matches!(kind, Kind::SetVotes | Kind::SetExpected | Kind::Fault);
            kinds = Kind::ALL.into_iter().filter(by_default).collect();
        }
        if self.faults && !kinds.contains(&Kind::Fault) {
            kinds.push(Kind::Fault);
        }
        Ok(kinds)
    }

    /// The seed of the first run.
    pub(super) fn seed(&self) -> u64 {
        self.cluster.seed().unwrap_or_else(|| {
            let since = std::time::SystemTime::UNIX_EPOCH
                .elapsed()
                .unwrap_or_default();
            // Short enough to be typed again.
            (since.as_micros() % 1_000_000_000) as u64
        })
    }

    pub(super) fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, |number| number.get());
        self.jobs.map_or_else(processors, usize::from)
    }
}
