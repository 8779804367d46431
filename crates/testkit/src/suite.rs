//! The harness of all test suites that need more than `#[test]`: tests run one after another in
//! the order they are written, may be skipped for a reason, and are counted at the end.

mod selection;

use std::any::Any;
use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::time::Instant;

use self::selection::Selection;
use crate::requirements::Requirements;

/// How a test ended, other than by a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All was as it should be.
    Passed,
    /// It could not be run, and why.
    Skipped(String),
    /// The same, for want of a toolchain that no package has.
    NoToolchain(String),
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Passed
    }
}

/// Set to `1`: a skipped test is a failure, unless what it lacks is a toolchain.
pub const REQUIRE_ALL: &str = "QUORATE_REQUIRE_ALL";
/// Set to `1`: a test skipped for want of a toolchain is a failure.
pub const REQUIRE_TOOLCHAINS: &str = "QUORATE_REQUIRE_TOOLCHAINS";

/// Set to `1`: no test is run a second time.
pub const ONE_TRY: &str = "QUORATE_ONE_TRY";

/// Real daemons' timing is nobody's, so a test among them may fail once by chance, and a few of them
/// in one run. What fails more often than that has a reason.
const SECOND_TRIES: usize = 2;

/// A suite that is being run.
#[derive(Debug)]
pub struct Suite {
    name: String,
    wanted: Selection,
    require_all: bool,
    require_toolchains: bool,
    second_tries_left: usize,
    second_tries: Vec<(String, String)>,
    /// Of the skipped ones, those that must not be.
    missed: usize,
    passed: usize,
    failed: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
}

impl Suite {
    /// A suite of this name, run as the program's arguments ask: names (or parts of names) of
    /// tests to run, `--skip NAME`, `--exact`, `--list`.
    #[must_use]
    pub fn from_arguments(name: &str) -> Self {
        let require_all = env::var(REQUIRE_ALL).is_ok_and(|value| value == "1");
        Self::new(name, Selection::parse(env::args().skip(1)), require_all)
    }

    fn new(name: &str, wanted: Selection, require_all: bool) -> Self {
        Self {
            name: name.into(),
            wanted,
            require_all,
            require_toolchains: env::var(REQUIRE_TOOLCHAINS).is_ok_and(|value| value == "1"),
            second_tries_left: match env::var(ONE_TRY) {
                Ok(value) if value == "1" => 0,
                _ => SECOND_TRIES,
            },
            second_tries: Vec::new(),
            missed: 0,
            passed: 0,
            failed: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Runs a test now, unless it is not wanted.
    pub fn test<O: Into<Outcome>>(&mut self, name: &str, body: impl FnMut() -> O) {
        self.test_with(name, &Requirements::none(), body);
    }

    /// Runs a test now if this machine has what it needs; otherwise it counts as skipped. If real
    /// daemons take part, and it fails, it is run once more, and the report says so.
    pub fn test_with<O: Into<Outcome>>(
        &mut self,
        name: &str,
        needs: &Requirements,
        mut body: impl FnMut() -> O,
    ) {
        if !self.wanted.includes(name) {
            return;
        }
        if self.wanted.list {
            println!("{name}: test");
            return;
        }
        let start = Instant::now();
        let mut attempt = || panic::catch_unwind(AssertUnwindSafe(|| body().into()));
        let mut result = match needs.check() {
            Err(why) => Ok(Outcome::Skipped(why)),
            Ok(()) => attempt(),
        };
        result = match result {
            Err(why) if needs.real_daemons() && self.second_tries_left > 0 => {
                self.second_tries_left -= 1;
                println!("test {}/{name} ... failed, once more", self.name);
                let second = attempt();
                if second.is_ok() {
                    self.second_tries.push((name.into(), message(&*why)));
                }
                second
            }
            certain => certain,
        };
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(Outcome::Passed) => {
                println!("test {}/{name} ... ok ({seconds:.1} s)", self.name);
                self.passed += 1;
            }
            Ok(Outcome::Skipped(why)) => self.skip(name, why, self.require_all),
            Ok(Outcome::NoToolchain(why)) => self.skip(name, why, self.require_toolchains),
            Err(why) => {
                println!("test {}/{name} ... FAILED ({seconds:.1} s)", self.name);
                self.failed.push((name.into(), message(&*why)));
            }
        }
    }

    fn skip(&mut self, name: &str, why: String, missed: bool) {
        println!("test {}/{name} ... skipped", self.name);
        self.skipped.push((name.into(), why));
        self.missed += usize::from(missed);
    }

    /// Says how it went; the last line is `N passed, N failed, N skipped`.
    #[must_use]
    pub fn finish(self) -> ExitCode {
        let (report, success) = self.report();
        if !self.wanted.list {
            print!("{report}");
        }
        if success {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn report(&self) -> (String, bool) {
        let mut lines = vec![String::new()];
        let mut success = self.failed.is_empty();
        let failure = |(name, why): &_| format!("failed: {}/{name}: {why}", self.name);
        lines.extend(self.failed.iter().map(failure));
        let second = |(name, why): &_| {
            format!(
                "passed at the second try: {}/{name}: first {why}",
                self.name
            )
        };
        lines.extend(self.second_tries.iter().map(second));
        lines.extend(
            self.skipped
                .iter()
                .map(|(name, why)| format!("skipped: {name}: {why}")),
        );
        if self.missed > 0 {
            success = false;
            lines.push(format!(
                "{} tests must not be skipped: {REQUIRE_ALL} or {REQUIRE_TOOLCHAINS} is set",
                self.missed
            ));
        }
        // A suite that runs nothing although nothing was left out on purpose proves nothing.
        let ran = self.passed + self.failed.len() + self.skipped.len();
        let everything = self.wanted.patterns.is_empty() && self.wanted.excluded.is_empty();
        if ran == 0 && everything && !self.wanted.list {
            success = false;
            lines.push("no test was run".into());
        }
        lines.push(format!(
            "{} passed, {} failed, {} skipped\n",
            self.passed,
            self.failed.len(),
            self.skipped.len()
        ));
        (lines.join("\n"), success)
    }
}

/// What a test that failed said, in one line: whole texts are above, where it was printed.
fn message(why: &(dyn Any + Send)) -> String {
    const LONGEST: usize = 400;
    let text = why.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| why.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no message");
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(arguments: &[&str], require_all: bool) -> Suite {
        let arguments = arguments.iter().map(|argument| (*argument).to_string());
        Suite::new("self", Selection::parse(arguments), require_all)
    }

    fn run_three(suite: &mut Suite) {
        suite.test("good", || ());
        suite.test("bad", || assert!(std::hint::black_box(false), "on purpose"));
        suite.test("absent", || Outcome::Skipped("no such thing".into()));
    }

    #[test]
    fn the_last_line_counts() {
        let mut suite = suite(&[], false);
        run_three(&mut suite);
        let (report, success) = suite.report();
        assert!(
            report.ends_with("1 passed, 1 failed, 1 skipped\n"),
            "{report}"
        );
        assert!(
            report.contains("skipped: absent: no such thing\n"),
            "{report}"
        );
        assert!(
            report.contains("failed: self/bad: on purpose\n"),
            "{report}"
        );
        assert!(!success);
    }

    #[test]
    fn names_select_tests() {
        let mut suite = suite(&["goo", "abs", "--nocapture"], false);
        run_three(&mut suite);
        let (report, success) = suite.report();
        assert!(
            report.ends_with("1 passed, 0 failed, 1 skipped\n"),
            "{report}"
        );
        assert!(success);
    }

    #[test]
    fn a_skip_fails_when_everything_is_required() {
        let mut suite = suite(&["absent"], true);
        run_three(&mut suite);
        assert!(!suite.report().1);
    }

    #[test]
    fn a_missing_toolchain_is_another_matter() {
        let mut suite = suite(&[], true);
        suite.test("exotic", || Outcome::NoToolchain("no nightly".into()));
        let (report, success) = suite.report();
        assert!(report.contains("skipped: exotic: no nightly\n"), "{report}");
        assert!(success);
        suite.require_toolchains = true;
        suite.test("exotic", || Outcome::NoToolchain("no nightly".into()));
        assert!(!suite.report().1);
    }

    #[test]
    fn a_missing_program_skips_a_test() {
        let mut suite = suite(&[], false);
        let needs = Requirements::none().program("no-such-program");
        suite.test_with("needy", &needs, || ());
        assert_eq!(
            suite.skipped,
            [("needy".into(), "no program `no-such-program`".into())]
        );
    }

    #[test]
    fn only_a_test_with_real_daemons_is_tried_again() {
        let mut suite = suite(&[], false);
        suite.second_tries_left = SECOND_TRIES;
        let mut fails_first = |name: &str, needs: &Requirements| {
            let mut tries = 0;
            suite.test_with(name, needs, || {
                tries += 1;
                assert!(tries > 1, "on purpose");
            });
            tries
        };
        let among_daemons = Requirements::none().with_real_daemons();
        assert_eq!(fails_first("ours", &Requirements::none()), 1);
        assert_eq!(fails_first("one", &among_daemons), 2);
        assert_eq!(fails_first("two", &among_daemons), 2);
        assert_eq!(fails_first("three", &among_daemons), 1);
        let (report, success) = suite.report();
        assert!(
            report.contains(
                "passed at the second try: self/one: first on purpose\n\
                 passed at the second try: self/two: first on purpose\n"
            ),
            "{report}"
        );
        let failed = suite.failed.iter().map(|(name, _)| name);
        assert!(failed.eq(["ours", "three"]));
        assert!(!success);
    }

    #[test]
    fn what_fails_twice_has_failed() {
        let mut suite = suite(&[], false);
        suite.second_tries_left = 1;
        let needs = Requirements::none().with_real_daemons();
        suite.test_with("bad", &needs, || {
            assert!(std::hint::black_box(false), "on purpose")
        });
        assert_eq!(suite.failed, [("bad".into(), "on purpose".into())]);
        assert!(suite.second_tries.is_empty());
    }

    #[test]
    fn an_empty_suite_fails() {
        assert!(!suite(&[], false).report().1);
        assert!(suite(&["filter"], false).report().1);
    }
}
