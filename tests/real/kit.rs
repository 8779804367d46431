//! The testkit itself: a cluster can be cut, killed and healed, and nothing of it is left.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use quorate_testkit::compare::fails;
use quorate_testkit::library::{LoaderTrace, SONAME};
use quorate_testkit::{
    Cluster, Library, NodeSpace, Requirements, Scratch, Suite, scratch, wait_until,
};

use crate::compare::program;

/// The argument that makes this program start a cluster, say so, and wait to be killed.
pub(crate) const HOLD: &str = "--hold-a-cluster";

pub(crate) fn run(suite: &mut Suite) {
    let needs = Requirements::cluster();
    suite.test_with(
        "kit/nothing_is_left_of_a_cluster",
        &needs,
        nothing_is_left_of_a_cluster,
    );
    suite.test_with(
        "kit/nothing_is_left_after_a_panic",
        &needs,
        nothing_is_left_after_a_panic,
    );
    suite.test_with(
        "kit/nothing_is_left_after_a_kill",
        &needs,
        nothing_is_left_after_a_kill,
    );
    suite.test_with(
        "kit/another_library_is_noticed",
        &needs,
        another_library_is_noticed,
    );
}

/// What of a cluster could outlive it.
struct Traces {
    processes: Vec<i32>,
    directory: PathBuf,
}

impl Traces {
    fn of(cluster: &Cluster) -> Self {
        let mut processes = vec![cluster.switch().space().pid().as_raw()];
        for node in cluster.nodes() {
            let holder = node.space().pid().as_raw();
            let inside = members_of_namespace(holder);
            assert!(inside.contains(&node.daemon_pid().as_raw()), "{inside:?}");
            processes.push(holder);
            processes.extend(inside);
        }
        Self {
            processes,
            directory: cluster.scratch().path().to_path_buf(),
        }
    }

    fn assert_present(&self) {
        for pid in &self.processes {
            assert!(alive(*pid), "process {pid} should be alive");
        }
        assert!(self.directory.exists());
    }

    fn wait_processes_gone(&self) {
        wait_until("the cluster's processes to be gone", || {
            match self.processes.iter().find(|pid| alive(**pid)) {
                None => Ok(()),
                Some(pid) => Err(format!("process {pid} is alive")),
            }
        });
    }
}

/// All processes in the process namespace that `holder` has its children in.
fn members_of_namespace(holder: i32) -> Vec<i32> {
    let namespace = |path: String| fs::read_link(path).ok();
    let wanted = namespace(format!("/proc/{holder}/ns/pid_for_children"));
    assert!(wanted.is_some(), "process {holder} has a namespace");
    fs::read_dir("/proc")
        .expect("processes can be listed")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| namespace(format!("/proc/{pid}/ns/pid")) == wanted)
        .collect()
}

/// A zombie counts as gone: whoever inherits it may take its time.
fn alive(pid: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    !stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .trim_start()
        .starts_with('Z')
}

/// What a cluster would change for everybody on this machine if its namespaces were not its own:
/// network interfaces of its kind, and what is mounted where it mounts something.
fn visible() -> Vec<String> {
    let output = Command::new("ip")
        .args(["-o", "link"])
        .output()
        .expect("ip runs");
    let links = String::from_utf8_lossy(&output.stdout).into_owned();
    let link = |line: &&str| {
        [": main", ": side", ": br"]
            .iter()
            .any(|name| line.contains(name))
    };
    let mounts = fs::read_to_string("/proc/mounts").expect("mounts can be read");
    let places = [
        "/run",
        "/proc",
        "/dev/shm",
        "/proc/sysrq-trigger",
        "/dev/watchdog",
    ];
    let mount = |line: &&str| {
        line.split(' ')
            .nth(1)
            .is_some_and(|place| places.contains(&place) || place.contains("qrt-"))
    };
    let links = links.lines().filter(link);
    links
        .chain(mounts.lines().filter(mount))
        .map(str::to_string)
        .collect()
}

fn nothing_is_left_of_a_cluster() {
    let before = visible();
    assert!(!before.is_empty(), "at least /proc is mounted");
    let cluster = Cluster::builder().nodes(2).start();
    assert_eq!(
        visible(),
        before,
        "a running cluster can be seen from outside"
    );
    let traces = Traces::of(&cluster);
    traces.assert_present();
    let mut background = cluster.node(1).command("sleep").with_args(["600"]);
    let sleeper = background.spawn().expect("sleep starts");
    drop(background);
    drop(cluster);
    drop(sleeper);
    traces.wait_processes_gone();
    assert!(!traces.directory.exists());
    assert_eq!(visible(), before);
}

fn nothing_is_left_after_a_panic() {
    let mut traces = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let cluster = Cluster::builder().start();
        traces = Some(Traces::of(&cluster));
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(result.is_err());
    let traces = traces.expect("the cluster was started");
    traces.wait_processes_gone();
    assert!(!traces.directory.exists());
}

fn nothing_is_left_after_a_kill() {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut child = Command::new(program)
        .arg(HOLD)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts again");
    let mut line = String::new();
    let pipe = child.stdout.take().expect("a pipe");
    BufReader::new(pipe)
        .read_line(&mut line)
        .expect("a line can be read");
    let mut words = line.split_whitespace();
    let directory = PathBuf::from(words.next().expect("a directory"));
    let processes = words
        .map(|pid| pid.parse().expect("a process id"))
        .collect();
    let traces = Traces {
        processes,
        directory,
    };
    traces.assert_present();
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    traces.wait_processes_gone();
    assert!(scratch::leftovers().contains(&traces.directory));
    scratch::sweep();
    assert!(!traces.directory.exists());
}

/// The other half of the test above.
pub(crate) fn hold() -> ! {
    let cluster = Cluster::builder().start();
    // An orphan that nobody but the process namespace knows.
    let mut orphan = cluster
        .node(1)
        .command("sh")
        .with_args(["-c", "sleep 600 > /dev/null 2>&1 &"]);
    assert!(orphan.status().expect("sh runs").success());
    let traces = Traces::of(&cluster);
    let mut line = traces.directory.display().to_string();
    for pid in traces.processes {
        line.push_str(&format!(" {pid}"));
    }
    println!("{line}");
    std::io::stdout().flush().expect("a pipe can be written");
    loop {
        std::thread::park();
    }
}

/// The comparisons are worth nothing if both sides of one run with the same library unnoticed.
fn another_library_is_noticed() {
    let space = Arc::new(NodeSpace::new().expect("namespaces can be made"));
    let scratch = Scratch::new("guard");
    let impostor = scratch.path().join(SONAME);
    fs::copy(Library::Original.file(), &impostor).expect("a library can be copied");
    let trace = LoaderTrace::new(&scratch.path().join("trace"));
    let mut command = space.command(program("client"));
    command
        .env("LD_LIBRARY_PATH", scratch.path())
        .env_remove("LD_PRELOAD");
    trace.apply(&mut command);
    let output = command.output().expect("the program runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr, format!("library: {}\n", impostor.display()));
    assert_eq!(trace.loaded(SONAME), [impostor]);
    for noticed in [
        fails(|| trace.check(Library::Original)),
        fails(|| drop(Library::Original.check_first_line(&stderr))),
    ] {
        assert!(noticed, "the guard should have noticed");
    }
}
