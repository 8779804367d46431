//! A scenario and programs, to the end of both.

use std::os::fd::AsFd as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use quorate_sim::Cluster;
use quorate_sim::fault::Call;
use quorate_sim::host::Host;
use quorate_sim::scenario::{Check, Due, Player};

use super::arguments::Pace;
use super::ends::{Terms, code};
use super::events::Events;
use super::programs::Programs;
use super::{Ending, Failure};
use quorate_control::idle::Sleepers;

/// Between two looks at programs that are expected to become idle.
const LOOK: Duration = Duration::from_millis(1);

/// How long programs must sleep to count as idle although something waits for them, or they for a
/// paused node.
const PATIENCE: Duration = Duration::from_millis(100);

/// `SI_KERNEL`: a signal of the terminal, which the programs get as well.
const FROM_TERMINAL: i32 = 128;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// At this virtual time, unless programs want something before.
    At(Option<Duration>),
    /// When the programs are idle.
    Idle,
    /// More can be done at once.
    Now,
}

pub(super) struct Play<'a> {
    host: &'a mut Host,
    player: Player<'a>,
    programs: Programs,
    sleepers: Sleepers,
    events: Events,
    pace: Pace,
    stop_at_end: bool,
    /// How long programs may run, and until when.
    limit: Option<(Duration, Instant)>,
    timed_out: bool,
    stopping: bool,
    interrupted: Option<Signal>,
    /// A moment in real time and in virtual time.
    anchor: (Instant, Duration),
}

impl<'a> Play<'a> {
    pub(super) fn new(
        host: &'a mut Host,
        player: Player<'a>,
        (programs, events): (Programs, Events),
        pace: Pace,
        stop_at_end: bool,
        timeout: Option<Duration>,
    ) -> Self {
        let limit = timeout.map(|limit| (limit, Instant::now() + limit));
        let anchor = (Instant::now(), host.cluster().now());
        Self {
            host,
            player,
            programs,
            sleepers: Sleepers::default(),
            events,
            pace,
            stop_at_end,
            limit,
            timed_out: false,
            stopping: false,
            interrupted: None,
            anchor,
        }
    }

    /// The report, what the program ended with, and all events if they were to be kept. `expected`:
    /// the scenario says what the program ends with.
    pub(super) fn finish(mut self, signals: &SignalFd, expected: bool) -> Result<Ending, Failure> {
        let mut ended = None;
        if self.programs.any() {
            ended = self.until_program_ends(signals)?;
        }
        let stays = self.stop_at_end && ended.is_some() && self.interrupted.is_none();
        let steps_missed = if stays { self.player.steps_left() } else { 0 };
        // Nobody is left to whom it would matter how fast this is.
        while self.interrupted.is_none() && self.player.due() != Due::Finished {
            if self.player.due() == Due::Call {
                self.player.give_up(self.host.cluster());
            } else {
                self.play()?;
            }
            self.read_signals(signals)?;
        }
        let interrupted = self.interrupted.map(|signal| 128 + signal as i32);
        let mut code = ended.map(code).or(interrupted);
        if self.stopping && code == Some(128 + Signal::SIGTERM as i32) {
            // It was asked to end, and did.
            code = Some(0);
        }
        let at = self.host.cluster().now();
        self.programs.wait_launched(at)?;
        let asked = self.stopping.then_some(Signal::SIGTERM);
        let terms = Terms {
            asked: asked.into_iter().chain(self.interrupted).collect(),
            main: code.filter(|_| !expected),
            steps_missed,
            at,
        };
        let ends = self.programs.ends();
        drop(self.programs);
        let received = self.host.received();
        self.player
            .hear_at_end(self.host.cluster().now(), &received);
        let mut report = self.player.finish(self.host.cluster(), code);
        if let Some((limit, _)) = self.limit {
            report.checks.push(Check {
                name: format!("the program ends within {limit:?} of real time"),
                place: None,
                at: self.host.cluster().now(),
                failure: self.timed_out.then(|| "it was still running".to_owned()),
            });
        }
        Ok(Ending {
            report,
            code,
            ends,
            terms,
            events: self.events.into_kept(),
        })
    }

    /// `None` if it has not ended in time.
    fn until_program_ends(&mut self, signals: &SignalFd) -> Result<Option<ExitStatus>, Failure> {
        self.host.watch(signals.as_fd())?;
        let mut signalled = true;
        loop {
            if self.limit.is_some_and(|(_, end)| Instant::now() >= end) {
                self.timed_out = true;
                return Ok(None);
            }
            if signalled {
                self.read_signals(signals)?;
                // Those that are asked to end at the end of all may say how it went.
                let ended = self.programs.reap(self.host.cluster().now())?;
                let waits = self.stopping && self.programs.running().next().is_some();
                if let Some(status) = ended.filter(|_| !waits) {
                    // What it said last, and that it is gone.
                    while self.serve()? {}
                    return Ok(Some(status));
                }
            }
            let next = self.advance()?;
            signalled = self.wait(next)?;
            // What is asked now is asked at this time.
            if self.pace == Pace::Real {
                self.pass_time()?;
            }
            if self.serve()? {
                self.sleepers.woken();
            }
        }
    }

    /// Answers programs. Steps that wait for a call happen before it is heard. Says whether
    /// anything was asked.
    fn serve(&mut self) -> Result<bool, Failure> {
        let (player, events) = (&mut self.player, &mut self.events);
        let mut on_call = |cluster: &mut Cluster, call: &Call| {
            if player.called(call) {
                player.play(cluster);
                events.write(&cluster.take_log())?;
            }
            Ok::<_, Failure>(())
        };
        let anything = self.host.serve_and(Some(Duration::ZERO), &mut on_call)?;
        if anything {
            self.act(|_, _| ())?;
            self.after_step();
        }
        Ok(anything)
    }

    /// Looks at what programs have received if the step wants to know; and programs do not outlive
    /// their machine.
    fn after_step(&mut self) {
        if self.player.listens() {
            let received = self.host.received();
            self.player.hear(self.host.cluster().now(), &received);
        }
        for node in self.host.take_powered_off() {
            self.programs.kill_on(node);
        }
    }

    /// Does something with the cluster. The events are told before the programs are.
    fn act<R>(
        &mut self,
        act: impl FnOnce(&mut Cluster, &mut Player<'a>) -> R,
    ) -> Result<R, Failure> {
        let (player, events) = (&mut self.player, &mut self.events);
        self.host.act(|cluster| {
            let result = act(cluster, player);
            events.write(&cluster.take_log())?;
            Ok(result)
        })?
    }

    /// Signals to this process are meant for the programs.
    fn read_signals(&mut self, signals: &SignalFd) -> Result<(), Failure> {
        while let Some(news) = signals.read_signal()? {
            let Ok(signal) = Signal::try_from(news.ssi_signo as i32) else {
                continue;
            };
            if signal == Signal::SIGCHLD {
                continue;
            }
            self.interrupted = Some(signal);
            if news.ssi_code != FROM_TERMINAL {
                self.programs.signal(signal);
            }
        }
        Ok(())
    }

    /// Lets happen what is due.
    fn advance(&mut self) -> Result<Next, Failure> {
        let over = matches!(self.player.due(), Due::Call | Due::Finished)
            && self.host.cluster().is_quiet();
        match self.pace {
            Pace::Idle if !over => self.jump(),
            Pace::Idle | Pace::Real => self.follow(),
        }
    }

    /// Real time passes, and virtual time with it.
    fn follow(&mut self) -> Result<Next, Failure> {
        self.pass_time()?;
        match self.player.due() {
            Due::At(at) if self.now() >= at => {
                self.play()?;
                Ok(Next::Now)
            }
            Due::At(at) => {
                let next = self.host.cluster().next_event_at();
                Ok(Next::At(Some(next.map_or(at, |next| next.min(at)))))
            }
            Due::Idle if self.host.cluster().is_quiet() && self.is_idle() => {
                self.play()?;
                self.set_anchor();
                Ok(Next::Now)
            }
            Due::Idle => Ok(Next::Idle),
            Due::Finished if self.stop_at_end && !self.stopping => {
                if self.host.cluster().is_quiet() && self.is_idle() {
                    self.stopping = true;
                    self.programs.stop(Signal::SIGTERM);
                }
                Ok(Next::Idle)
            }
            Due::Call | Due::Finished => Ok(Next::At(self.host.cluster().next_event_at())),
        }
    }

    /// When all programs are idle: goes from event to event, until one concerns a program. For a
    /// program that asks again and again for what only needs time, goes to the next event.
    fn jump(&mut self) -> Result<Next, Failure> {
        let idle = self.is_idle();
        if !idle && !self.host.wants_time() {
            return Ok(Next::Idle);
        }
        self.host.has_told();
        loop {
            let next = self.host.cluster().next_event_at();
            let steps = match self.player.due() {
                Due::At(at) => next.is_some_and(|next| next <= at),
                Due::Idle if !idle && self.host.cluster().is_quiet() => break,
                Due::Idle => !self.host.cluster().is_quiet(),
                Due::Call | Due::Finished if self.host.cluster().is_quiet() => break,
                Due::Call | Due::Finished => true,
            };
            if steps {
                self.act(|cluster, _| cluster.step())?;
            } else {
                self.play()?;
            }
            if !idle || (self.host.has_told() && !self.host.wants_time()) {
                break;
            }
        }
        self.set_anchor();
        // Others may have something to read first.
        Ok(if idle { Next::Now } else { Next::Idle })
    }

    fn play(&mut self) -> Result<(), Failure> {
        self.act(|cluster, player| player.play(cluster))?;
        self.after_step();
        self.sleepers.woken();
        Ok(())
    }

    fn is_idle(&mut self) -> bool {
        let has_all = self.host.is_idle();
        let server = self.host.server();
        let connected = server.connections().into_iter();
        let connected = connected.filter_map(|conn| server.describe(conn));
        let connected = connected.map(|knock| knock.credentials.pid as u32);
        let processes = self.programs.running().chain(connected);
        let asleep = self.sleepers.sleep(processes);
        asleep.is_some_and(|time| has_all || time > PATIENCE)
    }

    fn now(&self) -> Duration {
        self.anchor.1 + self.anchor.0.elapsed()
    }

    fn set_anchor(&mut self) {
        self.anchor = (Instant::now(), self.host.cluster().now());
    }

    /// Lets virtual time pass until now, but not beyond the next step.
    fn pass_time(&mut self) -> Result<(), Failure> {
        let limit = match self.player.due() {
            Due::At(at) => at,
            Due::Idle | Due::Call | Due::Finished => Duration::MAX,
        };
        let until = self.now().min(limit);
        let passes = self.pace == Pace::Real;
        self.act(|cluster, _| match passes {
            true => cluster.run_until(until),
            // What programs do between two events of the cluster happens at the time of the first.
            false => {
                while cluster.next_event_at().is_some_and(|at| at <= until) && cluster.step() {}
            }
        })?;
        Ok(())
    }

    /// Waits for programs, signals, or what comes next. Says whether there was a signal.
    fn wait(&mut self, next: Next) -> Result<bool, Failure> {
        let until = match next {
            Next::Now => Some(Duration::ZERO),
            Next::Idle => Some(LOOK),
            Next::At(at) => at.map(|at| at.saturating_sub(self.now())),
        };
        let left = self
            .limit
            .map(|(_, end)| end.saturating_duration_since(Instant::now()));
        let limit = until.into_iter().chain(left).min();
        Ok(self.host.wait(limit)?)
    }
}
