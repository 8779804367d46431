//! A machine says beforehand how much memory an input may need; the histories ask it as well.

#[path = "histories/spent.rs"]
mod spent;

use std::collections::VecDeque;

use quorate_ncs::{Address, Config, Effect, Input, Machine, Reason, Record, Request};
use spent::handled;

const A: Address = Address { node: 1, pid: 10 };
const B: Address = Address { node: 2, pid: 20 };

/// Two machines, and what is on its way to those that are in the group.
struct Group {
    machines: [Machine; 2],
    joined: usize,
    order: VecDeque<(Address, Vec<u8>)>,
}

impl Group {
    fn new() -> Self {
        let machine = |process: Address| {
            Machine::new(Config {
                process,
                instance: u64::from(process.pid),
                record: Record::default(),
            })
        };
        Self {
            machines: [A, B].map(machine),
            joined: 0,
            order: VecDeque::new(),
        }
    }

    fn feed(&mut self, at: usize, input: Input<'_>) {
        for effect in handled(&mut self.machines[at], input) {
            if let Effect::Multicast(bytes) = effect {
                self.order.push_back(([A, B][at], bytes));
            }
        }
    }

    /// The next one joins, and all that is said is heard.
    fn join(&mut self) {
        let joined = [([A, B][self.joined], Reason::Join)];
        self.joined += 1;
        let members = &[A, B][..self.joined];
        for at in 0..self.joined {
            self.feed(
                at,
                Input::Configuration {
                    members,
                    left: &[],
                    joined: &joined,
                },
            );
        }
        let (at, ring, nodes) = (self.joined - 1, 4, &[1, 2]);
        self.feed(at, Input::Ring { ring, nodes });
        self.feed(
            at,
            Input::Quorum {
                ring,
                quorate: true,
                nodes,
            },
        );
        self.settle();
    }

    fn settle(&mut self) {
        while let Some((from, bytes)) = self.order.pop_front() {
            for at in 0..self.joined {
                let input = Input::Deliver {
                    from,
                    bytes: &bytes,
                };
                self.feed(at, input);
            }
        }
    }
}

/// One key for each handle, all keys for one handle, one key for all handles.
#[test]
fn a_large_state_is_given_and_taken_within_the_appetite() {
    const PLACES: u32 = 4000;
    type Place = fn(u32) -> (u32, u32);
    for (place, is_small) in [
        ((|n| (n, n)) as Place, false),
        (|n| (1, n), false),
        (|n| (n, 1), true),
    ] {
        let mut group = Group::new();
        group.join();
        let handles = if is_small { 400 } else { PLACES };
        for handle in 1..=handles {
            group.feed(0, Input::Register { handle });
        }
        for n in 1..=handles {
            let (handle, key) = place(n);
            let mut name = [0; 32];
            name[..4].copy_from_slice(&key.to_be_bytes());
            group.feed(
                0,
                Input::Lock(Request {
                    handle,
                    request: u64::from(n),
                    key: &name,
                }),
            );
            group.settle();
        }
        group.join();
        assert!(group.machines[1].position().is_some(), "it is a member");
        assert_eq!(group.machines[0].position(), group.machines[1].position());
        // However much others hold, that this node is out is told with little.
        let lost = Input::Quorum {
            ring: 8,
            quorate: false,
            nodes: &[2],
        };
        let [all, end] = [Input::Nudge, lost].map(|input| group.machines[1].appetite(&input));
        assert!(
            end < 64 << 10 && (is_small || end < all / 8),
            "{end} of {all}"
        );
        handled(&mut group.machines[1].clone(), lost);
        // All that waits ends, and all that is held is given up.
        group.feed(0, Input::Deregister { handle: 1 });
        group.settle();
        let left = [(A, Reason::NodeDown)];
        let gone = Input::Configuration {
            members: &[B],
            left: &left,
            joined: &[],
        };
        group.feed(1, gone);
        let (ring, nodes) = (8, &[2]);
        group.feed(1, Input::Ring { ring, nodes });
        let quorate = true;
        group.feed(
            1,
            Input::Quorum {
                ring,
                quorate,
                nodes,
            },
        );
        group.feed(0, Input::DaemonLost);
        assert!(group.machines[0].is_lost());
        assert_eq!(group.machines[1].position().map(|at| at.ring), Some(8));
    }
}
