//! libncssdk in a simulated cluster: members are told what they are told in a real one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quorate_testkit::{
    CProgram, Cluster, Library, Process, Requirements, Scratch, Suite, source_root, wait_until,
};

use crate::live::Served;
use crate::tool::{QUORATE, config, printed, simulated, unprivileged};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("setpriv")
        .program("mkfifo")
        .ours();
    for (name, history) in [
        ("ncs/node_killed", NODE_KILLED),
        ("ncs/node_stopped", NODE_STOPPED),
        ("ncs/partition_and_healing", PARTITION_AND_HEALING),
        ("ncs/quorum_lost_and_regained", QUORUM_LOST_AND_REGAINED),
    ] {
        suite.test_with(name, &needs, || history.compare());
    }
    suite.test_with("ncs/silence", &Requirements::none().ours(), silence);
    suite.test_with("ncs/out_of_memory", &needs, out_of_memory);
}

/// A step: in a simulated cluster, in a real one, and what is told then.
type Step = (&'static str, fn(&Cluster), Told);

/// Steps, and after each of them the nodes and what their members' last callback must say.
struct History(&'static [Step]);

type Told = &'static [(u32, &'static str)];

const ALL: Told = &[
    (1, "members=0x7 "),
    (2, "members=0x7 "),
    (3, "members=0x7 "),
];

const NODE_KILLED: History = History(&[
    (
        "kill = 3",
        |cluster| cluster.node(3).kill(),
        &[(1, "members=0x3 "), (2, "members=0x3 "), (3, "members=0 ")],
    ),
    ("up = 3", |cluster| cluster.node(3).start(), ALL),
]);

const NODE_STOPPED: History = History(&[
    (
        "leave = 1",
        |cluster| cluster.node(1).stop(),
        &[(1, "members=0 "), (2, "members=0x6 "), (3, "members=0x6 ")],
    ),
    ("up = 1", |cluster| cluster.node(1).start(), ALL),
]);

const PARTITION_AND_HEALING: History = History(&[
    (
        "partition = [[3], [1, 2]]",
        |cluster| cluster.partition(&[&[3], &[1, 2]]),
        &[(1, "members=0x3 "), (2, "members=0x3 "), (3, "members=0 ")],
    ),
    ("heal = true", Cluster::heal, ALL),
]);

const QUORUM_LOST_AND_REGAINED: History = History(&[
    (
        "partition = [[1], [2], [3]]",
        |cluster| cluster.partition(&[&[1], &[2], &[3]]),
        &[(1, "members=0 "), (2, "members=0 "), (3, "members=0 ")],
    ),
    ("heal = true", Cluster::heal, ALL),
]);

impl History {
    fn compare(&self) {
        let program = program("ncs_member");
        let real = self.in_real_rings(&program);
        let simulated = self.simulated(&program, &real);
        assert_eq!(real, simulated);
    }

    /// What is told in a real cluster whose rings are those that were asked for. On a busy machine
    /// its nodes may meet in two steps, and then are told of both.
    fn in_real_rings(&self, program: &Path) -> [Vec<String>; 3] {
        let mut others = String::new();
        for _ in 0..5 {
            let real = self.real(program);
            if real.iter().all(|told| told.len() == 1 + self.0.len()) {
                return real;
            }
            others += &format!("{real:#?}\n");
        }
        panic!("each step was to be told once:\n{others}");
    }

    /// The callbacks of the members of the three nodes.
    fn real(&self, program: &Path) -> [Vec<String>; 3] {
        let cluster = Cluster::builder().nodes(3).start();
        let members = [0, 1, 2].map(|index| {
            let node = &cluster.nodes()[index];
            let log = node.directory().join("member.log");
            let mut command = node.command(program).with_args(["thread"]);
            command.stdin(Stdio::piped());
            command.stdout(File::create(&log).expect("it can be made"));
            let process: Process = command.spawn().expect("it starts");
            (log, process)
        });
        let wait = |told: &[(u32, &str)]| {
            for (node, last) in told {
                wait_until(&format!("node {node} is told {last}"), || {
                    let callbacks = callbacks(&members[*node as usize - 1].0);
                    match callbacks.last() {
                        Some(line) if line.contains(last) => Ok(()),
                        _ => Err(callbacks.join("\n")),
                    }
                });
            }
        };
        wait(ALL);
        for (_, act, told) in self.0 {
            act(&cluster);
            wait(told);
        }
        [0, 1, 2].map(|index| callbacks(&members[index].0))
    }

    /// The same in a simulated cluster, until there are as many callbacks as in the real one.
    fn simulated(&self, program: &Path, real: &[Vec<String>; 3]) -> [Vec<String>; 3] {
        let scratch = Scratch::new("ncs");
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).expect("its own");
        let corosync = config(&scratch, 3);
        let scenario = scratch.path().join("scenario.toml");
        let steps = self
            .0
            .iter()
            .map(|(step, ..)| format!("[[step]]\npace = \"idle\"\n{step}\n"));
        let text = format!(
            "[cluster]\nconfig = {:?}\n{}",
            corosync.file_name().expect("it has a name"),
            steps.collect::<String>()
        );
        fs::write(&scenario, text).expect("it can be written");
        let log = |index: usize| scratch.path().join(format!("{index}.log"));
        let scenario = scenario.display().to_string();
        let mut all = ["--quiet", "--pace", "idle", "--scenario", &scenario]
            .map(str::to_owned)
            .to_vec();
        let member = format!(
            "mkfifo $0.in; exec {} thread 0<>$0.in >$0",
            program.display()
        );
        for index in [1, 2] {
            let node = (index + 1).to_string();
            let log = log(index).display().to_string();
            all.extend(["--on", &node, "--", "sh", "-c", &member, &log].map(str::to_owned));
        }
        let counts = [0, 1, 2].map(|index| {
            let (log, count) = (log(index).display().to_string(), real[index].len());
            format!(
                "until n=$(grep -sc ^epoch= {log}); [ ${{n:-0}} -ge {count} ]; do sleep 0.05; done"
            )
        });
        let until = counts.join("; ");
        let script = format!("({member}) & member=$!; {until}; kill $member; wait");
        let first = log(0).display().to_string();
        all.extend(["--", "sh", "-c", &script, &first].map(str::to_owned));
        let all: Vec<_> = all.iter().map(OsStr::new).collect();
        printed(&unprivileged(&all));
        [0, 1, 2].map(|index| callbacks(&log(index)))
    }
}

fn callbacks(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("epoch="));
    lines.map(str::to_owned).collect()
}

/// The daemon lives, and nothing of the group is heard: callers with a limit are told so, and
/// nothing that they asked for in vain is left when it is over.
fn silence() {
    let scratch = Scratch::new("ncs-silence");
    let scenario = scratch.path().join("scenario.toml");
    let fault = "[cluster]\nnodes = 2\n\
        [[fault]]\nname = \"silent\"\nservice = \"cpg\"\nhold_events = true\non = false\n";
    fs::write(&scenario, fault).expect("it can be written");
    let scenario = scenario.display().to_string();
    let served = Served::start("silence", &["--scenario", &scenario]);
    let program = program("ncs_limits").display().to_string();
    for (case, expected) in [
        (
            "requests",
            "lock 0\n\
             lock 1 trylock 1 unlock 1 query 0 deregister 0\n\
             free 0 0 0\n\
             deregister 0 0\n",
        ),
        ("newcomer", "register 1 1 untouched\nlock 0 deregister 0\n"),
    ] {
        let mut command = Command::new(QUORATE);
        command.args([
            "exec",
            "--name",
            &served.name,
            "--node",
            "1",
            "--",
            &program,
            case,
        ]);
        command.env("QUORATE_TIMEOUT_MS", "300");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::new(command.spawn().expect("quorate starts"));
        let printed = process.converse(|line| {
            let state = match line {
                "silence" => "on",
                "speech" => "off",
                _ => return false,
            };
            served.done(&format!("fault silent {state}"));
            true
        });
        assert_eq!(printed, expected, "{case}");
    }
}

/// With as many nodes as there may be, and with rings that are not mapped, a registration needs most
/// of its connections: the reserve is enough for it.
fn out_of_memory() {
    let scratch = Scratch::new("ncs-memory");
    let program = program("ncs_memory");
    let output = simulated(
        &config(&scratch, 32),
        &[program.as_os_str(), OsStr::new("out_of_memory")],
    );
    let printed = printed(&output);
    let is_right =
        |line: &str| line.ends_with("failed 1, wrong 0, lost: descriptors 0, rings 0, memory none");
    assert_eq!(printed.lines().filter(|line| is_right(line)).count(), 8);
    assert_eq!(printed.lines().count(), 8, "{printed}");
}

fn program(name: &str) -> PathBuf {
    let directory = Library::Ours.find().expect("checked before");
    CProgram::new(&format!("{name}-sim"))
        .source(&format!("tests/c/{name}.c"))
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", directory.display()))
        .flag(&format!("-Wl,-rpath,{}", directory.display()))
        .link("ncssdk")
        .build()
}
