//! The client's sessions that libncssdk is built on, each by itself, against a real daemon.

use std::time::{Duration, Instant};

use quorate_client::{
    Cmap, Cpg, CpgBuffer, CpgEvent, Error, Options, Quorum, QuorumBuffer, QuorumEvent, ReplyError,
    Value,
};
use quorate_testkit::{Cluster, Requirements, Suite};

/// The argument that makes this program use the sessions, inside a node.
pub(crate) const ROLE: &str = "--use-the-sessions";

pub(crate) fn run(suite: &mut Suite, needs: &Requirements) {
    for (name, system) in [("shared_memory", ""), ("sockets", "qb_ipc_type: socket")] {
        suite.test_with(&format!("sessions/{name}"), needs, || {
            let cluster = Cluster::builder().system(system).start();
            let this = std::env::current_exe().expect("a running program has a path");
            let mut command = cluster.node(1).command(this).with_args([ROLE]);
            let output = command.output().expect("this program starts again");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{stderr}");
        });
    }
}

/// The other half of the test: on a cluster of one node.
pub(crate) fn use_all() {
    let options = Options::from_environment().expect("nothing is set");
    use_cmap(&Cmap::connect(&options).expect("cmap"));
    use_quorum(&Quorum::connect(&options).expect("quorum"));
    use_cpg(&options);
}

fn use_cmap(cmap: &Cmap) {
    assert_eq!(cmap.get("quorate.test.none").expect("an answer"), None);
    for (name, value) in [
        ("u8", Value::U8(7)),
        ("u64", Value::U64(u64::MAX)),
        ("text", Value::Text(b"text".to_vec())),
        ("bytes", Value::Other(12, vec![0, 1, 0, 255])),
    ] {
        let key = format!("quorate.test.{name}");
        cmap.set(&key, &value).expect("the key can be set");
        assert_eq!(cmap.get(&key).expect("an answer"), Some(value));
    }
    let keys = cmap.keys("quorate.test.").expect("a list");
    let names = ["bytes", "text", "u64", "u8"].map(|name| format!("quorate.test.{name}"));
    assert_eq!(keys, names);
    cmap.delete(&names[0]).expect("the key can be deleted");
    assert_eq!(cmap.get(&names[0]).expect("an answer"), None);
    assert_eq!(rejection(cmap.delete(&names[0])), 12);
    let node = cmap.get("nodelist.node.0.nodeid").expect("an answer");
    assert_eq!(node, Some(Value::U32(1)));
}

fn use_quorum(quorum: &Quorum) {
    assert!(quorum.quorate().expect("an answer"));
    quorum.track_start(2).expect("events");
    let mut buffer = QuorumBuffer::new();
    let (mut rings, mut verdicts) = (0, 0);
    while (rings, verdicts) != (1, 1) {
        match quorum.next_event(&mut buffer, true).expect("an event") {
            Some(QuorumEvent::NodeList { members, .. }) => {
                assert_eq!(members, [1]);
                rings += 1;
            }
            Some(QuorumEvent::Quorum {
                quorate, members, ..
            }) => {
                assert!(quorate && members == [1]);
                verdicts += 1;
            }
            Some(other) => panic!("{other:?}"),
            None => drop(quorum.wait(LIMIT).expect("more events")),
        }
    }
    quorum.close();
    assert!(quorum.quorate().is_err(), "it is closed");
}

const LIMIT: Option<Duration> = Some(Duration::from_secs(60));

/// The next event, which must come.
fn next<'a>(cpg: &Cpg, buffer: &'a mut CpgBuffer) -> CpgEvent<'a> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        // The buffer of an event that is returned stays borrowed: look for it first.
        let states = cpg.wait(Some(Duration::from_secs(1))).expect("a daemon");
        if states == quorate_client::Wait::Ready {
            break;
        }
        assert!(Instant::now() < end, "no event came");
    }
    cpg.next_event(buffer, false)
        .expect("an event")
        .expect("it was announced")
}

fn use_cpg(options: &Options) {
    let longest = 64 * 1024;
    let cpg = Cpg::connect(options, longest).expect("cpg");
    let mut buffer = cpg.buffer();
    assert_eq!(cpg.local_nodeid().expect("an answer"), 1);
    cpg.join(b"quorate.test").expect("a group can be joined");

    let me = std::process::id();
    let mut joined = false;
    let mut ring = false;
    while !(joined && ring) {
        match next(&cpg, &mut buffer) {
            CpgEvent::Confchg {
                group,
                members,
                joined: new,
                ..
            } => {
                assert_eq!(group, b"quorate.test");
                assert_eq!((members.len(), new.len()), (1, 1));
                assert_eq!((new[0].nodeid.get(), new[0].pid.get()), (1, me));
                joined = true;
            }
            CpgEvent::TotemConfchg { nodes, .. } => {
                assert_eq!(nodes, [1]);
                ring = true;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rejection(cpg.join(b"quorate.test")), 14);
    for message in [&b"short"[..], &vec![7; longest], b""] {
        cpg.multicast(message).expect("there is room");
        let CpgEvent::Deliver {
            nodeid, pid, data, ..
        } = next(&cpg, &mut buffer)
        else {
            panic!("no message");
        };
        assert_eq!((nodeid, pid, data), (1, me, message));
    }
    assert!(matches!(
        cpg.multicast(&vec![0; longest + 1]),
        Err(Error::Argument(_))
    ));
    cpg.leave(b"quorate.test").expect("a group can be left");
    let CpgEvent::Confchg { members, left, .. } = next(&cpg, &mut buffer) else {
        panic!("no change");
    };
    assert_eq!(
        (members.len(), left[0].pid.get(), left[0].reason.get()),
        (0, me, 2)
    );
}

#[track_caller]
fn rejection(result: Result<(), Error>) -> i32 {
    match result {
        Err(Error::Reply(ReplyError::Rejected(number))) => number,
        other => panic!("{other:?}"),
    }
}
