//! What clients have the daemon keep: descriptors, shared memory, events.

use quorate_ipc::Service;
use quorate_proto::cmap;
use quorate_testkit::{Node, wait_until};
use zerocopy::IntoBytes as _;

use super::{Attacker, Case, Kept, LARGE, connect, descriptors, memory, stream};
use crate::raw::Hostile;

pub(super) const CASES: [Case; 4] = [
    ("1_half_open_connections_stay", half_open, they_stay),
    ("2_any_size_is_granted", any_size, |_, attacker| {
        assert_eq!(attacker.said, [format!("granted {LARGE}")]);
    }),
    ("9_events_pile_up", pile_up, memory_grows),
    ("a_long_value_is_refused", long_value, |_, attacker| {
        assert_eq!(attacker.said, ["16384: 1", "16385: 7"]);
    }),
];

const CROWD: usize = 200;

fn half_open() -> Kept {
    let crowd: Vec<_> = (0..CROWD).map(|_| stream(Service::VoteQuorum)).collect();
    Box::new(crowd)
}

fn they_stay(node: &Node, attacker: &Attacker) {
    wait_until("a descriptor for each", || {
        let more = descriptors(node) - attacker.before.0;
        (more >= CROWD)
            .then_some(())
            .ok_or_else(|| format!("{more} more descriptors"))
    });
}

fn any_size() -> Kept {
    let client = Hostile::over(stream(Service::VoteQuorum), LARGE);
    println!("granted {}", client.response.max_msg_size);
    Box::new(client)
}

fn set(client: &mut Hostile, len: usize, fill: u8) -> u32 {
    let reply = client.ask(&cmap::Set::message(b"attack.key", 12, &vec![fill; len]));
    u32::from_ne_bytes(
        reply.expect("an answer")[16..20]
            .try_into()
            .expect("four bytes"),
    )
}

fn pile_up() -> Kept {
    let mut deaf = connect(Service::Cmap);
    deaf.ask(cmap::TrackAdd::new(b"attack.", 15, 1).as_bytes())
        .expect("an answer");
    let mut client = connect(Service::Cmap);
    for n in 0..1500 {
        assert_eq!(set(&mut client, 16 << 10, n as u8), 1);
    }
    Box::new((client, deaf))
}

/// 1,500 events of 32 KiB, of which the ring holds 1 MiB.
fn memory_grows(node: &Node, attacker: &Attacker) {
    let more = memory(node) - attacker.before.1;
    assert!(more > 32 << 10, "{more} KiB");
    println!("{more} KiB more");
}

fn long_value() -> Kept {
    let mut client = connect(Service::Cmap);
    for len in [16 << 10, (16 << 10) + 1] {
        println!("{len}: {}", set(&mut client, len, 7));
    }
    Box::new(client)
}
