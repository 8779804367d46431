//! Asking a daemon what it thinks of the cluster.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::compile::CProgram;
use crate::library::{Library, Load};
use crate::namespace::NodeSpace;

/// One daemon's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The ring's representative and sequence number.
    pub ring: (u32, u64),
    /// The members of the ring, ascending.
    pub members: Vec<u32>,
    /// The nodes votequorum counts as members, ascending.
    pub voting: Vec<u32>,
    /// Whether the latest quorum notification said so.
    pub quorate: bool,
    /// Votes expected by this node.
    pub expected: u32,
    /// Votes present.
    pub total: u32,
    /// Votes needed.
    pub quorum: u32,
    /// The flags of `votequorum_getinfo`.
    pub flags: u32,
}

impl State {
    /// Whether the answer's parts fit together: between a membership change and the end of the
    /// synchronisation after it, they describe different moments.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.members == self.voting && self.quorate == (self.flags & 2 != 0)
    }
}

pub(crate) fn ask(space: &Arc<NodeSpace>) -> Result<State, String> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        CProgram::new("probe")
            .source("crates/testkit/c/probe.c")
            .link("votequorum")
            .build()
    });
    let mut command = space.command(program);
    Library::Original.apply(&mut command, Load::Path);
    let output = command.output().map_err(|why| why.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return match output.status.signal() {
            Some(signal) => Err(format!("the probe got no answer (signal {signal})")),
            None => Err(format!("the probe says: {}", text.trim())),
        };
    }
    parse(&text).ok_or_else(|| format!("the probe printed nonsense: {text}"))
}

fn parse(text: &str) -> Option<State> {
    let fields: HashMap<&str, &str> = text
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .collect();
    let number = |name: &str| fields.get(name)?.parse().ok();
    let list = |name: &str| -> Option<Vec<u32>> {
        let mut ids = fields
            .get(name)?
            .split(',')
            .filter(|id| !id.is_empty())
            .map(|id| id.parse().ok())
            .collect::<Option<Vec<u32>>>()?;
        ids.sort_unstable();
        Some(ids)
    };
    let (representative, sequence) = fields.get("ring")?.split_once('.')?;
    Some(State {
        ring: (representative.parse().ok()?, sequence.parse().ok()?),
        members: list("members")?,
        voting: list("voting")?,
        quorate: number("quorate")? == 1,
        expected: number("expected")?,
        total: number("total")?,
        quorum: number("quorum")?,
        flags: number("flags")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let text = "ring=1.8 members=1,2 quorate=1 voting=2,1 expected=3 total=2 quorum=2 flags=2";
        let state = parse(text).expect("well formed");
        assert_eq!(state.ring, (1, 8));
        assert_eq!(state.voting, [1, 2]);
        assert!(state.settled());
        assert_eq!(parse("ring=1.8 members=1,x"), None);
    }

    #[test]
    fn a_new_membership_with_the_old_quorum_is_not_settled() {
        let text = "ring=1.8 members=1 quorate=1 voting=2,1 expected=3 total=2 quorum=2 flags=2";
        assert!(!parse(text).expect("well formed").settled());
        let text = "ring=1.8 members=1 quorate=0 voting=1 expected=3 total=1 quorum=2 flags=2";
        assert!(!parse(text).expect("well formed").settled());
    }
}
