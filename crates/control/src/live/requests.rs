//! What callers ask.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quorate_engine::{NodeId, Status as Verdict};
use quorate_sim::scenario::{Operation, ScenarioError, ScenarioErrorKind};
use quorate_sim::{Cluster, OperationError};

use super::{Goal, Idle, Live, LiveError, Pace};
use crate::door::CallerId;
use crate::idle::ancestry;
use crate::message::{ErrorKind, Refusal, Reply, Request, Status};
use crate::status;

/// The most that time can be advanced at once.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Live<'_> {
    pub(super) fn request(
        &mut self,
        caller: CallerId,
        process: u32,
        request: Request,
    ) -> Result<(), LiveError> {
        let reply = match request {
            Request::Change { step, files } => self.change(&step, &files)?,
            Request::Status { events_after } => Ok(self.status(events_after)),
            Request::Step => {
                let happened = self.step()?;
                Ok(self.done(happened))
            }
            Request::Advance { us } => {
                let wanted = Duration::from_micros(us);
                if wanted <= DAY {
                    let target = self.now() + wanted;
                    self.goals.insert(caller, Goal::Time(target));
                    return Ok(());
                }
                let text = "time can be advanced by a day at most".to_owned();
                Err((ErrorKind::Invalid, text))
            }
            Request::Wait { limit_ms } => {
                self.wait_idle(caller, process, None, limit_ms);
                return Ok(());
            }
            Request::WaitConnected {
                node,
                connections,
                limit_ms,
            } => {
                let node = NodeId(node);
                if self.host.cluster().running(node).is_some() {
                    let connected = (node, connections as usize);
                    self.wait_idle(caller, process, Some(connected), limit_ms);
                    return Ok(());
                }
                let text = format!("node {node} is not in the cluster");
                Err((ErrorKind::Invalid, text))
            }
            Request::Stop => {
                self.stopping = true;
                Ok(self.done(true))
            }
        };
        let refused = |(kind, text)| Reply::Refused(Refusal { kind, text });
        self.door.answer(caller, &reply.unwrap_or_else(refused));
        Ok(())
    }

    fn wait_idle(
        &mut self,
        caller: CallerId,
        process: u32,
        connected: Option<(NodeId, usize)>,
        limit_ms: u64,
    ) {
        let idle = Idle {
            connected,
            askers: ancestry(process),
            since: Instant::now(),
            limit: Duration::from_millis(limit_ms),
        };
        self.goals.insert(caller, Goal::Idle(idle));
    }

    pub(super) fn done(&self, happened: bool) -> Reply {
        Reply::Done {
            time_us: status::micros(self.host.cluster().now()),
            happened,
        }
    }

    pub(super) fn change(
        &mut self,
        step: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<Result<Reply, (ErrorKind, String)>, LiveError> {
        let read = |name: &str| files.get(name).cloned().ok_or("not sent along".to_owned());
        let parsed = Operation::parse("control", step, &read, self.host.cluster());
        let operation = match parsed {
            Ok(operation) => operation,
            Err(error) => return Ok(Err((kind_of(&error), error.reason()))),
        };
        let applied = self.act(|cluster, _| apply(&operation, cluster))?;
        self.sleepers.woken();
        Ok(match applied {
            Ok(()) => Ok(self.done(true)),
            Err(refused) => Err(refused),
        })
    }

    pub(super) fn status(&self, events_after: u64) -> Reply {
        let cluster = self.host.cluster();
        let ids = |group: Vec<NodeId>| group.iter().map(|node| node.0).collect();
        Reply::Status(Box::new(Status {
            name: self.name.to_string(),
            process: std::process::id(),
            time_us: status::micros(cluster.now()),
            speed: match self.pace {
                Pace::Real(speed) => speed,
                Pace::Manual => 0.0,
            },
            seed: cluster.seed(),
            quiet: cluster.is_quiet(),
            groups: cluster.groups().into_iter().map(ids).collect(),
            nodes: status::nodes(cluster),
            connected: status::connected(&self.host),
            violations: cluster.violations().len(),
            steps_left: self.player.steps_left(),
            failures: self.player.failures(),
            events: self.latest.after(events_after),
        }))
    }
}

fn kind_of(error: &ScenarioError) -> ErrorKind {
    match error {
        ScenarioError::Scenario {
            kind: ScenarioErrorKind::State { .. },
            ..
        } => ErrorKind::State,
        _ => ErrorKind::Invalid,
    }
}

/// Carries an operation out; unlike in a scenario, what votequorum refuses is an error.
fn apply(operation: &Operation, cluster: &mut Cluster) -> Result<(), (ErrorKind, String)> {
    let verdict = match operation {
        Operation::SetVotes { on, node, votes } => cluster.set_votes(*on, *node, *votes),
        Operation::SetExpected { on, votes } => cluster.set_expected(*on, *votes),
        other => other.apply(cluster).map(|()| Verdict::Ok),
    };
    match verdict {
        Ok(Verdict::Ok) => Ok(()),
        Ok(refused) => {
            let text = format!("votequorum refuses this: {}", error_name(refused));
            Err((ErrorKind::State, text))
        }
        Err(error @ OperationError::KeyName(_)) => Err((ErrorKind::Invalid, error.to_string())),
        Err(error) => Err((ErrorKind::State, error.to_string())),
    }
}

/// `CS_ERR_INVALID_PARAM`
fn error_name(refused: Verdict) -> String {
    let mut name = "CS_ERR".to_owned();
    for letter in format!("{refused:?}").chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_names_of_corosync() {
        assert_eq!(error_name(Verdict::InvalidParam), "CS_ERR_INVALID_PARAM");
        assert_eq!(error_name(Verdict::TryAgain), "CS_ERR_TRY_AGAIN");
    }
}
