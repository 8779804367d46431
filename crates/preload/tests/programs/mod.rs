//! Compiles C programs and runs them with the preload library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const LIBRARIES: [&str; 5] = ["cmap", "cfg", "cpg", "quorum", "votequorum"];

/// The preload library, which cargo has built next to this program.
pub(crate) fn preload() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let library = program.with_file_name("libquorate_preload.so");
    assert!(library.exists(), "{} was not built", library.display());
    library
}

/// Whether the C libraries are here.
pub(crate) fn have_libraries() -> bool {
    let packages = LIBRARIES.map(|name| format!("lib{name}"));
    let found = Command::new("pkg-config")
        .arg("--exists")
        .args(packages)
        .status();
    let compiler = Command::new("cc").arg("--version").output();
    let here = found.is_ok_and(|status| status.success()) && compiler.is_ok();
    if !here {
        skip("corosync's development packages or a C compiler are missing");
    }
    here
}

/// Says why a test is left out, past the test harness, which would keep it to
/// itself. Fails where nothing may be left out.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("QUORATE_REQUIRE_ALL").is_none(), "{why}");
    let line = format!("skipped: {why}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Compiles `tests/c/NAME.c` to a program in `dir`.
pub(crate) fn compile(dir: &Path, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/c/{name}.c"));
    let program = dir.join(name);
    let library = LIBRARIES.contains(&name).then(|| format!("-l{name}"));
    let output = Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-o"])
        .arg(&program)
        .arg(source)
        .args(library)
        .arg("-lpthread")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    program
}

/// Runs a program as a client of the node in `run_dir`, for a minute at most.
pub(crate) fn run(run_dir: &Path, program: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LD_PRELOAD", preload())
        .env("QUORATE_RUN_DIR", run_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}
