//! The connections of one membership.

use quorate_client::wait::Wakeup;
use quorate_client::{
    Cmap, Cpg, Error, IpcError, Options, Quorum, QuorumBuffer, QuorumEvent, ReplyError, Value,
    VoteQuorum, Wait, process, wait,
};
use quorate_ncs::{Address, Code, Config, Record, node_bit};
use std::net::{IpAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::effects::RECORD_KEY;

/// The group of all processes that use the SDK.
pub(crate) const GROUP: &[u8] = b"quorate.ncs";

/// Longest message of the group: a piece of a snapshot, 64 KiB, and what is said about it.
const MAX_MESSAGE: usize = 65 * 1024;

/// `CS_TRACK_CHANGES`: the state as it is, and every change.
const TRACK_CHANGES: u32 = 2;

/// `CS_ERR_TRY_AGAIN`, `CS_ERR_NO_MEMORY`, `CS_ERR_EXIST`, `CS_ERR_NO_RESOURCES`.
const TRY_AGAIN: i32 = 6;
const NO_MEMORY: i32 = 8;
const EXIST: i32 = 14;
const NO_RESOURCES: i32 = 18;

/// How often, and for how long, corosync is asked to let this process join.
const JOIN_EVERY: Duration = Duration::from_millis(10);
const JOIN_FOR: Duration = Duration::from_secs(10);

/// How often corosync may say that this process is in the group, before that is taken to be another
/// one than its last life.
const LAST_LIFE: u32 = 10;

/// More than any process id.
const NO_PROCESS: u32 = 1 << 30;

pub(crate) struct Links {
    pub(crate) cpg: Cpg,
    pub(crate) cmap: Cmap,
    pub(crate) quorum: Quorum,
    pub(crate) votes: VoteQuorum,
    /// Ends the reader's wait.
    pub(crate) wakeup: Wakeup,
    /// How long corosync, and the group, may take to answer.
    pub(crate) limit: Option<Duration>,
}

/// What a machine begins with.
pub(crate) struct Beginning {
    pub(crate) config: Config,
    pub(crate) ring: u64,
    pub(crate) nodes: Vec<u32>,
    pub(crate) addresses: Vec<(u32, IpAddr)>,
}

impl Links {
    /// Connects, unless this node has no place in the cluster.
    pub(crate) fn connect(options: &Options) -> Result<(Self, Beginning), Code> {
        let refused = |error: Error| refusal(&error);
        let quorum = Quorum::connect(options).map_err(refused)?;
        quorum.track_start(TRACK_CHANGES).map_err(refused)?;
        let (ring, quorate, nodes) = first_verdict(&quorum, options.timeout).map_err(refused)?;
        if !quorate {
            return Err(Code::NotMember);
        }
        let cmap = Cmap::connect(options).map_err(refused)?;
        let configured = configured_nodes(&cmap).map_err(refused)?;
        let has_no_bit = |node: &u32| node_bit(*node) == 0;
        if nodes.iter().any(has_no_bit) || configured.iter().any(|(node, _)| has_no_bit(node)) {
            return Err(Code::NotSupported);
        }
        let record = match cmap.get(RECORD_KEY).map_err(refused)? {
            Some(Value::Other(_, bytes)) => Record::from_bytes(&bytes).unwrap_or_default(),
            _ => Record::default(),
        };
        let votes = VoteQuorum::connect(options).map_err(refused)?;
        votes.track_start(0, TRACK_CHANGES).map_err(refused)?;
        let cpg = Cpg::connect(options, MAX_MESSAGE).map_err(refused)?;
        let node = cpg.local_nodeid().map_err(refused)?;
        let process = Address {
            node,
            pid: std::process::id(),
        };
        let beginning = Beginning {
            config: Config {
                process,
                instance: u64::from_ne_bytes(process::random()),
                record,
            },
            ring,
            nodes,
            addresses: resolve(configured),
        };
        let wakeup = Wakeup::new().map_err(|error| refusal(&error.into()))?;
        let links = Self {
            cpg,
            cmap,
            quorum,
            votes,
            wakeup,
            limit: options.timeout,
        };
        Ok((links, beginning))
    }

    /// Joins the group, as soon as corosync lets it: not while nodes come or go, nor before it
    /// has forgotten this process's last life. Returns the number that it goes by there, its process
    /// id unless another one of this node goes by that, as in another container.
    pub(crate) fn join(&mut self, end: Option<Instant>) -> Result<u32, Code> {
        let longest = Instant::now() + JOIN_FOR;
        let end = end.map_or(longest, |end| end.min(longest));
        let (mut number, mut taken) = (std::process::id(), 0);
        loop {
            match self.cpg.join(GROUP) {
                Ok(()) => return Ok(number),
                Err(Error::Reply(ReplyError::Rejected(TRY_AGAIN))) if Instant::now() < end => {}
                Err(Error::Reply(ReplyError::Rejected(EXIST))) if Instant::now() < end => {
                    taken += 1;
                    if taken > LAST_LIFE {
                        number = u32::from_ne_bytes(process::random()) >> 1 | NO_PROCESS;
                        self.cpg.rename(number);
                    }
                }
                Err(error) => return Err(refusal(&error)),
            }
            // Also notices the daemon's end.
            let [cpg, _] = self.cpg.descriptors();
            wait::readable([cpg], Some(JOIN_EVERY)).map_err(|error| refusal(&error.into()))?;
        }
    }

    /// Waits for anything to read, and takes note of being woken.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Result<(), Error> {
        let ([a, b], [c, d], [e, f]) = (
            self.cpg.descriptors(),
            self.quorum.descriptors(),
            self.votes.descriptors(),
        );
        let wakeup = self.wakeup.as_fd();
        let [.., woken] = wait::readable([a, b, c, d, e, f, wakeup], limit)?;
        if woken {
            self.wakeup.clear();
        }
        Ok(())
    }

    /// Leaves the group, behind all that was sent, and closes everything.
    pub(crate) fn close(&self) {
        // Closing is leaving as well, but may overtake what was sent.
        let _ = self.cpg.leave(GROUP);
        self.cpg.close();
        self.quorum.close();
        self.votes.close();
    }
}

fn first_verdict(quorum: &Quorum, limit: Option<Duration>) -> Result<(u64, bool, Vec<u32>), Error> {
    let end = limit.map(|limit| Instant::now() + limit);
    let mut buffer = QuorumBuffer::new();
    loop {
        match quorum.next_event(&mut buffer, true)? {
            Some(QuorumEvent::Quorum {
                quorate,
                ring,
                members,
            }) => return Ok((ring.seq, quorate, members.to_vec())),
            Some(_) => continue,
            None => {}
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(IpcError::TimedOut.into());
        }
        match quorum.wait(left)? {
            Wait::Ready | Wait::Nothing => {}
        }
    }
}

/// Node ids of the configuration, and what it says of their first links.
fn configured_nodes(cmap: &Cmap) -> Result<Vec<(u32, Option<String>)>, Error> {
    let mut nodes = Vec::new();
    for key in cmap.keys("nodelist.node.")? {
        let Some(prefix) = key.strip_suffix(".nodeid") else {
            continue;
        };
        let Some(Value::U32(node)) = cmap.get(&key)? else {
            continue;
        };
        let address = match cmap.get(&format!("{prefix}.ring0_addr"))? {
            Some(Value::Text(text)) => String::from_utf8(text).ok(),
            _ => None,
        };
        nodes.push((node, address));
    }
    Ok(nodes)
}

/// Corosync takes host names as well; without an address a node comes last as master.
fn resolve(nodes: Vec<(u32, Option<String>)>) -> Vec<(u32, IpAddr)> {
    let address = |text: String| {
        let number = text.parse().ok();
        let look_up = || Some((&*text, 0).to_socket_addrs().ok()?.next()?.ip());
        // Twice: a resolver that has no memory says no more than that it failed.
        number.or_else(look_up).or_else(look_up)
    };
    nodes
        .into_iter()
        .filter_map(|(node, text)| Some((node, address(text?)?)))
        .collect()
}

/// What an error says to who wants to register. Where corosync does not run, or not yet, the
/// node is not in the cluster.
fn refusal(error: &Error) -> Code {
    match error {
        Error::Reply(ReplyError::Rejected(TRY_AGAIN)) => Code::NotMember,
        Error::Reply(ReplyError::Rejected(NO_MEMORY)) => Code::AllocError,
        Error::Reply(ReplyError::Rejected(NO_RESOURCES)) => Code::NoResources,
        Error::Reply(_) | Error::Argument(_) => Code::Failure,
        Error::Ipc(IpcError::Disconnected | IpcError::Closed | IpcError::FlowControl) => {
            Code::NotMember
        }
        Error::Ipc(IpcError::NoMemory) => Code::AllocError,
        Error::Ipc(IpcError::System { source, .. } | IpcError::Refused(source)) => {
            use std::io::ErrorKind::*;
            match source.kind() {
                ConnectionRefused | NotFound | WouldBlock => Code::NotMember,
                OutOfMemory => Code::AllocError,
                StorageFull => Code::NoResources,
                // EMFILE and ENFILE have no kind of their own.
                _ if matches!(source.raw_os_error(), Some(23 | 24)) => Code::NoResources,
                _ => Code::Failure,
            }
        }
        Error::Ipc(_) => Code::Failure,
    }
}
