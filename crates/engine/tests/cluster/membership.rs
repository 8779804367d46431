//! How rings form and synchronise.

use std::collections::{BTreeSet, VecDeque};

use quorate_engine::{Input, NodeId, RingId};

use super::{Cluster, Order, Ring};

impl Cluster {
    /// Forms one ring of each group; nodes not named stay where they are, without those named.
    pub(crate) fn partition(&mut self, groups: &[&[u32]]) {
        self.form_groups(groups);
        self.settle();
    }

    /// As `partition`, with all messages of the new rings still under way.
    pub(crate) fn form_groups(&mut self, groups: &[&[u32]]) {
        let named: BTreeSet<u32> = groups
            .iter()
            .flat_map(|group| group.iter().copied())
            .collect();
        let mut wanted: Vec<Vec<u32>> = groups.iter().map(|group| group.to_vec()).collect();
        for ring in &self.rings {
            let rest: Vec<_> = ring
                .members
                .iter()
                .copied()
                .filter(|id| !named.contains(id))
                .collect();
            if !rest.is_empty() && rest.len() < ring.members.len() {
                wanted.push(rest);
            }
        }
        self.scatter_queues(&wanted);
        for mut group in wanted {
            group.sort_unstable();
            let seq = group
                .iter()
                .map(|&node| self.engine(node).ring().seq)
                .max()
                .unwrap_or(0);
            let ring = RingId {
                node: NodeId(group[0]),
                seq: seq + 4,
            };
            let mut speakers = group.clone();
            speakers.rotate_left(self.first_speaker % group.len());
            self.form(ring, &group, &[speakers]);
        }
    }

    pub(crate) fn heal(&mut self) {
        let all = self.nodes();
        if !all.is_empty() {
            self.partition(&[&all]);
        }
    }

    /// A message still under way when its ring breaks reaches those who stay with its sender.
    fn scatter_queues(&mut self, wanted: &[Vec<u32>]) {
        for ring in 0..self.rings.len() {
            let queue = std::mem::take(&mut self.rings[ring].queue);
            let members = self.rings[ring].members.clone();
            for (from, message) in queue {
                let stays = |id: u32| wanted.iter().position(|group| group.contains(&id));
                for &to in members.iter().filter(|&&to| stays(to) == stays(from)) {
                    self.deliver(from, to, &message);
                }
            }
        }
    }

    /// Forms a ring with this id and members, up to the point where its messages are under way.
    ///
    /// The nodes speak in waves: those of a wave have heard all earlier waves and not each other.
    /// On a real ring there is one wave: corosync's process phase runs when a node has passed the
    /// token on, and what it says there goes out when the token has been round.
    pub(crate) fn form(&mut self, id: RingId, members: &[u32], waves: &[Vec<u32>]) {
        let mut queue = VecDeque::new();
        for ring in &mut self.rings {
            if ring.members.iter().any(|member| members.contains(member)) {
                queue.extend(ring.queue.drain(..));
                ring.members.retain(|member| !members.contains(member));
            }
        }
        self.rings.retain(|ring| !ring.members.is_empty());
        let waiting = members.iter().copied().collect();
        self.rings.push(Ring {
            id,
            members: members.to_vec(),
            queue,
            syncing: true,
            waiting,
        });
        let ring = self.rings.len() - 1;
        let ids: Vec<_> = members.iter().copied().map(NodeId).collect();
        for &node in members {
            if self.engine(node).is_syncing() {
                self.feed(node, Input::SyncAbort);
            }
            self.feed(
                node,
                Input::SyncInit {
                    ring: id,
                    members: ids.clone(),
                },
            );
        }
        for wave in waves {
            while self.deliver_on(ring) {}
            for &node in wave {
                self.feed(node, Input::SyncProcess);
                if self.order == Order::Vqsim {
                    self.feed(node, Input::SyncActivate);
                }
            }
        }
        self.rings[ring].syncing = self.order == Order::Corosync;
    }

    /// Delivers everything, and activates what has been synchronised.
    pub(crate) fn settle(&mut self) {
        loop {
            while self.deliver_one() {}
            let ready = self
                .rings
                .iter()
                .position(|ring| ring.syncing && ring.waiting.is_empty());
            let Some(ready) = ready else { return };
            self.rings[ready].syncing = false;
            for node in self.rings[ready].members.clone() {
                self.feed(node, Input::SyncActivate);
            }
        }
    }

    /// Delivers the first message of one ring to all its members.
    pub(crate) fn deliver_one(&mut self) -> bool {
        (0..self.rings.len()).any(|ring| self.deliver_on(ring))
    }

    fn deliver_on(&mut self, ring: usize) -> bool {
        let Some((from, message)) = self.rings[ring].queue.pop_front() else {
            return false;
        };
        for to in self.rings[ring].members.clone() {
            self.deliver(from, to, &message);
        }
        true
    }
}
