//! Playing a history, and comparing what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::Operation;
use crate::rings::Ring;

/// What every running node says: whether it is quorate and who is a member; then of every node
/// of the cluster all that `votequorum_getinfo` tells.
pub(crate) type Answers = BTreeMap<u32, Vec<String>>;

/// One step of a history, and what it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) result: String,
    /// The rings that formed on a real cluster; none are noted of a simulated one.
    pub(crate) rings: Vec<Ring>,
    pub(crate) answers: Answers,
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
