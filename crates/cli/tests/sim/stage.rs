//! A cluster on which a history is played, real or simulated, and what is seen of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use quorate_testkit::{Cluster, Process, Scratch, wait_until};

use crate::tool::{QUORATE, as_nobody, finish, printed, spawn};

/// The simulated one is served by nobody (the user), and so are its programs run.
pub(crate) enum Stage {
    Real(Cluster),
    Simulated { name: String, scratch: Scratch },
}

impl Stage {
    /// With the original's quirks.
    pub(crate) fn simulated(test: &str, config: &Path) -> Self {
        Self::with_quirks(test, config, &["corosync-3.1"])
    }

    pub(crate) fn with_quirks(test: &str, config: &Path, quirks: &[&str]) -> Self {
        let name = format!("{test}-{}", std::process::id());
        let owner = std::process::id().to_string();
        let mut command = as_nobody(QUORATE);
        command
            .args(["serve", "--detach", "--owner", &owner, "--name", &name])
            .args(quirks.iter().flat_map(|quirk| ["--compat", quirk]))
            .arg("--config")
            .arg(config);
        printed(&finish(spawn(&mut command)));
        let scratch = Scratch::new(test);
        Self::Simulated { name, scratch }
    }

    /// Where programs of both clusters may write.
    pub(crate) fn directory(&self) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = match self {
            Self::Real(cluster) => cluster.scratch().path(),
            Self::Simulated { scratch, .. } => scratch.path(),
        };
        let path = path.join("files");
        fs::create_dir_all(&path).expect("it can be made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("it is ours");
        path
    }

    /// Runs a program on a node.
    pub(crate) fn run(&self, node: u32, words: &[&str]) -> Output {
        match self {
            Self::Real(cluster) => {
                let mut command = cluster.node(node).command(words[0]).with_args(&words[1..]);
                command.output().expect("it runs")
            }
            Self::Simulated { name, .. } => {
                let node = node.to_string();
                let mut command = as_nobody(QUORATE);
                command.args(["exec", "--name", name, "--node", &node, "--"]);
                finish(spawn(command.args(words)))
            }
        }
    }

    /// Starts a program on a node; what it prints goes into a file.
    pub(crate) fn start(&self, node: u32, words: &[&str]) -> Started {
        let output = self.directory().join(format!("{}.{node}", words[0]));
        let file = File::create(&output).expect("it can be made");
        let errors = file.try_clone().expect("a descriptor");
        let process = match self {
            Self::Real(cluster) => {
                let mut command = cluster.node(node).command(words[0]).with_args(&words[1..]);
                command.stdin(Stdio::null()).stdout(file).stderr(errors);
                command.spawn().expect("it starts")
            }
            Self::Simulated { name, .. } => {
                let node = node.to_string();
                let mut command = as_nobody(QUORATE);
                command
                    .args(["exec", "--name", name, "--node", &node, "--"])
                    .args(words)
                    .stdin(Stdio::null())
                    .stdout(file)
                    .stderr(errors);
                Process::new(command.spawn().expect("it starts"))
            }
        };
        Started { process, output }
    }

    fn ctl(&self, words: &[&str]) {
        if let Self::Simulated { name, .. } = self {
            let mut command = as_nobody(QUORATE);
            command.args(["ctl", "--name", name]).args(words);
            printed(&finish(spawn(&mut command)));
        }
    }

    pub(crate) fn kill(&self, node: u32) {
        match self {
            Self::Real(cluster) => cluster.node(node).kill(),
            Self::Simulated { .. } => self.ctl(&["kill", &node.to_string()]),
        }
    }

    pub(crate) fn up(&self, node: u32) {
        match self {
            Self::Real(cluster) => cluster.node(node).start(),
            Self::Simulated { .. } => self.ctl(&["up", &node.to_string()]),
        }
    }

    pub(crate) fn leave(&self, node: u32) {
        match self {
            Self::Real(cluster) => cluster.node(node).stop(),
            Self::Simulated { .. } => self.ctl(&["leave", &node.to_string()]),
        }
    }

    pub(crate) fn partition(&self, groups: &[&[u32]]) {
        match self {
            Self::Real(cluster) => cluster.partition(groups),
            Self::Simulated { .. } => {
                let group = |group: &&[u32]| {
                    let nodes: Vec<_> = group.iter().map(u32::to_string).collect();
                    nodes.join(",")
                };
                let groups: Vec<_> = groups.iter().map(group).collect();
                let mut words = vec!["partition"];
                words.extend(groups.iter().map(String::as_str));
                self.ctl(&words);
            }
        }
    }

    pub(crate) fn heal(&self) {
        match self {
            Self::Real(cluster) => cluster.heal(),
            Self::Simulated { .. } => self.ctl(&["heal"]),
        }
    }

    /// Waits until `corosync-quorumtool -s` on a node prints all of this.
    pub(crate) fn wait_told(&self, node: u32, parts: &[&str]) -> String {
        wait_until(&format!("node {node} to tell {parts:?}"), || {
            let output = self.run(node, &["corosync-quorumtool", "-s"]);
            let text = String::from_utf8_lossy(&output.stdout);
            let text = without_chance(&text);
            match parts.iter().all(|part| text.contains(part)) {
                true => Ok(text),
                false => Err(text),
            }
        })
    }

    /// Waits until the nodes of a ring are so many, in the eyes of each of them.
    pub(crate) fn settle(&self, nodes: &[u32], quorate: bool) {
        let count = format!("Nodes:            {}\n", nodes.len());
        let answer = if quorate { "Yes" } else { "No" };
        let quorate = format!("Quorate:          {answer}\n");
        for node in nodes {
            self.wait_told(*node, &[&count, &quorate]);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Self::Simulated { name, .. } = self {
            let mut command = as_nobody(QUORATE);
            finish(spawn(command.args(["ctl", "--name", name, "stop"])));
        }
    }
}

/// A program that runs.
pub(crate) struct Started {
    pub(crate) process: Process,
    output: PathBuf,
}

impl Started {
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.output).expect("text")
    }

    /// Waits until what it has printed pleases.
    pub(crate) fn wait_printed(&self, what: &str, pleases: impl Fn(&str) -> bool) {
        wait_until(
            &format!("{} to print {what}", self.output.display()),
            || {
                let text = self.text();
                if pleases(&text) { Ok(()) } else { Err(text) }
            },
        );
    }
}

/// The number of a ring depends on how often nodes called each other, and the date on the time.
pub(crate) fn without_chance(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("Date:") && !line.starts_with("Ring ID:"));
    lines.map(|line| format!("{line}\n")).collect()
}
