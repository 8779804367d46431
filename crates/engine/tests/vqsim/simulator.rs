//! A running `corosync-vqsim`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What a node says: quorate, ring representative, ring sequence number, members.
pub(crate) type NodeView = (bool, u32, u64, Vec<u32>);
/// What all nodes that are up say.
pub(crate) type State = BTreeMap<u32, NodeView>;

/// Nothing takes longer than this, not even on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a difference has to last to count.
const PERSISTENCE: Duration = Duration::from_secs(4);

pub(crate) struct Simulator {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    directory: PathBuf,
}

impl Simulator {
    /// Starts it, and waits for its first status block.
    pub(crate) fn start(program: &Path, seed: u64, config: &str) -> Self {
        let name = format!("quorate-vqsim-{}-{seed}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a temporary directory");
        // vqsim refuses file names of eight characters and more.
        fs::write(directory.join("c"), config).expect("a configuration file");
        let mut child = Command::new(program)
            .args(["-c", "c"])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("corosync-vqsim starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut simulator = Simulator {
            child,
            stdin,
            lines,
            directory,
        };
        simulator.read_block();
        simulator
    }

    /// Gives a command and waits until vqsim thinks it is done; what it prints then may be stale.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").expect("corosync-vqsim reads");
        self.read_block();
    }

    /// The state now, which need not last.
    pub(crate) fn show(&mut self) -> State {
        writeln!(self.stdin, "show").expect("corosync-vqsim reads");
        self.read_block()
    }

    /// The state once every node has been in the expected ring for a while. If it is none of the
    /// expected ones then, it is given time to change.
    pub(crate) fn settled_state(&mut self, expected: &BTreeSet<State>, settle_ms: u64) -> State {
        let started = Instant::now();
        let mut settled_since = None;
        loop {
            let state = self.show();
            let same_rings = expected
                .iter()
                .any(|expected| rings(expected) == rings(&state));
            let since = *settled_since.get_or_insert_with(Instant::now);
            if !same_rings {
                settled_since = None;
            } else if since.elapsed() >= Duration::from_millis(settle_ms)
                && expected.contains(&state)
            {
                return state;
            }
            if started.elapsed() > PERSISTENCE + Duration::from_millis(settle_ms) {
                return state;
            }
            thread::sleep(Duration::from_millis(40));
        }
    }

    /// Node lines up to the line about autofence, which ends every block.
    fn read_block(&mut self) -> State {
        let mut state = State::new();
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .expect("corosync-vqsim answers");
            if line.contains("autofence:") {
                return state;
            }
            if let Some((node, view)) = parse(&line) {
                state.insert(node, view);
            }
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // Its nodes are processes of their own and end with it only when told to.
        let _ = writeln!(self.stdin, "exit");
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn rings(state: &State) -> Vec<(u32, u32, u64, &[u32])> {
    state
        .iter()
        .map(|(&id, (_, node, seq, members))| (id, *node, *seq, &members[..]))
        .collect()
}

/// `0:2: q=1 ring=[1.10] nodes=[1 2 3 4]`: partition, node, view; the number after the dot is
/// hexadecimal.
fn parse(line: &str) -> Option<(u32, NodeView)> {
    let (_, rest) = line.split_once(':')?;
    let (node, rest) = rest.split_once(": q=")?;
    let (quorate, rest) = rest.split_once(" ring=[")?;
    let (ring, rest) = rest.split_once("] nodes=[")?;
    let (ring_node, seq) = ring.split_once('.')?;
    let members = rest.trim_end_matches(']').split_whitespace();
    let members = members.map(str::parse).collect::<Result<_, _>>().ok()?;
    let seq = u64::from_str_radix(seq, 16).ok()?;
    Some((
        node.parse().ok()?,
        (quorate == "1", ring_node.parse().ok()?, seq, members),
    ))
}
