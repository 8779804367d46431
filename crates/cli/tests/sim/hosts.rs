//! What a host program may do to the library, as in `tests/behaviour`, where the daemon is a
//! simulated node's: its rings are reached by system calls, on descriptors of the program's.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use quorate_testkit::{CProgram, Library, Requirements, Scratch, Suite, source_root};

use crate::tool::{QUORATE, as_nobody, config};

#[path = "../../../../tests/behaviour/cases.rs"]
#[allow(dead_code, reason = "the original is not run here")]
mod cases;
use cases::{CASES, Ends};

/// Those that want nothing of the daemon but to be there, and are about the connection.
const HERE: [&str; 17] = [
    "two_threads",
    "finalize_wakes",
    "finalize_in_callback",
    "callbacks_may_call_all",
    "small_stack",
    "stack_use",
    "cancel_in_dispatch",
    "fork_exit",
    "fork_finalize",
    "fork_call",
    "fork_own",
    "fork_among_threads",
    "fork_in_callback",
    "signals_in_initialize",
    "signals_in_calls",
    "no_descriptors",
    "no_address_space",
];

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let program = CProgram::new("cases-simulated")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", source_root().join("build/lib").display()))
        .link("votequorum");
    let files = [
        "cases",
        "arguments",
        "threads",
        "callbacks",
        "forks",
        "system",
        "daemon",
    ];
    files
        .iter()
        .fold(program, |program, file| {
            program.source(&format!("tests/behaviour/{file}.c"))
        })
        .build()
});

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::none().program("cc").ours();
    for name in HERE {
        let case = CASES.iter().find(|case| case.name == name);
        let Some(Ends::With(expected)) = case.map(|case| case.ours) else {
            panic!("{name} is a case, and ends");
        };
        suite.test_with(&format!("hosts/{name}"), &needs, || {
            assert_eq!(printed(name), expected);
        });
    }
    // What differs by the way that the rings are reached.
    for (name, expected) in [
        ("rings_mapped", "data 0, usable 1\n"),
        (
            "no_file_size",
            "initialize 2, usable 0, descriptors lost 0\n",
        ),
    ] {
        suite.test_with(&format!("hosts/{name}"), &needs, || {
            assert_eq!(printed(name), expected);
        });
    }
}

/// What the case prints, as a user without rights.
fn printed(case: &str) -> String {
    let scratch = Scratch::new("hosts");
    let path = Library::Ours.find().expect("checked before");
    let output = as_nobody(QUORATE)
        .args(["run", "--quiet", "--compat", "corosync-3.1", "--config"])
        .arg(config(&scratch, 1))
        .args(["--", "env", &library(&path)])
        .arg(&*PROGRAM)
        // It ends itself by SIGALRM, later than the helpers would.
        .args([case, "60"])
        .output()
        .expect("it runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints = Library::Ours.check_first_line(&complaints);
    assert!(output.status.success(), "{}: {complaints}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn library(path: &Path) -> String {
    format!("LD_LIBRARY_PATH={}", path.display())
}
