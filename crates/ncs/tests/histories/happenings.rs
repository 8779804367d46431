//! What programs, daemons and the network do.

use quorate_ncs::{Config, Input, Machine, Reason, Request, node_bit};

use crate::cluster::Item;
use crate::program::{Call, QuorumEvent, Verb};
use crate::world::World;

impl World {
    pub(crate) fn start(&mut self, p: usize) {
        let process = self.programs[p].address;
        let node = self.cluster.node(process.node);
        // A session that is not quorate does not even join: registering fails.
        if self.programs[p].machine.is_some() || !node.up || !node.verdict.quorate {
            return;
        }
        let (record, verdict) = (node.record, node.verdict.clone());
        let (instance, connection) = (self.fresh(), self.fresh());
        let item = Item::Join {
            process,
            connection,
        };
        self.cluster.node(process.node).outbox.push_back(item);
        let program = &mut self.programs[p];
        program.machine = Some(Machine::new(Config {
            process,
            instance,
            record,
        }));
        program.connection = connection;
        program.quorum.push_back(QuorumEvent::Verdict(verdict));
        for (node, ip) in self.ips.clone() {
            self.feed(p, Input::NodeAddress { node, ip }, None);
        }
        self.register(p);
    }

    pub(crate) fn register(&mut self, p: usize) {
        let handle = self.fresh() as u32;
        if self.programs[p].machine.is_some() {
            self.programs[p].asked.insert(handle);
            self.feed(p, Input::Register { handle }, None);
        }
    }

    /// What a killed program had said may have been taken by the daemon or not.
    pub(crate) fn crash(&mut self, p: usize) {
        if self.programs[p].machine.is_none() {
            return;
        }
        let address = self.programs[p].address;
        let said = |item: &Item| matches!(item, Item::Message { from, .. } if *from == address);
        let count = self
            .cluster
            .node(address.node)
            .outbox
            .iter()
            .filter(|i| said(i))
            .count();
        let mut taken = self.below(count as u64 + 1);
        self.cluster.node(address.node).outbox.retain(|item| {
            let keep = !said(item) || taken > 0;
            taken = taken.saturating_sub(u64::from(said(item)));
            keep
        });
        self.leave(p, Reason::ProcDown);
    }

    pub(crate) fn exit(&mut self, p: usize) {
        for handle in self.programs[p].handles.keys().copied().collect::<Vec<_>>() {
            self.deregister(p, handle);
        }
        self.leave(p, Reason::Leave);
    }

    pub(crate) fn with_handle(&mut self, p: u8, h: u8, act: impl FnOnce(&mut Self, usize, u32)) {
        let p = self.pick(p);
        let handles = &self.programs[p].handles;
        let nth = usize::from(h) % handles.len().max(1);
        if let Some(handle) = handles.keys().nth(nth).copied() {
            act(self, p, handle);
        }
    }

    pub(crate) fn deregister(&mut self, p: usize, handle: u32) {
        self.programs[p].handles.remove(&handle);
        self.feed(p, Input::Deregister { handle }, None);
        let left = self.programs[p]
            .calls
            .values()
            .filter(|call| call.handle == handle)
            .count();
        assert_eq!(left, 0, "calls of a handle that is no more");
    }

    pub(crate) fn call(&mut self, p: u8, h: u8, verb: Verb, key: u8) {
        self.with_handle(p, h, |world, p, handle| world.call_on(p, handle, verb, key));
    }

    pub(crate) fn call_on(&mut self, p: usize, handle: u32, verb: Verb, key: u8) {
        let request = self.fresh();
        self.programs[p]
            .calls
            .insert(request, Call { verb, handle, key });
        if verb == Verb::Unlock {
            self.programs[p]
                .handles
                .get_mut(&handle)
                .expect("a handle")
                .holds
                .remove(&key);
        }
        let name = [key];
        let call = Request {
            handle,
            request,
            key: &name,
        };
        let input = match verb {
            Verb::Lock => Input::Lock(call),
            Verb::TryLock => Input::TryLock(call),
            Verb::Unlock => Input::Unlock(call),
        };
        self.feed(p, input, Some(request));
    }

    pub(crate) fn withdraw(&mut self, p: usize, nth: u8) {
        let calls = &mut self.programs[p].calls;
        let nth = usize::from(nth) % calls.len().max(1);
        let Some((request, call)) = calls.iter().nth(nth) else {
            return;
        };
        let (request, call) = (*request, *call);
        // Nobody hears when a key is given up in the end. If a request of the same handle for it is
        // still under way, only the group knows which of them came to something.
        let same = |other: &&Call| other.handle == call.handle && other.key == call.key;
        if call.verb == Verb::Unlock && calls.values().filter(same).count() > 1 {
            return;
        }
        calls.remove(&request);
        self.tally.withdrawals += 1;
        self.feed(p, Input::Withdraw { request }, None);
    }

    pub(crate) fn reform(&mut self, node: u32, missed: u32) {
        if !self.cluster.nodes[&node].up {
            return;
        }
        let (out, told) = self.cluster.reform(node, missed);
        self.post(out);
        for node in told {
            let verdict = self.cluster.nodes[&node].verdict.clone();
            self.tell_quorum(node, &QuorumEvent::Verdict(verdict));
        }
    }

    pub(crate) fn tell_quorum(&mut self, node: u32, event: &QuorumEvent) {
        for program in self
            .programs
            .iter_mut()
            .filter(|program| program.address.node == node)
        {
            if program.machine.is_some() {
                program.quorum.push_back(event.clone());
            }
        }
    }

    pub(crate) fn stop(&mut self, node: u32, kill: bool) {
        for p in 0..self.programs.len() {
            if self.programs[p].address.node == node {
                if !kill && self.programs[p].machine.is_some() {
                    self.feed(p, Input::DaemonLost, None);
                    self.check_lost(p);
                }
                self.programs[p].end();
            }
        }
        self.cluster.stop(node);
    }

    pub(crate) fn boot(&mut self, node: u32) {
        if !self.cluster.nodes[&node].up {
            self.cluster.boot(node);
        }
    }

    pub(crate) fn announce(&mut self, node: u32) {
        self.announced |= node_bit(node);
        let class = self.cluster.nodes[&node].class;
        let others: Vec<u32> = self.cluster.nodes.keys().copied().collect();
        for other in others {
            if self.cluster.nodes[&other].class == class {
                self.tell_quorum(other, &QuorumEvent::Leaving(node));
            }
        }
    }

    pub(crate) fn blip(&mut self, node: u32) {
        let class = self.cluster.nodes[&node].class;
        let others: Vec<u32> = self.cluster.nodes.keys().copied().collect();
        for other in others {
            let node = &self.cluster.nodes[&other];
            if node.class == class && node.up && node.verdict.ring == node.ring {
                let good = node.verdict.clone();
                let mut bad = good.clone();
                bad.quorate = false;
                self.tell_quorum(other, &QuorumEvent::Verdict(bad));
                self.tell_quorum(other, &QuorumEvent::Verdict(good));
            }
        }
    }
}
