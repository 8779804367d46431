//! The daemon is killed, stopped and restarted while calls are in flight.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use quorate_testkit::{Cluster, Library, Load, Node, Process, Requirements, Suite, wait_until};

use crate::compare::program;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().ours();
    suite.test_with("daemon/killed_between_calls", &needs, || {
        ended_between_calls(Node::kill)
    });
    suite.test_with("daemon/stopped_between_calls", &needs, || {
        ended_between_calls(Node::stop)
    });
    suite.test_with("daemon/paused_and_resumed", &needs, paused_and_resumed);
    suite.test_with("daemon/paused_and_killed", &needs, paused_and_killed);
    suite.test_with("daemon/killed_over_sockets", &needs, killed_over_sockets);
}

/// A running `client`.
struct Client {
    library: Library,
    process: Process,
    stdout: PathBuf,
    stderr: PathBuf,
    read: usize,
}

impl Client {
    fn start(node: &Node, library: Library, number: usize) -> Self {
        let file = |kind| {
            node.directory()
                .join(format!("client-{number}-{library:?}.{kind}"))
        };
        let (stdout, stderr) = (file("out"), file("err"));
        let mut command = node.command(program("client"));
        library.apply(&mut command, Load::Path);
        command.stdin(std::process::Stdio::piped());
        command.stdout(File::create(&stdout).expect("a file can be made"));
        command.stderr(File::create(&stderr).expect("a file can be made"));
        let process = command.spawn().expect("the program starts");
        let client = Self {
            library,
            process,
            stdout,
            stderr,
            read: 0,
        };
        wait_until("the client to start", || {
            match client.errors().lines().count() {
                0 => Err(String::new()),
                _ => Ok(()),
            }
        });
        let _ = client.library.check_first_line(&client.errors());
        client
    }

    fn errors(&self) -> String {
        fs::read_to_string(&self.stderr).expect("text")
    }

    /// Begins a call and waits until it is under way.
    fn begin(&mut self, order: &str) {
        let stdin = self.process.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{order}").expect("the client listens");
        self.wait_for(&format!("{order}\n"));
    }

    /// Waits until the call that is under way sleeps in the kernel: from then on what happens to
    /// the daemon happens to a call in flight.
    fn wait_asleep(&self) {
        let stat = format!("/proc/{}/stat", self.process.pid());
        wait_until("the client to sleep", || {
            let text = fs::read_to_string(&stat).map_err(|why| why.to_string())?;
            let state = text.rsplit(')').next().unwrap_or_default().trim_start();
            if state.starts_with('S') {
                Ok(())
            } else {
                Err(text)
            }
        });
        assert!(
            !self.unread().contains("= "),
            "the call should be in flight"
        );
    }

    /// What the call printed.
    fn end(&mut self) -> String {
        self.wait_for("= ");
        let text = self.unread();
        self.read += text.len();
        text
    }

    fn unread(&self) -> String {
        fs::read_to_string(&self.stdout).expect("text")[self.read..].to_string()
    }

    fn wait_for(&self, part: &str) {
        wait_until(&format!("{:?}: {part:?}", self.library), || {
            let text = self.unread();
            if text.contains(part) && text.ends_with('\n') {
                Ok(())
            } else {
                Err(text)
            }
        });
    }
}

/// One client with each library, told the same things.
struct Pair([Client; 2]);

impl Pair {
    fn start(node: &Node, number: usize) -> Self {
        Self(Library::BOTH.map(|library| Client::start(node, library, number)))
    }

    fn tell(&mut self, order: &str) -> String {
        self.begin(order);
        self.end(order)
    }

    fn begin(&mut self, order: &str) {
        self.0.iter_mut().for_each(|client| client.begin(order));
    }

    fn wait_asleep(&self) {
        self.0.iter().for_each(Client::wait_asleep);
    }

    fn end(&mut self, order: &str) -> String {
        let [original, ours] = self.0.each_mut().map(Client::end);
        assert_eq!(original, ours, "{order}");
        original
    }

    fn expect(&mut self, order: &str, result: &str) {
        assert_eq!(self.tell(order), format!("{order}\n= {result}\n"));
    }
}

/// What a connection answers when its daemon is gone.
fn expect_dead(pair: &mut Pair) {
    for order in [
        "getinfo 0",
        "setexpected 1",
        "trackstop 0",
        "register 0",
        "dispatch 2",
    ] {
        pair.expect(order, "2");
    }
    pair.expect("poll 0", "1 readable 1 hung up 1");
    pair.expect("finalize 0", "1");
    pair.expect("getinfo 0", "9");
}

fn expect_alive(pair: &mut Pair) {
    let answer = pair.tell("getinfo 0");
    assert!(
        answer.starts_with("getinfo 0\n= 1 node=1 state=1 "),
        "{answer}"
    );
}

fn ended_between_calls(end: fn(&Node)) {
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let mut pair = Pair::start(node, 0);
    pair.expect("initialize 0", "1");
    pair.expect("trackstart 4", "1");
    expect_alive(&mut pair);
    end(node);
    expect_dead(&mut pair);
    pair.expect("initialize 0", "2");
    node.start();
    cluster.wait_all_members();
    pair.expect("initialize 0", "1");
    expect_alive(&mut pair);

    // The old connection must not come back to life with the new daemon.
    node.restart();
    cluster.wait_all_members();
    expect_dead(&mut pair);
    pair.expect("initialize 0", "1");
    expect_alive(&mut pair);
}

/// What can be in flight: an order, and its result when the daemon runs on.
const IN_FLIGHT: [(&str, &str); 5] = [
    ("getinfo 1", "1 node=1 state=1"),
    ("setexpected 1", "1"),
    ("trackstart 2", "1"),
    ("unregister 0", "12"),
    ("trackstop 0", "12"),
];

fn paused_and_resumed() {
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    for (number, (order, result)) in IN_FLIGHT.into_iter().enumerate() {
        let mut pair = Pair::start(node, number);
        pair.expect("initialize 0", "1");
        node.pause();
        pair.begin(order);
        pair.wait_asleep();
        node.resume();
        let answer = pair.end(order);
        assert!(
            answer.starts_with(&format!("{order}\n= {result}")),
            "{answer}"
        );
        expect_alive(&mut pair);
    }

    // Connecting waits as well.
    let mut pair = Pair::start(node, IN_FLIGHT.len());
    node.pause();
    pair.begin("initialize 0");
    pair.wait_asleep();
    node.resume();
    pair.end("initialize 0");
    expect_alive(&mut pair);

    // A dispatch does not notice: the events come when the daemon runs again.
    pair.expect("trackstart 4", "1");
    node.pause();
    pair.begin("dispatch 1");
    pair.wait_asleep();
    node.resume();
    let mut command = node.command("corosync-quorumtool").with_args(["-e", "1"]);
    Library::Original.apply(&mut command, Load::Path);
    assert!(
        command
            .output()
            .expect("corosync-quorumtool runs")
            .status
            .success()
    );
    let answer = pair.end("dispatch 1");
    assert!(
        answer.contains("event expected context=0xc votes=1\n= 1\n"),
        "{answer}"
    );
}

fn paused_and_killed() {
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let orders = IN_FLIGHT.map(|(order, _)| order);
    let mut pairs: Vec<(&str, Pair)> = orders
        .into_iter()
        .chain(["dispatch 1", "dispatch 3"])
        .enumerate()
        .map(|(number, order)| (order, Pair::start(node, number)))
        .collect();
    for (_, pair) in &mut pairs {
        pair.expect("initialize 0", "1");
    }
    let number = pairs.len();
    pairs.push(("initialize 0", Pair::start(node, number)));
    node.pause();
    for (order, pair) in &mut pairs {
        pair.begin(order);
        pair.wait_asleep();
    }
    node.kill();
    for (order, pair) in &mut pairs {
        let answer = pair.end(order);
        assert_eq!(answer, format!("{order}\n= 2\n"));
    }
}

fn killed_over_sockets() {
    let cluster = Cluster::builder().system("qb_ipc_type: socket").start();
    let node = cluster.node(1);
    let mut pair = Pair::start(node, 0);
    pair.expect("initialize 0", "1");
    expect_alive(&mut pair);
    node.pause();
    pair.begin("getinfo 0");
    pair.wait_asleep();
    node.kill();
    assert_eq!(pair.end("getinfo 0"), "getinfo 0\n= 2\n");
    pair.expect("finalize 0", "1");
}
