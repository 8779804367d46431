//! Process groups: who is told what, whatever happens to the cluster.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_engine::{ClientId, Compat, NodeId};
use quorate_proto::cpg::{Event, Request};
use quorate_sim::{Cluster, OutputKind, Running};

use crate::{cluster, cluster_of, config, ids, ms};

const OK: i32 = 1;

/// What a member was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// Nodes and process ids of the members.
    View(Vec<(u32, u32)>),
    Message(u32, Vec<u8>),
    Other,
}

fn told(message: &[u8]) -> Told {
    match Event::decode(message).expect("well formed") {
        Some(Event::Confchg { members, .. }) => {
            let member = |a: &quorate_proto::cpg::Address| (a.nodeid.get(), a.pid.get());
            Told::View(members.iter().map(member).collect())
        }
        Some(Event::Deliver { nodeid, data, .. }) => Told::Message(nodeid, data.to_vec()),
        _ => Told::Other,
    }
}

/// A cluster whose nodes are watched, and what its clients were told.
struct Rig {
    cluster: Cluster,
    told: BTreeMap<ClientId, Vec<Told>>,
}

impl Rig {
    fn new(mut cluster: Cluster) -> Self {
        for node in cluster.nodes().collect::<Vec<_>>() {
            cluster.watch(node).expect("it is known");
        }
        Rig {
            cluster,
            told: BTreeMap::new(),
        }
    }

    fn ask(&mut self, client: ClientId, request: &Request<'_>) -> i32 {
        self.cluster
            .request_cpg(client, request)
            .map_or(0, |answer| answer.error)
    }

    fn connect(&mut self, node: u32) -> ClientId {
        self.cluster
            .attach_cpg(NodeId(node))
            .expect("the node is up")
    }

    /// A new member of the group.
    fn member(&mut self, node: u32, pid: u32) -> ClientId {
        let client = self.connect(node);
        let (group, flags) = (&b"group"[..], 0);
        assert_eq!(self.ask(client, &Request::Join { group, pid, flags }), OK);
        client
    }

    fn say(&mut self, client: ClientId, data: &[u8]) -> i32 {
        let guarantee = 2;
        self.ask(client, &Request::Mcast { guarantee, data })
    }

    fn settle(&mut self) {
        self.cluster.run_until_quiet();
        self.listen();
    }

    fn listen(&mut self) {
        for output in self.cluster.outputs() {
            if let OutputKind::Event { client, message } = output.kind {
                self.told.entry(client).or_default().push(told(&message));
            }
        }
    }

    fn take(&mut self, client: ClientId) -> Vec<Told> {
        self.settle();
        let all = self.told.remove(&client).unwrap_or_default();
        all.into_iter()
            .filter(|told| *told != Told::Other)
            .collect()
    }
}

fn three_members() -> (Rig, [ClientId; 3]) {
    let mut rig = Rig::new(cluster(&[1; 3], &[]));
    let members = [1, 2, 3].map(|node| {
        let member = rig.member(node, 100 + node);
        rig.settle();
        member
    });
    rig.told.clear();
    (rig, members)
}

const ALL: [(u32, u32); 3] = [(1, 101), (2, 102), (3, 103)];

/// What was said when the network fell apart is heard by those who are left, after they know who
/// is left; and what was said apart is heard together by nobody else.
#[test]
fn what_a_ring_has_not_delivered_comes_after_the_change() {
    let (mut rig, [one, two, three]) = three_members();
    rig.cluster.partition(&[ids(&[1]), ids(&[2, 3])]).unwrap();
    assert_eq!(rig.say(one, b"alone"), OK);
    assert_eq!(rig.say(two, b"together"), OK);
    let alone = vec![
        Told::View(ALL[..1].to_vec()),
        Told::Message(1, b"alone".to_vec()),
    ];
    let together = vec![
        Told::View(ALL[1..].to_vec()),
        Told::Message(2, b"together".to_vec()),
    ];
    assert_eq!(rig.take(one), alone);
    assert_eq!(rig.take(two), together);
    assert_eq!(rig.take(three), together);
}

/// The ring that two parts form: what was said before reaches both, when both know each other.
#[test]
fn what_was_said_before_a_merge_is_heard_by_all() {
    let (mut rig, members) = three_members();
    rig.cluster.partition(&[ids(&[1]), ids(&[2, 3])]).unwrap();
    rig.settle();
    rig.told.clear();
    rig.cluster.kill(NodeId(3)).unwrap();
    rig.cluster.heal();
    // Node 2 waits for the token, which does not come.
    assert_eq!(rig.say(members[1], b"late"), OK);
    let late = [
        Told::View(ALL[..2].to_vec()),
        Told::Message(2, b"late".to_vec()),
    ];
    for member in &members[..2] {
        let heard = rig.take(*member);
        assert!(heard.ends_with(&late), "{heard:?}");
    }
}

/// A node takes no requests while its ring synchronises, nor with too much to say.
#[test]
fn a_node_holds_its_clients_back() {
    let (mut rig, [one, ..]) = three_members();
    let node = NodeId(1);
    assert!(!rig.cluster.holds_back(node));
    let data = vec![0; 1 << 20];
    for _ in 0..3 {
        assert!(!rig.cluster.holds_back(node));
        assert_eq!(rig.say(one, &data), OK);
    }
    assert!(rig.cluster.holds_back(node));
    assert!(!rig.cluster.holds_back(NodeId(2)));
    assert_eq!(rig.take(one).len(), 3);
    assert!(!rig.cluster.holds_back(node));
    rig.cluster.kill(NodeId(3)).unwrap();
    let mut held = false;
    while !rig.cluster.is_quiet() && rig.cluster.step() {
        held |= rig.cluster.holds_back(node);
    }
    assert!(held && !rig.cluster.holds_back(node));
}

/// The C library of a receiver would write beyond its buffer.
#[test]
fn fragments_add_up() {
    let (mut rig, [one, two, _]) = three_members();
    let mut part = |client, kind, total, data: &[u8]| {
        let request = Request::PartialMcast {
            guarantee: 2,
            total,
            kind,
            data,
        };
        rig.ask(client, &request)
    };
    assert_eq!(part(one, 1, 4, b"abcde"), 7);
    assert_eq!(part(one, 2, 4, b"a"), 7);
    assert_eq!(part(one, 1, 4, b"ab"), OK);
    assert_eq!(part(one, 3, 5, b"cd"), 7);
    assert_eq!(part(one, 2, 4, b"cde"), 7);
    assert_eq!(part(one, 3, 4, b"cd"), OK);
    assert_eq!(part(one, 3, 4, b""), 7);
    assert_eq!(part(one, 9, 4, b""), 7);
    // A change of the group in between ends the message.
    assert_eq!(part(one, 1, 4, b"ab"), OK);
    rig.cluster.detach_cpg(two);
    rig.settle();
    let last = Request::PartialMcast {
        guarantee: 2,
        total: 4,
        kind: 3,
        data: b"cd",
    };
    assert_eq!(rig.ask(one, &last), 16);
}

#[test]
fn zero_copy_is_refused() {
    let (mut rig, [one, ..]) = three_members();
    assert_eq!(rig.ask(one, &Request::ZeroCopy), 19);
}

/// The list of processes that the node has sent before must not bring it back.
#[test]
fn a_process_that_ends_while_its_node_synchronises_is_gone() {
    for steps in 0..40 {
        let (mut rig, [one, _, three]) = three_members();
        rig.cluster.partition(&[ids(&[1, 2]), ids(&[3])]).unwrap();
        rig.settle();
        rig.cluster.heal();
        while !rig.cluster.holds_back(NodeId(1)) {
            assert!(rig.cluster.step());
        }
        for _ in 0..steps {
            rig.cluster.step();
        }
        rig.cluster.detach_cpg(three);
        let heard = rig.take(one);
        let last = heard
            .iter()
            .rev()
            .find(|told| matches!(told, Told::View(_)));
        assert_eq!(
            last,
            Some(&Told::View(ALL[..2].to_vec())),
            "after {steps}: {heard:?}"
        );
    }
}

const NODE_DOWN: u32 = 3;

/// Nodes and reasons of those who left and of those who joined, in each change that a client is
/// told of until all is quiet.
fn changes(rig: &mut Rig, told: ClientId) -> Vec<[Vec<(u32, u32)>; 2]> {
    rig.cluster.run_until_quiet();
    let outputs = rig.cluster.outputs().into_iter();
    let messages = outputs.filter_map(|output| match output.kind {
        OutputKind::Event { client, message } if client == told => Some(message),
        _ => None,
    });
    let list = |processes: &[quorate_proto::cpg::Address]| {
        let reasons = processes.iter().map(|a| (a.nodeid.get(), a.reason.get()));
        reasons.collect::<Vec<_>>()
    };
    let changes = messages.filter_map(|message| match Event::decode(&message) {
        Ok(Some(Event::Confchg { left, joined, .. })) => Some([list(left), list(joined)]),
        _ => None,
    });
    changes.collect()
}

/// Who is lost is counted from the last ring that has synchronised: the groups were told of that
/// one, and of none in between.
#[test]
fn losses_of_a_ring_that_did_not_synchronise_are_told_by_the_next() {
    let (mut rig, [one, ..]) = three_members();
    rig.cluster.partition(&[ids(&[1, 2]), ids(&[3])]).unwrap();
    while !rig.cluster.holds_back(NodeId(1)) {
        assert!(rig.cluster.step());
    }
    rig.listen();
    assert_eq!(rig.told.remove(&one), None, "it is not told yet");

    rig.cluster.kill(NodeId(2)).unwrap();
    let both = vec![(2, NODE_DOWN), (3, NODE_DOWN)];
    assert_eq!(changes(&mut rig, one), [[both, vec![]]]);
}

/// A node that is back before the others have lost it is in their old ring and in the new one, and
/// is lost all the same: its processes have gone with it.
#[test]
fn a_node_that_is_back_before_it_was_missed_has_gone_down() {
    let (mut rig, [one, ..]) = three_members();
    rig.cluster.kill(NodeId(3)).unwrap();
    rig.cluster.up(NodeId(3)).unwrap();
    let gone = vec![(3, NODE_DOWN)];
    assert_eq!(changes(&mut rig, one), [[gone, vec![]]]);
}

#[derive(Clone, Debug)]
enum Op {
    Member(u32),
    End(usize),
    Leave(usize),
    Say(usize, usize),
    Up(u32),
    Kill(u32),
    Stop(u32),
    Pause(u32),
    Resume(u32),
    Partition(Vec<usize>),
    Heal,
    Steps(usize),
    Wait(u64),
    Settle,
}

const NODES: u32 = 4;

fn op() -> impl Strategy<Value = Op> {
    let node = || 1..=NODES;
    prop_oneof![
        6 => node().prop_map(Op::Member),
        2 => any::<usize>().prop_map(Op::End),
        1 => any::<usize>().prop_map(Op::Leave),
        12 => (any::<usize>(), 0..4usize).prop_map(|(who, count)| Op::Say(who, count)),
        3 => node().prop_map(Op::Up),
        2 => node().prop_map(Op::Kill),
        1 => node().prop_map(Op::Stop),
        1 => node().prop_map(Op::Pause),
        2 => node().prop_map(Op::Resume),
        3 => vec(0..3usize, NODES as usize).prop_map(Op::Partition),
        2 => Just(Op::Heal),
        4 => (1..12usize).prop_map(Op::Steps),
        3 => (0..9000u64).prop_map(Op::Wait),
        2 => Just(Op::Settle),
    ]
}

/// A member: its node, its process id, its connection.
type Member = (u32, u32, ClientId);

fn play_op(rig: &mut Rig, living: &mut Vec<Member>, number: u32, op: &Op) {
    let pick = |who: usize| (!living.is_empty()).then(|| who % living.len().max(1));
    match op {
        Op::Member(node) => {
            if rig.cluster.running(NodeId(*node)) == Some(Running::Up) {
                living.push((*node, number, rig.member(*node, number)));
            }
        }
        Op::End(who) => {
            if let Some(at) = pick(*who) {
                rig.cluster.detach_cpg(living.remove(at).2);
            }
        }
        Op::Leave(who) => {
            if let Some(at) = pick(*who) {
                let (_, pid, client) = living.remove(at);
                let group = &b"group"[..];
                rig.ask(client, &Request::Leave { group, pid });
                rig.cluster.detach_cpg(client);
            }
        }
        Op::Say(who, count) => {
            for part in 0..*count {
                if let Some(at) = pick(*who) {
                    rig.say(living[at].2, format!("{number} {part}").as_bytes());
                }
            }
        }
        Op::Up(node) => drop(rig.cluster.up(NodeId(*node))),
        Op::Kill(node) => drop(rig.cluster.kill(NodeId(*node))),
        Op::Stop(node) => drop(rig.cluster.leave(NodeId(*node))),
        Op::Pause(node) => drop(rig.cluster.pause(NodeId(*node))),
        Op::Resume(node) => drop(rig.cluster.resume(NodeId(*node))),
        Op::Partition(group_of) => {
            let group = |group| {
                let here = |&node: &u32| group_of[node as usize - 1] == group;
                ids(&(1..=NODES).filter(here).collect::<Vec<_>>())
            };
            let groups = [group(0), group(1), group(2)];
            rig.cluster.partition(&groups).expect("known nodes");
        }
        Op::Heal => rig.cluster.heal(),
        Op::Steps(steps) => (0..*steps).for_each(|_| {
            rig.cluster.step();
        }),
        Op::Wait(wait) => rig.cluster.run_until(rig.cluster.now() + ms(*wait)),
        Op::Settle => rig.cluster.run_until_quiet(),
    }
    rig.listen();
    // The connections of a node go with it.
    living.retain(|(node, ..)| {
        let running = rig.cluster.running(NodeId(*node));
        !matches!(running, Some(Running::Down | Running::Leaving))
    });
}

/// Plays a history, lets all nodes come together, and has every member say something.
fn play(ops: &[Op]) -> (Rig, Vec<Member>) {
    let config = config(&[1; NODES as usize], &[]);
    let mut rig = Rig::new(cluster_of(config, Compat::default()));
    let mut living = Vec::new();
    for (number, op) in (1..).zip(ops) {
        play_op(&mut rig, &mut living, number, op);
    }
    rig.cluster.heal();
    rig.settle();
    for node in 1..=NODES {
        let _ = rig.cluster.resume(NodeId(node));
        let _ = rig.cluster.up(NodeId(node));
    }
    rig.settle();
    for (node, pid, client) in &living {
        assert_eq!(
            rig.say(*client, format!("last of {node} {pid}").as_bytes()),
            OK
        );
    }
    rig.settle();
    living.sort_unstable_by_key(|(node, pid, _)| (*node, *pid));
    (rig, living)
}

/// The numbers of the messages that both have heard, as the first one heard them.
fn common(one: &[Told], other: &[Told]) -> Vec<Told> {
    let is_message = |told: &&Told| matches!(told, Told::Message(..));
    let heard = one.iter().filter(is_message);
    heard
        .filter(|message| other.contains(message))
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// All living members, and nobody else, are members for all in the end; what any two have
    /// heard they have heard in the same order, once; what is said in the end is heard by all.
    #[test]
    fn members_agree(ops in vec(op(), 1..60)) {
        let (rig, living) = play(&ops);
        let nothing = Vec::new();
        let heard = |client: &ClientId| rig.told.get(client).unwrap_or(&nothing);
        let expected: Vec<_> = living.iter().map(|(node, pid, _)| (*node, *pid)).collect();
        for (_, _, client) in &living {
            let told = heard(client);
            let last = told.iter().rposition(|told| matches!(told, Told::View(_)));
            let last = last.expect("it has joined");
            prop_assert_eq!(&told[last], &Told::View(expected.clone()));
            let said = |pair: &(u32, u32)| {
                let text = format!("last of {} {}", pair.0, pair.1);
                told[last..].contains(&Told::Message(pair.0, text.into_bytes()))
            };
            prop_assert!(expected.iter().all(said), "{told:?}");
        }
        let clients: Vec<_> = rig.told.keys().collect();
        for (at, one) in clients.iter().enumerate() {
            let own = common(heard(one), heard(one));
            let mut once = own.iter().map(|told| format!("{told:?}")).collect::<Vec<_>>();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), own.len(), "{:?}", own);
            for other in &clients[at + 1..] {
                prop_assert_eq!(
                    common(heard(one), heard(other)),
                    common(heard(other), heard(one))
                );
            }
        }
    }

    #[test]
    fn the_same_happens_again(ops in vec(op(), 1..40)) {
        let (one, _) = play(&ops);
        let (other, _) = play(&ops);
        prop_assert_eq!(one.cluster.log(), other.cluster.log());
        prop_assert_eq!(one.told, other.told);
    }
}
