//! Every field of every request wrong.

use quorate_ipc::Service;
use quorate_proto::{cfg, cmap, cpg, quorum, votequorum};
use zerocopy::{Immutable, IntoBytes};

use crate::raw::Hostile;
use crate::rig::{Rig, Witness, word};

/// The last but one is the request to disconnect.
const VALUES: [u32; 8] = [
    0,
    1,
    7,
    255,
    0x7FFF_FFFF,
    0x8000_0000,
    -3i32 as u32,
    u32::MAX,
];

fn bytes(message: &(impl IntoBytes + Immutable)) -> Vec<u8> {
    message.as_bytes().to_vec()
}

/// One good request of every kind. Not those that end the node: whoever is let in may.
fn requests(service: Service) -> Vec<Vec<u8>> {
    let device = b"Qdevice";
    let ring = votequorum::RingId { nodeid: 1, seq: 8 };
    match service {
        Service::VoteQuorum => vec![
            bytes(&votequorum::GetInfo::new(1)),
            bytes(&votequorum::SetExpected::new(2)),
            bytes(&votequorum::SetVotes::new(1, 1)),
            bytes(&votequorum::TrackStart::new(7, 3)),
            bytes(&votequorum::TrackStop::new()),
            bytes(&votequorum::Register::new(device)),
            bytes(&votequorum::Poll::new(device, 1, ring)),
            bytes(&votequorum::MasterWins::new(device, 1)),
            votequorum::SetExtraInfo::new(b"extra")
                .unwrap()
                .message()
                .to_vec(),
            bytes(&votequorum::GetExtraInfo::new(1)),
            bytes(&votequorum::Update::new(device, b"other")),
            bytes(&votequorum::Unregister::new(b"other")),
        ],
        Service::Quorum => vec![
            bytes(&quorum::GetQuorate::message()),
            bytes(&quorum::TrackStart::new(3)),
            bytes(&quorum::TrackStop::message()),
            bytes(&quorum::GetType::message()),
            bytes(&quorum::ModelGetType::new(1)),
        ],
        Service::Cmap => vec![
            cmap::Set::message(b"a.key", 6, &[1, 2, 3, 4]),
            cmap::Set::message(b"a.text", 11, b"text"),
            bytes(&cmap::Get::new(b"a.key", 4)),
            bytes(&cmap::AdjustInt::new(b"a.key", 1)),
            bytes(&cmap::IterInit::new(b"a.")),
            bytes(&cmap::IterNext::new(1 << 32 | 1)),
            bytes(&cmap::IterFinalize::new(1 << 32 | 1)),
            bytes(&cmap::TrackAdd::new(b"a.", 15, 9)),
            bytes(&cmap::TrackDelete::new(2 << 32 | 2)),
            bytes(&cmap::SetCurrentMap::new(0)),
            bytes(&cmap::Delete::new(b"a.key")),
        ],
        // Without multicasts, which are not answered.
        Service::Cpg => vec![
            bytes(&cpg::Join::new(b"group", 100, 1)),
            bytes(&cpg::Membership::new(b"group")),
            bytes(&cpg::IterInit::new(b"group", cpg::iter_kind::ALL)),
            bytes(&cpg::IterNext::new(1 << 32 | 1)),
            bytes(&cpg::IterFinalize::new(1 << 32 | 1)),
            bytes(&cpg::Leave::new(b"group", 100)),
            bytes(&cpg::bare(cpg::request_id::LOCAL_GET)),
            bytes(&cpg::bare(cpg::request_id::FINALIZE)),
        ],
        Service::Cfg => vec![
            bytes(&cfg::bare(cfg::request_id::LOCAL_GET)),
            bytes(&cfg::GetNodeAddrs::new(1)),
            bytes(&cfg::NodeStatusGet::new(1, 1)),
            bytes(&cfg::bare(cfg::request_id::RING_STATUS_GET)),
            bytes(&cfg::bare(cfg::request_id::RING_REENABLE)),
            bytes(&cfg::bare(cfg::request_id::REOPEN_LOG_FILES)),
            bytes(&cfg::TrackStart::new(1)),
            bytes(&cfg::ReplyToShutdown::new(1)),
            bytes(&cfg::bare(cfg::request_id::TRACK_STOP)),
            bytes(&cfg::bare(cfg::request_id::RELOAD_CONFIG)),
        ],
    }
}

/// The request with one word changed, wherever a field may be, and cut and grown.
fn wrong(good: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let near_an_end = |at: usize| at < 48 || at + 32 > good.len();
    let offsets = (0..good.len().saturating_sub(3)).step_by(4);
    for at in offsets.filter(|at| near_an_end(*at) || at % 64 == 0) {
        for value in VALUES {
            let mut bad = good.to_vec();
            bad[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            all.push(bad);
        }
    }
    all.extend(
        (0..good.len())
            .filter(|len| near_an_end(*len))
            .map(|len| good[..len].to_vec()),
    );
    for more in [1, 4, 8, 1000] {
        all.push([good, &vec![b'x'; more]].concat());
    }
    // No NUL anywhere behind the header.
    let mut full = good.to_vec();
    full[16..].fill(b'x');
    all.push(full);
    all
}

/// Sends a request that may end the connection, and looks at the answer.
fn ask(bad: &mut Option<Hostile>, rig: &Rig, service: Service, request: &[u8]) -> Option<Vec<u8>> {
    let reply = bad.get_or_insert_with(|| rig.hostile(service)).ask(request);
    match &reply {
        Some(reply) => check(reply),
        None => *bad = None,
    }
    reply
}

/// Weakness 6: what was on the daemon's stack came along.
fn check(reply: &[u8]) {
    assert!(reply.len() >= 24);
    assert_eq!(word(reply, 8) as usize, reply.len(), "the size is the size");
    assert!((1..=100).contains(&word(reply, 16)), "{}", word(reply, 16));
    for padding in [4, 12, 20] {
        assert_eq!(word(reply, padding), 0, "padding at {padding}");
    }
}

fn every_field_of(service: Service) {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let (mut answered, mut refused, mut ended) = (0, 0, 0);
    let mut bad = None;
    for good in requests(service) {
        for (n, request) in wrong(&good).into_iter().enumerate() {
            match ask(&mut bad, &rig, service, &request) {
                Some(reply) if word(&reply, 16) == 1 => answered += 1,
                Some(_) => refused += 1,
                None => ended += 1,
            }
            if n % 16 == 0 {
                witness.is_served();
            }
        }
    }
    witness.is_served();
    println!("{service:?}: {answered} taken, {refused} refused, {ended} connections ended");
    assert!(refused > 100);
    assert_eq!(
        ended,
        requests(service).len(),
        "only the request to disconnect ends a connection"
    );
    drop(bad);
    rig.wait_for_the_end_of_others(Witness::CONNECTIONS);
}

/// Weakness 5: an unterminated name made the daemon abort; a length was believed.
#[test]
fn every_field_of_votequorum() {
    every_field_of(Service::VoteQuorum);
}

#[test]
fn every_field_of_quorum() {
    every_field_of(Service::Quorum);
}

#[test]
fn every_field_of_cmap() {
    every_field_of(Service::Cmap);
}

#[test]
fn every_field_of_cfg() {
    every_field_of(Service::Cfg);
}

#[test]
fn every_field_of_cpg() {
    every_field_of(Service::Cpg);
}

/// Weakness 6: the answers to the same requests are the same to the last byte, whatever memory
/// and rings were used for before.
#[test]
fn nothing_of_others_is_in_an_answer() {
    let services = [
        Service::VoteQuorum,
        Service::Quorum,
        Service::Cmap,
        Service::Cfg,
    ];
    let answers = |dirty: bool| {
        let rig = Rig::start();
        let mut all = Vec::new();
        for service in services {
            let mut bad = Some(rig.hostile(service));
            if dirty {
                // Of no request's length, and longer than all of them, once round the ring.
                for _ in 0..20 {
                    let reply = ask(&mut bad, &rig, service, &[0xEE; 3001]);
                    assert_eq!(word(&reply.unwrap(), 16), 7);
                }
            }
            for request in requests(service) {
                let mut twice = request.clone();
                // The padding of the header, which libqb's clients don't clear.
                twice[4..8].fill(if dirty { 0xEE } else { 0 });
                all.push(ask(&mut bad, &rig, service, &twice));
            }
        }
        all
    };
    let clean = answers(false);
    assert!(clean.iter().all(Option::is_some));
    assert_eq!(clean, answers(true));
}
