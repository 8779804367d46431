//! How a program drives a server.

use quorate_ipc::server::{ConnId, Credentials, Knock, Limits, Occurrence, Server};
use quorate_ipc::{Connection, Endpoint, Error, Options, Service};
use std::fs::{self, DirBuilder};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static PLACES: AtomicUsize = AtomicUsize::new(0);
        let n = PLACES.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("quorate-drive-{}-{n}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        Self(dir)
    }

    fn server(&self) -> Server {
        Server::new(&self.0, Limits::default()).unwrap()
    }

    fn connect(&self, service: Service) -> JoinHandle<Result<Connection, Error>> {
        let endpoint = Endpoint::RunDir(self.0.clone());
        let options = Options {
            max_msg_size: 8192,
            timeout: Some(Duration::from_secs(20)),
        };
        spawn(move || Connection::connect(service, &endpoint, options))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = fs::read_dir(&self.0).unwrap().count();
        fs::remove_dir_all(&self.0).unwrap();
        assert!(std::thread::panicking() || left == 0);
    }
}

/// The next thing to happen.
fn next(server: &mut Server, admit: impl Fn(&Knock) -> Result<(), i32>) -> Occurrence {
    loop {
        let mut occurrences = server.poll(Some(Duration::from_secs(20)), &admit).unwrap();
        assert!(occurrences.len() <= 1, "{occurrences:?}");
        if let Some(occurrence) = occurrences.pop() {
            return occurrence;
        }
    }
}

fn admitted(server: &mut Server) -> (ConnId, Credentials) {
    match next(server, |_| Ok(())) {
        Occurrence::Connected {
            conn, credentials, ..
        } => (conn, credentials),
        other => panic!("{other:?}"),
    }
}

fn connected(
    place: &Place,
    server: &mut Server,
    service: Service,
) -> (ConnId, Credentials, Connection) {
    let client = place.connect(service);
    let (conn, credentials) = admitted(server);
    (conn, credentials, client.join().unwrap().unwrap())
}

/// A server of votequorum, and a client of it.
fn voting(place: &Place) -> (Server, ConnId, Connection) {
    let mut server = place.server();
    server.bind_dir(&place.0, Service::VoteQuorum).unwrap();
    let (conn, _, client) = connected(place, &mut server, Service::VoteQuorum);
    (server, conn, client)
}

/// Weakness 8 of the original: a reply to a client that was gone touched what
/// had been its memory.
#[test]
fn what_is_sent_to_those_who_are_gone_is_dropped() {
    let place = Place::new();
    let (mut server, gone, client) = voting(&place);
    let asking = spawn(move || client.call(&[0; 16], &mut [0; 64]).map(drop));
    let first = next(&mut server, |_| Ok(()));
    assert!(matches!(first, Occurrence::Request { conn, .. } if conn == gone));
    assert_eq!((server.unanswered(gone), server.is_idle(gone)), (1, false));
    server.close(gone);
    assert!(matches!(asking.join().unwrap(), Err(Error::Disconnected)));

    let (conn, _, client) = connected(&place, &mut server, Service::VoteQuorum);
    assert_ne!(conn, gone);
    server.reply(gone, [1; 24]);
    server.event(gone, [1; 24]);
    server.dismiss(gone);
    server.set_flow_control(gone, 1);
    server.close(gone);
    assert!(server.is_idle(gone) && server.describe(gone).is_none());
    assert_eq!(server.connections(), [conn]);
    assert!(server.is_idle(conn));
    let asking = spawn(move || client.call(&[0; 16], &mut [0; 64]));
    assert!(matches!(
        next(&mut server, |_| Ok(())),
        Occurrence::Request { .. }
    ));
    server.reply(conn, [2; 24]);
    assert_eq!(asking.join().unwrap().unwrap(), 24);
    // The client was dropped with its thread.
    let last = next(&mut server, |_| Ok(()));
    assert!(matches!(
        last,
        Occurrence::Disconnected {
            why: Error::Disconnected,
            ..
        }
    ));
}

#[test]
fn a_message_that_can_never_arrive_ends_the_connection() {
    let place = Place::new();
    let (mut server, conn, _client) = voting(&place);
    server.event(conn, [0; 8192]);
    assert_eq!(server.connections(), [conn]);
    server.event(conn, [0; 8193]);
    let last = next(&mut server, |_| Ok(()));
    assert!(matches!(
        last,
        Occurrence::Disconnected {
            why: Error::TooBig { .. },
            ..
        }
    ));
}

/// As with a daemon that is stopped by SIGSTOP.
#[test]
fn a_frozen_node_is_silent_and_wakes_up() {
    let (place, awake) = (Place::new(), Place::new());
    let mut server = place.server();
    let frozen = server.bind_dir(&place.0, Service::Cfg).unwrap();
    server.bind_dir(&awake.0, Service::Cfg).unwrap();
    let (conn, _, client) = connected(&place, &mut server, Service::Cfg);

    server.set_frozen(frozen, true).unwrap();
    let asking = spawn(move || client.call(&[0; 16], &mut [0; 64]));
    let late = place.connect(Service::Cfg);
    let (other_conn, _, other) = connected(&awake, &mut server, Service::Cfg);
    drop(other);
    let left = next(&mut server, |_| Ok(()));
    assert!(matches!(left, Occurrence::Disconnected { conn, .. } if conn == other_conn));
    for _ in 0..20 {
        let limit = Some(Duration::from_millis(2));
        assert!(server.poll(limit, |_| Ok(())).unwrap().is_empty());
    }
    assert!(!asking.is_finished() && !late.is_finished());

    server.set_frozen(frozen, false).unwrap();
    let mut connected = 0;
    while !asking.is_finished() || connected == 0 {
        let limit = Some(Duration::from_millis(20));
        for occurrence in server.poll(limit, |_| Ok(())).unwrap() {
            match occurrence {
                Occurrence::Request { .. } => server.reply(conn, [1; 24]),
                Occurrence::Connected { .. } => connected += 1,
                Occurrence::Disconnected { .. } => {}
            }
        }
    }
    assert_eq!(asking.join().unwrap().unwrap(), 24);
    late.join().unwrap().unwrap();
}

#[test]
fn several_nodes_have_several_directories() {
    let (one, two) = (Place::new(), Place::new());
    let mut server = one.server();
    let cmap = server.bind_dir(&one.0, Service::Cmap).unwrap();
    let other_cmap = server.bind_dir(&two.0, Service::Cmap).unwrap();
    let cfg = server.bind_dir(&two.0, Service::Cfg).unwrap();
    let mut clients = Vec::new();
    for (place, service, id) in [
        (&one, Service::Cmap, cmap),
        (&two, Service::Cmap, other_cmap),
        (&two, Service::Cfg, cfg),
    ] {
        let (conn, _, client) = connected(place, &mut server, service);
        let knock = server.describe(conn).unwrap();
        assert_eq!((knock.listener, knock.service), (id, service));
        clients.push(client);
    }
    // A node whose sockets are gone refuses; who is connected stays.
    server.unbind(other_cmap);
    let refused = two.connect(Service::Cmap).join().unwrap().unwrap_err();
    assert_eq!(refused.errno(), Some(libc::ECONNREFUSED));
    assert_eq!(server.connections().len(), 3);
}

#[test]
fn who_is_refused_is_told_why() {
    let place = Place::new();
    let mut server = place.server();
    server.bind_dir(&place.0, Service::Cfg).unwrap();
    for errno in [libc::EACCES, libc::EAGAIN, libc::ENOSYS] {
        let client = place.connect(Service::Cfg);
        while !client.is_finished() {
            let limit = Some(Duration::from_millis(5));
            let occurrences = server.poll(limit, |_| Err(errno)).unwrap();
            assert!(occurrences.is_empty());
        }
        match client.join().unwrap() {
            Err(Error::Refused(why)) => assert_eq!(why.raw_os_error(), Some(errno)),
            other => panic!("{other:?}"),
        }
    }
    assert!(server.all_idle());
}

#[test]
fn clients_are_known_by_their_real_ids() {
    let place = Place::new();
    let mut server = place.server();
    server.bind_dir(&place.0, Service::Cfg).unwrap();
    // SAFETY: these take nothing and cannot fail.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    let pid = std::process::id() as i32;
    let (_, credentials, client) = connected(&place, &mut server, Service::Cfg);
    assert_eq!(credentials, Credentials { pid, uid, gid });
    drop(client);
    if uid != 0 {
        assert!(std::env::var_os("QUORATE_REQUIRE_ALL").is_none());
        writeln!(std::io::stdout(), "skipped: only root can take other ids").unwrap();
        return;
    }
    next(&mut server, |_| Ok(()));
    let endpoint = Endpoint::RunDir(place.0.clone());
    let client = spawn(move || {
        // SAFETY: the raw calls change this thread's ids, not the process's.
        unsafe {
            assert_eq!(libc::syscall(libc::SYS_setresgid, 12346, -1, -1), 0);
            assert_eq!(libc::syscall(libc::SYS_setresuid, 12345, -1, -1), 0);
        }
        let options = Options {
            max_msg_size: 8192,
            timeout: Some(Duration::from_secs(20)),
        };
        Connection::connect(Service::Cfg, &endpoint, options)
    });
    let (_, credentials) = admitted(&mut server);
    // Effective ids would be 0: what corosync goes by is who started the program.
    assert_eq!((credentials.uid, credentials.gid), (12345, 12346));
    client.join().unwrap().unwrap();
}

/// A daemon that does not get round to it: nothing comes while it is held back, and the
/// connection is idle; then everything comes in its order.
#[test]
fn what_is_held_back_comes_later() {
    let place = Place::new();
    let (mut server, conn, client) = voting(&place);
    server.keep_sent();

    server.hold_events(conn, true);
    let event = |n: u8| [n; 24];
    server.event(conn, event(1));
    server.event(conn, event(2));
    let mut buffer = [0; 64];
    assert!(client.take_event(&mut buffer, false).unwrap().is_none());
    assert!(server.is_idle(conn) && server.idle_but(|_| false));
    assert_eq!(server.unread_events(conn), 2);
    server.hold_events(conn, false);
    assert!(!server.is_idle(conn) && server.idle_but(|other| other == conn));
    for n in [1, 2] {
        assert_eq!(server.unread_events(conn), 3 - usize::from(n));
        let taken = client.take_event(&mut buffer, false).unwrap();
        assert_eq!(taken, Some(24));
        assert_eq!(buffer[..24], event(n));
    }
    assert!(server.is_idle(conn));

    server.hold_replies(conn, true);
    let asking = spawn(move || client.call(&[0; 16], &mut [0; 64]));
    let heard = next(&mut server, |_| Ok(()));
    assert!(matches!(heard, Occurrence::Request { .. }));
    assert!(!server.holds_a_reply(conn) && !server.is_idle(conn));
    server.reply(conn, event(3));
    assert!(server.holds_a_reply(conn) && server.is_idle(conn));
    assert!(!asking.is_finished());
    server.hold_replies(conn, false);
    assert_eq!(asking.join().unwrap().unwrap(), 24);

    let sent = server.take_sent();
    let sent: Vec<_> = sent
        .iter()
        .map(|sent| (sent.event, sent.bytes[0]))
        .collect();
    assert_eq!(sent, [(true, 1), (true, 2), (false, 3)]);
    assert!(server.take_sent().is_empty());
    let last = next(&mut server, |_| Ok(()));
    assert!(matches!(last, Occurrence::Disconnected { unread: 0, .. }));
}

/// Of one that goes it is known how much it has not read.
#[test]
fn events_that_were_never_read_are_counted() {
    let place = Place::new();
    let (mut server, conn, client) = voting(&place);
    for n in 1..=3 {
        server.event(conn, [n; 24]);
    }
    client.take_event(&mut [0; 64], false).unwrap();
    drop(client);
    let last = next(&mut server, |_| Ok(()));
    assert!(matches!(last, Occurrence::Disconnected { unread: 2, .. }));
}
