//! Every function of every session, for a daemon to answer as it likes.

use quorate_client::{
    Cmap, CmapBuffer, Cpg, Error, EventBuffer, ExtraInfo, IpcError, Options, Quorum, QuorumBuffer,
    RingId, Value, VoteQuorum, Wait,
};
use quorate_testkit::daemon::Scripted;
use std::time::Duration;

/// How long a daemon may take that is not expected to answer: each time costs this.
pub(crate) const SHORT: Duration = Duration::from_millis(20);

/// How long one may take that is.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Most events that a function's test takes; a daemon has sent a handful.
const EVENTS: usize = 1000;

type Call = fn(&Options) -> Result<(), Error>;

/// A function, called on a connection of its own, with a look at the events that come.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) call: Call,
}

const fn function(name: &'static str, call: Call) -> Function {
    Function { name, call }
}

pub(crate) const FUNCTIONS: [Function; 23] = [
    function("info", |to| vote(to, |it| it.info(0).map(drop))),
    function("set_expected_votes", |to| {
        vote(to, |it| it.set_expected_votes(3))
    }),
    function("set_votes", |to| vote(to, |it| it.set_votes(1, 1))),
    function("track_start", |to| vote(to, |it| it.track_start(7, 2))),
    function("track_stop", |to| vote(to, VoteQuorum::track_stop)),
    function("qdevice_register", |to| {
        vote(to, |it| it.qdevice_register(b"device"))
    }),
    function("qdevice_unregister", |to| {
        vote(to, |it| it.qdevice_unregister(b"device"))
    }),
    function("qdevice_update", |to| {
        vote(to, |it| it.qdevice_update(b"device", b"other"))
    }),
    function("qdevice_poll", |to| {
        vote(to, |it| {
            it.qdevice_poll(b"device", 1, RingId { nodeid: 1, seq: 4 })
        })
    }),
    function("qdevice_master_wins", |to| {
        vote(to, |it| it.qdevice_master_wins(b"device", 1))
    }),
    function("set_qdevice_extra_info", |to| {
        vote(to, |it| it.set_qdevice_extra_info(&[7; 4096]))
    }),
    function("qdevice_extra_info", |to| {
        vote(to, |it| it.qdevice_extra_info(1, &mut ExtraInfo::new()))
    }),
    function("quorate", |to| quorum(to, |it| it.quorate().map(drop))),
    function("quorum track_start", |to| {
        quorum(to, |it| it.track_start(2))
    }),
    function("get", |to| cmap(to, |it| it.get("key").map(drop))),
    function("set", |to| cmap(to, |it| it.set("key", &Value::U64(7)))),
    function("delete", |to| cmap(to, |it| it.delete("key"))),
    function("keys", |to| cmap(to, |it| it.keys("key").map(drop))),
    function("track", |to| {
        let session = Cmap::connect(to)?;
        let mut buffer = CmapBuffer::new();
        let called = session.track("key");
        let drained = drain(
            |limit| session.wait(limit),
            || Ok(session.next_change(&mut buffer, true)?.is_some()),
        );
        called.and(drained)
    }),
    function("local_nodeid", |to| {
        cpg(to, |it| it.local_nodeid().map(drop))
    }),
    function("join", |to| cpg(to, |it| it.join(b"group"))),
    function("leave", |to| cpg(to, |it| it.leave(b"group"))),
    function("multicast", |to| {
        cpg(to, |it| {
            it.multicast(b"to all")?;
            it.wait(to.timeout).map(drop)
        })
    }),
];

pub(crate) fn options(daemon: &Scripted, limit: Duration) -> Options {
    Options {
        endpoint: daemon.endpoint(),
        timeout: Some(limit),
    }
}

fn vote(to: &Options, call: impl Fn(&VoteQuorum) -> Result<(), Error>) -> Result<(), Error> {
    let session = VoteQuorum::connect(to)?;
    let mut buffer = EventBuffer::new();
    let called = call(&session);
    let drained = drain(
        |limit| session.wait(limit),
        || Ok(session.next_event(&mut buffer, true)?.is_some()),
    );
    called.and(drained)
}

fn quorum(to: &Options, call: impl Fn(&Quorum) -> Result<(), Error>) -> Result<(), Error> {
    let session = Quorum::connect(to)?;
    let mut buffer = QuorumBuffer::new();
    let called = call(&session);
    let drained = drain(
        |limit| session.wait(limit),
        || Ok(session.next_event(&mut buffer, true)?.is_some()),
    );
    called.and(drained)
}

fn cmap(to: &Options, call: impl Fn(&Cmap) -> Result<(), Error>) -> Result<(), Error> {
    call(&Cmap::connect(to)?)
}

fn cpg(to: &Options, call: impl Fn(&Cpg) -> Result<(), Error>) -> Result<(), Error> {
    let session = Cpg::connect(to, 1024)?;
    let mut buffer = session.buffer();
    let called = call(&session);
    let drained = drain(
        |limit| session.wait(limit),
        || Ok(session.next_event(&mut buffer, true)?.is_some()),
    );
    called.and(drained)
}

/// Takes the events that come within the limit.
fn drain(
    wait: impl Fn(Option<Duration>) -> Result<Wait, Error>,
    mut take: impl FnMut() -> Result<bool, Error>,
) -> Result<(), Error> {
    for _ in 0..EVENTS {
        if !take()? && wait(Some(Duration::from_millis(1)))? == Wait::Nothing {
            return Ok(());
        }
    }
    panic!("a daemon of a few events kept a client busy");
}

/// An error is one of those that are documented for a daemon's misdeeds.
pub(crate) fn assert_harmless(error: &Error, context: &dyn std::fmt::Debug) {
    let expected = matches!(
        error,
        Error::Ipc(
            IpcError::Protocol(_)
                | IpcError::Disconnected
                | IpcError::Closed
                | IpcError::TimedOut
                | IpcError::FlowControl
                | IpcError::Refused(_)
                | IpcError::UnknownTransport(_)
                | IpcError::Untrusted(_)
                | IpcError::System { .. }
        ) | Error::Reply(_)
    );
    assert!(expected, "{context:?}: {error:?}");
}
