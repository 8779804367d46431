//! `quorate watch`: on a terminal and on paper, of served clusters and of corosync.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};

use quorate_testkit::{Cluster, Requirements, Suite, wait_until};

use crate::live::{Served, directory, quorate};
use crate::tool::{QUORATE, errors, printed};

pub(crate) fn run_all(suite: &mut Suite) {
    let none = Requirements::none();
    suite.test_with("watch/on_paper", &none, on_paper);
    let tmux = none.program("tmux");
    suite.test_with("watch/on_a_terminal", &tmux, on_a_terminal);
    suite.test_with(
        "watch/a_terminal_that_goes_away",
        &tmux,
        a_terminal_that_goes_away,
    );
    suite.test_with("watch/many_nodes", &tmux, many_nodes);
    suite.test_with(
        "watch/a_node_through_its_lives",
        &tmux,
        a_node_through_its_lives,
    );
    let real = Requirements::cluster().program("tmux");
    suite.test_with("watch/real_corosync", &real, real_corosync);
}

/// A terminal with a program in it; it goes with this.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn start(test: &str, size: (u32, u32), program: &Command) -> Self {
        Self::start_with(test, size, program, |words| {
            Command::new("tmux")
                .args(words)
                .status()
                .expect("tmux starts")
        })
    }

    fn start_with(
        test: &str,
        (width, height): (u32, u32),
        program: &Command,
        tmux: impl FnOnce(&[OsString]) -> ExitStatus,
    ) -> Self {
        let socket = format!("quorate-{test}-{}", std::process::id());
        let (width, height) = (width.to_string(), height.to_string());
        let start = ["-f", "/dev/null", "-L", &socket, "new-session", "-d"];
        let size = ["-x", &width, "-y", &height, "env"];
        let mut words: Vec<OsString> = start.iter().chain(&size).map(OsString::from).collect();
        for (name, value) in program.get_envs() {
            let mut word = name.to_owned();
            word.push("=");
            word.push(value.unwrap_or_default());
            words.push(word);
        }
        words.push(program.get_program().to_owned());
        words.extend(program.get_args().map(ToOwned::to_owned));
        assert!(tmux(&words).success());
        Self { socket }
    }

    fn tmux(&self, words: &[&str]) -> std::process::Output {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket])
            .args(words)
            .output()
            .expect("it runs")
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// Waits until all of this is on the screen.
    #[track_caller]
    fn shows(&self, words: &[&str]) {
        wait_until(&format!("{words:?}"), || {
            let screen = self.screen();
            let missing = words.iter().find(|word| !screen.contains(**word));
            missing.map_or(Ok(()), |word| Err(format!("no '{word}' in\n{screen}")))
        });
    }

    /// Waits until the program has ended, and the terminal with it.
    fn ends(&self) {
        wait_until("the end", || {
            match self.tmux(&["list-sessions"]).status.success() {
                true => Err(self.screen()),
                false => Ok(()),
            }
        });
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn watch(arguments: &[&str]) -> Command {
    let mut command = Command::new(QUORATE);
    command
        .arg("watch")
        .args(arguments)
        .env("QUORATE_RUN_DIR", "");
    command
}

fn on_paper() {
    let cluster = Served::start("paper", &["--pace", "manual"]);
    cluster.done("partition 1 2,3");
    cluster.done("wait");
    let text = printed(&quorate(&["watch", "--name", &cluster.name]));
    for line in [
        "2 of 3 nodes quorate, 3 up",
        "cut: {1} {2 3}",
        "   1 up       NO          1      1/2 -       1.d       1",
        "   3 up       yes         1      2/2 -       2.d       2 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    let output = quorate(&["watch", "--once", "--name", "nobody-serves-this"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("nobody-serves-this"),
        "{}",
        errors(&output)
    );
    let mut command = watch(&["--once", "--corosync"]);
    let output = command
        .env("QUORATE_RUN_DIR", "/nonexistent")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("corosync: "),
        "{}",
        errors(&output)
    );
}

fn on_a_terminal() {
    let cluster = Served::start("terminal", &["--speed", "100"]);
    let screen = Terminal::start("terminal", (80, 24), &watch(&["--name", &cluster.name]));
    screen.shows(&["3 of 3 nodes quorate", "3 up       yes", "q quits"]);
    cluster.done("kill 3");
    screen.shows(&["3 down", "2 of 3 nodes quorate", "node 3     killed"]);
    cluster.done("partition 1 2");
    screen.shows(&["0 of 3 nodes quorate", "cut: {1} {2} {3}", "NO"]);
    screen.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    screen.shows(&["programs"]);
    let name = cluster.name.clone();
    drop(cluster);
    screen.shows(&["trying again"]);
    let _again = Served::named(name, &["--nodes", "2"]);
    screen.shows(&["2 of 2 nodes quorate"]);
    screen.tmux(&["send-keys", "q"]);
    screen.ends();
}

fn a_terminal_that_goes_away() {
    let cluster = Served::start("gone", &["--pace", "manual"]);
    cluster.done("partition 1 2,3");
    let screen = Terminal::start("gone", (14, 24), &watch(&["--name", &cluster.name]));
    // What has no room is not cut off silently.
    screen.shows(&["3 of 3 nodes …", "cut: {1} {2 3}\n"]);
    let shown = screen.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let pid = String::from_utf8(shown.stdout).expect("text");
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.is_dir(), "{}", process.display());
    drop(screen);
    wait_until("the end of quorate watch", || match process.exists() {
        true => Err(format!("{} is there", process.display())),
        false => Ok(()),
    });
}

fn many_nodes() {
    let cluster = Served::start("many", &["--nodes", "32", "--speed", "100"]);
    let screen = Terminal::start("many", (80, 24), &watch(&["--name", &cluster.name]));
    screen.shows(&["32 nodes\n", "   1 quorate", "  32 quorate"]);
    cluster.done("kill 17 32");
    screen.shows(&["30 of 32 nodes quorate", "  17 down", "  32 down"]);
    screen.tmux(&["resize-window", "-x", "40", "-y", "12"]);
    screen.shows(&["of 32\n"]);
    screen.tmux(&["send-keys", "End"]);
    screen.shows(&["to 32 of 32\n", "  32 down"]);
    screen.tmux(&["send-keys", "C-c"]);
    screen.ends();
}

/// What the programs of a simulated node are told.
fn a_node_through_its_lives() {
    let cluster = Served::start("lives", &["--speed", "100"]);
    let mut command = watch(&["--corosync"]);
    command.env("QUORATE_RUN_DIR", directory(&cluster.name).join("node1"));
    let screen = Terminal::start("lives", (100, 30), &command);
    screen.shows(&[
        "corosync on node 1",
        "QUORATE: 3 of 3 votes",
        "member",
        "(local)",
    ]);
    cluster.done("partition 1 2,3");
    screen.shows(&["NOT QUORATE: 1 of 3 votes", "dead", "quorum 0"]);
    cluster.done("kill 1");
    screen.shows(&["trying again", "corosync is gone"]);
    cluster.done("heal");
    cluster.done("up 1");
    screen.shows(&["\nQUORATE: 3 of 3 votes", "connected to corosync"]);
    cluster.done("set-key 1 quorum.some_key 7");
    screen.shows(&["quorum.some_key = 7"]);
    screen.tmux(&["send-keys", "Escape"]);
    screen.ends();
}

/// A private cluster of two: one node dies and comes back, then the one that is watched.
fn real_corosync() {
    let cluster = Cluster::builder().nodes(2).start();
    let node = cluster.node(1);
    let paper = node
        .command(QUORATE)
        .with_args(["watch", "--corosync"])
        .output();
    let text = printed(&paper.expect("it runs"));
    assert!(
        text.starts_with(" quorate: corosync on node 1 of cluster"),
        "{text}"
    );
    assert!(
        text.contains("\nQUORATE: 2 of 2 votes, 2 needed; ring 1."),
        "{text}"
    );
    let screen = Terminal::start_with("real", (100, 30), &watch(&["--corosync"]), |words| {
        let mut tmux = node.command("tmux").with_args(words);
        tmux.status().expect("tmux starts")
    });
    screen.shows(&["\nQUORATE: 2 of 2 votes", "   2 member"]);
    cluster.node(2).kill();
    screen.shows(&["NOT QUORATE: 1 of 2 votes", "   2 dead", "quorum 0"]);
    cluster.node(2).start();
    screen.shows(&["\nQUORATE: 2 of 2 votes", "   2 member"]);
    cluster.node(1).kill();
    screen.shows(&["trying again", "corosync is gone"]);
    cluster.node(1).start();
    screen.shows(&["\nQUORATE: 2 of 2 votes", "connected to corosync"]);
    screen.tmux(&["send-keys", "q"]);
    screen.ends();
}
