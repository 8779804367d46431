//! Uses the public Rust bindings of libvotequorum on a one-node cluster and prints what it sees.
//! Which library the bindings end up with is decided by the dynamic loader.

use std::cell::Cell;

use rust_corosync::votequorum::{self as vq, Callbacks, Handle, Node, RingId};
use rust_corosync::{CsError, DispatchFlags, NodeId, TrackFlags};

thread_local! {
    static RING: Cell<Option<(u32, u64)>> = const { Cell::new(None) };
}

fn on_quorum(_: &Handle, context: u64, quorate: bool, nodes: Vec<Node>) {
    println!("  event quorum {context:#x} {quorate} {nodes:?}");
}

fn on_nodes(_: &Handle, context: u64, ring: RingId, nodes: Vec<NodeId>) {
    RING.set(Some((ring.nodeid.into(), ring.seq)));
    let nodes: Vec<u32> = nodes.into_iter().map(u32::from).collect();
    println!(
        "  event nodes {context:#x} ring of {} {nodes:?}",
        ring.nodeid
    );
}

fn on_expected(_: &Handle, context: u64, votes: u32) {
    println!("  event expected {context:#x} {votes}");
}

fn info(handle: &Handle, node: u32) {
    match vq::get_info(handle, NodeId::from(node)) {
        Err(why) => println!("get_info({node}) = {why:?}"),
        Ok(info) => println!(
            "get_info({node}) = {} {:?} votes {} expected {} highest {} quorum {} flags {:#x} {} {:?}",
            info.node_id,
            info.node_state,
            info.node_votes,
            info.node_expected_votes,
            info.highest_expected,
            info.quorum,
            info.flags.bits(),
            info.qdevice_votes,
            info.qdevice_name
        ),
    }
}

fn show<T: std::fmt::Debug>(what: &str, result: Result<T, CsError>) {
    println!("{what} = {result:?}");
}

fn main() {
    let callbacks = Callbacks {
        quorum_notification_fn: Some(on_quorum),
        nodelist_notification_fn: Some(on_nodes),
        expectedvotes_notification_fn: Some(on_expected),
    };
    let handle = vq::initialize(&callbacks).expect("the daemon runs");
    info(&handle, 0);
    info(&handle, 1);
    info(&handle, 99);
    show("fd_get", vq::fd_get(&handle).map(|fd| fd > 2));
    show("context_set", vq::context_set(&handle, 0x1234));
    show("context_get", vq::context_get(&handle));
    show("trackstop", vq::trackstop(&handle));
    show(
        "dispatch",
        vq::dispatch(&handle, DispatchFlags::OneNonblocking),
    );
    show(
        "trackstart",
        vq::trackstart(&handle, 77, TrackFlags::Changes),
    );
    show("dispatch", vq::dispatch(&handle, DispatchFlags::All));
    show(
        "trackstart",
        vq::trackstart(&handle, 78, TrackFlags::ChangesOnly),
    );
    show("set_expected(0)", vq::set_expected(&handle, 0));
    show("set_expected(1)", vq::set_expected(&handle, 1));
    show("dispatch", vq::dispatch(&handle, DispatchFlags::One));
    show("set_votes(99)", vq::set_votes(&handle, NodeId::from(99), 1));
    show("register", vq::qdevice_register(&handle, "device"));
    show("register", vq::qdevice_register(&handle, "other"));
    info(&handle, 0);
    let (nodeid, seq) = RING.get().expect("a ring was announced");
    for (vote, late) in [(true, 0), (false, 0), (true, 4)] {
        let ring = RingId {
            nodeid: NodeId::from(nodeid),
            seq: seq + late,
        };
        show("poll", vq::qdevice_poll(&handle, "device", vote, &ring));
        info(&handle, 0);
    }
    show(
        "master_wins",
        vq::qdevice_master_wins(&handle, "device", true),
    );
    info(&handle, 0);
    show("update", vq::qdevice_update(&handle, "wrong", "device"));
    show("unregister", vq::qdevice_unregister(&handle, "device"));
    show("unregister", vq::qdevice_unregister(&handle, "device"));
    show("trackstop", vq::trackstop(&handle));
    show("finalize", vq::finalize(&handle));
    show("finalize", vq::finalize(&handle));
}
