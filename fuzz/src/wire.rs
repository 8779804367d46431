//! What comes over sockets and rings.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use quorate_engine::{Compat, NodeId};
use quorate_ipc::Service;
use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse};
use quorate_proto::votequorum::GetInfo;
use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;
use quorate_sim::host::Host;
use zerocopy::{FromBytes, IntoBytes};

use crate::decoders::{decode_all_requests, decode_everything_else};
use crate::input::Input;
use crate::raw::{self, Hostile};

/// A message of any service, as the daemon and as the client see it.
pub fn messages(data: &[u8]) {
    for bad in decode_all_requests(data).into_iter().flatten() {
        assert!(!bad.to_string().is_empty());
        if let Some(reply) = bad.reply() {
            assert_eq!(reply[8..12], 24u32.to_ne_bytes());
        }
    }
    decode_everything_else(data);
}

/// A ring in memory that anybody writes to, from the client's side.
pub fn ring(data: &[u8]) {
    quorate_ipc::fuzzing::ring(data);
}

const SERVICES: [Service; 5] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cfg,
    Service::Cpg,
];

/// Clients of a simulated node that send anything, write anywhere into their rings and cut their
/// files. Afterwards a client that keeps to the rules is served.
pub fn session(data: &[u8]) {
    let mut input = Input(data);
    let cluster = Cluster::new(ClusterConfig::with_nodes(1..=2), Compat::default(), 1);
    let mut host = Host::new(cluster, "/dev/shm".as_ref()).expect("there is room");
    host.act(Cluster::start_all)
        .expect("there are sockets")
        .expect("a good configuration");
    host.act(Cluster::run_until_quiet)
        .expect("there are sockets");
    let mut client = None;
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let kind = input.u8();
        let Some(bad) = client.as_mut() else {
            client = connect(&mut host, SERVICES[usize::from(kind) % SERVICES.len()]);
            continue;
        };
        act(bad, kind, &mut input);
        if kind & 0x40 != 0 {
            serve(&mut host);
        }
        match kind & 0x30 {
            0x10 => host
                .act(Cluster::run_until_quiet)
                .expect("there are sockets"),
            0x20 if kind & 15 == 15 => client = None,
            _ => {}
        }
    }
    serve(&mut host);
    drop(client);
    // Whoever is let in may end the node.
    host.act(Cluster::run_until_quiet)
        .expect("there are sockets");
    if host.cluster().engine(NodeId(1)).is_none() {
        return;
    }
    let mut good = connect(&mut host, Service::VoteQuorum).expect("others are served");
    good.put_request(GetInfo::new(1).as_bytes());
    good.notify(1);
    while good.replies() == 0 {
        serve(&mut host);
    }
    let reply = good.take_reply().expect("an answer");
    assert_eq!(
        (reply.len(), &reply[24..28]),
        (320, &1u32.to_ne_bytes()[..])
    );
}

/// What is to be done now.
fn serve(host: &mut Host) {
    while host
        .serve(Some(Duration::ZERO))
        .expect("no client can bring this about")
    {}
}

fn connect(host: &mut Host, service: Service) -> Option<Hostile> {
    let mut stream = raw::knock(&host.run_dir(NodeId(1)), service);
    stream
        .write_all(ConnectionRequest::new(8192).as_bytes())
        .ok()?;
    for _ in 0..3 {
        serve(host);
    }
    let mut bytes = vec![0; size_of::<ConnectionResponse>()];
    stream.read_exact(&mut bytes).ok()?;
    let response = ConnectionResponse::read_from_bytes(&bytes).ok()?;
    (response.header.error == 0).then(|| Hostile::attach(stream, Box::new(response)))
}

fn act(bad: &mut Hostile, kind: u8, input: &mut Input<'_>) {
    match kind & 15 {
        0..=5 => {
            // A header that names the message's size, in front of anything.
            let (id, body) = (input.u8() % 14, input.string());
            let len = 16 + body.len() as u32;
            let mut message = vec![0; 16];
            message[..4].copy_from_slice(&u32::from(id).to_ne_bytes());
            message[8..12].copy_from_slice(&len.to_ne_bytes());
            message.extend_from_slice(body);
            message.resize(grown(id, message.len()), 0);
            let len = message.len() as u32;
            message[8..12].copy_from_slice(&len.to_ne_bytes());
            bad.put_request(&message);
            bad.notify(1);
        }
        6 | 7 => {
            bad.put_request(input.string());
            bad.notify(1);
        }
        8 => {
            let (len, magic) = (input.u32(), input.u32());
            bad.put(len, magic, input.string());
            bad.notify(1);
        }
        9..=11 => {
            let rings = [&bad.request, &bad.reply, &bad.event];
            let ring = rings[usize::from(input.u8()) % 3];
            let (at, word) = (u64::from(input.u16()), input.u32().to_ne_bytes());
            let file = if kind & 1 == 0 {
                &ring.header
            } else {
                &ring.data
            };
            let at = [0, 4, 8, 8204, 8208, 8240, at, at][usize::from(input.u8() & 7)];
            let _ = file.write_all_at(&word, at);
        }
        12 => {
            let rings = [&bad.request, &bad.reply, &bad.event];
            let ring = rings[usize::from(input.u8()) % 3];
            let file = if kind & 0x80 == 0 {
                &ring.header
            } else {
                &ring.data
            };
            let _ = file.set_len(input.u16().into());
        }
        13 => bad.notify(usize::from(input.u16()) % 5000),
        _ => drop(bad.stream.set_nonblocking(true)),
    }
}

/// Most requests have one length; bytes up to it are zeros.
fn grown(id: u8, len: usize) -> usize {
    let wanted = [24, 24, 32, 272, 280, 288, 296, 528];
    match wanted.iter().find(|wanted| **wanted >= len) {
        Some(wanted) if id & 1 == 0 || len > 32 => *wanted,
        _ => len,
    }
}
