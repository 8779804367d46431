//! The outcome of a scenario, for people and for CI systems.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was expected.
    pub name: String,
    /// The scenario's line, if it is about one.
    pub place: Option<Place>,
    /// The virtual time.
    pub at: Duration,
    /// What was found instead; `None` if it was as expected.
    pub failure: Option<String>,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file's name, as the user gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// All that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The scenario's name.
    pub name: String,
    /// The seed that gives the same run again.
    pub seed: u64,
    /// The checks in the order in which they were made.
    pub checks: Vec<Check>,
    /// What else is worth a look, though it is no failure.
    pub notes: Vec<String>,
}

impl Check {
    fn title(&self) -> String {
        match &self.place {
            Some(place) => format!("{place}: {}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The check, and what was found instead.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        match &self.failure {
            Some(found) => write!(f, ": {found}"),
            None => Ok(()),
        }
    }
}

impl Report {
    /// Whether everything was as expected.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.failure.is_some())
    }

    /// The report in the Test Anything Protocol, version 14.
    #[must_use]
    pub fn to_tap(&self) -> String {
        let mut tap = format!(
            "TAP version 14\n# {}, seed {}\n1..{}\n",
            one_line(&self.name),
            self.seed,
            self.checks.len()
        );
        for (number, check) in (1..).zip(&self.checks) {
            let title = one_line(&check.title())
                .replace('\\', "\\\\")
                .replace('#', "\\#");
            let not = if check.failure.is_some() { "not " } else { "" };
            // Writing to a String cannot fail.
            let _ = writeln!(tap, "{not}ok {number} - {title}");
            if let Some(failure) = &check.failure {
                // A JSON string is a YAML string.
                let message = serde_json::Value::from(failure.as_str());
                let micros = check.at.as_micros();
                let _ = write!(
                    tap,
                    "  ---\n  message: {message}\n  time_us: {micros}\n  ...\n"
                );
            }
        }
        for note in &self.notes {
            let _ = writeln!(tap, "# {}", one_line(note));
        }
        tap
    }

    /// The report as a JUnit XML document.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let name = escape_xml(&self.name);
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{name}\" \
             tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n    <properties>\n      \
             <property name=\"seed\" value=\"{}\"/>\n    </properties>\n",
            self.checks.len(),
            self.failures().count(),
            self.seed
        );
        for check in &self.checks {
            let title = escape_xml(&check.title());
            let seconds = check.at.as_secs_f64();
            // Writing to a String cannot fail.
            let _ = write!(
                xml,
                "    <testcase classname=\"{name}\" name=\"{title}\" time=\"{seconds:.6}\""
            );
            let _ = match &check.failure {
                None => writeln!(xml, "/>"),
                Some(failure) => writeln!(
                    xml,
                    ">\n      <failure message=\"{}\"/>\n    </testcase>",
                    escape_xml(failure)
                ),
            };
        }
        if !self.notes.is_empty() {
            let notes = escape_xml(&self.notes.join("\n"));
            let _ = writeln!(xml, "    <system-err>{notes}</system-err>");
        }
        xml + "  </testsuite>\n</testsuites>\n"
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Text for an attribute. Characters that XML 1.0 does not have become U+FFFD.
pub fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let check = |name: &str, failure: Option<&str>| Check {
            name: name.to_owned(),
            place: Some(Place {
                file: "a #.toml".to_owned(),
                line: 3,
            }),
            at: Duration::from_millis(1500),
            failure: failure.map(str::to_owned),
        };
        Report {
            name: "a <b>".to_owned(),
            seed: 9,
            checks: vec![
                check("node 1: quorate #1", None),
                check("node 2", Some("\"x\"\n\u{1}")),
            ],
            notes: vec!["a\n<note>".to_owned()],
        }
    }

    #[test]
    fn tap() {
        assert_eq!(
            report().to_tap(),
            "TAP version 14\n# a <b>, seed 9\n1..2\nok 1 - a \\#.toml:3: node 1: quorate \\#1\n\
             not ok 2 - a \\#.toml:3: node 2\n  ---\n  message: \"\\\"x\\\"\\n\\u0001\"\n  \
             time_us: 1500000\n  ...\n# a <note>\n"
        );
    }

    #[test]
    fn junit() {
        let xml = report().to_junit();
        assert!(xml.contains("<testsuite name=\"a &lt;b&gt;\" tests=\"2\" failures=\"1\""));
        assert!(xml.contains("name=\"a #.toml:3: node 1: quorate #1\" time=\"1.500000\"/>\n"));
        assert!(xml.contains("<failure message=\"&quot;x&quot;&#10;\u{fffd}\"/>"));
        assert!(xml.ends_with(
            "    <system-err>a&#10;&lt;note&gt;</system-err>\n  </testsuite>\n</testsuites>\n"
        ));
        assert!(!report().is_success());
    }
}
