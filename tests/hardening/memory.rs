//! C programs on a real cluster, with our library: under valgrind, and built with AddressSanitizer
//! and UndefinedBehaviorSanitizer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Cluster, Library, Load, Node, Requirements, Suite, source_root};

/// Valgrind takes its time.
const LIMIT: Duration = Duration::from_secs(300);
const SECTIONS: [&str; 7] = [
    "handles",
    "contexts",
    "infos",
    "tracking",
    "dispatches",
    "expectations",
    "device",
];

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().ours();
    let valgrind = needs.clone().program("valgrind");
    suite.test_with("valgrind", &valgrind, || {
        under_valgrind(&Cluster::builder().start());
    });
    suite.test_with("valgrind_over_sockets", &valgrind, || {
        under_valgrind(&Cluster::builder().system("qb_ipc_type: socket").start());
    });
    suite.test_with("c_sanitizers", &needs, c_sanitizers);
    suite.test_with("c_sanitizers_notice", &needs, c_sanitizers_notice);
}

/// What the program printed, and what was said about it.
fn run(node: &Node, program: &Path, arguments: &[&str]) -> (bool, String, String) {
    let outputs = ["stdout", "stderr"].map(|name| node.directory().join(name));
    let mut command = node.command(program).with_args(arguments);
    Library::Ours.apply(&mut command, Load::Path);
    command.env("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1");
    command.stdout(fs::File::create(&outputs[0]).expect("a file can be made"));
    command.stderr(fs::File::create(&outputs[1]).expect("a file can be made"));
    let mut process = command.spawn().expect("the program starts");
    let status = process.wait_for(LIMIT).expect("the program ends");
    let [stdout, stderr] = outputs.map(|path| fs::read_to_string(path).expect("text"));
    (status.success(), stdout, stderr)
}

fn under_valgrind(cluster: &Cluster) {
    let calls = calls();
    let node = cluster.node(1);
    let (_, plain, _) = run(node, &calls, &SECTIONS);
    let calls = calls.to_str().expect("a plain path");
    let options = [
        "--error-exitcode=99",
        "--leak-check=full",
        "--show-leak-kinds=definite,possible",
        "--errors-for-leak-kinds=definite,possible",
        "--track-fds=yes",
        "-q",
        calls,
    ];
    let arguments: Vec<&str> = options.into_iter().chain(SECTIONS).collect();
    let (success, stdout, stderr) = run(node, Path::new("valgrind"), &arguments);
    assert!(success, "{stderr}");
    assert_same("valgrind changes nothing", &plain, &stdout);
}

const CALLS: [&str; 2] = ["tests/c/calls.c", "tests/c/calls_device.c"];

fn calls() -> PathBuf {
    let [calls, device] = CALLS;
    let program = CProgram::new("calls").source(calls).source(device);
    program.link("votequorum").build()
}

fn sanitized(name: &str, sources: &[&str]) -> PathBuf {
    let root = source_root();
    let mut program = CProgram::new(&format!("{name}-sanitized"));
    for source in sources {
        program = program.source(source);
    }
    program
        .include(&root.join("include"))
        .flag("-fsanitize=address,undefined")
        .flag("-fno-omit-frame-pointer")
        .flag(&format!("-L{}", root.join("build/lib").display()))
        .link("votequorum")
        .link("corosync_common")
        .build()
}

fn c_sanitizers() {
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let (_, plain, _) = run(node, &calls(), &SECTIONS);
    let calls = sanitized("calls", &CALLS);
    let (success, stdout, stderr) = run(node, &calls, &SECTIONS);
    assert!(success, "{stderr}");
    assert_same("the sanitizers change nothing", &plain, &stdout);
    let watcher = sanitized("watcher", &["examples/watcher.c"]);
    let outputs = ["stdout", "stderr"].map(|name| node.directory().join(name));
    let mut command = node.command(&watcher);
    Library::Ours.apply(&mut command, Load::Path);
    command.stdout(fs::File::create(&outputs[0]).expect("a file can be made"));
    command.stderr(fs::File::create(&outputs[1]).expect("a file can be made"));
    let _ended_with_the_test = command.spawn().expect("the program starts");
    let [said, complaints] = outputs.map(|path| move || fs::read_to_string(&path).expect("text"));
    let wait_for = |what: &str| {
        quorate_testkit::wait_until(what, || {
            said().contains(what).then_some(()).ok_or_else(&complaints)
        });
    };
    wait_for("QUORATE: 1 of 1");
    node.kill();
    wait_for("no corosync");
    assert!(!complaints().contains("Sanitizer"), "{}", complaints());
}

/// The sanitizers are there, and find what is wrong.
fn c_sanitizers_notice() {
    let cluster = Cluster::builder().start();
    let broken = sanitized("broken", &["tests/hardening/broken.c"]);
    let (success, _, stderr) = run(cluster.node(1), &broken, &[]);
    assert!(!success && stderr.contains("AddressSanitizer"), "{stderr}");
}
