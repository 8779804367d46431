//! Playing a history, and comparing what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::Operation;

/// What every running node says: whether it is quorate and who is a member; then of every node
/// of the cluster all that `votequorum_getinfo` tells.
pub(crate) type Answers = BTreeMap<u32, Vec<String>>;

/// A cluster that a history can be played in.
pub(crate) trait Player {
    /// Carries an operation out, and says how a request was answered.
    fn perform(&mut self, operation: &Operation) -> String;

    /// Waits until nothing changes any more.
    fn settled(&mut self) -> Answers;
}

/// One step of a history, and what it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    operation: Operation,
    result: String,
    answers: Answers,
}

/// Plays one more step.
pub(crate) fn step(player: &mut impl Player, operation: &Operation) -> Step {
    let result = player.perform(operation);
    Step {
        operation: operation.clone(),
        result,
        answers: player.settled(),
    }
}

pub(crate) fn operations(steps: &[Step]) -> Vec<Operation> {
    steps.iter().map(|step| step.operation.clone()).collect()
}

/// The differences between two plays of the same history, for people; empty if there are none.
pub(crate) fn differences(real: &[Step], simulated: &[Step]) -> String {
    let mut report = String::new();
    for (number, (real, simulated)) in real.iter().zip(simulated).enumerate() {
        let operation = &real.operation;
        let mut tell = |what: String, real: &str, simulated: &str| {
            report.push_str(&format!(
                "step {number}, {operation:?}, {what}:\n  real       {real}\n  \
                 simulated  {simulated}\n"
            ));
        };
        if real.result != simulated.result {
            tell("result".into(), &real.result, &simulated.result);
        }
        let nodes = |step: &Step| step.answers.keys().copied().collect::<Vec<u32>>();
        if nodes(real) != nodes(simulated) {
            let [real, simulated] = [real, simulated].map(|step| format!("{:?}", nodes(step)));
            tell("running nodes".into(), &real, &simulated);
            continue;
        }
        for (node, lines) in &real.answers {
            for (real, simulated) in lines.iter().zip(&simulated.answers[node]) {
                if real != simulated {
                    tell(format!("node {node} says"), real, simulated);
                }
            }
        }
    }
    report
}

/// The same without what nodes have on record as the votes that *other* nodes expect.
pub(crate) fn without_expectations_of_others(mut steps: Vec<Step>) -> Vec<Step> {
    for (node, lines) in steps.iter_mut().flat_map(|step| &mut step.answers) {
        let own = format!("{node}: ");
        for line in lines.iter_mut().filter(|line| !line.starts_with(&own)) {
            let parts = line.split(", ");
            let kept: Vec<&str> = parts
                .filter(|part| !part.starts_with("expected "))
                .collect();
            *line = kept.join(", ");
        }
    }
    steps
}
