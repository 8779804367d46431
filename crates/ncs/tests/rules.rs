//! Single rules, each in a history that can be read.

use quorate_ncs::{
    Address, Code, Config, Effect, Input, Machine, Reason, Record, Request, View, node_bit,
};

const ME: Address = Address { node: 1, pid: 10 };
const OTHER: Address = Address { node: 2, pid: 20 };

/// A machine alone in its group: all that it sends comes back to it.
struct Alone {
    machine: Machine,
    done: Vec<Effect>,
}

impl Alone {
    fn in_ring(nodes: &[u32]) -> Self {
        let config = Config {
            process: ME,
            instance: 1,
            record: Record::default(),
        };
        let mut alone = Self {
            machine: Machine::new(config),
            done: Vec::new(),
        };
        let joined = &[(ME, Reason::Join)];
        alone.feed(Input::Configuration {
            members: &[ME],
            left: &[],
            joined,
        });
        alone.ring(4, nodes);
        alone
    }

    fn feed(&mut self, input: Input<'_>) {
        let mut effects = self.machine.handle(input);
        while !effects.is_empty() {
            for effect in std::mem::take(&mut effects) {
                match effect {
                    Effect::Multicast(bytes) => {
                        let input = Input::Deliver {
                            from: ME,
                            bytes: &bytes,
                        };
                        effects.extend(self.machine.handle(input));
                    }
                    other => self.done.push(other),
                }
            }
        }
    }

    fn ring(&mut self, ring: u64, nodes: &[u32]) {
        self.feed(Input::Ring { ring, nodes });
        self.feed(Input::Quorum {
            ring,
            quorate: true,
            nodes,
        });
    }

    fn done(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.done)
    }
}

fn registered(handle: u32, code: Code) -> Effect {
    Effect::Registered { handle, code }
}

fn callback(handle: u32, epoch: u32, members: u32, failed: u32, master: u32) -> Effect {
    Effect::Callback {
        handle,
        view: View {
            epoch,
            members,
            failed,
            master,
        },
    }
}

fn completed(request: u64, code: Code, holder: u32) -> Effect {
    Effect::Completed {
        request,
        code,
        holder,
    }
}

fn call(handle: u32, request: u64, key: &[u8]) -> Request<'_> {
    Request {
        handle,
        request,
        key,
    }
}

#[test]
fn registering_gives_the_view_and_each_ring_a_callback() {
    let mut alone = Alone::in_ring(&[1, 2, 3]);
    let record = Record {
        epoch: 3,
        members: 0b111,
        master: 0b100,
    };
    assert_eq!(alone.done(), [Effect::Persist(record)]);
    alone.feed(Input::Register { handle: 7 });
    let view = View {
        epoch: 3,
        members: 0b111,
        failed: 0,
        master: 0b100,
    };
    assert_eq!(
        alone.done(),
        [
            registered(7, Code::Success),
            Effect::Callback { handle: 7, view }
        ]
    );
    assert_eq!(alone.machine.view(7), Ok(view));
    assert_eq!(alone.machine.view(8), Err(Code::BadHandle));
    alone.feed(Input::Register { handle: 7 });
    assert_eq!(alone.done(), [registered(7, Code::BadParameter)]);
    alone.ring(8, &[1, 2]);
    let record = Record {
        epoch: 4,
        members: 0b011,
        master: 0b010,
    };
    assert_eq!(
        alone.done(),
        [Effect::Persist(record), callback(7, 4, 0b011, 0b100, 0b010)]
    );
    alone.ring(12, &[1, 2]);
    assert_eq!(alone.done(), [], "a new ring of the same nodes is no news");
}

#[test]
fn nothing_is_told_before_the_verdict() {
    let mut alone = Alone::in_ring(&[1, 2, 3]);
    alone.feed(Input::Register { handle: 7 });
    alone.done();
    alone.feed(Input::Ring {
        ring: 8,
        nodes: &[1, 2],
    });
    alone.feed(Input::Lock(call(7, 1, b"key")));
    assert_eq!(alone.done(), [], "nor is a lock granted");
    alone.feed(Input::Quorum {
        ring: 8,
        quorate: false,
        nodes: &[1, 2],
    });
    let end = [
        completed(1, Code::NotMember, 0),
        callback(7, 3, 0, 0, 0),
        Effect::Leave,
    ];
    assert_eq!(alone.done(), end);
    assert!(alone.machine.is_lost());
    assert_eq!(alone.machine.view(7), Err(Code::NotMember));
    alone.feed(Input::Deregister { handle: 7 });
    assert_eq!(
        alone.done(),
        [Effect::Deregistered {
            handle: 7,
            code: Code::Success
        }]
    );
}

#[test]
fn a_lost_daemon_is_the_end_with_nothing_to_close() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.done();
    alone.feed(Input::DaemonLost);
    assert_eq!(alone.done(), [callback(7, 1, 0, 0, 0)]);
}

#[test]
fn locks_of_one_handle() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Register { handle: 8 });
    alone.done();
    let long = [1; 33];
    for (nth, key) in [(1, &b""[..]), (2, &long)] {
        alone.feed(Input::Lock(call(7, nth, key)));
        assert_eq!(alone.done(), [completed(nth, Code::BadParameter, 0)]);
    }
    alone.feed(Input::Lock(call(9, 3, b"key")));
    assert_eq!(alone.done(), [completed(3, Code::BadHandle, 0)]);
    alone.feed(Input::Lock(call(7, 4, b"key")));
    alone.feed(Input::Lock(call(7, 5, b"key")));
    alone.feed(Input::TryLock(call(7, 6, b"key")));
    alone.feed(Input::Unlock(call(8, 7, b"key")));
    alone.feed(Input::Lock(call(8, 8, b"key")));
    let four = [
        completed(4, Code::Success, 0),
        completed(5, Code::BadParameter, 0),
        completed(6, Code::TryLockHeld, 1),
        completed(7, Code::BadParameter, 0),
    ];
    assert_eq!(alone.done(), four);
    alone.feed(Input::Deregister { handle: 7 });
    let gone = Effect::Deregistered {
        handle: 7,
        code: Code::Success,
    };
    assert_eq!(alone.done(), [gone, completed(8, Code::Success, 0)]);
}

#[test]
fn deregistering_ends_the_calls_of_the_handle() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Register { handle: 8 });
    alone.feed(Input::Lock(call(7, 1, b"key")));
    alone.feed(Input::Lock(call(8, 2, b"key")));
    alone.done();
    alone.feed(Input::Deregister { handle: 8 });
    let gone = |handle| Effect::Deregistered {
        handle,
        code: Code::Success,
    };
    assert_eq!(alone.done(), [completed(2, Code::BadHandle, 0), gone(8)]);
    alone.feed(Input::Unlock(call(7, 3, b"key")));
    alone.feed(Input::TryLock(call(7, 4, b"key")));
    let both = [
        completed(3, Code::Success, 0),
        completed(4, Code::Success, 0),
    ];
    assert_eq!(
        alone.done(),
        both,
        "the waiter that went is not given the key"
    );
    alone.feed(Input::Deregister { handle: 8 });
    assert_eq!(
        alone.done(),
        [Effect::Deregistered {
            handle: 8,
            code: Code::BadHandle
        }]
    );
}

#[test]
fn a_registration_that_waits_can_be_given_up() {
    let config = Config {
        process: ME,
        instance: 1,
        record: Record::default(),
    };
    let mut machine = Machine::new(config);
    assert_eq!(machine.handle(Input::Register { handle: 7 }), []);
    let gone = Effect::Deregistered {
        handle: 7,
        code: Code::Success,
    };
    let given_up = [registered(7, Code::BadHandle), gone];
    assert_eq!(machine.handle(Input::Deregister { handle: 7 }), given_up);
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
fn a_nudge_asks_the_next_member() {
    let mut machine = Machine::new(Config {
        process: ME,
        instance: 1,
        record: Record::default(),
    });
    let (ring, nodes, members) = (4, &[1, 2], &[ME, OTHER]);
    let joined = &[(ME, Reason::Join)];
    let mut sent = machine.handle(Input::Configuration {
        members,
        left: &[],
        joined,
    });
    sent.extend(machine.handle(Input::Ring { ring, nodes }));
    sent.extend(machine.handle(Input::Quorum {
        ring,
        quorate: true,
        nodes,
    }));
    assert_eq!(sent.len(), 2, "a question and a hello: {sent:?}");
    let again = machine.handle(Input::Nudge);
    assert_eq!(again.len(), 1, "a question: {again:?}");
    let (Effect::Multicast(first), Effect::Multicast(second)) = (&sent[0], &again[0]) else {
        panic!("{sent:?} {again:?}");
    };
    // The serial number and the number of the attempt are the last words of a question.
    assert_eq!(first[first.len() - 8..], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(second[second.len() - 8..], [2, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn garbage_in_the_group_changes_nothing() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.done();
    for bytes in [
        &b""[..],
        b"NCSQ",
        b"NCSQ\x01\0\x07\0",
        b"NCSQ\x02\0\x06\0\x01\0\0\0",
        &[0xff; 64],
    ] {
        assert_eq!(
            alone.machine.handle(Input::Deliver { from: OTHER, bytes }),
            []
        );
    }
    // A lock of somebody who is not a member.
    let lock = b"NCSQ\x01\0\x07\0\x05\0\0\0\x06\0\0\0\0\0\0\0\x03\0\0\0key";
    assert_eq!(
        alone.machine.handle(Input::Deliver {
            from: OTHER,
            bytes: lock
        }),
        []
    );
    alone.feed(Input::TryLock(call(7, 1, b"key")));
    assert_eq!(alone.done(), [completed(1, Code::Success, 0)]);
}
