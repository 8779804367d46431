//! `corosync-qdevice` with `corosync-qnetd`: the same history in a real cluster and in a simulated
//! one, where both run unprivileged.

use std::net::TcpListener;
use std::process::Stdio;

use quorate_testkit::compare::assert_same;
use quorate_testkit::network::side_host_address;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{Cluster, Process, Requirements, Scratch, Signal, Suite};

use crate::stage::{Stage, Started};
use crate::tool::{as_nobody, config_with};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-qdevice")
        .program("corosync-qnetd")
        .program("corosync-quorumtool")
        .program("setpriv");
    suite.test_with("arbiter/ffsplit", &needs, || both(2, "ffsplit", ffsplit));
    suite.test_with("arbiter/lms", &needs, || both(3, "lms", lms));
}

/// Where `corosync-qnetd` listens.
struct Address {
    host: String,
    port: u16,
}

impl Address {
    fn device(&self, algorithm: &str) -> String {
        let votes = if algorithm == "lms" { 2 } else { 1 };
        let Self { host, port } = self;
        format!(
            "device {{\nmodel: net\nvotes: {votes}\ntimeout: 3000\nsync_timeout: 5000\n\
             net {{\nhost: {host}\nport: {port}\ntls: off\nalgorithm: {algorithm}\n}}\n}}"
        )
    }

    /// A port of this machine on which nobody listens.
    fn local() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it has one").port();
        let host = "127.0.0.1".to_owned();
        Self { host, port }
    }
}

/// A cluster, its arbiter, and what was seen of both.
struct Story {
    stage: Stage,
    address: Address,
    qnetd: Option<Process>,
    text: String,
}

impl Story {
    fn new(stage: Stage, address: Address) -> Self {
        let mut story = Self {
            stage,
            address,
            qnetd: None,
            text: String::new(),
        };
        story.start_arbiter();
        story
    }

    /// On the network that is never cut.
    fn start_arbiter(&mut self) {
        let directory = self.stage.directory();
        let own = |name: &str| directory.join(name).display().to_string();
        let settings = format!(
            "lock_file={},local_socket_file={}",
            own("qnetd.pid"),
            own("qnetd.socket")
        );
        let port = self.address.port.to_string();
        let arguments = [
            "-f",
            "-s",
            "off",
            "-c",
            "off",
            "-l",
            &self.address.host,
            "-p",
            &port,
            "-S",
            &settings,
        ];
        let process = match &self.stage {
            Stage::Real(cluster) => {
                let space = cluster.switch().space();
                let mut command = space.command("corosync-qnetd").with_args(arguments);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command.spawn()
            }
            Stage::Simulated { .. } => {
                let mut command = as_nobody("corosync-qnetd");
                command.args(arguments);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command.spawn().map(Process::new)
            }
        };
        self.qnetd = Some(process.expect("corosync-qnetd starts"));
    }

    fn kill_arbiter(&mut self) {
        if let Some(mut qnetd) = self.qnetd.take() {
            qnetd.signal(Signal::SIGKILL);
            qnetd.wait_for(LIMIT).expect("a killed process ends");
        }
    }

    fn start_device(&self, node: u32) -> Started {
        let directory = self.stage.directory();
        let own = |name: &str| {
            directory
                .join(format!("{name}.{node}"))
                .display()
                .to_string()
        };
        let settings = format!(
            "lock_file={},local_socket_file={}",
            own("qdevice.pid"),
            own("qdevice.socket")
        );
        self.stage
            .start(node, &["corosync-qdevice", "-f", "-S", &settings])
    }

    /// Waits until a node says so, these states of nodes' devices among it, and writes down all
    /// that it says.
    fn expect(&mut self, node: u32, quorate: bool, total: u32, devices: &[(u32, &str)]) {
        let quorate = if quorate { "Yes" } else { "No" };
        let mut parts = vec![
            format!("Nodes:            {}\n", devices.len()),
            format!("Quorate:          {quorate}\n"),
            format!("Total votes:      {total}\n"),
        ];
        parts.extend(
            devices
                .iter()
                .map(|(id, state)| format!("{state} node{id}")),
        );
        let told = self
            .stage
            .wait_told(node, &parts.iter().map(String::as_str).collect::<Vec<_>>());
        self.text.push_str(&format!("node {node}:\n{told}"));
    }
}

/// As corosync-quorumtool shows a device that is alive, and casts its vote or does not.
const VOTES: &str = " A,V,NMW";
const VOTES_NOT: &str = " A,NV,NMW";

/// Plays it on both at once, and compares.
fn both(nodes: usize, algorithm: &str, play: fn(&mut Story)) {
    let scratch = Scratch::new("arbiter");
    let simulated = || {
        let address = Address::local();
        let config = config_with(&scratch, nodes, &address.device(algorithm));
        let stage = Stage::simulated(algorithm, &config);
        let mut story = Story::new(stage, address);
        play(&mut story);
        story.text
    };
    let real = || {
        let host = side_host_address();
        let address = Address { host, port: 5403 };
        let device = address.device(algorithm);
        let cluster = Cluster::builder().nodes(nodes).quorum(&device).start();
        let mut story = Story::new(Stage::Real(cluster), address);
        play(&mut story);
        story.text
    };
    let simulated = simulated();
    assert_same(algorithm, &real(), &simulated);
}

fn ffsplit(story: &mut Story) {
    let both = |state| [(1, state), (2, state)];
    let mut devices = [1, 2].map(|node| story.start_device(node));
    story.expect(1, true, 3, &both(VOTES));
    story.expect(2, true, 3, &both(VOTES));

    // The arbiter gives its vote to the half with the lowest node id.
    story.stage.partition(&[&[1], &[2]]);
    story.expect(1, true, 2, &[(1, VOTES)]);
    story.expect(2, false, 1, &[(2, VOTES_NOT)]);

    // Without it nobody has a majority.
    story.kill_arbiter();
    story.expect(1, false, 1, &[(1, VOTES_NOT)]);
    story.expect(2, false, 1, &[(2, VOTES_NOT)]);

    story.stage.heal();
    story.expect(1, true, 2, &both(VOTES_NOT));
    story.expect(2, true, 2, &both(VOTES_NOT));

    story.start_arbiter();
    story.expect(1, true, 3, &both(VOTES));
    story.expect(2, true, 3, &both(VOTES));

    story.stage.kill(2);
    story.expect(1, true, 2, &[(1, VOTES)]);

    // A device that is asked to end unregisters.
    let device = &mut devices[0].process;
    device.signal(Signal::SIGTERM);
    let status = device.wait_for(LIMIT).expect("it ends when asked to");
    assert!(status.success(), "{status}");
    story.expect(1, false, 1, &[(1, "")]);
}

fn lms(story: &mut Story) {
    let all = [1, 2, 3].map(|node| (node, VOTES));
    let _devices = [1, 2, 3].map(|node| story.start_device(node));
    for node in [1, 2, 3] {
        story.expect(node, true, 5, &all);
    }

    // The larger side has the arbiter's votes.
    story.stage.partition(&[&[1], &[2, 3]]);
    story.expect(2, true, 4, &all[1..]);
    story.expect(3, true, 4, &all[1..]);
    story.expect(1, false, 1, &[(1, VOTES_NOT)]);

    story.stage.heal();
    story.expect(1, true, 5, &all);
    story.expect(2, true, 5, &all);

    // The last one that stands goes on.
    story.stage.kill(1);
    story.expect(2, true, 4, &all[1..]);
    story.stage.kill(3);
    story.expect(2, true, 3, &all[1..2]);

    story.kill_arbiter();
    story.expect(2, false, 1, &[(2, VOTES_NOT)]);
    story.start_arbiter();
    story.expect(2, true, 3, &all[1..2]);
}
