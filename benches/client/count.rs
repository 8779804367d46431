//! What tools count: system calls by `strace -c`, instructions by callgrind. Both run the driver
//! twice, with and without calls; the difference is theirs.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use quorate_testkit::{Library, Load, Node};

use crate::measure::Both;
use crate::report::{Bound, Row, Unit};

const CALLS: u32 = 10_000;

/// Runs the driver under a tool, has it call so often, and returns what the tool wrote to a file.
fn under(node: &Node, program: &Path, library: Library, tool: &[&str], calls: u32) -> String {
    let output = node.directory().join("counted");
    let mut command = node.command("taskset");
    library.apply(&mut command, Load::Path);
    command.args(["-c", "0"]);
    for argument in tool {
        command.arg(argument.replace("FILE", &output.to_string_lossy()));
    }
    command.arg(program).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().expect("the tool starts");
    let mut input = process.stdin.take().expect("it was piped");
    writeln!(input, "plain {calls}").expect("the driver reads commands");
    drop(input);
    let status = process.wait().expect("the tool ends");
    assert!(status.success(), "{}: {status}", tool[0]);
    std::fs::read_to_string(&output).expect("the tool wrote its file")
}

fn per_call(count: impl Fn(u32) -> f64) -> f64 {
    (count(CALLS) - count(0)) / f64::from(CALLS)
}

/// System calls of this name, or all of them, in a table of `strace -c`.
fn calls_of(table: &str, name: &str) -> f64 {
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() >= 5 && fields.last() == Some(&name))
        .map(|fields| fields[3].parse::<f64>().expect("a count"))
        .sum()
}

/// How often a call makes the system call of this name.
fn system_calls_of(node: &Node, program: &Path, library: Library, name: &str) -> f64 {
    let tool = ["strace", "-f", "-c", "-o", "FILE"];
    per_call(|calls| calls_of(&under(node, program, library, &tool, calls), name))
}

pub(crate) fn system_calls(node: &Node, program: &Path) -> Vec<Row> {
    let mut both = Both::default();
    for library in Library::BOTH {
        both.push(library, system_calls_of(node, program, library, "total"));
    }
    vec![
        both.row("system calls per getinfo", Unit::Number)
            .target(Bound::AtMost(1.0)),
    ]
}

pub(crate) fn instructions(node: &Node, program: &Path) -> Vec<Row> {
    let mut both = Both::default();
    for library in Library::BOTH {
        both.push(
            library,
            per_call(|calls| {
                let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=FILE"];
                let profile = under(node, program, library, &tool, calls);
                let total = profile
                    .lines()
                    .find_map(|line| {
                        line.strip_prefix("summary: ")
                            .or(line.strip_prefix("totals: "))
                    })
                    .expect("callgrind counts");
                total.trim().parse().expect("a count")
            }),
        );
    }
    vec![
        both.row("client instructions per getinfo", Unit::Number)
            .target(Bound::AtMost(0.5)),
    ]
}

/// Which of the system calls are which, for people.
pub(crate) fn by_name(node: &Node, program: &Path) -> String {
    let of = |library, name| system_calls_of(node, program, library, name);
    let mut text = String::new();
    for name in [
        "sendto",
        "recvfrom",
        "futex",
        "poll",
        "process_vm_readv",
        "pread64",
        "pwrite64",
    ] {
        let (theirs, ours) = (of(Library::Original, name), of(Library::Ours, name));
        if theirs > 0.0 || ours > 0.0 {
            text.push_str(&format!("`{name}` {theirs:.2} and {ours:.2}, "));
        }
    }
    text.trim_end_matches(", ").into()
}
