//! Reading a log.

use std::time::Duration;

use thiserror::Error;

use super::{Record, What};

/// A record and the line it stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// What it says.
    pub record: Record,
}

/// A log that cannot be used, and the line where that shows.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{file}:{line}: {reason}")]
pub struct LogError {
    /// The file, as the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl LogError {
    /// What is wrong with a line of a file.
    pub fn new(file: &str, line: usize, reason: impl Into<String>) -> Self {
        let (file, reason) = (file.to_owned(), reason.into());
        Self { file, line, reason }
    }
}

/// The format that this version writes and reads.
const VERSION: u32 = 1;

/// Reads the lines of a log: what [`Record::to_json`] writes, one a line. Empty lines are passed
/// over. A last line without its newline was being written when the writer was killed; if it is
/// no record, it does not count.
///
/// # Errors
///
/// If a line is no record, goes back in time, or belongs to a newer format; if there is none.
pub fn read_log(file: &str, text: &str) -> Result<Vec<Line>, LogError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut now = Duration::ZERO;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if line.trim().is_empty() {
            continue;
        }
        let record: Record = match serde_json::from_str(line) {
            Ok(record) => record,
            Err(_) if !line.ends_with('\n') && !lines.is_empty() => break,
            Err(_) if !line.trim_start().starts_with('{') => {
                let reason = "not a record of a log: those are lines of JSON, which begin with {";
                return Err(LogError::new(file, number, reason));
            }
            Err(error) => return Err(LogError::new(file, number, wrong(&error))),
        };
        match record.what {
            What::Recording { version, .. } if version != VERSION => {
                let reason =
                    format!("this is format {version} of recordings, and only {VERSION} is known");
                return Err(LogError::new(file, number, reason));
            }
            _ => {}
        }
        if record.at < now {
            let reason = "this is earlier than the line before";
            return Err(LogError::new(file, number, reason));
        }
        now = record.at;
        lines.push(Line { number, record });
    }
    if lines.is_empty() {
        return Err(LogError::new(file, 1, "there is no record in this log"));
    }
    Ok(lines)
}

/// The parser counts lines within the line.
fn wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (reason, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    format!("not a record of a log: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "{\"time_us\":5,\"node\":2,\"event\":\"started\"}\n\n\
        {\"time_us\":5,\"event\":\"ring\",\"ring\":\"1.5\",\"members\":[1]}\n";

    #[test]
    fn what_is_written_is_read() {
        let lines = read_log("f", GOOD).unwrap();
        let written: Vec<_> = lines.iter().map(|line| line.record.to_json()).collect();
        let there: Vec<_> = GOOD.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(written, there);
        assert_eq!(lines.iter().map(|l| l.number).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        for (more, expected) in [
            ("{}\n", "f:4: not a record of a log: missing field"),
            (
                "nonsense\n{}",
                "f:4: not a record of a log: those are lines of JSON",
            ),
            (
                "[1]\n",
                "f:4: not a record of a log: those are lines of JSON",
            ),
            (
                "{\"time_us\":9,\"event\":\"dance\"}\n",
                "f:4: not a record of a log: unknown variant `dance`",
            ),
            (
                "{\"time_us\":-1,\"event\":\"healed\"}\n",
                "f:4: not a record",
            ),
            (
                "{\"time_us\":4,\"event\":\"healed\"}\n",
                "f:4: this is earlier",
            ),
            (
                "{\"time_us\":6,\"event\":\"recording\",\"version\":2,\"began\":\"\"}\n",
                "f:4: this is format 2",
            ),
        ] {
            let error = read_log("f", &format!("{GOOD}{more}"))
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(read_log("f", "\n").unwrap_err().line, 1);
        assert!(read_log("f", "{\"time_us\":").is_err());
    }

    #[test]
    fn a_line_that_was_being_written_does_not_count() {
        let lines = read_log("f", &format!("{GOOD}{{\"time_us\":9,\"ev")).unwrap();
        assert_eq!(lines.len(), 2);
    }
}
