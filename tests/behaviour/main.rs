//! What a host program may do to the library: each case is run with the original and with ours,
//! and both must do what `docs/behaviour.md` says of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::LazyLock;

use quorate_testkit::{CProgram, Cluster, Library, Load, Node, NodeCommand, Requirements, Suite};

mod cases;
mod environment;
mod hostile;
mod hosts;
mod odd;

use cases::{Case, Ends};

/// A case that never ends is given this many seconds; one that ends, many more.
const SHORT: &str = "3";
const LONG: &str = "60";

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let program = CProgram::new("cases").link("votequorum");
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

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("behaviour");
    let needs = Requirements::cluster()
        .ours()
        .header("corosync/votequorum.h");
    let cluster = LazyLock::new(|| Cluster::builder().nodes(1).start());
    for case in &cases::CASES {
        suite.test_with(case.name, &needs, || run_case(&cluster, case));
    }
    suite.test_with("exceptions_pass_through", &needs, || {
        exceptions(running(&cluster))
    });
    suite.test_with("out_of_memory", &needs, || out_of_memory(running(&cluster)));
    suite.test_with("shortage_of_buffers", &needs, || {
        shortage(running(&cluster))
    });
    suite.test_with("full_socket", &needs, || full_socket(running(&cluster)));
    suite.test_with("models", &needs, || models(running(&cluster)));
    environment::run(&mut suite, &needs, &cluster);
    hostile::run(&mut suite);
    odd::run(&mut suite);
    hosts::run(&mut suite, &needs, &cluster);
    suite.finish()
}

/// The node, with its daemon up again if a case has killed it.
fn running(cluster: &Cluster) -> &Node {
    let node = cluster.node(1);
    if !node.is_running() {
        node.start();
    }
    node
}

fn run_case(cluster: &Cluster, case: &Case) {
    for (library, expected) in [
        (Library::Original, case.original),
        (Library::Ours, Some(case.ours)),
    ] {
        let Some(expected) = expected else { continue };
        let node = running(cluster);
        let mut command = match case.name {
            "no_daemon_writes_nothing" => cluster.switch().space().command(&*PROGRAM),
            _ => node.command(&*PROGRAM),
        };
        let seconds = if expected == Ends::Never { SHORT } else { LONG };
        command.args([case.name, seconds]);
        if case.name.starts_with("daemon_stopped") {
            command.env("QUORATE_TIMEOUT_MS", "200");
        }
        let (ended, printed, complaints) = converse(node, command, library);
        let matches = match expected {
            Ends::With(text) => ended == Ended::Normally && printed == text,
            Ends::Crashing => ended == Ended::Crashed,
            Ends::Never => ended == Ended::Hung,
        };
        assert!(
            matches,
            "{library:?}: expected {expected:?}, but {ended:?}, having printed\n{printed}\n{complaints}"
        );
        print!("{}", indented(library, &complaints));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Normally,
    Crashed,
    Hung,
}

/// Runs the program to its end and does to the daemon what it asks for on the way.
fn converse(node: &Node, mut command: NodeCommand, library: Library) -> (Ended, String, String) {
    let complaints = node.directory().join("stderr");
    library.apply(&mut command, Load::Path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(std::fs::File::create(&complaints).expect("a file can be made"));
    let mut process = command.spawn().expect("the program starts");
    let mut orders = process.stdin.take().expect("stdin is piped");
    let mut printed = String::new();
    for line in BufReader::new(process.stdout.take().expect("stdout is piped")).lines() {
        let line = line.expect("the program prints text");
        match line.as_str() {
            "stop" => node.pause(),
            "continue" => node.resume(),
            "kill" => node.kill(),
            _ => {
                printed.push_str(&line);
                printed.push('\n');
                continue;
            }
        }
        orders.write_all(b"done\n").expect("the program listens");
    }
    let status = process.wait().expect("a child can be waited for");
    // One that hung in a stopped daemon has left it stopped.
    if node.is_running() {
        node.resume();
    }
    let complaints = std::fs::read_to_string(&complaints).expect("text");
    let complaints = library.check_first_line(&complaints);
    let ended = match status.signal() {
        None if status.success() => Ended::Normally,
        Some(libc::SIGALRM) => Ended::Hung,
        Some(_) => Ended::Crashed,
        None => panic!("{status}: {printed}\n{complaints}"),
    };
    (ended, printed, complaints)
}

fn indented(library: Library, text: &str) -> String {
    text.lines()
        .map(|line| format!("    {library:?}: {line}\n"))
        .collect()
}

fn exceptions(node: &Node) {
    let program = CProgram::new("exception")
        .compiler("c++")
        .source("tests/behaviour/exception.cpp")
        .link("votequorum")
        .build();
    for library in Library::BOTH {
        let (ended, printed, complaints) = converse(node, node.command(&program), library);
        assert_eq!(ended, Ended::Normally, "{library:?}: {complaints}");
        assert_eq!(
            printed, "1 1 caught: thrown in a callback, 1 1 6 1\n",
            "{library:?}"
        );
    }
}

fn out_of_memory(node: &Node) {
    let program = CProgram::new("memory")
        .source("tests/behaviour/memory.c")
        .flag("-rdynamic")
        .link("votequorum")
        .build();
    let later = "some allocations 1, refused with 8, initialize 1\n\
        without memory: 1 1 1 17 1 1 1 1, 1 events, 0 allocations\n";
    // Without memory for its first connection, the original never makes one.
    let never = "some allocations 0, refused with 2, initialize 2\n";
    for (library, first) in [(Library::Original, never), (Library::Ours, later)] {
        for (arguments, warm, expected) in [
            (&[][..], "", first),
            (&["again"], "again 1 1\n", later),
            (&["alone"], "", later),
            (&["again", "alone"], "again 1 1\n", later),
        ] {
            if arguments == ["alone"] && library == Library::Original {
                continue;
            }
            let command = node.command(&program).with_args(arguments);
            let (ended, printed, complaints) = converse(node, command, library);
            assert_eq!(ended, Ended::Normally, "{library:?}: {complaints}");
            let expected = format!("lines are buffered now\n{warm}{expected}");
            assert_eq!(printed, expected, "{library:?}");
        }
    }
}

fn shortage(node: &Node) {
    let program = CProgram::new("shortage")
        .source("tests/behaviour/shortage.c")
        .flag("-rdynamic")
        .link("votequorum")
        .build();
    let mut command = node.command(&program);
    command.env("QUORATE_TIMEOUT_MS", "200");
    let (ended, printed, complaints) = converse(node, command, Library::Ours);
    assert_eq!(ended, Ended::Normally, "{complaints}");
    let expected = "initialize 1\ngetinfo 5\ngetinfo of nobody 12\ngetinfo 1 node 1\n";
    assert_eq!(printed, expected);
}

/// The original tries again and again until there is room. Ours sleeps, and keeps to its limit.
fn full_socket(node: &Node) {
    let program = CProgram::new("spin")
        .source("tests/behaviour/spin.c")
        .flag("-rdynamic")
        .link("votequorum")
        .build();
    for (library, expected) in [
        (Library::Original, "initialize 1\nspun\ngetinfo 1\n"),
        (Library::Ours, "initialize 1\nwaited\ngetinfo 5\n"),
    ] {
        let mut command = node.command(&program);
        command.env("QUORATE_TIMEOUT_MS", "2000");
        let (ended, printed, complaints) = converse(node, command, library);
        assert_eq!(ended, Ended::Normally, "{library:?}: {complaints}");
        assert_eq!(printed, expected, "{library:?}");
    }
}

fn models(node: &Node) {
    let root = quorate_testkit::source_root();
    let program = CProgram::new("model")
        .source("tests/behaviour/model.c")
        .include(&root.join("include"))
        .flag(&format!("-L{}", library_directory().display()))
        .link("votequorum")
        .build();
    let (ended, printed, complaints) = converse(node, node.command(&program), Library::Ours);
    assert_eq!(ended, Ended::Normally, "{complaints}");
    assert_eq!(printed, cases::MODELS);
}

fn library_directory() -> PathBuf {
    let file = Library::Ours.file();
    file.parent().unwrap_or(Path::new("/")).to_path_buf()
}
