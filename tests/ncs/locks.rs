//! Locks under contention while a node dies: never two holders, and nothing left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use quorate_testkit::{
    Cluster, Node, Process, Requirements, Signal, Suite, monotonic_nanoseconds, wait_until,
};

use crate::program;

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    suite.test("locks/two_holders_are_noticed", two_holders_are_noticed);
    suite.test_with("locks/a_node_dies_half_way", needs, a_node_dies_half_way);
}

const SECONDS: u64 = 10;
const KEYS: u32 = 8;

/// That somebody had a lock, in nanoseconds of the clock that all nodes of one machine share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    node: u32,
    key: u32,
    from: u64,
    /// None: it died with the lock.
    to: Option<u64>,
}

/// A record of `ncs_lockers`.
struct Record {
    nanoseconds: u64,
    key: u32,
    held: u32,
}

fn records(path: &Path) -> Vec<Record> {
    let bytes = fs::read(path).unwrap_or_default();
    let word = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes"));
    let record = |bytes: &[u8]| Record {
        nanoseconds: u64::from(word(&bytes[..4])) | u64::from(word(&bytes[4..8])) << 32,
        key: word(&bytes[8..12]),
        held: word(&bytes[12..]),
    };
    bytes.chunks_exact(16).map(record).collect()
}

/// The programs' logs, read.
fn holders(node: u32, directory: &Path) -> Vec<Held> {
    let mut all = Vec::new();
    for thread in 0..4 {
        let mut open: Option<Held> = None;
        for record in records(&directory.join(format!("thread{thread}"))) {
            open = match (open, record.held) {
                (None, 1) => Some(Held {
                    node,
                    key: record.key,
                    from: record.nanoseconds,
                    to: None,
                }),
                (Some(held), 0) if held.key == record.key => {
                    all.push(Held {
                        to: Some(record.nanoseconds),
                        ..held
                    });
                    None
                }
                (open, _) => panic!("a thread of node {node} took two locks at once: {open:?}"),
            };
        }
        all.extend(open);
    }
    all
}

/// The first two that had the same lock at the same time.
fn two_holders(mut all: Vec<Held>, death: u64) -> Option<(Held, Held)> {
    all.sort_by_key(|held| (held.key, held.from));
    let overlap = all.windows(2).find(|pair| {
        let end = pair[0].to.unwrap_or(death);
        pair[0].key == pair[1].key && pair[1].from < end
    });
    overlap.map(|pair| (pair[0], pair[1]))
}

fn two_holders_are_noticed() {
    let held = |node, key, from, to| Held {
        node,
        key,
        from,
        to,
    };
    let one = held(1, 5, 100, Some(200));
    for (other, noticed) in [
        (held(2, 5, 200, Some(300)), false),
        (held(2, 6, 150, Some(160)), false),
        (held(2, 5, 199, Some(300)), true),
        (held(2, 5, 50, Some(101)), true),
        (held(2, 5, 120, Some(130)), true),
        (held(2, 5, 40, None), true),
    ] {
        let found = two_holders(vec![one, other], 150);
        assert_eq!(found.is_some(), noticed, "{other:?}");
    }
}

struct Lockers {
    process: Process,
    directory: PathBuf,
    printed: PathBuf,
}

impl Lockers {
    fn start(node: &Node) -> Self {
        let directory = node.directory().join("locks");
        fs::create_dir(&directory).expect("a directory can be made");
        let printed = directory.join("printed");
        let mut command = node
            .command(program("ncs_lockers"))
            .with_args([directory.to_str().expect("text"), &SECONDS.to_string()]);
        command
            .stdin(Stdio::piped())
            .stdout(File::create(&printed).expect("a file can be made"));
        Self {
            process: command.spawn().expect("the program starts"),
            directory,
            printed,
        }
    }

    fn wait_printed(&self, line: &str) {
        wait_until(line, || {
            let text = fs::read_to_string(&self.printed).expect("text");
            if text.ends_with(&format!("{line}\n")) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }
}

fn a_node_dies_half_way() {
    let cluster = Cluster::builder().nodes(3).start();
    let mut lockers: Vec<_> = cluster.nodes().iter().map(Lockers::start).collect();
    let half_way = monotonic_nanoseconds() + SECONDS * 1_000_000_000 / 2;
    wait_until("the third node to be half-way", || {
        let records = records(&lockers[2].directory.join("thread0"));
        match records.last() {
            Some(last) if last.nanoseconds >= half_way => Ok(()),
            last => Err(format!("{:?}", last.map(|last| last.nanoseconds))),
        }
    });
    // The program first: what it believes to hold while only its daemon is dead is not what this
    // is about. From here on it may be dead, and until here it was not.
    let death = monotonic_nanoseconds();
    lockers[2].process.signal(Signal::SIGKILL);
    lockers[2]
        .process
        .wait()
        .expect("a child can be waited for");
    cluster.node(3).kill();

    for lockers in &lockers[..2] {
        lockers.wait_printed("done");
    }
    for lockers in &mut lockers[..2] {
        let stdin = lockers.process.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin).expect("the program listens");
        let printed = "nothing is locked";
        wait_until(printed, || {
            let text = fs::read_to_string(&lockers.printed).expect("text");
            if text == format!("done\n{printed}\n") {
                Ok(())
            } else {
                Err(text)
            }
        });
    }

    let nodes = (1..).zip(&lockers);
    let all: Vec<Held> = nodes
        .flat_map(|(node, lockers)| holders(node, &lockers.directory))
        .collect();
    let mut nodes_of_key: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for held in &all {
        nodes_of_key.entry(held.key).or_default().insert(held.node);
    }
    assert_eq!(nodes_of_key.len(), KEYS as usize);
    assert!(
        nodes_of_key.values().all(|nodes| nodes.len() == 3),
        "every node had every lock: {nodes_of_key:?}"
    );
    assert!(
        all.iter()
            .any(|held| held.node != 3 && held.from > death + 2_000_000_000),
        "the others went on"
    );
    println!("    {} times a lock was held", all.len());
    assert_eq!(two_holders(all, death), None);
}
