//! Which nodes there are, which failed, and which is the master.

use quorate_ncs::{Code, Config, Effect, Input, Machine, Reason, Record, node_bit};

use super::{Alone, ME, callback, registered};

#[test]
fn a_node_that_announced_its_leaving_has_not_failed() {
    let mut alone = Alone::in_ring(&[1, 2, 3]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Leaving { node: 9 });
    alone.feed(Input::Leaving { node: 2 });
    alone.done();
    alone.ring(8, &[1, 3]);
    assert!(alone.done().contains(&callback(7, 4, 0b101, 0, 0b100)));
    alone.feed(Input::Leaving { node: 2 });
    alone.ring(12, &[1, 2, 3]);
    alone.done();
    alone.ring(16, &[1, 3]);
    assert!(
        alone.done().contains(&callback(7, 6, 0b101, 0b010, 0b100)),
        "old news is no news"
    );
}

#[test]
fn the_highest_address_is_the_next_master() {
    let mut alone = Alone::in_ring(&[1, 2, 3, 4]);
    alone.feed(Input::Register { handle: 7 });
    for (node, last) in [(1, 3), (2, 9), (3, 5), (4, 1)] {
        alone.feed(Input::NodeAddress {
            node,
            ip: [10, 0, 0, last].into(),
        });
    }
    alone.done();
    alone.ring(8, &[1, 2, 3]);
    assert!(
        alone
            .done()
            .contains(&callback(7, 5, 0b0111, 0b1000, node_bit(2)))
    );
}

#[test]
fn what_a_daemon_remembers_goes_on() {
    let record = Record {
        epoch: 40,
        members: 0b011,
        master: 0b001,
    };
    let mut machine = Machine::new(Config {
        process: ME,
        instance: 1,
        record,
    });
    let (ring, nodes, joined) = (4, &[1, 2, 3], &[(ME, Reason::Join)]);
    let mut inputs = vec![
        Input::Register { handle: 7 },
        Input::Configuration {
            members: &[ME],
            left: &[],
            joined,
        },
        Input::Ring { ring, nodes },
        Input::Quorum {
            ring,
            quorate: true,
            nodes,
        },
    ];
    let mut sent: Vec<Effect> = inputs
        .drain(..)
        .flat_map(|input| machine.handle(input))
        .collect();
    let mut done = Vec::new();
    while let Some(effect) = (!sent.is_empty()).then(|| sent.remove(0)) {
        match effect {
            Effect::Multicast(bytes) => {
                sent.extend(machine.handle(Input::Deliver {
                    from: ME,
                    bytes: &bytes,
                }));
            }
            other => done.push(other),
        }
    }
    assert!(done.contains(&callback(7, 41, 0b111, 0, 0b001)), "{done:?}");
}

#[test]
fn a_node_without_a_bit_is_not_supported() {
    let mut alone = Alone::in_ring(&[1, 33]);
    alone.feed(Input::Register { handle: 7 });
    assert_eq!(alone.done(), [registered(7, Code::NotSupported)]);
    alone.ring(8, &[1]);
    alone.feed(Input::Register { handle: 7 });
    assert!(
        alone.done().contains(&registered(7, Code::Success)),
        "once it has gone"
    );
    alone.ring(12, &[1, 33]);
    assert_eq!(
        alone.done(),
        [],
        "who is registered stays, and the node is not shown"
    );
}

#[test]
fn a_waiting_registration_is_refused_when_such_a_node_comes() {
    let config = Config {
        process: ME,
        instance: 1,
        record: Record::default(),
    };
    let mut machine = Machine::new(config);
    assert_eq!(machine.handle(Input::Register { handle: 7 }), []);
    let refused = [registered(7, Code::NotSupported)];
    assert_eq!(
        machine.handle(Input::Ring {
            ring: 4,
            nodes: &[1, 0]
        }),
        refused
    );
}
