//! Events without end, and answers that keep a caller asking.

use crate::sessions::{LONG, SHORT, options};
use crate::toll::nothing_lost;
use quorate_client::{Cmap, Cpg, Error, IpcError, VoteQuorum};
use quorate_ipc::Service;
use quorate_proto::cmap::{Entry, HandleReply, NextReply, reply_id};
use quorate_testkit::Suite;
use quorate_testkit::daemon::{Kind, Place, Scripted};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use zerocopy::IntoBytes;

pub(crate) fn run(suite: &mut Suite) {
    suite.test("floods/keys_without_end", || nothing_lost(keys_without_end));
    suite.test("floods/flow_control_for_ever", || {
        nothing_lost(flow_control)
    });
    suite.test("floods/a_full_socket", || nothing_lost(full_socket));
}

/// A list of keys that never ends, and grows.
fn keys_without_end() {
    let listed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&listed);
    let daemon = Scripted::start(&[Service::Cmap], Kind::Rings, move |_, mut link| {
        link.admit();
        let entry = Entry {
            name: b"key",
            value_len: 4,
            value_type: 6,
        };
        let next = NextReply::new(Ok(entry));
        let first = HandleReply::new(reply_id::ITER_INIT, 1, 1);
        if link.next_request().is_some() {
            link.send(Place::Reply, first.as_bytes());
        }
        while link.next_request().is_some() {
            count.fetch_add(1, Ordering::Relaxed);
            link.send(Place::Reply, next.as_bytes());
        }
    });
    let session = Cmap::connect(&options(&daemon, LONG)).expect("nothing is wrong yet");
    let error = session.keys("").expect_err("there is no end");
    assert!(
        matches!(error, Error::Ipc(IpcError::Protocol(_))),
        "{error}"
    );
    drop(session);
    drop(daemon);
    assert!(listed.load(Ordering::Relaxed) > 10_000);
}

/// A daemon that never wants a request.
fn flow_control() {
    let daemon = Scripted::start(&[Service::VoteQuorum], Kind::Rings, |_, mut link| {
        if let quorate_testkit::daemon::Channel::Rings(rings) = &link.channel {
            rings
                .request
                .set(quorate_testkit::daemon::header::FLOW_CONTROL, 1);
        }
        link.admit();
        assert_eq!(link.next_request(), None, "nothing was to be sent");
    });
    let session = VoteQuorum::connect(&options(&daemon, LONG)).expect("nothing is wrong yet");
    for _ in 0..3 {
        let error = session.info(0).expect_err("the daemon wants no request");
        assert!(
            matches!(error, Error::Ipc(IpcError::FlowControl)),
            "{error}"
        );
    }
}

/// A daemon with sockets that reads nothing, as one that is stopped.
fn full_socket() {
    let (be_over, over) = channel::<()>();
    let over = Mutex::new(over);
    let daemon = Scripted::start(&[Service::Cpg], Kind::Sockets, move |_, mut link| {
        link.admit();
        // Until nobody can say so any more.
        let _ = over.lock().unwrap().recv();
    });
    let session = Cpg::connect(&options(&daemon, SHORT), 1024).expect("nothing is wrong yet");
    let error = (0..100_000).find_map(|_| session.multicast(b"to all").err());
    let error = error.expect("there is no room for so many");
    assert!(matches!(error, Error::Ipc(IpcError::TimedOut)), "{error}");
    drop(be_over);
}
