//! A member of libncssdk's group, whose other members send whatever they like.

use quorate_ncs::{Address, Config, Effect, Input as Happening, Machine, Reason, Record, Request};

use crate::input::Input;

const INPUTS: usize = 64;
const OWN: Address = Address { node: 1, pid: 100 };
const OTHER: Address = Address { node: 2, pid: 200 };

/// What the daemon says is in order; messages are bytes. A message that this member has sent
/// itself may come back, from either of the two, as it was or with a byte changed.
pub fn ncs(data: &[u8]) {
    let mut input = Input(data);
    let mut machine = Machine::new(config(&mut input));
    let (mut sent, mut ring) = (Vec::new(), 4);
    carry_out(machine.handle(Happening::Register { handle: 1 }), &mut sent);
    change(&mut machine, &mut sent, ring, &[OWN, OTHER]);
    for _ in 0..INPUTS {
        if input.is_empty() || machine.is_lost() {
            break;
        }
        let kind = input.u8();
        let from = if kind & 0x80 == 0 { OTHER } else { OWN };
        let key = |input: &mut Input<'_>| [input.u8() & 3; 3];
        let effects = match kind & 15 {
            0..=3 => {
                let bytes = input.string();
                machine.handle(Happening::Deliver { from: OTHER, bytes })
            }
            4..=7 => {
                let Some(mut bytes) = pick(&mut sent, input.u8()) else {
                    continue;
                };
                if kind & 15 == 7 {
                    let at = usize::from(input.u16()) % bytes.len();
                    bytes[at] = input.u8();
                }
                machine.handle(Happening::Deliver {
                    from,
                    bytes: &bytes,
                })
            }
            8 => {
                let members = [OWN, OTHER];
                ring += 4;
                change(
                    &mut machine,
                    &mut sent,
                    ring,
                    &members[..1 + usize::from(kind >> 7)],
                );
                continue;
            }
            9 => machine.handle(Happening::Register {
                handle: input.u8().into(),
            }),
            10 => machine.handle(Happening::Deregister {
                handle: input.u8().into(),
            }),
            11 => machine.handle(Happening::Nudge),
            12 => machine.handle(Happening::Leaving {
                node: input.u8().into(),
            }),
            call => {
                let key = key(&mut input);
                let request = Request {
                    handle: 1,
                    request: input.u8().into(),
                    key: &key,
                };
                machine.handle(match call {
                    13 => Happening::Lock(request),
                    14 => Happening::TryLock(request),
                    _ => Happening::Unlock(request),
                })
            }
        };
        carry_out(effects, &mut sent);
        let _ = (machine.view(1), machine.position());
    }
}

fn config(input: &mut Input<'_>) -> Config {
    Config {
        process: OWN,
        instance: 7,
        record: match input.u8() & 1 {
            0 => Record::default(),
            _ => Record {
                epoch: input.u32(),
                members: input.u32(),
                master: input.u32(),
            },
        },
    }
}

fn carry_out(effects: Vec<Effect>, sent: &mut Vec<Vec<u8>>) {
    for effect in effects {
        if let Effect::Multicast(bytes) = effect {
            sent.push(bytes);
        }
    }
    assert!(sent.len() < 10_000, "a member that talks without end");
}

fn pick(sent: &mut Vec<Vec<u8>>, number: u8) -> Option<Vec<u8>> {
    let at = usize::from(number).checked_rem(sent.len())?;
    Some(sent[at].clone())
}

/// A new ring with these processes.
fn change(machine: &mut Machine, sent: &mut Vec<Vec<u8>>, ring: u64, members: &[Address]) {
    let nodes: Vec<u32> = members.iter().map(|member| member.node).collect();
    let left = [(OTHER, Reason::NodeDown)];
    let left = if members.len() == 1 { &left[..] } else { &[] };
    let inputs = [
        Happening::Quorum {
            ring,
            quorate: true,
            nodes: &nodes,
        },
        Happening::Configuration {
            members,
            left,
            joined: &[],
        },
        Happening::Ring {
            ring,
            nodes: &nodes,
        },
    ];
    for input in inputs {
        carry_out(machine.handle(input), sent);
    }
}
