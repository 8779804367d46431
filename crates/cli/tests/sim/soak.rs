//! Many threads with many handles at one simulated node: every answer is right, nothing is lost.

use quorate_testkit::{CProgram, Library, Requirements, Scratch, Suite, source_root};

use crate::tool::{QUORATE, as_nobody, config};

/// Seconds; `make check-long` asks for more.
const SECONDS: &str = "QUORATE_SOAK_SECONDS";

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::none().program("cc").ours();
    suite.test_with("soak", &needs, soak);
}

fn soak() {
    let program = CProgram::new("soak-simulated")
        .source("tests/behaviour/soak.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", source_root().join("build/lib").display()))
        .link("votequorum")
        .build();
    let scratch = Scratch::new("soak");
    let config = config(&scratch, 1);
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| "4".into());
    let path = Library::Ours.find().expect("checked before");
    let library = format!("LD_LIBRARY_PATH={}", path.display());
    // It ends itself by SIGALRM, later than the helpers would.
    let output = as_nobody(QUORATE)
        .args(["run", "--quiet", "--compat", "corosync-3.1", "--config"])
        .arg(&config)
        .args(["--", "env", &library])
        .arg(program)
        .arg(seconds)
        .output()
        .expect("it runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints = Library::Ours.check_first_line(&complaints);
    print!("    {complaints}");
    let expected = "wrong 0, handles left 0, used in earnest 1, \
        lost: descriptors 0, rings 0, memory none\n";
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        expected,
        "{complaints}"
    );
}
