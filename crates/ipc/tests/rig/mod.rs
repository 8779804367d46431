//! A server with a toy service, and clients that keep to no rule.

#![allow(dead_code, reason = "each test program uses its part")]
#![allow(unused_imports, reason = "the same")]

pub(crate) mod hostile;

pub(crate) use hostile::*;
use quorate_ipc::header::{RequestHeader, ResponseHeader};
use quorate_ipc::server::{ConnId, Knock, Limits, Occurrence, Server};
use quorate_ipc::{Connection, Endpoint, Options, Service};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, IntoBytes};

/// Answered with the request's own bytes behind a reply's header.
pub(crate) const ECHO: i32 = 1;
/// `EVENTS` followed by a number: that many events of `EVENT_LEN` bytes, then
/// a reply.
pub(crate) const EVENTS: i32 = 2;
/// Gets no reply, but is counted.
pub(crate) const SILENT: i32 = 3;
/// Sets the flow control word, which follows, of all other connections.
pub(crate) const FLOW: i32 = 4;
/// Closes all connections but the one that asks.
pub(crate) const CLOSE_OTHERS: i32 = 5;
pub(crate) const EVENT_LEN: usize = 1024;

pub(crate) type Admit = fn(&Knock) -> Result<(), i32>;

static RIGS: AtomicUsize = AtomicUsize::new(0);

/// A running server.
pub(crate) struct Rig {
    pub(crate) dir: PathBuf,
    /// Why connections ended.
    pub(crate) ended: Arc<Mutex<Vec<String>>>,
    pub(crate) idle: Arc<AtomicBool>,
    /// Requests without a reply that were heard.
    pub(crate) silent: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    pub(crate) fn start(limits: Limits) -> Self {
        Self::start_with(limits, |_| Ok(()))
    }

    pub(crate) fn start_with(limits: Limits, admit: Admit) -> Self {
        let n = RIGS.fetch_add(1, Ordering::Relaxed);
        // Where a server would have its rings: in memory.
        let base = Path::new("/dev/shm");
        let base = if base.is_dir() {
            base.to_owned()
        } else {
            std::env::temp_dir()
        };
        let dir = base.join(format!("rig-of-quorate-{}-{n}", std::process::id()));
        for dir in [&dir, &dir.join("run"), &dir.join("rings")] {
            DirBuilder::new().mode(0o700).create(dir).unwrap();
        }
        let mut server = Server::new(&dir.join("rings"), limits).unwrap();
        server
            .bind_dir(&dir.join("run"), Service::VoteQuorum)
            .unwrap();
        let mut rig = Self {
            dir,
            ended: Arc::default(),
            idle: Arc::default(),
            silent: Arc::default(),
            stop: Arc::default(),
            thread: None,
        };
        let (ended, idle) = (Arc::clone(&rig.ended), Arc::clone(&rig.idle));
        let (silent, stop) = (Arc::clone(&rig.silent), Arc::clone(&rig.stop));
        rig.thread = Some(std::thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                let quiet = serve(&mut server, admit, &ended, &silent);
                idle.store(quiet && server.all_idle(), Ordering::Release);
            }
        }));
        rig
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// A client that keeps to the rules.
    pub(crate) fn client(&self) -> Connection {
        self.try_client().unwrap()
    }

    pub(crate) fn try_client(&self) -> Result<Connection, quorate_ipc::Error> {
        let endpoint = Endpoint::RunDir(self.run_dir());
        let options = Options {
            max_msg_size: 8192,
            timeout: Some(Duration::from_secs(10)),
        };
        Connection::connect(Service::VoteQuorum, &endpoint, options)
    }

    /// One that does not.
    pub(crate) fn hostile(&self) -> Hostile {
        Hostile::connect(&self.run_dir(), Service::VoteQuorum, 8192)
    }

    /// Directories of connections.
    pub(crate) fn ring_dirs(&self) -> Vec<PathBuf> {
        let homes = fs::read_dir(self.dir.join("rings")).unwrap();
        homes
            .flat_map(|home| fs::read_dir(home.unwrap().path()).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    pub(crate) fn why_ended(&self) -> Vec<String> {
        self.ended.lock().unwrap().clone()
    }

    /// Waits until a connection has ended, and says why.
    pub(crate) fn next_end(&self) -> String {
        eventually(|| self.ended.lock().unwrap().pop())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let ended = self.thread.take().unwrap().join();
        let left = fs::read_dir(self.dir.join("rings")).unwrap().count();
        let socket = self.run_dir().join("votequorum").exists();
        fs::remove_dir_all(&self.dir).unwrap();
        if !std::thread::panicking() {
            ended.unwrap();
            assert_eq!((left, socket), (0, false), "files are left over");
        }
    }
}

/// Does what is to be done now; true if that was nothing.
fn serve(
    server: &mut Server,
    admit: Admit,
    ended: &Mutex<Vec<String>>,
    silent: &AtomicUsize,
) -> bool {
    let occurrences = server.poll(Some(Duration::from_millis(5)), admit).unwrap();
    let quiet = occurrences.is_empty();
    for occurrence in occurrences {
        match occurrence {
            Occurrence::Connected { .. } => {}
            Occurrence::Request { conn, bytes } => answer(server, conn, &bytes, silent),
            Occurrence::Disconnected { why, .. } => ended.lock().unwrap().push(why.to_string()),
        }
    }
    quiet
}

fn answer(server: &mut Server, conn: ConnId, bytes: &[u8], silent: &AtomicUsize) {
    let id = RequestHeader::read_from_prefix(bytes).map_or(0, |(header, _)| header.id);
    let argument = bytes
        .get(16..20)
        .map_or(0, |word| u32::read_from_bytes(word).unwrap());
    let others: Vec<_> = server
        .connections()
        .into_iter()
        .filter(|other| *other != conn)
        .collect();
    match id {
        SILENT => {
            silent.fetch_add(1, Ordering::AcqRel);
            return server.dismiss(conn);
        }
        EVENTS => (0..argument).for_each(|n| server.event(conn, event(n))),
        FLOW => others
            .iter()
            .for_each(|other| server.set_flow_control(*other, argument)),
        CLOSE_OTHERS => others.iter().for_each(|other| server.close(*other)),
        _ => {}
    }
    server.reply(conn, reply(id, bytes));
}

pub(crate) fn event(n: u32) -> Vec<u8> {
    let mut bytes = vec![0; EVENT_LEN];
    let header = ResponseHeader::new(9, EVENT_LEN, 1);
    bytes[..24].copy_from_slice(header.as_bytes());
    bytes[24..28].copy_from_slice(&n.to_ne_bytes());
    bytes
}

pub(crate) fn reply(id: i32, request: &[u8]) -> Vec<u8> {
    let header = ResponseHeader::new(id, 24 + request.len(), 1);
    [header.as_bytes(), request].concat()
}

pub(crate) fn request(id: i32, body: &[u8]) -> Vec<u8> {
    let header = RequestHeader::new(id, 16 + body.len());
    [header.as_bytes(), body].concat()
}

/// Asks and checks the answer.
pub(crate) fn is_served(client: &Connection) -> bool {
    let request = request(ECHO, b"are you there");
    let mut answer = [0; 256];
    let len = client.call(&request, &mut answer).unwrap();
    answer[..len] == reply(ECHO, &request)
}

/// Waits for a condition for a reasonable time.
pub(crate) fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}
