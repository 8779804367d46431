//! The same callbacks with the same arguments in the same order, both libraries at once.

use std::fs::{self, File};
use std::path::PathBuf;

use quorate_testkit::{
    Cluster, Library, Load, Node, Process, Requirements, Suite, Transport, wait_until,
};

use crate::compare::{assert_same, program};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-quorumtool")
        .ours();
    suite.test_with("callbacks/knet", &needs, || history(Transport::Knet));
    suite.test_with("callbacks/udpu", &needs, || history(Transport::Udpu));
    suite.test_with("callbacks/the_daemon_dies", &needs, the_daemon_dies);
}

/// A running `watch`.
struct Watcher {
    name: String,
    library: Library,
    process: Process,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Watcher {
    fn start(node: &Node, library: Library, load: Load, how: &str) -> Self {
        let name = format!("node {}, {how}, {library:?}, {load:?}", node.id());
        let file = |kind| {
            node.directory()
                .join(format!("watch-{how}-{library:?}-{load:?}.{kind}"))
        };
        let (stdout, stderr) = (file("out"), file("err"));
        let mut command = node.command(program("watch")).with_args([how]);
        library.apply(&mut command, load);
        command.stdout(File::create(&stdout).expect("a file can be made"));
        command.stderr(File::create(&stderr).expect("a file can be made"));
        let process = command.spawn().expect("the program starts");
        let watcher = Self {
            name,
            library,
            process,
            stdout,
            stderr,
        };
        watcher.wait_line("event quorum");
        watcher
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.stdout).expect("text")
    }

    fn wait_line(&self, part: &str) {
        wait_until(&format!("{}: {part}", self.name), || {
            let text = self.text();
            if text.contains(part) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }

    /// Ends the program and returns what it has printed.
    fn finish(self) -> String {
        let text = self.text();
        let stderr = fs::read_to_string(&self.stderr).expect("text");
        let _ = self.library.check_first_line(&stderr);
        drop(self.process);
        text
    }
}

/// Every way to wait for events, with each library, on one node.
fn watch_everyhow(node: &Node) -> Vec<Watcher> {
    let mut watchers = Vec::new();
    for how in ["blocking", "one", "poll"] {
        for library in Library::BOTH {
            watchers.push(Watcher::start(node, library, Load::Path, how));
        }
    }
    watchers.push(Watcher::start(
        node,
        Library::Ours,
        Load::Preload,
        "blocking",
    ));
    watchers
}

/// Compares all logs with the first one, which is then returned.
fn compare(watchers: Vec<Watcher>) -> String {
    let mut first: Option<(String, String)> = None;
    for watcher in watchers {
        let name = watcher.name.clone();
        let text = watcher.finish();
        match &first {
            None => first = Some((name, text)),
            Some((other, expected)) => assert_same(&format!("{other} / {name}"), expected, &text),
        }
    }
    first.expect("there are watchers").1
}

fn quorumtool(node: &Node, arguments: &[&str]) {
    let mut command = node.command("corosync-quorumtool").with_args(arguments);
    Library::Original.apply(&mut command, Load::Path);
    let output = command.output().expect("corosync-quorumtool runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// One long history of a cluster of three, watched on the node that is cut off and on one that
/// keeps quorum.
fn history(transport: Transport) {
    let cluster = Cluster::builder().nodes(3).transport(transport).start();
    let mut watchers = [
        watch_everyhow(cluster.node(1)),
        watch_everyhow(cluster.node(2)),
    ];

    cluster.node(3).kill();
    cluster.wait_members(&[1, 2], true);
    cluster.node(3).start();
    cluster.wait_all_members();

    cluster.partition(&[&[1], &[2, 3]]);
    cluster.wait_members(&[1], false);
    cluster.wait_members(&[2, 3], true);
    cluster.heal();
    cluster.wait_all_members();

    cluster.node(3).stop();
    cluster.wait_members(&[1, 2], true);
    cluster.partition(&[&[1], &[2]]);
    cluster.wait_members(&[1], false);
    cluster.wait_members(&[2], false);
    cluster.heal();
    cluster.wait_members(&[1, 2], true);
    cluster.node(3).start();
    cluster.wait_all_members();

    quorumtool(cluster.node(2), &["-v", "2", "-n", "3"]);
    for node in cluster.nodes() {
        node.wait_state("four votes", |state| {
            state.total == 4 && state.expected == 4
        });
    }
    // The last word: what has reached this line has seen everything before it.
    quorumtool(cluster.node(2), &["-e", "5"]);
    for watcher in watchers.iter().flatten() {
        watcher.wait_line("event expected context=0xabcdef votes=5");
    }

    let [cut_off, majority] = watchers
        .each_mut()
        .map(|list| compare(std::mem::take(list)));
    for (text, lost) in [(&cut_off, 2), (&majority, 1)] {
        let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
        assert!(
            count("quorate=0") >= lost,
            "quorum was lost {lost} times:\n{text}"
        );
        assert!(count("votes=4") == 1, "expected votes rose once:\n{text}");
        assert!(count("event nodes") >= 9, "memberships changed:\n{text}");
    }
}

/// All ways to wait end with the same result when the daemon is gone, however it went.
fn the_daemon_dies() {
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    for end in [Node::kill, Node::stop] {
        let mut watchers = watch_everyhow(node);
        end(node);
        for watcher in &mut watchers {
            let status = watcher.process.wait_for(quorate_testkit::wait::LIMIT);
            assert!(
                status.is_ok_and(|status| status.success()),
                "{}",
                watcher.name
            );
        }
        let text = compare(watchers);
        assert!(text.ends_with("dispatch = 2\nfinalize = 1\n"), "{text}");
        node.start();
        cluster.wait_all_members();
    }
}
