//! The machine: one process's part in the group, from joining it to losing it.

mod admission;
mod appetite;
mod apply;
mod calls;
mod gate;
mod io;
mod order;
mod roll;
mod verdicts;

use std::collections::BTreeMap;
use std::net::IpAddr;

use admission::Waiting;
use gate::Gate;
pub use io::{Effect, Input, Request};
use order::{Entry, Order};
use roll::{Outcome, Roll};
use verdicts::Verdicts;

use crate::code::Code;
use crate::state::{Branch, State};
use crate::types::{Address, Key, Reason, Record, View, node_bit};
use crate::wire::{LockVerb, Message};

/// \[OURS\] What a machine begins with.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// This process, as CPG will name it.
    pub process: Address,
    /// A number that no other machine of this process and node has had: a random one, or a
    /// clock. It tells the lives of a process apart.
    pub instance: u64,
    /// What the local daemon's cmap keeps; [`Record::default`] when it keeps nothing.
    pub record: Record,
}

/// \[OURS\] A place in the group's history, as far as it can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The ring in which this history began.
    pub founding: u64,
    /// The least of the processes that began it.
    pub founder: Address,
    /// That process's [`Config::instance`]: it may begin two in one ring.
    pub life: u64,
    /// The ring of the last merge, and the head of the branch that went on there; at first those
    /// of the founding.
    pub branch: (u64, Address),
    /// The last ring that was acted upon.
    pub ring: u64,
}

/// \[OURS\] The rules of the SDK for one process: feed it [`Input`]s, carry out its [`Effect`]s.
///
/// A machine lives for one membership of the CPG group. When that is lost it says so and answers
/// [`Code::NotMember`] from then on; the next registration needs a new machine and a new
/// CPG connection.
#[derive(Debug, Clone)]
pub struct Machine {
    config: Config,
    roll: Roll,
    order: Order,
    verdicts: Verdicts,
    /// How the roll calls ended, and where in the order.
    winners: Vec<(u64, Branch)>,
    phase: Phase,
    /// Whether one's own word for the roll call is on its way. There is never more than one:
    /// a second would still be under way when the call is over, and be taken for an answer to
    /// the next.
    speaking: bool,
    /// Handles, and whether they are registered already.
    handles: BTreeMap<u32, bool>,
    calls: BTreeMap<u64, Call>,
    addresses: BTreeMap<u32, IpAddr>,
    /// Nodes that votequorum says are leaving, and those of them the group was told of.
    leaving: u32,
    told: u32,
}

/// A call that waits for an answer.
#[derive(Debug, Clone)]
struct Call {
    verb: LockVerb,
    handle: u32,
    key: Key,
}

#[derive(Debug, Clone)]
enum Phase {
    /// Without the state.
    Waiting(Waiting),
    /// With it.
    Inside(Box<Inside>),
    Lost,
}

#[derive(Debug, Clone)]
struct Inside {
    state: State,
    standing: Standing,
}

/// How far the way to membership has been gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The state is here, and being brought up to date.
    Follower,
    /// The group has been told. The answer to a roll call is a member's from here on.
    Ready,
    Member,
}

impl Machine {
    /// A machine for a process that is about to join the group.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            roll: Roll::default(),
            order: Order::default(),
            verdicts: Verdicts::default(),
            winners: Vec::new(),
            phase: Phase::Waiting(Waiting::default()),
            speaking: false,
            handles: BTreeMap::new(),
            calls: BTreeMap::new(),
            addresses: BTreeMap::new(),
            leaving: 0,
            told: 0,
        }
    }

    /// Takes one input in and says what is to be done.
    #[must_use = "the effects must be carried out, in their order"]
    pub fn handle(&mut self, input: Input<'_>) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::Deliver { from, bytes } => self.deliver(from, bytes, &mut out),
            Input::Configuration {
                members,
                left,
                joined,
            } => {
                self.configuration(members, left, joined, &mut out);
            }
            Input::Ring { ring, nodes } => self.ring(ring, nodes, &mut out),
            Input::Quorum {
                ring,
                quorate: true,
                nodes,
            } => self.verdicts.add(ring, nodes),
            Input::Quorum { quorate: false, .. } => self.lose(&mut out),
            Input::NodeAddress { node, ip } => self.node_address(node, ip, &mut out),
            Input::Leaving { node } => self.node_leaving(node),
            Input::Register { handle } => self.register(handle, &mut out),
            Input::Deregister { handle } => self.deregister(handle, &mut out),
            Input::Lock(request) => self.call(LockVerb::Lock, request, &mut out),
            Input::TryLock(request) => self.call(LockVerb::TryLock, request, &mut out),
            Input::Unlock(request) => self.call(LockVerb::Unlock, request, &mut out),
            Input::Withdraw { request } => self.withdraw(request, &mut out),
            Input::Nudge => self.nudge(),
            Input::DaemonLost => {
                self.lose(&mut out);
                // There is no connection left to close.
                out.retain(|effect| *effect != Effect::Leave);
            }
        }
        self.advance(&mut out);
        self.report(&mut out);
        out
    }

    /// `NCS_Query_Epoch`: what the handle's last callback was told, `failed` aside.
    ///
    /// # Errors
    ///
    /// [`Code::NotMember`] once the node has left the cluster, [`Code::BadHandle`] for a handle
    /// that is not registered.
    pub fn view(&self, handle: u32) -> Result<View, Code> {
        match (&self.phase, self.handles.get(&handle)) {
            (Phase::Lost, Some(_)) => Err(Code::NotMember),
            (Phase::Inside(inside), Some(true)) => Ok(inside.state.view()),
            _ => Err(Code::BadHandle),
        }
    }

    /// Whether this machine's membership has ended.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost)
    }

    /// Where in the group's history this member is; for logs. Members at one position hold
    /// the same.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.member().map(|state| Position {
            founding: state.line.ring,
            founder: state.line.founder,
            life: state.line.life,
            branch: (state.branch.ring, state.branch.head),
            ring: state.ring,
        })
    }

    fn member(&self) -> Option<&State> {
        match &self.phase {
            Phase::Inside(inside) if inside.standing == Standing::Member => Some(&inside.state),
            _ => None,
        }
    }

    fn configuration(
        &mut self,
        members: &[Address],
        left: &[(Address, Reason)],
        joined: &[(Address, Reason)],
        out: &mut Vec<Effect>,
    ) {
        if left
            .iter()
            .any(|(process, _)| *process == self.config.process)
        {
            return self.lose(out);
        }
        let with_ring = left
            .iter()
            .chain(joined)
            .any(|(_, reason)| reason.is_of_ring());
        self.roll.configuration(members, with_ring);
        if let Phase::Waiting(waiting) = &mut self.phase {
            // Who was asked may be gone.
            waiting.ask |= with_ring || !left.is_empty();
            if with_ring {
                // The state at an earlier place belongs to whoever this process has been parted
                // from since, or comes from them.
                waiting.forget_questions();
                self.order.skip_to(self.order.end());
            }
        }
        self.keep(Entry::Configuration {
            left: left.to_vec(),
            joined: joined.to_vec(),
        });
    }

    fn ring(&mut self, ring: u64, nodes: &[u32], out: &mut Vec<Effect>) {
        self.roll.set_ring(ring, nodes);
        self.leaving &= mask(nodes);
        self.told &= self.leaving;
        if self.is_unsupported() {
            self.refuse_registrations(Code::NotSupported, out);
        }
        self.keep(Entry::Ring {
            ring,
            nodes: nodes.to_vec(),
        });
    }

    /// Puts an entry at the end of the order, unless nobody will ever act upon it.
    fn keep(&mut self, entry: Entry) {
        match &self.phase {
            Phase::Waiting(waiting) if waiting.marks.is_empty() => {}
            Phase::Waiting(_) | Phase::Inside(_) => self.order.push(entry),
            Phase::Lost => {}
        }
    }

    fn deliver(&mut self, from: Address, bytes: &[u8], out: &mut Vec<Effect>) {
        let Ok(message) = Message::decode(bytes) else {
            return;
        };
        let outcome = match &message {
            Message::Snapshot {
                target,
                instance,
                serial,
                piece,
            } => {
                if (*target, *instance) == (self.config.process, self.config.instance) {
                    self.snapshot(from, *serial, piece);
                }
                return;
            }
            Message::Ask(ask) => {
                self.mark(from, *ask);
                None
            }
            Message::Hello(hello) => {
                self.speaking &= from != self.config.process;
                self.roll.hello(from, hello)
            }
            Message::Standing { ring, epoch, head } => {
                self.speaking &= from != self.config.process;
                self.roll.standing(from, *ring, *epoch, *head)
            }
            Message::Ready { .. } => {
                self.roll.ready(from);
                self.somebody_is_ready(from);
                None
            }
            _ => None,
        };
        self.keep(Entry::Message { from, message });
        match outcome {
            Some(Outcome::Winner(branch)) => self.winners.push((self.order.end(), branch)),
            Some(Outcome::Found(founding)) if self.member().is_none() => {
                self.found(founding, out);
            }
            Some(Outcome::Found(_)) | None => {}
        }
    }

    /// Whether a node of the ring has no bit.
    fn is_unsupported(&self) -> bool {
        self.roll.nodes().iter().any(|node| node_bit(*node) == 0)
    }

    /// Acts upon the order as far as it may be.
    fn advance(&mut self, out: &mut Vec<Effect>) {
        loop {
            match self.gate() {
                Gate::Open => {}
                Gate::Won(branch) => self.set_branch(branch),
                Gate::Lost => return self.lose(out),
                Gate::Shut | Gate::Merge => break,
            }
            let Some(entry) = self.order.pop() else { break };
            self.apply(entry, out);
        }
        self.say_ready(out);
        self.announce(out);
    }
}

/// The bits of these nodes, as far as they have any.
fn mask(nodes: &[u32]) -> u32 {
    nodes.iter().fold(0, |mask, node| mask | node_bit(*node))
}
