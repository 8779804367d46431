//! `corosync-qdevice` with `corosync-qnetd` goes through the same history with both libraries.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use quorate_testkit::library::LoaderTrace;
use quorate_testkit::network::side_host_address;
use quorate_testkit::wait::LIMIT;
use quorate_testkit::{Cluster, Library, Load, Process, Requirements, Signal, State, Suite};

use crate::compare::assert_same;

const REGISTERED: u32 = 64;
const ALIVE: u32 = 128;
const CAST: u32 = 256;
const CONNECTED: u32 = REGISTERED | ALIVE;
const VOTING: u32 = CONNECTED | CAST;

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-qdevice")
        .program("corosync-qnetd")
        .ours();
    suite.test_with("qdevice/split_and_heal", &needs, || {
        let [original, ours] = Library::BOTH.map(history);
        assert_same("the device's history", &original, &ours);
    });
}

/// The arbiter, on the network that is never cut.
fn start_qnetd(cluster: &Cluster) -> Process {
    let log = cluster.scratch().path().join("qnetd.log");
    let log = File::options()
        .create(true)
        .append(true)
        .open(log)
        .expect("a file can be made");
    let script = format!(
        "mkdir -p /run/corosync-qnetd\n\
         exec corosync-qnetd -f -d -s off -c off -l {}",
        side_host_address()
    );
    let mut command = cluster
        .switch()
        .space()
        .command("sh")
        .with_args(["-c", &script]);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a descriptor"))
        .stderr(log);
    command.spawn().expect("corosync-qnetd starts")
}

/// The device on one node, and what its loader wrote.
struct Device {
    process: Process,
    trace: LoaderTrace,
}

impl Device {
    fn start(cluster: &Cluster, node: u32, library: Library, directory: &Path) -> Self {
        let node = cluster.node(node);
        let trace = LoaderTrace::new(&directory.join(format!("trace{}", node.id())));
        let log = directory.join(format!("qdevice{}.log", node.id()));
        let log = File::create(log).expect("a file can be made");
        let script = "mkdir -p /run/corosync-qdevice; exec corosync-qdevice -f -d";
        let mut command = node.command("sh").with_args(["-c", script]);
        library.apply(&mut command, Load::Path);
        trace.apply(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log);
        Self {
            process: command.spawn().expect("corosync-qdevice starts"),
            trace,
        }
    }
}

/// What has been seen so far, and where.
struct Story<'a> {
    cluster: &'a Cluster,
    text: String,
}

impl Story<'_> {
    /// Waits for one node to see exactly this, and writes it down.
    fn expect(&mut self, node: u32, members: &[u32], quorate: bool, total: u32, device: u32) {
        let wanted = format!("{members:?} quorate {quorate} total {total} device {device:#x}");
        let seen = self.cluster.node(node).wait_state(&wanted, |state| {
            state.members == members
                && state.settled()
                && state.quorate == quorate
                && state.total == total
                && state.flags & !2 == device
        });
        let State {
            members,
            voting,
            quorate,
            expected,
            total,
            quorum,
            flags,
            ..
        } = seen;
        self.text.push_str(&format!(
            "node {node}: {members:?} {voting:?} quorate {quorate} expected {expected} \
             total {total} quorum {quorum} flags {flags:#x}\n"
        ));
    }
}

fn history(library: Library) -> String {
    let device = format!(
        "device {{\nmodel: net\nvotes: 1\ntimeout: 3000\nsync_timeout: 5000\n\
         net {{\nhost: {}\ntls: off\nalgorithm: ffsplit\n}}\n}}",
        side_host_address()
    );
    let cluster = Cluster::builder().nodes(2).quorum(&device).start();
    let directory = cluster.scratch().path().to_path_buf();
    let mut qnetd = start_qnetd(&cluster);
    let mut devices = [1, 2].map(|node| Device::start(&cluster, node, library, &directory));
    let mut story = Story {
        cluster: &cluster,
        text: String::new(),
    };

    story.expect(1, &[1, 2], true, 3, VOTING);
    story.expect(2, &[1, 2], true, 3, VOTING);

    // The arbiter gives its vote to the half with the lowest node id.
    cluster.partition(&[&[1], &[2]]);
    story.expect(1, &[1], true, 2, VOTING);
    story.expect(2, &[2], false, 1, CONNECTED);

    // Without it nobody has a majority.
    qnetd.signal(Signal::SIGKILL);
    qnetd.wait_for(LIMIT).expect("a killed process ends");
    story.expect(1, &[1], false, 1, CONNECTED);
    story.expect(2, &[2], false, 1, CONNECTED);

    cluster.heal();
    story.expect(1, &[1, 2], true, 2, CONNECTED);
    story.expect(2, &[1, 2], true, 2, CONNECTED);

    let _qnetd = start_qnetd(&cluster);
    story.expect(1, &[1, 2], true, 3, VOTING);
    story.expect(2, &[1, 2], true, 3, VOTING);

    cluster.node(2).kill();
    story.expect(1, &[1], true, 2, VOTING);

    // A device that is asked to end unregisters.
    let device = &mut devices[0];
    device.process.signal(Signal::SIGTERM);
    let status = device
        .process
        .wait_for(LIMIT)
        .expect("the device ends when asked to");
    assert!(status.success(), "{status}");
    story.expect(1, &[1], false, 1, 0);
    for device in &devices {
        device.trace.check(library);
    }
    story.text
}
