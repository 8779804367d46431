//! Programs that are unusual hosts: plugins that come and go, clocks that are set, containers, and
//! many threads for a long time.

use std::env;
use std::ops::Deref;
use std::path::PathBuf;

use quorate_testkit::{CProgram, Cluster, Library, Node, Requirements, Suite};

use super::{Ended, LONG, PROGRAM, converse, running};

/// Seconds of the soak; `make check-long` asks for more.
const SOAK: &str = "QUORATE_SOAK_SECONDS";

pub(super) fn run(suite: &mut Suite, needs: &Requirements, cluster: &impl Deref<Target = Cluster>) {
    suite.test_with("loaded_and_unloaded", needs, || reload(running(cluster)));
    suite.test_with("clock_set_forward", needs, || {
        for (library, expected) in [
            (Library::Original, (Ended::Hung, "getinfo 1\n")),
            (Library::Ours, (Ended::Normally, "getinfo 1\nin flight 2\n")),
        ] {
            clock(running(cluster), library, expected);
        }
    });
    let unshare = needs.clone().program("unshare");
    suite.test_with("another_process_namespace", &unshare, || {
        another_process_namespace(running(cluster));
    });
    suite.test_with("soak", needs, || {
        soak_of_the_original(running(cluster));
        soak(running(cluster));
    });
}

fn program(name: &str) -> CProgram {
    CProgram::new(name).source(&format!("tests/behaviour/{name}.c"))
}

/// A thousand times, in a program that is not linked with the library.
fn reload(node: &Node) {
    let program = program("reload").build();
    for library in Library::BOTH {
        let output = node
            .command(&program)
            .with_args([library.file()])
            .output()
            .expect("the program starts");
        let complaints = String::from_utf8_lossy(&output.stderr);
        print!("    {library:?}: {complaints}");
        assert!(output.status.success(), "{}: {complaints}", output.status);
        // What is made once for a process is made once for each life of the library.
        let more = complaints
            .split(' ')
            .find_map(|word| word.rsplit('\n').next()?.parse::<usize>().ok());
        let used = "used 1001 times, still mapped 0, lost: descriptors 0, rings 0, memory";
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            printed.starts_with(used),
            "{library:?}: {printed}{complaints}"
        );
        let limit = if library == Library::Ours {
            256_000
        } else {
            1_000_000
        };
        assert!(more.is_none_or(|bytes| bytes < limit), "{complaints}");
    }
}

/// The original computes by that clock how long to sleep until it looks whether the daemon lives:
/// two seconds, which are an hour then.
fn clock(node: &Node, library: Library, expected: (Ended, &str)) {
    let program = program("clock")
        .flag("-rdynamic")
        .link("votequorum")
        .build();
    let mut command = node.command(program);
    command.arg(if library == Library::Ours { LONG } else { "8" });
    let (ended, printed, complaints) = converse(node, command, library);
    print!("    {library:?}: {complaints}");
    assert_eq!(
        (ended, printed.as_str()),
        expected,
        "{library:?}: {complaints}"
    );
}

/// As in a container: the daemon does not see the process id that the program believes to have.
fn another_process_namespace(node: &Node) {
    for library in Library::BOTH {
        let mut command = node.command("unshare");
        command.args(["--pid", "--fork", "--mount-proc"]);
        command
            .arg(&*PROGRAM)
            .args(["callbacks_may_call_all", LONG]);
        let (ended, printed, complaints) = converse(node, command, library);
        assert_eq!(ended, Ended::Normally, "{library:?}: {printed}{complaints}");
        assert!(
            printed.ends_with("dispatch 1 6\n"),
            "{library:?}: {printed}"
        );
    }
}

/// The original is not right for two seconds, so it is not asked for more.
fn soak_of_the_original(node: &Node) {
    let mut command = node.command(soak_program());
    command.arg("2");
    let (ended, printed, complaints) = converse(node, command, Library::Original);
    print!("    {complaints}{printed}");
    let is_right = ended == Ended::Normally && printed.starts_with("wrong 0,");
    assert!(!is_right, "{printed}{complaints}");
}

/// Where the program for the soak is, to be run with a number of seconds.
fn soak_program() -> PathBuf {
    program("soak").link("votequorum").build()
}

fn soak(node: &Node) {
    let seconds = env::var(SOAK).unwrap_or_else(|_| "4".into());
    let mut command = node.command(soak_program());
    command.arg(seconds);
    let (ended, printed, complaints) = converse(node, command, Library::Ours);
    assert_eq!(ended, Ended::Normally, "{complaints}");
    print!("    {complaints}");
    let expected = "wrong 0, handles left 0, used in earnest 1, \
        lost: descriptors 0, rings 0, memory none\n";
    assert_eq!(printed, expected, "{complaints}");
}
