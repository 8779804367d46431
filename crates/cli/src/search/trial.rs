//! One run of the program in one history: a `quorate run` of its own, so that it is what anybody
//! sees who runs the scenario.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::Arguments;
use crate::run::{EXPECTATION, SEED, UNEXPECTED};

/// Where a run reads its history.
const SCENARIO: &str = "/dev/stdin";

/// What a failed run says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// What was not as expected, in order, without the times and lines that differ from history
    /// to history.
    pub(super) why: Vec<String>,
    /// What the program printed, and what else quorate said.
    pub(super) output: String,
}

impl Failed {
    /// What failed first.
    pub(super) fn first(&self) -> &str {
        self.why.first().map_or("", String::as_str)
    }
}

/// How to run the program.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    arguments: Vec<OsString>,
}

impl Trial {
    pub(super) fn new(arguments: &Arguments) -> Self {
        let mut all: Vec<OsString> = ["run", "--quiet", "--pace", "idle", "--stop-at-end"]
            .map(OsString::from)
            .to_vec();
        all.extend(["--timeout".into(), arguments.timeout.to_string().into()]);
        if let Some(node) = arguments.node {
            all.extend(["--node".into(), node.to_string().into()]);
        }
        all.extend(["--scenario", SCENARIO, "--"].map(OsString::from));
        all.extend(arguments.words.iter().cloned());
        Self { arguments: all }
    }

    /// `None` if all was as expected.
    pub(super) fn run(&self, scenario: &str) -> Result<Option<Failed>, String> {
        let output = self.output(scenario).map_err(|error| error.to_string())?;
        let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        let code = output
            .status
            .code()
            .and_then(|code| u8::try_from(code).ok());
        match code {
            Some(0) => Ok(None),
            Some(EXPECTATION) => {
                let lines = printed[1].lines();
                let why = lines
                    .clone()
                    .filter_map(|line| line.strip_prefix(UNEXPECTED));
                // What fails is told once, and the seed is that of the search.
                let is_told = |line: &str| line.starts_with(UNEXPECTED) || line.starts_with(SEED);
                let others = lines.filter(|line| !is_told(line));
                let others: String = others.map(|line| format!("{line}\n")).collect();
                Ok(Some(Failed {
                    why: why.map(without_place).collect(),
                    output: format!("{}{others}", printed[0]),
                }))
            }
            _ => Err(format!(
                "a run ended with {}: {}",
                output.status, printed[1]
            )),
        }
    }

    fn output(&self, scenario: &str) -> std::io::Result<Output> {
        let mut child = Command::new("/proc/self/exe")
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that ends early says why.
            let _ = stdin.write_all(scenario.as_bytes());
        }
        child.wait_with_output()
    }
}

/// `1.5s: /dev/stdin:3: node 1: quorate: …` → `node 1: quorate: …`
fn without_place(line: &str) -> String {
    let (_, rest) = line.split_once(": ").unwrap_or(("", line));
    let place = rest.strip_prefix(SCENARIO);
    let rest = match place.and_then(|rest| rest.split_once(": ")) {
        Some((_, rest)) => rest,
        None => rest,
    };
    // Which partitions, and when, is different in a shorter history.
    match rest.split_once(" violations of the invariants: ") {
        Some(_) => "the invariants are violated".to_owned(),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_count() {
        for (line, expected) in [
            (
                "1.5s: /dev/stdin:3: node 1: quorate: a: b",
                "node 1: quorate: a: b",
            ),
            (
                "2s: the program ends with 0: it ended with 1",
                "the program ends with 0: it ended with 1",
            ),
            (
                "0ns: 0 violations of the invariants: found 1: at 3s, seed 4: two",
                "the invariants are violated",
            ),
        ] {
            assert_eq!(without_place(line), expected);
        }
    }
}
