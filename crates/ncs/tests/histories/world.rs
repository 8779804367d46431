//! Programs on a simulated cluster, and what can happen to them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use quorate_ncs::{Address, Code, Effect, Input, Reason};

use crate::checks::{Ledger, Tally};
use crate::cluster::{Cluster, CpgEvent, Item, Outgoing};
use crate::program::{Call, Program, QuorumEvent, Verb};
use crate::spent::handled;

/// One thing that happens. Numbers pick among what there is.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// Daemons order and programs dispatch, in an order that `seed` decides.
    Run {
        seed: u64,
        steps: u8,
    },
    Start(u8),
    Crash(u8),
    Exit(u8),
    Register(u8),
    Deregister(u8, u8),
    Lock(u8, u8, u8),
    TryLock(u8, u8, u8),
    Unlock(u8, u8, u8),
    /// The caller of one of the calls that wait goes.
    Withdraw(u8, u8),
    Split(u32, u64),
    Heal,
    /// The nodes that reach this one form a ring; those of the mask miss its verdict.
    Reform(u8, u32),
    /// A daemon stops; its programs are killed with it or see it go.
    Stop(u8, bool),
    Boot(u8),
    /// votequorum announces that the node will leave.
    Announce(u8),
    /// The node's ring loses quorum for a moment.
    Blip(u8),
    Nudge(u8),
    /// All that is on its way arrives.
    Settle,
}

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) programs: Vec<Program>,
    pub(crate) ips: BTreeMap<u32, IpAddr>,
    pub(crate) announced: u32,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    pub(crate) random: u64,
    pub(crate) serial: u64,
}

impl World {
    pub(crate) fn new(nodes: u32, seed: u64) -> Self {
        let cluster = Cluster::new(nodes);
        let address = |node, pid| Address { node, pid };
        let programs = (1..=nodes).flat_map(|node| [address(node, 10), address(node, 11)]);
        let mut world = Self {
            programs: programs.map(Program::new).collect(),
            cluster,
            ips: BTreeMap::new(),
            announced: 0,
            ledger: Ledger::default(),
            tally: Tally::default(),
            random: seed | 1,
            serial: 0,
        };
        for node in 1..=nodes {
            let last = (world.below(40) * 6 + u64::from(node)) as u8;
            world.ips.insert(node, [10, 0, 0, last].into());
        }
        world.step(Op::Reform(0, 0));
        world
    }

    /// xorshift: histories must be the same on every run.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % end
    }

    pub(crate) fn fresh(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(crate) fn pick(&self, which: u8) -> usize {
        usize::from(which) % self.programs.len()
    }

    pub(crate) fn pick_node(&self, which: u8) -> u32 {
        u32::from(which) % self.cluster.nodes.len() as u32 + 1
    }

    pub(crate) fn step(&mut self, op: Op) {
        match op {
            Op::Run { seed, steps } => {
                self.random ^= seed;
                self.random |= 1;
                for _ in 0..steps {
                    self.run_one();
                }
            }
            Op::Start(p) => self.start(self.pick(p)),
            Op::Crash(p) => self.crash(self.pick(p)),
            Op::Exit(p) => self.exit(self.pick(p)),
            Op::Register(p) => self.register(self.pick(p)),
            Op::Deregister(p, h) => self.with_handle(p, h, Self::deregister),
            Op::Lock(p, h, key) => self.call(p, h, Verb::Lock, key),
            Op::TryLock(p, h, key) => self.call(p, h, Verb::TryLock, key),
            Op::Unlock(p, h, key) => self.call(p, h, Verb::Unlock, key),
            Op::Withdraw(p, nth) => {
                // Mostly nobody waits: the next program where somebody does.
                let (first, all) = (self.pick(p), self.programs.len());
                let waits = |p: &usize| !self.programs[*p].calls.is_empty();
                if let Some(p) = (first..first + all).map(|p| p % all).find(waits) {
                    self.withdraw(p, nth);
                }
            }
            Op::Split(mask, keeper) => self.cluster.split(mask, keeper),
            Op::Heal => self.cluster.heal(),
            Op::Reform(n, missed) => self.reform(self.pick_node(n), missed),
            Op::Stop(n, kill) => self.stop(self.pick_node(n), kill),
            Op::Boot(n) => self.boot(self.pick_node(n)),
            Op::Announce(n) => self.announce(self.pick_node(n)),
            Op::Blip(n) => self.blip(self.pick_node(n)),
            Op::Nudge(p) => self.feed(self.pick(p), Input::Nudge, None),
            Op::Settle => self.drain(),
        }
        self.check();
    }

    pub(crate) fn run_one(&mut self) -> bool {
        let nodes = self.cluster.nodes.keys().copied();
        let orderers: Vec<u32> = nodes.filter(|node| self.cluster.can_order(*node)).collect();
        let busy: Vec<usize> = (0..self.programs.len())
            .filter(|p| self.programs[*p].has_work())
            .collect();
        let choices = (orderers.len() + busy.len()) as u64;
        if choices == 0 {
            return false;
        }
        let choice = self.below(choices) as usize;
        if let Some(node) = orderers.get(choice) {
            let out = self.cluster.order(*node);
            self.post(out);
        } else {
            self.dispatch(busy[choice - orderers.len()]);
        }
        true
    }

    pub(crate) fn drain(&mut self) {
        let mut steps = 0;
        while self.run_one() {
            self.check();
            steps += 1;
            assert!(steps < 100_000, "the group never comes to rest");
        }
        self.check_at_rest();
    }

    pub(crate) fn post(&mut self, out: Vec<Outgoing>) {
        for Outgoing {
            process,
            connection,
            event,
        } in out
        {
            let program = self
                .programs
                .iter_mut()
                .find(|program| program.address == process);
            let program = program.expect("a program of the world");
            if connection == Some(program.connection) && program.machine.is_some() {
                program.joined = true;
            }
            if program.joined && connection.is_none_or(|c| c == program.connection) {
                program.cpg.push_back(event);
            }
        }
    }

    pub(crate) fn dispatch(&mut self, p: usize) {
        let quorum_first = self.below(2) == 0;
        let (cpg, quorum) = (&self.programs[p].cpg, &self.programs[p].quorum);
        if cpg.is_empty() || (quorum_first && !quorum.is_empty()) {
            match self.programs[p].quorum.pop_front() {
                Some(QuorumEvent::Verdict(verdict)) => {
                    let (ring, quorate) = (verdict.ring, verdict.quorate);
                    let input = Input::Quorum {
                        ring,
                        quorate,
                        nodes: &verdict.nodes,
                    };
                    self.feed(p, input, None);
                }
                Some(QuorumEvent::Leaving(node)) => self.feed(p, Input::Leaving { node }, None),
                None => {}
            }
            return;
        }
        match self.programs[p].cpg.pop_front() {
            Some(CpgEvent::Deliver { from, bytes }) => {
                self.feed(
                    p,
                    Input::Deliver {
                        from,
                        bytes: &bytes,
                    },
                    None,
                );
            }
            Some(CpgEvent::Configuration {
                members,
                left,
                joined,
            }) => {
                let (members, left, joined) = (&members, &left, &joined);
                self.feed(
                    p,
                    Input::Configuration {
                        members,
                        left,
                        joined,
                    },
                    None,
                );
            }
            Some(CpgEvent::Ring { ring, nodes }) => {
                self.feed(
                    p,
                    Input::Ring {
                        ring,
                        nodes: &nodes,
                    },
                    None,
                );
            }
            None => {}
        }
    }

    /// Gives an input to a machine and carries out what it answers.
    pub(crate) fn feed(&mut self, p: usize, input: Input<'_>, request: Option<u64>) {
        let Some(machine) = &mut self.programs[p].machine else {
            return;
        };
        let effects = handled(machine, input);
        self.programs[p].position = machine.position();
        self.check_callbacks(p, &effects);
        for effect in effects {
            self.carry_out(p, effect, request);
        }
    }

    pub(crate) fn carry_out(&mut self, p: usize, effect: Effect, request: Option<u64>) {
        let address = self.programs[p].address;
        match effect {
            Effect::Multicast(bytes) => {
                let item = Item::Message {
                    from: address,
                    bytes,
                    request,
                };
                self.cluster.node(address.node).outbox.push_back(item);
            }
            Effect::Persist(record) => self.cluster.node(address.node).record = record,
            Effect::Registered { handle, code } => {
                assert!(
                    self.programs[p].asked.remove(&handle),
                    "nobody asked for {handle}"
                );
                if code == Code::Success {
                    self.tally.registrations += 1;
                    self.programs[p].handles.entry(handle).or_default();
                } else {
                    assert!(
                        matches!(code, Code::NotMember | Code::BadHandle),
                        "{code:?}"
                    );
                }
            }
            Effect::Deregistered { code, .. } => assert_eq!(code, Code::Success),
            Effect::Callback { handle, view } if view.members == 0 => {
                let handle = self.programs[p].handles.get_mut(&handle).expect("a handle");
                handle.holds.clear();
                handle.view = Some(view);
                self.tally.losses += 1;
            }
            Effect::Callback { .. } => {}
            Effect::Queued { request } => {
                let call = &self.programs[p].calls[&request];
                assert_eq!(call.verb, Verb::Lock, "others wait for no holder");
            }
            Effect::Completed {
                request,
                code,
                holder,
            } => self.completed(p, request, code, holder),
            Effect::Leave => {
                self.check_lost(p);
                self.leave(p, Reason::Leave);
            }
        }
    }

    pub(crate) fn completed(&mut self, p: usize, request: u64, code: Code, holder: u32) {
        let call = self.programs[p]
            .calls
            .remove(&request)
            .expect("a call that waits");
        assert_eq!(holder != 0, code == Code::TryLockHeld);
        let granted = code == Code::Success && call.verb != Verb::Unlock;
        if granted {
            self.check_turn(p, call, request);
            // Another thread may have asked to give it up before it came.
            let give_up = Call {
                verb: Verb::Unlock,
                ..call
            };
            let later = self.programs[p].calls.range(request..);
            if !later.into_iter().any(|(_, later)| *later == give_up) {
                let handle = self.programs[p].handles.get_mut(&call.handle);
                handle.expect("a live handle").holds.insert(call.key);
            }
            self.tally.grants += 1;
            self.check_holders();
        }
    }

    /// Closes a program's connection, and with it its life in the group.
    pub(crate) fn leave(&mut self, p: usize, reason: Reason) {
        let process = self.programs[p].address;
        if self.programs[p].machine.is_some() {
            let item = Item::Leave { process, reason };
            self.cluster.node(process.node).outbox.push_back(item);
        }
        self.programs[p].end();
    }
}
