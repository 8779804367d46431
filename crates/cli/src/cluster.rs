//! Which cluster is simulated, as the command line says it.

use std::path::{Path, PathBuf};

use quorate_engine::Compat;
use quorate_sim::config::ClusterConfig;
use quorate_sim::host::{Host, HostError};
use quorate_sim::scenario::{Scenario, ScenarioErrorKind, add_compat};

#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArguments {
    /// Number of nodes, up to 2000 [default: 3]; corosync has up to 384, and the events of votequorum
    /// have room for 512
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
    /// Lets in the users that uidgid in the configuration or in cmap names, as corosync does; for
    /// root only
    #[arg(long)]
    allow_users: bool,
}

impl ClusterArguments {
    /// Whether what happens is given as well.
    pub(crate) fn has_scenario(&self) -> bool {
        self.scenario.is_some()
    }

    /// Gives a cluster of this kind, before its nodes start, what it is to have.
    pub(crate) fn prepare(&self, host: &mut Host) -> Result<(), HostError> {
        if let Some(file) = &self.config {
            host.set_config_file(file);
        }
        if self.allow_users {
            host.open_to_others()?;
        }
        Ok(())
    }

    /// Reads the files; without a scenario, one in which nothing happens.
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        if self.allow_users && !nix::unistd::geteuid().is_root() {
            return Err("--allow-users: only root can let other users in".to_owned());
        }
        let mut scenario = self.read()?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        self.add_compat(&mut scenario.compat)?;
        Ok(scenario)
    }

    /// Turns on what `--compat` says.
    pub(crate) fn add_compat(&self, compat: &mut Compat) -> Result<(), String> {
        for word in &self.compat {
            add_compat(compat, word)
                .ok_or_else(|| format!("--compat {word}: {}", ScenarioErrorKind::Compat))?;
        }
        Ok(())
    }

    /// The seed, if one was given.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The scenario as a text of its own, and what to call it: the files that it names are there
    /// whatever the directory.
    pub(crate) fn scenario_text(&self) -> Result<(String, String), String> {
        let (file, mut table, directory) = match &self.scenario {
            Some(path) => {
                let file = path.display().to_string();
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| format!("{file}: {error}"))?;
                // For an error that shows the place.
                Scenario::load(path).map_err(|error| error.render())?;
                let table: toml::Table = toml::from_str(&text).unwrap_or_default();
                (file, table, path.parent().unwrap_or(Path::new("")))
            }
            None => {
                let mut cluster = toml::Table::new();
                match &self.config {
                    Some(config) => {
                        // As above.
                        self.read()?;
                        let config = config.display().to_string();
                        cluster.insert("config".to_owned(), config.into());
                    }
                    None => {
                        cluster.insert("nodes".to_owned(), self.nodes.unwrap_or(3).into());
                    }
                }
                let mut table = toml::Table::new();
                table.insert("cluster".to_owned(), cluster.into());
                ("cluster".to_owned(), table, Path::new(""))
            }
        };
        for name in file_names(&mut table) {
            let path = std::path::absolute(directory.join(&*name));
            let path = path.map_err(|error| format!("{name}: {error}"))?;
            *name = path
                .to_str()
                .ok_or(format!("{name}: not UTF-8"))?
                .to_owned();
        }
        let cluster = table.get_mut("cluster").filter(|_| !self.compat.is_empty());
        if let Some(toml::Value::Table(cluster)) = cluster {
            let words = cluster
                .entry("compat")
                .or_insert(toml::Value::Array(Vec::new()));
            if let Some(words) = words.as_array_mut() {
                words.extend(self.compat.iter().map(|word| word.as_str().into()));
            }
        }
        let text = toml::to_string(&table).map_err(|error| error.to_string())?;
        Ok((file, text))
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
            file: String::new(),
            config,
            seed: 0,
            compat: Compat::default(),
            start: true,
            before: Vec::new(),
            faults: Vec::new(),
            steps: Vec::new(),
            exit_code: None,
            violations: Some(0),
            received: Vec::new(),
        })
    }
}

/// Where a scenario names files.
fn file_names(table: &mut toml::Table) -> Vec<&mut String> {
    let mut names = Vec::new();
    for (key, value) in table.iter_mut() {
        let (word, tables) = match (key.as_str(), value) {
            ("cluster", cluster) => ("config", vec![cluster]),
            ("step", toml::Value::Array(steps)) => ("reload", steps.iter_mut().collect()),
            _ => continue,
        };
        for value in tables {
            if let Some(toml::Value::String(name)) = value.get_mut(word) {
                names.push(name);
            }
        }
    }
    names
}
