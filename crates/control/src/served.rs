//! A live cluster in a thread of this process.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use quorate_sim::Cluster;
use quorate_sim::host::Host;
use quorate_sim::scenario::{Player, Scenario};

use crate::client::{Client, ClientError};
use crate::live::{Live, LiveError, Pace};
use crate::place::{Name, base};

/// A cluster that a thread of this process serves: for tests written in Rust. It ends when dropped.
///
/// Programs that a test starts find its nodes by `QUORATE_RUN_DIR`, the test itself by
/// `quorate_client::Options`:
///
/// ```
/// use quorate_client::{Endpoint, Options, VoteQuorum};
/// use quorate_control::{Name, Pace, Request, Served};
/// use quorate_sim::scenario::Scenario;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = Scenario::parse("test", "cluster.nodes = 3", &|name| Err(name.to_owned()))?;
/// let name: Name = format!("doc-{}", std::process::id()).parse()?;
/// let served = Served::start(&name, scenario, Pace::Manual)?;
/// let mut cluster = served.client()?;
/// let run_dir = cluster.run_dir(1).ok_or("no node 1")?;
/// let options = Options { endpoint: Endpoint::RunDir(run_dir), timeout: None };
/// let program = VoteQuorum::connect(&options)?;
/// assert_eq!(program.info(0)?.total_votes, 3);
///
/// cluster.change("partition = [[1], [2, 3]]")?;
/// cluster.ask(&Request::Wait { limit_ms: 60_000 })?;
/// assert_eq!(program.info(0)?.total_votes, 1);
/// let quorate: Vec<bool> = cluster.status(0)?.nodes.iter().map(|node| node.quorate).collect();
/// assert_eq!(quorate, [false, true, true]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Served {
    name: Name,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Starts a cluster and its scenario. When this returns its nodes are up, and all that is
    /// under way at the start has come to rest.
    ///
    /// # Errors
    ///
    /// If the name is taken, the configuration contradicts itself, or the system has no room.
    pub fn start(name: &Name, scenario: Scenario, pace: Pace) -> Result<Self, LiveError> {
        let (say, hear) = mpsc::channel();
        let own = name.clone();
        let thread = Builder::new().name("quorate".to_owned()).spawn(move || {
            match begin(own, &scenario, pace) {
                Ok(live) => {
                    // Whoever started this has no reason not to listen.
                    let _ = say.send(Ok(()));
                    drop(say);
                    serve(live);
                }
                Err(error) => drop(say.send(Err(error))),
            }
        })?;
        let started = hear.recv();
        let gone = |_| Err(io::Error::other("the thread of the cluster ended").into());
        started.unwrap_or_else(gone)?;
        Ok(Self {
            name: name.clone(),
            thread: Some(thread),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// A connection to its control socket.
    ///
    /// # Errors
    ///
    /// If the cluster was stopped.
    pub fn client(&self) -> Result<Client, ClientError> {
        Client::find(&self.name)
    }
}

fn begin(name: Name, scenario: &Scenario, pace: Pace) -> Result<Live<'_>, LiveError> {
    let mut cluster = Cluster::new(scenario.config.clone(), scenario.compat, scenario.seed);
    cluster.set_faults(scenario.faults.clone());
    let mut host = Host::named(cluster, &base(), &name.in_directory())?;
    if scenario.start {
        host.act(Cluster::start_all)??;
        host.act(Cluster::run_until_quiet)?;
    }
    let player = Player::new(scenario);
    Live::new(host, name, player, pace, Box::new(|_| Ok(())))
}

/// Until it is asked to end, or cannot go on; then its connections hang up.
fn serve(mut live: Live<'_>) {
    while live.turn().is_ok() && !live.is_stopping() && live.wait().is_ok() {}
}

impl Drop for Served {
    fn drop(&mut self) {
        // If it was stopped by somebody else, the thread is ending.
        let _ = self.client().and_then(Client::stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
