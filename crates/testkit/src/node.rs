//! One node of a cluster: its daemon, and programs run beside it.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::config::Settings;
use crate::library::other_corosync;
use crate::namespace::{NodeCommand, NodeSpace};
use crate::probe::{self, State};
use crate::process::Process;
use crate::wait::{LIMIT, wait_until};

/// One node.
#[derive(Debug)]
pub struct Node {
    id: u32,
    directory: PathBuf,
    // Dropped before the namespaces it runs in.
    daemon: Mutex<Daemon>,
    space: Arc<NodeSpace>,
}

#[derive(Debug, Default)]
struct Daemon {
    process: Option<Process>,
    stopped: bool,
}

impl Node {
    pub(crate) fn new(id: u32, scratch: &Path, space: Arc<NodeSpace>, settings: &Settings) -> Self {
        let directory = scratch.join(format!("node{id}"));
        let state = directory.join("state");
        fs::create_dir_all(&state).expect("a directory can be made in the scratch directory");
        let node = Self {
            id,
            directory,
            daemon: Mutex::default(),
            space,
        };
        node.write_config(&settings.render(&state));
        node
    }

    /// The node's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// A directory of the node's own, gone with the cluster.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The node's namespaces.
    #[must_use]
    pub fn space(&self) -> &Arc<NodeSpace> {
        &self.space
    }

    /// The daemon's configuration file.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.directory.join("corosync.conf")
    }

    /// Replaces the daemon's configuration file.
    ///
    /// # Panics
    ///
    /// When it can't be written.
    pub fn write_config(&self, text: &str) {
        fs::write(self.config_path(), text).expect("the configuration can be written");
    }

    /// What the daemon has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.join("corosync.log")
    }

    /// A program to be run inside the node's namespaces. Paths must be absolute.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> NodeCommand {
        self.space.command(program)
    }

    /// What the node's daemon says about the cluster.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn state(&self) -> Result<State, String> {
        if !self.is_running() {
            return Err(format!(
                "the daemon is not running; its log ends with:\n{}",
                self.tail()
            ));
        }
        probe::ask(&self.space)
    }

    /// Waits until the daemon's answer pleases `wanted`.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn wait_state(&self, what: &str, mut wanted: impl FnMut(&State) -> bool) -> State {
        wait_until(&format!("node {}: {what}", self.id), || {
            let state = self.state()?;
            if wanted(&state) {
                Ok(state)
            } else {
                Err(format!("{state:?}"))
            }
        })
    }

    /// Starts the daemon without waiting for anything.
    ///
    /// # Panics
    ///
    /// When it can't be started or runs already.
    pub fn launch(&self) {
        self.launch_with(&[]);
    }

    /// The same, with more in the daemon's environment.
    ///
    /// # Panics
    ///
    /// As for [`Self::launch`].
    pub fn launch_with(&self, environment: &[(&str, &str)]) {
        let mut daemon = self.daemon();
        assert!(daemon.process.is_none(), "node {} runs already", self.id);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("the log can be opened");
        let second = log.try_clone().expect("a descriptor can be copied");
        let corosync = match other_corosync() {
            Some(prefix) => prefix.join("sbin/corosync"),
            None => "corosync".into(),
        };
        let mut command = self.command(corosync).with_args(["-f", "-c"]);
        command
            .arg(self.config_path())
            // For the times in its log.
            .env("TZ", "UTC")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(second);
        let process = command
            .spawn()
            .unwrap_or_else(|why| panic!("corosync: {why}"));
        *daemon = Daemon {
            process: Some(process),
            stopped: false,
        };
    }

    /// Starts the daemon and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start(&self) {
        self.launch();
        self.wait_state("to answer", |_| true);
    }

    /// Whether the daemon runs (stopped by a signal counts as running).
    ///
    /// # Panics
    ///
    /// When the daemon's process can't be asked about.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let mut daemon = self.daemon();
        let ended = match &mut daemon.process {
            None => return false,
            Some(process) => process.try_wait().expect("own child").is_some(),
        };
        if ended {
            daemon.process = None;
        }
        !ended
    }

    /// The daemon's process id as the test process sees it.
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn daemon_pid(&self) -> Pid {
        self.daemon()
            .process
            .as_ref()
            .expect("the daemon runs")
            .pid()
    }

    /// Asks the daemon to end, and waits until it has.
    ///
    /// # Panics
    ///
    /// When it does not run or does not end.
    pub fn stop(&self) {
        self.end(Signal::SIGTERM);
    }

    /// Kills the daemon as a crash would, and waits until it is gone.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn kill(&self) {
        self.end(Signal::SIGKILL);
    }

    fn end(&self, signal: Signal) {
        let mut daemon = self.daemon();
        let mut process = daemon.process.take().expect("the daemon runs");
        process.signal(signal);
        process
            .wait_for(LIMIT)
            .unwrap_or_else(|why| panic!("node {}: {why}", self.id));
    }

    /// Stops the daemon's process where it stands (SIGSTOP).
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn pause(&self) {
        let mut daemon = self.daemon();
        let process = daemon.process.as_ref().expect("the daemon runs");
        process.signal(Signal::SIGSTOP);
        // The signal is only on its way when kill(2) returns.
        let stat = format!("/proc/{}/stat", process.pid());
        wait_until("the daemon to be stopped", || {
            let text = fs::read_to_string(&stat).map_err(|why| why.to_string())?;
            let state = text.rsplit(')').next().unwrap_or_default().trim_start();
            if state.starts_with('T') {
                Ok(())
            } else {
                Err(text)
            }
        });
        daemon.stopped = true;
    }

    /// Lets a paused daemon run on; does nothing to one that is not paused.
    pub fn resume(&self) {
        let mut daemon = self.daemon();
        if let (true, Some(process)) = (daemon.stopped, &daemon.process) {
            process.signal(Signal::SIGCONT);
        }
        daemon.stopped = false;
    }

    /// Stops the daemon, starts it again and waits until it answers.
    ///
    /// # Panics
    ///
    /// When any of that fails.
    pub fn restart(&self) {
        self.stop();
        self.start();
    }

    fn daemon(&self) -> MutexGuard<'_, Daemon> {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}
