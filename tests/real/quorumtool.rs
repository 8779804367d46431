//! `corosync-quorumtool` prints the same with both libraries.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;

use quorate_testkit::library::LoaderTrace;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{
    Cluster, Library, Load, Node, Process, Requirements, Signal, Suite, wait_until,
};

use crate::compare::assert_same;

const TOOL: &str = "corosync-quorumtool";

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program(TOOL)
        .program("stdbuf")
        .ours();
    suite.test_with("quorumtool/once", &needs, once);
    suite.test_with("quorumtool/monitor", &needs, monitor);
}

/// The only line that says when it was printed.
fn without_date(text: &str) -> String {
    let date = |line: &str| match line.starts_with("Date:") {
        true => "Date: now\n".to_string(),
        false => format!("{line}\n"),
    };
    text.lines().map(date).collect()
}

/// What the tool prints, to both outputs, and how it exits.
fn tool(node: &Node, arguments: &[&str], library: Library, load: Load, number: usize) -> String {
    let trace = LoaderTrace::new(
        &node
            .directory()
            .join(format!("trace-{number}-{library:?}-{load:?}")),
    );
    let mut command = node.command(TOOL).with_args(arguments);
    library.apply(&mut command, load);
    trace.apply(&mut command);
    let output = command.output().expect("the tool runs");
    trace.check(library);
    without_date(&format!(
        "{}{}{}\n",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status
    ))
}

fn once() {
    let cluster = Cluster::builder().nodes(3).start();
    let node = cluster.node(1);
    let usages: [(&[&str], &str); 14] = [
        (&["-s"], "Quorate:          Yes"),
        (&["-l"], "node2"),
        (&["-i"], "10.77.0.2"),
        (&["-a", "-s"], "node3"),
        (&["-p", "-s"], ""),
        (&["-p", "-l"], ""),
        (&["-H", "-s"], "0x00000003"),
        (&["-o", "i", "-l"], "node2"),
        (&["-V"], "version"),
        (&["-e", "3"], "exit status: 0"),
        (&["-e", "1"], "exit status: 1"),
        (&["-v", "1", "-n", "2"], "exit status: 0"),
        (&["-v", "1", "-n", "99"], "exit status: 1"),
        (&["-f"], "exit status"),
    ];
    let mut number = 0;
    let mut compare = |arguments: &[&str], part: &str| {
        number += 1;
        let original = tool(node, arguments, Library::Original, Load::Path, number);
        assert!(
            original.contains(part),
            "{arguments:?} should print {part:?}:\n{original}"
        );
        for load in [Load::Path, Load::Preload] {
            let ours = tool(node, arguments, Library::Ours, load, number);
            assert_same(&format!("{TOOL} {arguments:?}, {load:?}"), &original, &ours);
        }
    };
    for (arguments, part) in usages {
        compare(arguments, part);
    }
    cluster.partition(&[&[1], &[2, 3]]);
    cluster.wait_members(&[1], false);
    for arguments in [["-s"], ["-l"], ["-i"]] {
        compare(&arguments, "");
    }
    compare(&["-s"], "Quorate:          No");
    node.kill();
    compare(&["-s"], "exit status: 1");
}

/// A running `corosync-quorumtool -m`.
struct Monitor {
    library: Library,
    process: Process,
    trace: LoaderTrace,
    output: std::path::PathBuf,
}

impl Monitor {
    fn start(node: &Node, library: Library) -> Self {
        let trace = LoaderTrace::new(&node.directory().join(format!("monitor-trace-{library:?}")));
        let output = node.directory().join(format!("monitor-{library:?}"));
        // The tool leaves what it prints in its buffer until it ends, and it ends by a signal.
        let mut command = node.command("stdbuf").with_args(["-oL", TOOL, "-m"]);
        library.apply(&mut command, Load::Path);
        trace.apply(&mut command);
        command.stdout(File::create(&output).expect("a file can be made"));
        let process = command.spawn().expect("the tool starts");
        Self {
            library,
            process,
            trace,
            output,
        }
    }

    fn blocks(&self) -> Vec<String> {
        let text = without_date(&fs::read_to_string(&self.output).expect("text"));
        text.split("Quorum information\n")
            .skip(1)
            .map(str::to_string)
            .collect()
    }

    /// Waits until the latest block is complete and shows this many members.
    fn wait_members(&self, members: &[u32]) {
        wait_until(&format!("{:?} to show {members:?}", self.library), || {
            let blocks = self.blocks();
            let last = blocks.last().cloned().unwrap_or_default();
            let table = last
                .split("Membership information\n")
                .nth(1)
                .unwrap_or_default();
            let shown: Vec<u32> = table
                .lines()
                .filter_map(|line| line.split_whitespace().next()?.parse().ok())
                .collect();
            if shown == members && last.ends_with("\n\n") {
                Ok(())
            } else {
                Err(last)
            }
        });
    }

    fn finish(mut self) -> String {
        self.process.signal(Signal::SIGTERM);
        let status = self
            .process
            .wait_for(LIMIT)
            .expect("a signal ends the tool");
        assert_eq!(
            status.signal(),
            Some(Signal::SIGTERM as i32),
            "{:?}",
            self.library
        );
        self.trace.check(self.library);
        self.blocks().join("---\n")
    }
}

fn monitor() {
    let cluster = Cluster::builder().nodes(3).start();
    let node = cluster.node(1);
    let monitors = Library::BOTH.map(|library| Monitor::start(node, library));
    let wait = |members: &[u32]| monitors.iter().for_each(|one| one.wait_members(members));
    wait(&[1, 2, 3]);
    cluster.node(3).kill();
    wait(&[1, 2]);
    cluster.node(2).kill();
    wait(&[1]);
    cluster.node(2).start();
    wait(&[1, 2]);
    cluster.node(3).start();
    wait(&[1, 2, 3]);
    let [original, ours] = monitors.map(Monitor::finish);
    assert!(original.contains("Quorate:          No"), "{original}");
    assert_same("corosync-quorumtool -m", &original, &ours);
}
