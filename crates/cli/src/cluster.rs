//! Which cluster is simulated, as the command line says it.

use std::path::{Path, PathBuf};

use quorate_engine::Compat;
use quorate_sim::config::ClusterConfig;
use quorate_sim::scenario::{Scenario, add_compat};

#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArguments {
    /// Number of nodes [default: 3]
    #[arg(long, value_name = "N", conflicts_with_all = ["config", "scenario"],
          value_parser = clap::value_parser!(u32).range(1..=2000))]
    nodes: Option<u32>,
    /// The cluster of a corosync.conf
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    config: Option<PathBuf>,
    /// A cluster and what happens to it
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Seed of all chance
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Behaves as the original does: uint8-quorum, lost-tracking, wrapping-votes, no-extra-info,
    /// or corosync-3.1 for all of it
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    compat: Vec<String>,
}

impl ClusterArguments {
    /// Whether what happens is given as well.
    pub(crate) fn has_scenario(&self) -> bool {
        self.scenario.is_some()
    }

    /// The corosync.conf, if the cluster is of one.
    pub(crate) fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Reads the files; without a scenario, one in which nothing happens.
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        let mut scenario = self.read()?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        for word in &self.compat {
            add_compat(&mut scenario.compat, word)
                .ok_or_else(|| format!("--compat {word}: there is no such word; see --help"))?;
        }
        Ok(scenario)
    }

    fn read(&self) -> Result<Scenario, String> {
        if let Some(file) = &self.scenario {
            return Scenario::load(file).map_err(|error| error.render());
        }
        let config = match &self.config {
            Some(file) => {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| format!("{name}: {error}"))?;
                ClusterConfig::parse(&name, &text).map_err(|error| error.render())?
            }
            None => ClusterConfig::with_nodes(1..=self.nodes.unwrap_or(3)),
        };
        Ok(Scenario {
            name: "cluster".to_owned(),
            config,
            seed: 0,
            compat: Compat::default(),
            start: true,
            faults: Vec::new(),
            steps: Vec::new(),
            exit_code: None,
            violations: 0,
        })
    }
}
