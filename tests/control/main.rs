//! libquorate: simulated clusters driven by C programs, which use votequorum in the same process,
//! the original and ours.

mod manual;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Library, Load, Process, Requirements, Scratch, Suite};
use quorate_testkit::{source_root, wait_until};

const NAMES: [&str; 2] = ["original", "ours"];

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("control");
    let header = Path::new("/usr/include/corosync/votequorum.h");
    let ours = Requirements::none().ours().program("cc").file(header);
    suite.test_with("story_is_the_same", &ours, story_is_the_same);
    suite.test_with("misuse", &ours, misuse);
    suite.test_with("server_stopped", &ours, server_stopped);
    suite.test_with("threads", &ours, threads);
    suite.test_with("forks", &ours, forks);
    suite.test_with("nothing_is_left_behind", &ours, nothing_is_left_behind);
    suite.test_with("readme_example", &ours, readme_example);
    suite.test_with("examples_of_the_manual", &ours, manual::examples);
    suite.test_with("ncs_examples_of_the_manual", &ours, manual::ncs_examples);
    let cmocka = ours.clone().program("pkg-config").header("cmocka.h");
    suite.test_with("cmocka_example", &cmocka, cmocka_example);
    let executable = ours.program("pkg-config").program("sh");
    suite.test_with("executable_example", &executable, executable_example);
    suite.finish()
}

/// The C program that the README shows, as it stands there.
fn readme_example() {
    let readme = std::fs::read_to_string(source_root().join("README.md")).expect("committed");
    let (_, rest) = readme
        .split_once("```c\n")
        .expect("the README shows a program");
    let (code, _) = rest.split_once("```").expect("the program ends");
    let scratch = Scratch::new("readme");
    let source = scratch.path().join("test.c");
    std::fs::write(&source, code).expect("a file can be written");
    let path = CProgram::new("readme")
        .source(&source.to_string_lossy())
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", build().join("lib").display()))
        .link("quorate")
        .link("votequorum")
        .build();
    for library in Library::BOTH {
        let mut command = Command::new(&path);
        run_with(&mut command, library);
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{library:?}: {output:?}");
    }
}

fn build() -> PathBuf {
    source_root().join("build")
}

/// The program, with this library as its libvotequorum.
fn program(library: Library, arguments: &[&str]) -> Command {
    let path = CProgram::new("control")
        .source("tests/c/control.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", build().join("lib").display()))
        .link("quorate")
        .link("votequorum")
        .build();
    let mut command = Command::new(path);
    command.args(arguments);
    run_with(&mut command, library);
    command
}

/// Both libraries find libquorate; the original also needs the way to the simulated node.
fn run_with(command: &mut Command, library: Library) {
    library.apply(command, Load::Path);
    if library == Library::Original {
        let directory = library.find().expect("checked before");
        let ours = build().join("lib");
        let path = [directory, ours.clone()].map(|path| path.display().to_string());
        command.env("LD_LIBRARY_PATH", path.join(":"));
        command.env("LD_PRELOAD", ours.join("libquorate_preload.so"));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

fn output(command: &mut Command) -> Output {
    Process::new(command.spawn().expect("it starts")).output()
}

/// What a program printed that must succeed, with the library it was to have.
#[track_caller]
fn printed(library: Library, arguments: &[&str]) -> String {
    let output = output(&mut program(library, arguments));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(library.check_first_line(&errors), "");
    assert!(output.status.success(), "{}\n{text}", output.status);
    text
}

fn story_is_the_same() {
    let [original, ours] = Library::BOTH.map(|library| printed(library, &["story"]));
    assert_same(&NAMES.join(" and "), &original, &ours);
    for line in ["same 1", "quorate 0 1", "members 2: 1 2", "dispatch 2"] {
        assert!(ours.lines().any(|found| found == line), "{line}:\n{ours}");
    }
    assert!(!ours.contains("same 0"), "{ours}");
}

fn misuse() {
    let text = printed(Library::Ours, &["misuse"]);
    for line in [
        "quorate_wait_connected(c, 4, 1, 1): 1, quorate_wait_connected: node 4 is not in the cluster",
        "quorate_wait_connected(c, 1, 1, 1): 4, quorate_wait_connected: after 1ms programs have 0 of \
         1 connections to node 1",
        "quorate_kill(c, 4): 1, quorate_kill: node 4 is not in the cluster",
        "quorate_up(c, 1): 2, quorate_up: node 1 is up at this point",
        "quorate_heal(c): 3, quorate_heal: not a cluster, or one that was stopped",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    assert!(text.contains("quorate_start_with: /"), "{text}");
    assert!(text.contains("--name: not possible here"), "{text}");
    assert!(text.contains("'--foo'"), "{text}");
    // What the caller has not given is not shown.
    assert!(!text.contains("--owner"), "{text}");
}

/// The process of the cluster says nothing: not to those who are connected, and at the end nobody
/// can connect.
fn server_stopped() {
    let text = printed(Library::Ours, &["stopped"]);
    for line in [
        "quorate_heal(c): 1, quorate_heal: QUORATE_TIMEOUT_MS is no number of milliseconds: \"soon\"",
        "quorate_heal(c): 4, quorate_heal: the cluster has not answered within 100ms",
        "quorate_wait_idle(c, 50): 4, quorate_wait_idle: the cluster has not answered within 150ms",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
}

fn threads() {
    assert_eq!(printed(Library::Ours, &["threads"]), "done\n");
}

fn forks() {
    assert_eq!(
        printed(Library::Ours, &["forks"]),
        "child 7\nerrno ECHILD\nquorate 0\n"
    );
}

/// However the program ends.
fn nothing_is_left_behind() {
    for way in ["return", "_exit", "abort", "kill", "exec", "ignoring"] {
        let output = output(&mut program(Library::Ours, &[way]));
        let text = String::from_utf8_lossy(&output.stdout);
        let run_dir = Path::new(text.lines().next().expect("it says where").trim());
        if way == "exec" {
            // What the process becomes is still the process.
            assert_eq!(text.lines().nth(1), run_dir.to_str(), "{text}");
        }
        let directory = run_dir.parent().expect("the cluster's").to_path_buf();
        wait_until("the cluster's end", || match directory.exists() {
            true => Err(format!("after {way}: {} is there", directory.display())),
            false => Ok(()),
        });
    }
}

/// Builds an example: `pkg-config` and a compiler are all that it needs.
fn example(name: &str, packages: &[&str]) -> PathBuf {
    let variables = [
        format!("--define-variable=libdir={}", build().join("lib").display()),
        format!(
            "--define-variable=includedir={}",
            source_root().join("include").display()
        ),
    ];
    let mut flags = Command::new("pkg-config");
    flags
        .env("PKG_CONFIG_PATH", build().join("pkgconfig"))
        .args(variables)
        .args(["--cflags", "--libs"])
        .args(packages);
    let flags = flags.output().expect("it runs");
    assert!(
        flags.status.success(),
        "{}",
        String::from_utf8_lossy(&flags.stderr)
    );
    let flags = String::from_utf8(flags.stdout).expect("text");
    let path = quorate_testkit::compile::output_directory().join(name);
    let source = source_root().join(format!("examples/{name}.c"));
    let lines = std::fs::read_to_string(&source)
        .expect("it is there")
        .lines()
        .count();
    assert!(lines < 150, "{lines} lines are too many for an example");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&path)
        .arg(source);
    let compiled = compiler
        .args(flags.split_whitespace())
        .output()
        .expect("it runs");
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    path
}

fn cmocka_example() {
    let path = example("cmocka_test", &["quorate", "libvotequorum", "cmocka"]);
    for library in Library::BOTH {
        let mut command = Command::new(&path);
        run_with(&mut command, library);
        let output = output(&mut command);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{library:?}: {text}");
        assert!(text.contains("3 test(s)"), "{library:?}: {text}");
    }
}

/// The example tests the example with the mistake and the corrected one, which are slow to begin:
/// what happens in the cluster waits for them.
fn executable_example() {
    let path = example("executable_test", &["quorate"]);
    let wrong = "\
        nothing happens: good\n\
        its peers die: WRONG\n\
        it is cut off: WRONG\n\
        it is cut off for a while: good\n\
        corosync restarts: good\n";
    let right = wrong.replace("WRONG", "good");
    let guards = [
        ("guard", &[][..], wrong, 1),
        ("guard-corrected", &["-DCORRECTED"], &right, 0),
    ];
    for (name, flags, expected, code) in guards {
        let guard = CProgram::new(name)
            .source("examples/guard.c")
            .link("votequorum");
        let guard = flags.iter().fold(guard, |guard, flag| guard.flag(flag));
        let guard = guard.build();
        for library in Library::BOTH {
            let words = ["sh", "-c", "sleep 0.2; exec $0"];
            let (text, errors, status) = tested(&path, library, &words, &guard);
            let text = text.replace("the service runs, and this node is not quorate\n", "");
            assert_eq!(text, expected, "{library:?}, {name}: {errors}");
            assert_eq!(status, Some(code), "{library:?}, {name}");
        }
    }
    // One that ends as its corosync goes is not waited for.
    let watch = CProgram::new("watch")
        .source("tests/c/watch.c")
        .link("votequorum")
        .build();
    let script = "$0 poll >&2 & trap 'kill $!; exit 0' TERM; wait $!; exit 4";
    let expected = right.replace("restarts: good", "restarts: WRONG");
    for library in Library::BOTH {
        let (text, errors, status) = tested(&path, library, &["sh", "-c", script], &watch);
        assert_eq!(text, expected, "{library:?}: {errors}");
        assert!(
            errors.contains("it ended with 4\n"),
            "{library:?}: {errors}"
        );
        assert_eq!(status, Some(1), "{library:?}");
    }
}

/// What the example prints about a program, its errors, and with what it ends.
fn tested(
    example: &Path,
    library: Library,
    words: &[&str],
    program: &Path,
) -> (String, String, Option<i32>) {
    let mut command = Command::new(example);
    command.args(words).arg(program);
    run_with(&mut command, library);
    let output = output(&mut command);
    let [text, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (text, errors, output.status.code())
}
