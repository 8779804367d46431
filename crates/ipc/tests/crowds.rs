//! What a crowd of hostile clients can do to a server: nothing that others notice. The
//! weaknesses of the original server are named in the tests. On their own, because descriptors
//! are the whole process's.

mod rig;

use quorate_ipc::handshake::ConnectionRequest;
use quorate_ipc::server::{Limits, Occurrence, Server};
use quorate_ipc::{Connection, Service};
use rig::*;
use std::fs::{self, DirBuilder};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Anonymous memory of this process in KiB.
fn memory() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

/// A process of its own that does something and then stays as it is.
struct Child(libc::pid_t);

impl Child {
    /// `code` must do with system calls.
    fn start(code: impl FnOnce()) -> Self {
        // SAFETY: the child runs `code`, which needs no lock that another thread of this process
        // may hold, and never returns.
        unsafe {
            let pid = libc::fork();
            assert!(pid >= 0);
            if pid == 0 {
                code();
                loop {
                    libc::pause();
                }
            }
            Self(pid)
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: the child is ours, and was not waited for before.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), 0);
        }
    }
}

fn raise_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is writable, and initialised when it is read.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

/// Weakness 1: half-open connections were kept, each with its descriptor. Here a thousand of
/// another process take no more than the room there is for them, and none of what others need.
#[test]
fn a_thousand_half_open_connections_keep_nobody_out() {
    const CROWD: usize = 1000;
    let _alone = ONE_AT_A_TIME.lock();
    raise_limit();
    // None of them goes because its time is over.
    let limits = Limits {
        half_open_time: Duration::from_secs(3600),
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let good = rig.client();
    let path = rig.run_dir().join("votequorum");
    let (mut told, mut tell) = UnixStream::pair().unwrap();
    let before = descriptors();
    let crowd = Child::start(|| {
        for _ in 0..CROWD {
            // Where the queue at the door is full, the call waits.
            std::mem::forget(UnixStream::connect(&path));
        }
        let _ = tell.write_all(&[1]);
    });
    for _ in 0..200 {
        assert!(is_served(&good));
        // Newcomers are not sent away in place of the crowd.
        assert!(is_served(&rig.client()));
    }
    told.read_exact(&mut [0]).unwrap();
    let room = limits.half_open;
    // The clients that have gone may not have been noticed yet.
    eventually(|| (descriptors() <= before + room + 1).then_some(()));
    assert!(descriptors() > before, "the crowd was not there");
    drop(crowd);
    eventually(|| (descriptors() <= before + 1).then_some(()));
    assert!(is_served(&good));
}

/// Weakness 1: a caller whose request has come is served, however many stand behind it.
#[test]
fn a_request_is_heard_before_its_sender_makes_room() {
    let _alone = ONE_AT_A_TIME.lock();
    let dir = private_dir("crowd");
    let limits = Limits {
        half_open: 4,
        ..Limits::default()
    };
    let mut server = Server::new(&dir, limits).unwrap();
    server.bind_dir(&dir, Service::Cmap).unwrap();
    let mut crowd = vec![hostile::knock(&dir, Service::Cmap)];
    crowd[0]
        .write_all(ConnectionRequest::new(8192).as_bytes())
        .unwrap();
    crowd.extend((0..60).map(|_| hostile::knock(&dir, Service::Cmap)));
    // Few are accepted in a turn.
    let occurrences = eventually(|| {
        let limit = Some(Duration::from_secs(60));
        let occurrences = server.poll(limit, |_| Ok(())).unwrap();
        (!occurrences.is_empty()).then_some(occurrences)
    });
    assert!(
        matches!(occurrences[..], [Occurrence::Connected { .. }]),
        "{occurrences:?}"
    );
    drop(server);
    fs::remove_dir_all(dir).unwrap();
}

/// One that hangs lets nobody in, also not one who has to make room elsewhere.
#[test]
fn a_crowd_lets_nobody_into_a_frozen_node() {
    let _alone = ONE_AT_A_TIME.lock();
    let dir = private_dir("crowd-frozen");
    let limits = Limits {
        half_open: 4,
        ..Limits::default()
    };
    let mut server = Server::new(&dir, limits).unwrap();
    let frozen = server.bind_dir(&dir, Service::Cfg).unwrap();
    server.bind_dir(&dir, Service::Cmap).unwrap();
    let mut early = hostile::knock(&dir, Service::Cfg);
    let admit_nobody = |_: &_| Err(libc::EACCES);
    server.poll(None, admit_nobody).unwrap();
    server.set_frozen(frozen, true).unwrap();
    early
        .write_all(ConnectionRequest::new(8192).as_bytes())
        .unwrap();
    let mut crowd: Vec<_> = (0..8)
        .map(|_| hostile::knock(&dir, Service::Cmap))
        .collect();
    let mut last = hostile::knock(&dir, Service::Cmap);
    last.write_all(ConnectionRequest::new(8192).as_bytes())
        .unwrap();
    crowd.push(last);
    let occurrences = eventually(|| {
        let limit = Some(Duration::from_secs(60));
        let occurrences = server.poll(limit, |_| Ok(())).unwrap();
        (!occurrences.is_empty()).then_some(occurrences)
    });
    assert!(
        matches!(
            occurrences[..],
            [Occurrence::Connected {
                service: Service::Cmap,
                ..
            }]
        ),
        "{occurrences:?}"
    );
    drop((server, early, crowd));
    fs::remove_dir_all(dir).unwrap();
}

fn private_dir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("quorate-{name}-{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&dir).unwrap();
    dir
}

/// How far a client goes before it leaves.
fn come_and_go(run_dir: &Path, n: usize) {
    let mut stream = hostile::knock(run_dir, Service::VoteQuorum);
    let request = ConnectionRequest::new(8192);
    let request = request.as_bytes();
    match n % 6 {
        0 => {}
        1 => stream.write_all(&request[..n / 6 % 24]).unwrap(),
        2 => stream.write_all(request).unwrap(),
        3 => {
            stream.write_all(request).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = stream.read(&mut [0; 100]);
        }
        4 => drop(shake_hands(&mut stream, 8192)),
        _ => {
            let mut client = Hostile::connect(run_dir, Service::VoteQuorum, 8192);
            client.put_request(&rig::request(EVENTS, &3u32.to_ne_bytes()));
            client.notify(1);
        }
    }
}

#[test]
fn ten_thousand_come_and_go_and_leave_nothing() {
    const ROUNDS: usize = 2500;
    let _alone = ONE_AT_A_TIME.lock();
    raise_limit();
    let rig = Rig::start(Limits::default());
    let good = rig.client();
    (0..60).for_each(|n| come_and_go(&rig.run_dir(), n));
    eventually(|| (rig.ring_dirs().len() == 1).then_some(()));
    let before = (descriptors(), memory());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let mut served = 0;
            while !stop.load(Ordering::Acquire) {
                assert!(is_served(&good));
                served += 1;
            }
            served
        });
        let crowds = [0, 1, 2, 3].map(|first| {
            let rig = &rig;
            scope.spawn(move || {
                (0..ROUNDS).for_each(|n| come_and_go(&rig.run_dir(), n * 4 + first));
            })
        });
        let ended = crowds.map(std::thread::ScopedJoinHandle::join);
        stop.store(true, Ordering::Release);
        assert!(watched.join().unwrap() > 0);
        assert!(ended.iter().all(Result::is_ok));
    });
    eventually(|| (rig.ring_dirs().len() == 1).then_some(()));
    eventually(|| (descriptors() == before.0).then_some(()));
    // What each had would have been a hundred times as much.
    assert!(
        memory() - before.1 < 16 << 10,
        "{} KiB",
        memory() - before.1
    );
    rig.ended.lock().unwrap().clear();
    assert!(is_served(&good));
}

/// Weakness 9: what is kept for all together has a limit too. The one for which most is kept
/// has to go, not the one that comes last.
#[test]
fn those_for_whom_most_is_kept_are_cut_off() {
    let _alone = ONE_AT_A_TIME.lock();
    let limits = Limits {
        queued_bytes: 1 << 20,
        queued_bytes_in_all: 2 << 20,
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    let good: Vec<Connection> = (0..4).map(|_| rig.client()).collect();
    // Some 30 KiB for each of the good, who take their time.
    for client in &good {
        let mut answer = [0; 8192];
        client
            .call(&request(EVENTS, &40u32.to_ne_bytes()), &mut answer)
            .unwrap();
    }
    let mut bad: Vec<_> = (0..8).map(|_| rig.hostile()).collect();
    for client in &mut bad {
        client.put_request(&request(EVENTS, &900u32.to_ne_bytes()));
        client.notify(1);
    }
    let reasons: Vec<_> = (0..5).map(|_| rig.next_end()).collect();
    assert!(
        reasons.iter().all(|why| why.contains("does not take")),
        "{reasons:?}"
    );
    for client in &good {
        assert!(is_served(client));
    }
}

/// A byte beside the stream (`MSG_OOB`) makes a socket readable, and is not read with the others.
#[test]
fn a_byte_out_of_band_does_not_keep_the_server_awake() {
    const LIMIT: Duration = Duration::from_millis(50);
    let _alone = ONE_AT_A_TIME.lock();
    let dir = private_dir("urgent");
    let mut server = Server::new(&dir, Limits::default()).unwrap();
    server.bind_dir(&dir, Service::Cmap).unwrap();
    let caller = hostile::knock(&dir, Service::Cmap);
    let mut client = hostile::knock(&dir, Service::Cmap);
    let request = ConnectionRequest::new(8192);
    client.write_all(request.as_bytes()).unwrap();
    eventually(|| {
        server.poll(Some(LIMIT), |_| Ok(())).unwrap();
        (server.connections().len() == 1).then_some(())
    });
    for stream in [&caller, &client] {
        // SAFETY: pointer and length describe one byte.
        let sent =
            unsafe { libc::send(stream.as_raw_fd(), [0u8].as_ptr().cast(), 1, libc::MSG_OOB) };
        assert_eq!(sent, 1, "this kernel knows no such messages");
    }
    // Sooner or later there is nothing to do, and the server sleeps as long as it may.
    eventually(|| {
        let start = Instant::now();
        server.poll(Some(LIMIT), |_| Ok(())).unwrap();
        (start.elapsed() >= LIMIT).then_some(())
    });
    drop(server);
    fs::remove_dir_all(dir).unwrap();
}
