//! A cluster that lives on: programs, time, a scenario if there is one, and those who control it.

mod requests;
mod time;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use quorate_engine::NodeId;
use quorate_sim::fault::Call;
use quorate_sim::host::{Host, HostError};
use quorate_sim::scenario::{Due, Player, Report};
use quorate_sim::{Cluster, OperationError, Record};
use thiserror::Error;

use crate::door::{CallerId, Door};
use crate::idle::Sleepers;
use crate::place::Name;
use crate::status::Latest;

/// How virtual time passes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// So many virtual seconds in a real one; more than 0.
    Real(f64),
    /// Only when it is told to.
    Manual,
}

/// Why a live cluster cannot go on. No program and no caller can bring this about.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The sockets of its nodes.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The control socket, or waiting.
    #[error("{0}")]
    System(#[from] io::Error),
    /// The log cannot be written.
    #[error("{0}")]
    Log(String),
    /// The cluster does not start.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// Takes note of what happens, before any program is told of it.
pub type Events<'a> = Box<dyn FnMut(&[Record]) -> Result<(), String> + 'a>;

/// Something that somebody waits for.
#[derive(Clone, Debug)]
enum Goal {
    /// This virtual time.
    Time(Duration),
    /// That nothing is under way, and all programs are idle.
    Idle(Idle),
}

/// What is meant by that.
#[derive(Clone, Debug)]
struct Idle {
    /// So many connections to a node must have been made before.
    connected: Option<(NodeId, usize)>,
    /// Processes that need not be idle, and whose connections are not counted.
    askers: Vec<u32>,
    since: Instant,
    limit: Duration,
}

/// A cluster with its programs, its clock and its control socket.
pub struct Live<'a> {
    // Goes before the connections do, so that their end says that nothing is left.
    host: Host,
    door: Door,
    /// Somebody may have something to say at the door.
    knocked: bool,
    name: Name,
    player: Player<'a>,
    events: Events<'a>,
    latest: Latest,
    pace: Pace,
    /// A moment in real time and in virtual time.
    anchor: (Instant, Duration),
    goals: BTreeMap<CallerId, Goal>,
    sleepers: Sleepers,
    /// Programs were told something, and may not have done what they do about it.
    told: bool,
    stopping: bool,
}

impl fmt::Debug for Live<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = &mut f.debug_struct("Live");
        live.field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Live<'a> {
    /// Opens the control socket in the host's directory.
    ///
    /// # Errors
    ///
    /// If the system refuses it.
    pub fn new(
        host: Host,
        name: Name,
        player: Player<'a>,
        pace: Pace,
        events: Events<'a>,
    ) -> Result<Self, LiveError> {
        let door = Door::open(host.server().home())?;
        host.watch(door.fd())?;
        let anchor = (Instant::now(), host.cluster().now());
        let mut live = Self {
            host,
            door,
            knocked: true,
            name,
            player,
            events,
            latest: Latest::default(),
            pace,
            anchor,
            goals: BTreeMap::new(),
            sleepers: Sleepers::default(),
            told: false,
            stopping: false,
        };
        live.act(|_, _| ())?;
        Ok(live)
    }

    /// The cluster with the sockets of its nodes.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether it was asked to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// What became of the scenario.
    #[must_use]
    pub fn report(&mut self) -> Report {
        let received = self.host.received();
        let mut player = self.player.clone();
        player.hear_at_end(self.host.cluster().now(), &received);
        player.finish(self.host.cluster(), None)
    }

    /// Does all that is due, and answers all who ask; does not wait.
    ///
    /// # Errors
    ///
    /// If the system refuses something without which this cannot go on.
    pub fn turn(&mut self) -> Result<(), LiveError> {
        self.pass_time()?;
        let player = &mut self.player;
        let on_call = |cluster: &mut Cluster, call: &Call| {
            if player.called(call) {
                player.play(cluster);
            }
            Ok::<_, LiveError>(())
        };
        if self.host.serve_and(Some(Duration::ZERO), on_call)? {
            self.sleepers.woken();
            self.act(|_, _| ())?;
        }
        if self.knocked || self.door.patience().is_some() {
            for (caller, process, request) in self.door.requests() {
                self.request(caller, process, request)?;
            }
        }
        self.pursue()
    }

    /// Has [`wait`](Self::wait) end also when this descriptor is readable, until it is closed.
    ///
    /// # Errors
    ///
    /// If the system can't watch it.
    pub fn watch(&self, fd: BorrowedFd<'_>) -> Result<(), LiveError> {
        Ok(self.host.watch(fd)?)
    }

    /// Waits until there is something to do, or a watched descriptor is readable; says whether that
    /// may be so.
    ///
    /// # Errors
    ///
    /// If the system refuses to wait.
    pub fn wait(&mut self) -> Result<bool, LiveError> {
        self.door.listen()?;
        let limits = [self.door.patience(), self.patience()];
        let limit = limits.into_iter().flatten().min();
        self.knocked = self.host.wait(limit)?;
        Ok(self.knocked)
    }

    /// How long nothing will happen by itself.
    fn patience(&self) -> Option<Duration> {
        let waits_for_idle = self.player.due() == Due::Idle
            || self
                .goals
                .values()
                .any(|goal| matches!(goal, Goal::Idle(..)));
        let look = waits_for_idle.then_some(time::LOOK);
        let Pace::Real(speed) = self.pace else {
            let moves = self
                .goals
                .values()
                .any(|goal| matches!(goal, Goal::Time(_)));
            return if moves { Some(Duration::ZERO) } else { look };
        };
        let step = match self.player.due() {
            Due::At(at) => Some(at),
            Due::Idle | Due::Call | Due::Finished => None,
        };
        let next = self.host.cluster().next_event_at();
        let next = next.into_iter().chain(step).min();
        let now = self.now();
        let real = |at: Duration| at.saturating_sub(now).div_f64(speed);
        look.into_iter().chain(next.map(real)).min()
    }

    /// Does something with the cluster. The events are told before the programs are.
    fn act<R>(
        &mut self,
        act: impl FnOnce(&mut Cluster, &mut Player<'a>) -> R,
    ) -> Result<R, LiveError> {
        let (player, events, latest) = (&mut self.player, &mut self.events, &mut self.latest);
        let result = self.host.act(|cluster| {
            let result = act(cluster, player);
            let records = cluster.take_log();
            latest.keep(&records);
            events(&records).map(|()| result)
        })?;
        self.told |= self.host.has_told();
        if self.player.listens() {
            let received = self.host.received();
            self.player.hear(self.host.cluster().now(), &received);
        }
        // Programs on machines that die are not this process's to end.
        self.host.take_powered_off();
        result.map_err(LiveError::Log)
    }
}
