//! A daemon that is killed, stopped, restarted or hangs under a program, simulated and real: the
//! same calls return the same, with the C library and with ours.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use quorate_testkit::compare::assert_same;
use quorate_testkit::{
    CProgram, Cluster, Library, Load, Node, Process, Requirements, Scratch, Suite, wait_until,
};

use crate::tool::{QUORATE, config};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster().program("timeout").ours();
    for (name, story, steps) in [
        (
            "daemon/killed_in_a_call",
            killed as Story,
            "on_call = { function = \"votequorum_getinfo\", nth = 2 }\nkill = 1\n\
             [[step]]\npace = \"idle\"\nup = 1\n",
        ),
        (
            "daemon/stopped_between_calls",
            stopped,
            "on_call = { function = \"votequorum_getinfo\" }\nexpect = { quorate = true }\n\
             [[step]]\npace = \"idle\"\nleave = 1\n[[step]]\npace = \"idle\"\nup = 1\n",
        ),
        (
            "daemon/restarted",
            restarted,
            "on_call = { function = \"votequorum_getinfo\", nth = 2 }\nrestart = 1\n",
        ),
        (
            "daemon/hangs_and_goes_on",
            hangs,
            "on_call = { function = \"votequorum_getinfo\", nth = 2 }\npause = 1\n\
             [[step]]\npace = \"idle\"\nresume = 1\n",
        ),
    ] {
        suite.test_with(name, &needs, || compare(name, story, steps));
    }
}

/// What is asked, and what happens to the daemon meanwhile if that is real.
type Story = fn(&mut Client, Option<&Node>);

fn compare(name: &str, story: Story, steps: &str) {
    let program = CProgram::new("client-daemon")
        .source("tests/c/client.c")
        .link("votequorum")
        .build();
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let scratch = Scratch::new("daemon");
    config(&scratch, 1);
    let scenario = scratch.path().join("scenario.toml");
    let text = format!(
        "[cluster]\nconfig = \"corosync.conf\"\ncompat = [\"corosync-3.1\"]\n[[step]]\n{steps}"
    );
    std::fs::write(&scenario, text).expect("a file can be written");
    let told = Library::BOTH.map(|library| {
        let mut command = node.command("timeout").with_args(["60"]);
        command.arg(&program);
        library.apply(&mut command, Load::Path);
        let mut real = Client::start(&mut command, None);
        story(&mut real, Some(node));
        let mut command = Command::new(QUORATE);
        command.args(["run", "--quiet", "--pace", "idle", "--scenario"]);
        command
            .arg(&scenario)
            .args(["--", "timeout", "60"])
            .arg(&program);
        let directory = library.find().expect("it is there");
        let mut simulated = Client::start(&mut command, Some(directory));
        story(&mut simulated, None);
        assert_same(&format!("{name}, {library:?}"), &real.told, &simulated.told);
        real.told
    });
    assert_same(name, &told[0], &told[1]);
    assert!(told[0].ends_with("device=\"\"\n"), "{}", told[0]);
}

/// `tests/c/client.c`, which does what it is told.
struct Client {
    process: Process,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// All that it has said.
    told: String,
}

impl Client {
    fn start(command: &mut Command, library: Option<PathBuf>) -> Self {
        if let Some(directory) = library {
            command.env("LD_LIBRARY_PATH", directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("it starts");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            process: Process::new(child),
            orders,
            answers,
            told: String::new(),
        }
    }

    fn begin(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it listens");
    }

    /// What it says until the call has returned.
    fn end(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).expect("text");
            assert!(read > 0, "it has ended: {answer}");
            answer += &line;
            if line.starts_with('=') {
                return answer;
            }
        }
    }

    fn ask(&mut self, order: &str) {
        self.begin(order);
        let answer = self.end();
        self.told += &answer;
    }

    /// Asks something while the daemon is stopped, and lets something happen to that once the
    /// request is under way.
    fn ask_while(&mut self, order: &str, node: Option<&Node>, happens: impl FnOnce(&Node)) {
        if let Some(node) = node {
            node.pause();
        }
        self.begin(order);
        if let Some(node) = node {
            self.wait_asleep();
            happens(node);
        }
        let answer = self.end();
        self.told += &answer;
    }

    /// The program, a child of `timeout`, sleeps in the kernel; it has the call to wait for, for its
    /// order was read.
    fn wait_asleep(&mut self) {
        let pid = self.process.pid();
        let mut line = String::new();
        // It says what it is about to do.
        self.answers.read_line(&mut line).expect("text");
        self.told += &line;
        wait_until("the client to sleep", || {
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            let child = children.map_err(|error| error.to_string())?;
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
            let stat = stat.map_err(|error| error.to_string())?;
            let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
            if state.starts_with('S') {
                Ok(())
            } else {
                Err(stat)
            }
        });
    }

    /// Connects as soon as that is possible again. How often it is refused until then, and told to
    /// try again, is chance.
    fn reconnect(&mut self) {
        let answer = wait_until("the daemon to answer again", || {
            self.begin("initialize 0");
            match self.end() {
                answer if answer.ends_with("= 1\n") => Ok(answer),
                answer => {
                    let expected = answer.ends_with("= 2\n") || answer.ends_with("= 6\n");
                    assert!(expected, "{answer}");
                    Err(answer)
                }
            }
        });
        self.told += &answer;
    }
}

fn killed(client: &mut Client, node: Option<&Node>) {
    client.ask("initialize 0");
    client.ask("getinfo 0");
    client.ask_while("getinfo 0", node, Node::kill);
    client.ask("dispatch 2");
    client.ask("setexpected 1");
    client.ask("finalize 0");
    if let Some(node) = node {
        node.start();
    }
    client.reconnect();
    client.ask("getinfo 0");
}

fn stopped(client: &mut Client, node: Option<&Node>) {
    client.ask("initialize 0");
    client.ask("trackstart 2");
    client.ask("dispatch 2");
    client.ask("getinfo 0");
    if let Some(node) = node {
        node.stop();
    }
    // Until it hangs up, for half a minute at most.
    client.ask("poll 30000");
    client.ask("dispatch 2");
    client.ask("getinfo 0");
    client.ask("finalize 0");
    if let Some(node) = node {
        node.start();
    }
    client.reconnect();
    client.ask("getinfo 0");
}

fn restarted(client: &mut Client, node: Option<&Node>) {
    client.ask("initialize 0");
    client.ask("getinfo 0");
    client.ask_while("getinfo 0", node, |node| {
        node.kill();
        node.start();
    });
    client.ask("trackstart 2");
    client.ask("finalize 0");
    client.reconnect();
    client.ask("getinfo 0");
}

fn hangs(client: &mut Client, node: Option<&Node>) {
    client.ask("initialize 0");
    client.ask("getinfo 0");
    client.ask_while("getinfo 0", node, Node::resume);
    client.ask("getinfo 0");
}
