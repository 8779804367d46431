//! Tests that want to be built in another way: with instrumentation, for a model, by a nightly
//! compiler. Each has a build directory of its own, below cargo's.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use quorate_testkit::suite::Outcome;
use quorate_testkit::{Requirements, Suite, source_root};

pub(crate) fn run_all(suite: &mut Suite) {
    suite.test_with("fuzz", &Requirements::none().program("c++"), fuzz);
    suite.test("loom", loom);
    suite.test("address", || nightly(None, "address", address));
    suite.test("thread", || nightly(Some("rust-src"), "thread", thread));
    suite.test("miri", || nightly(Some("miri"), "miri", miri));
}

/// Runs a command to its end, and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?}\n{text}");
    text
}

fn in_sources(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(source_root());
    command
}

fn cargo() -> Command {
    in_sources(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn target(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    let target = test
        .ancestors()
        .nth(3)
        .expect("tests lie in target/PROFILE/deps");
    target.join("hardening").join(name)
}

/// The tests in a report of cargo's, which must have been some.
fn passed(report: &str) -> usize {
    let count = |line: &str| -> Option<usize> {
        line.strip_prefix("test result: ok. ")?
            .split(' ')
            .next()?
            .parse()
            .ok()
    };
    let passed = report.lines().filter_map(count).sum();
    assert!(passed > 0, "no test ran:\n{report}");
    passed
}

/// Every target once through its committed inputs, and as many new ones each time.
fn fuzz() {
    let report = run(in_sources("fuzz/run.sh").arg("short"));
    print!("{report}");
    assert_eq!(report.matches(" executions, ").count(), 7, "{report}");
}

fn loom() {
    let report = run(cargo()
        .args([
            "test",
            "--release",
            "--lib",
            "--manifest-path",
            "tests/loom/Cargo.toml",
        ])
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", target("loom")));
    println!("{} models", passed(&report));
}

/// Runs a test with a nightly compiler, if there is one, and the component.
fn nightly(component: Option<&str>, name: &str, test: fn(Command)) -> Outcome {
    let mut list = Command::new("rustup");
    list.args(["component", "list", "--installed", "--toolchain", "nightly"]);
    let installed = match list.output() {
        Ok(output) if output.status.success() => output.stdout,
        _ => return Outcome::NoToolchain("no nightly toolchain".into()),
    };
    let installed = String::from_utf8_lossy(&installed).into_owned();
    if let Some(component) = component {
        if !installed.lines().any(|line| line.starts_with(component)) {
            let why = format!("the nightly toolchain has no component {component}");
            return Outcome::NoToolchain(why);
        }
    }
    let mut command = in_sources("rustup");
    command
        .args(["run", "nightly", "cargo"])
        .env("CARGO_TARGET_DIR", target(name))
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    test(command);
    Outcome::Passed
}

fn host() -> String {
    let version = run(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

/// The crates with unsafe code, under AddressSanitizer with its search for leaks. (The library's
/// table of handles is static, and found by it.)
fn address(mut cargo: Command) {
    let report = run(cargo
        .args([
            "test",
            "--target",
            &host(),
            "-p",
            "quorate",
            "-p",
            "quorate-ipc",
            "--lib",
        ])
        .args([
            "--test", "service", "--test", "hostile", "--test", "callers",
        ])
        .env("RUSTFLAGS", "-Zsanitizer=address"));
    println!("{} tests", passed(&report));
}

/// The same under ThreadSanitizer, which wants a standard library that is built with it.
fn thread(mut cargo: Command) {
    let report = run(cargo
        .args(["test", "--target", &host(), "-Zbuild-std"])
        .args([
            "-p",
            "quorate",
            "-p",
            "quorate-ipc",
            "--lib",
            "--test",
            "service",
        ])
        .env("RUSTFLAGS", "-Zsanitizer=thread"));
    println!("{} tests", passed(&report));
}

/// What makes no system calls: the counted reference, the table of handles, the messages.
fn miri(mut cargo: Command) {
    let report = run(cargo
        .args([
            "miri",
            "test",
            "-p",
            "quorate",
            "-p",
            "quorate-proto",
            "--lib",
        ])
        .args(["--", "shared::", "handles::", "wire::", "reply::"])
        .env("MIRIFLAGS", "-Zmiri-disable-isolation"));
    println!("{} tests", passed(&report));
}
