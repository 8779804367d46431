//! Single rules, each in a history that can be read.

mod calls;
mod nodes;

use quorate_ncs::{Address, Code, Config, Effect, Input, Machine, Reason, Record, Request, View};

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
        let effects = self.machine.handle(input);
        self.come_back(effects);
    }

    /// Carries out effects: messages come back, and what comes of them.
    fn come_back(&mut self, mut effects: Vec<Effect>) {
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
