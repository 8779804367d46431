//! How time passes, and what those wait for who have asked it to.

use std::time::{Duration, Instant};

use quorate_engine::NodeId;
use quorate_sim::host::Program;
use quorate_sim::scenario::Due;

use super::{Goal, Idle, Live, LiveError, Pace};
use crate::message::{ErrorKind, Refusal, Reply};

/// Events of the cluster in a row, before programs and callers have their turn.
const BATCH: usize = 1000;

/// Between two looks at programs that are expected to become idle.
pub(super) const LOOK: Duration = Duration::from_millis(1);

/// How long programs must sleep to count as idle although something waits for them, or they for a
/// paused node.
const PATIENCE: Duration = Duration::from_millis(100);

impl Live<'_> {
    pub(super) fn now(&self) -> Duration {
        match self.pace {
            Pace::Real(speed) => self.anchor.1 + self.anchor.0.elapsed().mul_f64(speed),
            Pace::Manual => self.host.cluster().now(),
        }
    }

    /// Lets virtual time pass until now, and everything happen that is due.
    pub(super) fn pass_time(&mut self) -> Result<(), LiveError> {
        if let Pace::Real(_) = self.pace {
            let now = self.now();
            self.go_to(now)?;
        }
        self.play_when_idle()
    }

    /// Goes to this time, or as far as one turn may take it; plays the steps on the way.
    pub(super) fn go_to(&mut self, until: Duration) -> Result<(), LiveError> {
        for _ in 0..BATCH {
            let due = match self.player.due() {
                Due::At(at) if at <= until => Some(at),
                Due::At(_) | Due::Idle | Due::Call | Due::Finished => None,
            };
            let next = self.host.cluster().next_event_at();
            match (due, next.filter(|&next| next <= until)) {
                (Some(at), next) if next.is_none_or(|next| next > at) => {
                    self.act(|cluster, player| player.play(cluster))?;
                }
                (_, Some(_)) => drop(self.act(|cluster, _| cluster.step())?),
                (_, None) => {
                    self.act(|cluster, _| cluster.run_until(until))?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Plays the next step if that waits for nothing but idleness.
    pub(super) fn play_when_idle(&mut self) -> Result<(), LiveError> {
        if self.player.due() == Due::Idle && self.is_idle(&[]) {
            self.act(|cluster, player| player.play(cluster))?;
            self.set_anchor();
            self.sleepers.woken();
        }
        Ok(())
    }

    /// Whether nothing is under way, and all programs are idle but the one that asks.
    pub(super) fn is_idle(&mut self, without: &[u32]) -> bool {
        self.host.cluster().is_quiet() && self.programs_are_idle(without)
    }

    pub(super) fn programs_are_idle(&mut self, without: &[u32]) -> bool {
        let mut processes = self.processes(without);
        processes.sort_unstable();
        processes.dedup();
        let has_all = self.host.is_idle_without(without);
        if processes.is_empty() {
            return has_all;
        }
        let asleep = self.sleepers.sleep(processes);
        asleep.is_some_and(|time| has_all || time > PATIENCE)
    }

    pub(super) fn processes(&self, without: &[u32]) -> Vec<u32> {
        let programs = self.host.programs().into_iter();
        let processes = programs.map(|program| program.process);
        processes
            .filter(|process| !without.contains(process))
            .collect()
    }

    pub(super) fn set_anchor(&mut self) {
        self.anchor = (Instant::now(), self.host.cluster().now());
    }

    pub(super) fn step(&mut self) -> Result<bool, LiveError> {
        let next = self.host.cluster().next_event_at();
        let happened = match (self.player.due(), next) {
            (Due::At(at), next) if next.is_none_or(|next| next > at) => {
                self.act(|cluster, player| player.play(cluster))?;
                true
            }
            _ => self.act(|cluster, _| cluster.step())?,
        };
        self.set_anchor();
        Ok(happened)
    }

    /// Comes closer to what somebody waits for, and says so to those whose wait is over.
    pub(super) fn pursue(&mut self) -> Result<(), LiveError> {
        self.goals.retain(|&caller, _| self.door.has(caller));
        let times = self.goals.values().filter_map(|goal| match goal {
            Goal::Time(time) => Some(*time),
            Goal::Idle(..) => None,
        });
        if let Some(until) = times.max() {
            self.go_to(until)?;
            self.set_anchor();
        }
        for (caller, goal) in self.goals.clone() {
            let reply = match goal {
                Goal::Time(time) => (self.host.cluster().now() >= time).then(|| self.done(true)),
                Goal::Idle(mut idle) => {
                    let reply = self.settle(&mut idle)?;
                    self.goals.insert(caller, Goal::Idle(idle));
                    reply
                }
            };
            if let Some(reply) = reply {
                self.goals.remove(&caller);
                self.door.answer(caller, &reply);
            }
        }
        Ok(())
    }

    /// One of those who wait until nothing is under way and all but those who ask are idle.
    pub(super) fn settle(&mut self, idle: &mut Idle) -> Result<Option<Reply>, LiveError> {
        let Idle {
            connected,
            askers,
            since,
            limit,
        } = idle;
        if self.pace == Pace::Manual {
            // Programs get to do what they do about an event before the next one happens.
            let mut left = BATCH;
            while left > 0 && !self.host.cluster().is_quiet() {
                if self.told && !self.programs_are_idle(askers) {
                    break;
                }
                self.told = false;
                self.act(|cluster, _| cluster.step())?;
                left -= 1;
            }
        }
        if let Some((node, wanted)) = *connected {
            let open = self.connections(node, askers);
            if open < wanted {
                return Ok((since.elapsed() >= *limit).then(|| {
                    timed_out(format!(
                        "after {limit:?} programs have {open} of {wanted} connections to node {node}"
                    ))
                }));
            }
            // What they do next may be to end.
            *connected = None;
        }
        if self.is_idle(askers) {
            self.told = false;
            return Ok(Some(self.done(true)));
        }
        if since.elapsed() < *limit {
            return Ok(None);
        }
        let text = if self.host.cluster().is_quiet() {
            let others = self.processes(askers);
            format!("after {limit:?} not all of the programs are idle: processes {others:?}")
        } else {
            format!("after {limit:?} the cluster is not at rest")
        };
        Ok(Some(timed_out(text)))
    }

    /// How many connections to a node there are, those of some processes not counted.
    fn connections(&self, node: NodeId, without: &[u32]) -> usize {
        let programs = self.host.programs().into_iter();
        let counts =
            |program: &Program| program.node == node && !without.contains(&program.process);
        programs.filter(counts).count()
    }
}

fn timed_out(text: String) -> Reply {
    let kind = ErrorKind::Timeout;
    Reply::Refused(Refusal { kind, text })
}
