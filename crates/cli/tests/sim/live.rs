//! `quorate serve`, `quorate ctl`, `quorate env`, `quorate exec`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output};

use quorate_client::{Endpoint, Event, EventBuffer, Options, VoteQuorum};
use quorate_control::Name;
use quorate_testkit::{Outcome, Process, Requirements, Scratch, Signal, Suite, wait_until};
use serde_json::Value;

use crate::tool::{QUORATE, errors, finish, printed, spawn};

pub(crate) fn run_all(suite: &mut Suite) {
    let none = Requirements::none();
    let sh = none.clone().program("sh");
    let tool = sh.clone().program("corosync-quorumtool");
    suite.test_with("live/programs_on_two_nodes", &tool, programs_on_two_nodes);
    suite.test_with("live/names", &none, names);
    let setpriv = none.clone().program("setpriv");
    suite.test_with(
        "live/others_have_no_control",
        &setpriv,
        others_have_no_control,
    );
    suite.test_with("live/time_passes", &none, time_passes);
    suite.test_with("live/a_scenario", &none, a_scenario);
    suite.test_with("live/waits_for_programs", &none, waits_for_programs);
    suite.test_with("live/ends_by_signals", &none, ends_by_signals);
    suite.test_with("live/a_killed_server", &none, a_killed_server);
    suite.test_with("live/ends_with_its_owner", &sh, ends_with_its_owner);
}

/// A cluster in the background. It ends with this, at the latest with the test.
pub(crate) struct Served {
    pub(crate) name: String,
}

impl Served {
    pub(crate) fn start(test: &str, arguments: &[&str]) -> Self {
        Self::named(format!("{test}-{}", std::process::id()), arguments)
    }

    pub(crate) fn named(name: String, arguments: &[&str]) -> Self {
        let owner = std::process::id().to_string();
        let mut all = vec!["serve", "--detach", "--owner", &owner, "--name", &name];
        all.extend(arguments);
        printed(&quorate(&all));
        Self { name }
    }

    pub(crate) fn directory(&self) -> PathBuf {
        directory(&self.name)
    }

    pub(crate) fn ctl(&self, arguments: &[&str]) -> Output {
        quorate(&[&["ctl", "--name", &self.name], arguments].concat())
    }

    #[track_caller]
    pub(crate) fn done(&self, words: &str) {
        printed(&self.ctl(&words.split(' ').collect::<Vec<_>>()));
    }

    pub(crate) fn status(&self) -> Value {
        let text = printed(&self.ctl(&["status", "--json"]));
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn node(&self, id: usize) -> Value {
        self.status()["nodes"][id - 1].clone()
    }

    pub(crate) fn exec(&self, node: &str, program: &[&str]) -> Output {
        let start = ["exec", "--name", &self.name, "--node", node, "--"];
        quorate(&[&start, program].concat())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.directory().exists() {
            self.ctl(&["stop"]);
        }
    }
}

/// Where a cluster of this name is.
pub(crate) fn directory(name: &str) -> PathBuf {
    name.parse::<Name>().expect("a name").directory()
}

pub(crate) fn quorate(arguments: &[&str]) -> Output {
    let mut command = Command::new(QUORATE);
    finish(spawn(command.args(arguments).env_remove("QUORATE_RUN_DIR")))
}

fn programs_on_two_nodes() {
    let cluster = Served::start("programs", &["--pace", "manual"]);
    let name = &cluster.name;
    cluster.done("partition 1 2,3");
    cluster.done("wait");
    // Of one that is not quorate, quorumtool's exit status is 2.
    let alone = cluster.exec("1", &["corosync-quorumtool", "-s"]);
    assert_eq!(alone.status.code(), Some(2), "{}", errors(&alone));
    let script = format!("eval \"$({QUORATE} env --name {name} 2)\"; corosync-quorumtool -s");
    let output = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("sh runs");
    let text = printed(&output);
    assert!(text.contains("Node ID:          2\n"), "{text}");
    assert!(text.contains("Quorate:          Yes\n"), "{text}");
    // The node that a program runs on says which cluster is meant.
    let inside = cluster.exec("2", &[QUORATE, "ctl", "status"]);
    let text = printed(&inside);
    assert!(text.starts_with(&format!("cluster {name}, ")), "{text}");
}

/// Others who are let in to the nodes have no control of the cluster.
fn others_have_no_control() -> Outcome {
    if !is_root() {
        return Outcome::Skipped("only root can let others in".to_owned());
    }
    let cluster = Served::start("others", &["--allow-users"]);
    assert_eq!(cluster.node(1)["running"], "up");
    let directory = cluster.directory();
    let home = directory.join("node1");
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        QUORATE,
    ]);
    let output = finish(spawn(
        command
            .args(["ctl", "kill", "1"])
            .env("QUORATE_RUN_DIR", home),
    ));
    assert_ne!(output.status.code(), Some(0), "{}", errors(&output));
    assert_eq!(cluster.node(1)["running"], "up");
    Outcome::Passed
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn names() {
    let [one, other] = ["one", "other"].map(|name| Served::start(name, &["--pace", "manual"]));
    let again = quorate(&["serve", "--name", &one.name]);
    assert_eq!(again.status.code(), Some(125));
    assert!(
        errors(&again).contains("served already"),
        "{}",
        errors(&again)
    );
    one.done("kill 3");
    assert_eq!(one.node(3)["running"], "down");
    assert_eq!(other.node(3)["running"], "up");
    for bad in ["", "a/b", "../x"] {
        let output = quorate(&["serve", "--name", bad]);
        assert_eq!(output.status.code(), Some(64), "{bad}");
    }
}

fn time_passes() {
    let fast = Served::start("fast", &["--speed", "1000"]);
    fast.done("kill 3");
    fast.done("wait");
    assert_eq!(fast.node(1)["members"], serde_json::json!([1, 2]));
    let told = Served::start("told", &["--pace", "manual"]);
    let time = || told.status()["time_us"].as_u64().expect("a number");
    let start = time();
    told.done("advance 1500ms");
    assert_eq!(time(), start + 1_500_000);
    told.done("kill 3");
    assert_eq!(time(), start + 1_500_000);
    told.done("step");
    assert!(time() > start + 1_500_000);
    told.done("wait");
    // Nothing is under way, and the simulation waits for nothing.
    assert_eq!(told.ctl(&["step"]).status.code(), Some(1));
}

fn a_scenario() {
    let scratch = Scratch::new("scenario");
    let file = scratch.path().join("s.toml");
    let text = "[cluster]\nnodes = 3\n[[fault]]\nname = \"busy\"\non = false\n\
        function = \"votequorum_getinfo\"\nerror = \"CS_ERR_ACCESS\"\n[[step]]\nat = \"5s\"\nkill = 3\n\
        [[step]]\nat = \"60s\"\nexpect = { members = [1, 2, 3] }\n";
    fs::write(&file, text).expect("it can be written");
    let file = file.to_str().expect("text");
    let name = format!("scenario-{}", std::process::id());
    let server = [
        "serve",
        "--scenario",
        file,
        "--pace",
        "manual",
        "--name",
        &name,
    ];
    let mut server = Process::new(spawn(Command::new(QUORATE).args(server)));
    ready(&mut server);
    let cluster = Served { name };
    cluster.done("advance 4s");
    assert_eq!(cluster.status()["steps_left"], 2);
    cluster.done("advance 20s");
    assert_eq!(cluster.node(1)["members"], serde_json::json!([1, 2]));
    let asked = || cluster.exec("1", &[QUORATE, "status"]).status.code();
    cluster.done("fault busy on");
    assert_eq!(asked(), Some(1));
    cluster.done("fault busy off");
    assert_eq!(asked(), Some(0));
    assert_eq!(
        cluster.ctl(&["fault", "other", "on"]).status.code(),
        Some(64)
    );
    cluster.done("advance 1m");
    let status = cluster.status();
    assert_eq!(status["steps_left"], 0);
    assert_eq!(
        status["failures"].as_array().map(Vec::len),
        Some(2),
        "{status}"
    );
    let line = 1 + text
        .lines()
        .position(|line| line.starts_with("expect"))
        .unwrap_or(0);
    let failure = format!("{file}:{line}: node 1: members [1, 2, 3]: ");
    let shown = printed(&cluster.ctl(&["status"]));
    assert!(shown.contains(&format!("FAILED  {failure}")), "{shown}");
    cluster.done("stop");
    let output = server.output();
    assert_eq!(output.status.code(), Some(123));
    let shown = errors(&output);
    assert!(shown.contains(&format!(": {failure}")), "{shown}");
    assert!(
        shown.contains("expected [1, 2, 3], found [1, 2]"),
        "{shown}"
    );
}

/// Waits until the cluster is ready.
fn ready(server: &mut Process) {
    let stdout = server.stdout.as_mut().expect("it is piped");
    let last = |line: &String| line.contains("quorate watch");
    let mut lines = BufReader::new(stdout)
        .lines()
        .map(|line| line.expect("text"));
    assert!(lines.any(|line| last(&line)), "it says so");
}

/// When the wait is over, a program has all its notifications.
fn waits_for_programs() {
    let cluster = Served::start("waits", &["--pace", "manual"]);
    let options = Options {
        endpoint: Endpoint::RunDir(cluster.directory().join("node1")),
        timeout: None,
    };
    let session = VoteQuorum::connect(&options).expect("it is served");
    session.track_start(0, 2).expect("CS_TRACK_CHANGES");
    let mut members = Vec::new();
    for (verb, expected) in [("kill 3", vec![1, 2]), ("up 3", vec![1, 2, 3])] {
        cluster.done(verb);
        // This process is connected, and asleep while it waits for ctl.
        cluster.done("wait");
        let mut buffer = EventBuffer::new();
        while let Some(event) = session.next_event(&mut buffer, true).expect("it lives") {
            if let Event::NodeList { members: list, .. } = event {
                members = list.to_vec();
            }
        }
        assert_eq!(members, expected, "{verb}");
    }
}

fn ends_by_signals() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let name = format!("signals-{}", std::process::id());
        let mut command = Command::new(QUORATE);
        let mut server = Process::new(spawn(command.args(["serve", "--name", &name])));
        ready(&mut server);
        let cluster = Served { name };
        assert!(cluster.directory().join("control").exists());
        server.signal(signal);
        assert_eq!(server.output().status.code(), Some(0), "{signal}");
        assert!(!cluster.directory().exists(), "{signal}");
    }
}

fn a_killed_server() {
    let cluster = Served::start("killed", &[]);
    let process = cluster.status()["process"].as_u64().expect("a number");
    let kill = Command::new("kill")
        .args(["-9", &process.to_string()])
        .status();
    assert!(kill.expect("it runs").success());
    // Only when the kernel has ended it is its name free.
    wait_until("the end of the server", || {
        match cluster.ctl(&["status"]).status.code() {
            Some(69) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    wait_until("the name to be free", || {
        let name = cluster.name.as_str();
        let output = quorate(&["serve", "--detach", "--name", name, "--pace", "manual"]);
        output
            .status
            .success()
            .then_some(())
            .ok_or_else(|| errors(&output))
    });
    assert_eq!(cluster.node(3)["running"], "up");
    cluster.done("stop");
}

fn ends_with_its_owner() {
    let name = format!("owner-{}", std::process::id());
    let serve = format!("{QUORATE} serve --detach --owner $$ --name {name}");
    let script = format!("{serve} >/dev/null && {QUORATE} ctl --name {name} kill 3; kill -9 $$");
    let output = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("sh runs");
    assert_eq!(errors(&output), "");
    let directory = directory(&name);
    wait_until("the cluster's end", || match directory.exists() {
        true => Err("it is there".to_owned()),
        false => Ok(()),
    });
    // Somebody else's process is no owner.
    let output = quorate(&["serve", "--owner", "1", "--name", &name]);
    assert_eq!(output.status.code(), Some(125));
    assert!(errors(&output).contains("--owner 1"), "{}", errors(&output));
}
